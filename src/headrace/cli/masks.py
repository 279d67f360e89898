"""What somebody typed or wrote into a document, as it may be printed again: without the passwords and keys in it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import msgspec

from headrace.errors import ConfigError
from headrace.model.credential import names_credential
from headrace.model.plan import Json
from headrace.spec.faults import Fault
from headrace.transport.redact import CREDENTIAL_PARAMS, MASK

_USER = re.compile(r"(?<=://)[^/?#\s\"'`]*@")
# Marks of what is filled in later: `<secret:NAME>`, `<next:PATH>`, `{resources.users.id}`.
_FILLED = r"<[a-z]+[: >]|\{(?:resources|incremental)\."
_PARAM = re.compile(rf"((?:^|[?&;])([\w.-]+)=)(?!{_FILLED})[^&;#\s\"'`]*")
_SIGNED = re.compile(CREDENTIAL_PARAMS, re.IGNORECASE)
_REFERENCE = re.compile(r"<(?:secret|config|env)[ :][^>]+>")


def masked(words: str) -> str:
    """The words with a mask for user and password of each URL, and for what is set to a name of a credential."""

    def mask(found: re.Match[str]) -> str:
        return f"{found[1]}{MASK}" if names_credential(found[2]) or _SIGNED.fullmatch(found[2]) else found[0]

    return _PARAM.sub(mask, _USER.sub(f"{MASK}@", words))


def masked_faults(faults: Iterable[object]) -> tuple[Fault, ...]:
    """The findings of a document, which quote it."""
    return tuple(
        msgspec.structs.replace(fault, problem=masked(fault.problem), fix=masked(fault.fix))
        for fault in faults
        if isinstance(fault, Fault)
    )


def masked_error(error: ConfigError) -> ConfigError:
    """The same mistake, with nothing secret in its sentence and its faults."""
    return ConfigError(masked(error.message), faults=masked_faults(error.faults))


def masked_plan(plan: dict[str, Any]) -> dict[str, Any]:
    """The `plan` of a check's object: URLs, paths and literal parameters; a reference is shown by its name."""
    url = plan["base_url"]
    return plan | {"base_url": url and masked(url), "resources": [_resource(each) for each in plan["resources"]]}


def _resource(told: dict[str, Any]) -> dict[str, Any]:
    params = {name: masked_value(name, value) for name, value in told["params"].items()}
    return told | {"path": masked(told["path"]), "params": params}


def masked_value(name: str, value: str) -> str:
    """What is set to a name: a mask where the name is one of a credential, and the value is written out."""
    literal = names_credential(name) and not _REFERENCE.search(value)
    return MASK if literal and value else masked(value)


def masked_json(name: str, value: Json) -> Json:
    """A JSON value that is set to a name, masked wherever a name in it is one of a credential."""
    match value:
        case str():
            return masked_value(name, value)
        case dict():
            return {key: masked_json(str(key), one) for key, one in value.items()}
        case list() | tuple():
            return [masked_json(name, one) for one in value]
        case int() | float() if names_credential(name) and not isinstance(value, bool):
            return MASK
        case _:
            return value
