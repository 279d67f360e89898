"""A scaffold's template evaluated once, when the document is read: Jinja in a sandbox, no loops, the time passed in.

Only what can neither grow nor hang is taken: see `_NODES`, `_FILTERS` and `_FUNCTIONS`. All else is no value.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2.nodes import Node as JinjaNode
    from jinja2.sandbox import SandboxedEnvironment

Config = Callable[[str], "str | None"]

_LONGEST = 1000
_MOST_NODES = 200
_NODES = frozenset({
    "Template", "Output", "TemplateData", "Const", "Name", "Getattr", "Getitem", "Call", "Filter", "CondExpr", "If",
    "Compare", "Operand", "And", "Or", "Not", "Add", "Sub", "Neg", "Keyword", "Test", "Concat",
})  # fmt: skip
_FILTERS = frozenset({"default", "d", "string", "int", "lower", "upper", "trim", "format_datetime"})
_TESTS = frozenset({"defined", "none", "string", "number", "undefined"})
_LAYOUT = re.compile(r"(?:%[a-zA-Z%]|[^%]){1,60}")
_DURATION = re.compile(
    r"P(?:(\d{1,4})Y)?(?:(\d{1,5})M)?(?:(\d{1,5})W)?(?:(\d{1,6})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,8})S)?)?"
)
_DAYS = (365, 30, 7, 1)
_SECONDS = (3600, 60, 1)
_ISO = "%Y-%m-%dT%H:%M:%S.%f%z"


class Missing(Exception):
    """The template needs a value of the configuration that was not given; its name is the argument."""


class NoValue(Exception):
    """The template is none that is evaluated here, or failed."""


def evaluated(template: str, config: Config, now: dt.datetime) -> str:
    """The text that the template gives at this time.

    Raises:
        Missing: a value of `config` is not there.
        NoValue: the template is no such template.
    """
    from jinja2 import StrictUndefined, TemplateError  # noqa: PLC0415 - few documents need it
    from jinja2.sandbox import SandboxedEnvironment  # noqa: PLC0415

    environment = SandboxedEnvironment(undefined=StrictUndefined, finalize=_written)
    environment.globals.clear()
    environment.filters["format_datetime"] = _format
    values = _Values(config)
    try:
        if not _harmless(environment, template):
            raise NoValue(template)
        made = environment.from_string(template).render(config=values, **_functions(now))
    except (
        TemplateError,
        ArithmeticError,
        TypeError,
        ValueError,
        RecursionError,
        LookupError,
        AttributeError,
        SyntaxError,  # a keyword that is there twice
        OSError,  # a time beyond the platform's
        re.error,  # a layout to read by that says something twice
    ) as error:
        raise (Missing(values.missing) if values.missing else NoValue(template)) from error
    if not made.strip() or len(made) > _LONGEST:
        raise NoValue(template)
    return made.strip()


def _harmless(environment: SandboxedEnvironment, template: str) -> bool:
    """Whether every part of the template is one that can neither grow nor hang."""
    from jinja2 import nodes  # noqa: PLC0415 - few documents need it

    if len(template) > _LONGEST:
        return False
    tree = environment.parse(template)
    parts = [tree, *tree.find_all(nodes.Node)]
    return len(parts) <= _MOST_NODES and all(_taken(part) for part in parts)


def _taken(part: JinjaNode) -> bool:  # noqa: PLR0911 - one for each kind of part
    from jinja2 import nodes  # noqa: PLC0415 - few documents need it

    match part:
        case nodes.Filter(name=name):
            return name in _FILTERS
        case nodes.Test(name=name):
            return name in _TESTS
        case nodes.Call(node=nodes.Name()):
            return True
        case nodes.Call(node=nodes.Getattr(attr="strftime"), args=[nodes.Const(value=str() as layout)]):
            return _LAYOUT.fullmatch(layout) is not None
        case nodes.Call(node=nodes.Getattr(attr="get" | "isoformat")):
            return True
        case nodes.Call():
            return False
        case _:
            return type(part).__name__ in _NODES


class _Values:
    """`config` as a template sees it. `missing` is the first name that was asked for in vain."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self.missing = ""

    def __getitem__(self, name: str) -> str:
        found = self._config(name)
        if found is None:
            self.missing = self.missing or name
            raise KeyError(name)
        return found

    def get(self, name: str, default: str | None = None) -> str:
        """The value, or the default, if there is one."""
        found = self._config(name)
        return default if found is None and default is not None else self[name]


def _written(value: object) -> object:
    """A time as the standard writes it (ISO 8601). Raises TypeError for a function that lacks its `()`."""
    if not isinstance(value, str | int | float | dt.date | dt.timedelta | None):
        raise TypeError(value)
    return value.isoformat() if isinstance(value, dt.date) else value


# --- Airbyte's functions ---------------------------------------------------------------------


def _functions(now: dt.datetime) -> dict[str, Callable[..., object]]:
    return {
        "now_utc": lambda: now,
        "today_utc": now.date,
        "today_with_timezone": lambda _zone: now.date(),
        "day_delta": lambda days, format=_ISO: _format(now + dt.timedelta(days=int(days)), format),  # noqa: A006 - Airbyte's word
        "duration": _duration,
        "format_datetime": _format,
        "timestamp": lambda when: int(_moment(when).timestamp()),
        "str_to_datetime": _moment,
    }


def _moment(value: object) -> dt.datetime:
    """A time, or the text of one."""
    if isinstance(value, dt.datetime):
        return value
    if isinstance(value, dt.date):
        return dt.datetime(value.year, value.month, value.day, tzinfo=dt.UTC)
    if isinstance(value, int):
        return dt.datetime.fromtimestamp(value, dt.UTC)
    found = dt.datetime.fromisoformat(str(value))
    return found if found.tzinfo is not None else found.replace(tzinfo=dt.UTC)


def _format(value: object, layout: str, read_as: str | None = None) -> str:
    when = dt.datetime.strptime(str(value), read_as).replace(tzinfo=dt.UTC) if read_as else _moment(value)
    if layout in {"%s", "%s_as_float"}:
        return str(int(when.timestamp()))
    if layout == "%ms":
        return str(int(when.timestamp() * 1000))
    if not _LAYOUT.fullmatch(layout):
        raise ValueError(layout)
    return when.strftime(layout)


def _duration(words: str) -> dt.timedelta:
    found = _DURATION.fullmatch(words)
    if found is None:
        raise ValueError(words)
    numbers = [int(number or 0) for number in found.groups()]
    days = sum(number * unit for number, unit in zip(numbers[:4], _DAYS, strict=True))
    return dt.timedelta(days=days, seconds=sum(n * unit for n, unit in zip(numbers[4:], _SECONDS, strict=True)))
