"""Where the values lie that a document only names: the environment, dlt's TOML files, the keyring, in that order."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from headrace.errors import ConfigError
from headrace.model.credential import names_credential
from headrace.model.plan import Ref
from headrace.spec.filler import is_unfilled

DEFAULT_SECRETS = Path(".dlt/secrets.toml")
DEFAULT_CONFIG = Path(".dlt/config.toml")
_SERVICE = "headrace"


class Lookup:
    """Finds the value of a reference; None if it is nowhere. An empty value counts as found, a filler does not.

    `fillers` says of each reference with a filler where that was found.
    `secrets_file` None means `.dlt/secrets.toml`, where it exists (and beside it `config.toml`, for `dlt.config`).
    """

    def __init__(self, environ: Mapping[str, str], secrets_file: str | Path | None = None) -> None:
        self._environ = environ
        files = [Path(secrets_file)] if secrets_file else [path for path in (DEFAULT_SECRETS,) if path.is_file()]
        self._tables = [(str(path), _load(path)) for path in files]
        self._config = [(str(DEFAULT_CONFIG), _load(DEFAULT_CONFIG))] if DEFAULT_CONFIG.is_file() else []
        self._keyring: dict[str, str | None] = {}
        self.fillers: dict[Ref, str] = {}

    def __call__(self, ref: Ref) -> str | None:
        """The value of a reference."""
        is_secret = ref.kind == "secret" or names_credential(ref.name)
        for where, value in self._found(ref):
            if not (is_secret and is_unfilled(value)):
                return value
            self.fillers.setdefault(ref, where)
        return None

    def _found(self, ref: Ref) -> Iterator[tuple[str, str]]:
        """The values that there are, each with where it lies, the first choice first."""
        if ref.kind == "env":
            if ref.name in self._environ:
                yield f"the environment variable {ref.name}", self._environ[ref.name]
            return
        yield from self._from_environment(ref.name)
        for file, table in [*self._tables, *self._config] if ref.kind == "config" else self._tables:
            value = _from_table(table, ref.name)
            if value is not None:
                yield f"{ref.name} in {file}", value
        kept = self._from_keyring(ref.name) if ref.kind == "secret" else None
        if kept is not None:
            yield f"{ref.name} in the keyring", kept

    def _from_environment(self, name: str) -> Iterator[tuple[str, str]]:
        for candidate in (name, *environment_names(name)):
            if candidate in self._environ:
                yield f"the environment variable {candidate}", self._environ[candidate]
                return
        ending = f"__{_upper(name)}"
        elsewhere = {
            value: key for key, value in self._environ.items() if key.startswith("SOURCES__") and key.endswith(ending)
        }
        if len(elsewhere) == 1:  # two sources with two values: neither is meant for sure
            yield from ((f"the environment variable {key}", value) for value, key in elsewhere.items())

    def _from_keyring(self, name: str) -> str | None:
        if name not in self._keyring:
            self._keyring[name] = _ask_keyring(name)
        return self._keyring[name]


def environment_names(name: str) -> tuple[str, ...]:
    """The environment variables that may hold a reference's value, the first choice first."""
    upper = _upper(name)
    return (upper, f"SOURCES__REST_API__{upper}", f"SOURCES__{upper}", f"CREDENTIALS__{upper}")


def _upper(name: str) -> str:
    return name.replace(".", "__").replace("-", "_").upper()


def _load(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(f"The secrets file {path} does not exist: create it or leave --secrets out.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"The secrets file {path} cannot be read: check that it is a text file of yours.") from error
    except tomllib.TOMLDecodeError as error:
        where = str(error).rpartition("(")[2].rstrip(")")  # never the text itself, which may be a secret
        raise ConfigError(f'The secrets file {path} is not TOML ({where}): write NAME = "value" there.') from None


def _from_table(table: Mapping[str, Any], name: str) -> str | None:
    """A dotted name at the root, below `sources`, `sources.rest_api`, or one source of any name."""
    found = [value for place in _places(table) if (value := _at(place, name)) is not None]
    return found[0] if found else _only({value for place in _others(table) if (value := _at(place, name)) is not None})


def _places(table: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield table
    sources = table.get("sources")
    if isinstance(sources, dict):
        yield sources
        if isinstance(sources.get("rest_api"), dict):
            yield sources["rest_api"]
    if isinstance(table.get("credentials"), dict):
        yield table["credentials"]


def _others(table: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    sources = table.get("sources")
    for place in sources.values() if isinstance(sources, dict) else ():
        if isinstance(place, dict):
            yield place
            yield from (inner for inner in place.values() if isinstance(inner, dict))


def _only(values: set[str]) -> str | None:
    return values.pop() if len(values) == 1 else None


def _at(place: object, name: str) -> str | None:
    if isinstance(place, dict) and name in place:
        return _text(place[name])
    for step in name.split("."):
        if not isinstance(place, dict) or step not in place:
            return None
        place = place[step]
    return _text(place)


def _text(value: object) -> str | None:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, str | int | float) else None


def _ask_keyring(name: str) -> str | None:
    """The operating system's keyring, service `headrace`; without the package, or without a keyring, nothing."""
    try:
        import keyring  # noqa: PLC0415 - an extra, and slow to import
        from keyring.errors import KeyringError  # noqa: PLC0415
    except ImportError:
        return None
    try:
        found: str | None = keyring.get_password(_SERVICE, name)
    except (KeyringError, RuntimeError, OSError):
        return None
    return found
