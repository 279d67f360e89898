"""A configuration tree as headrace YAML, with comments above what they speak of."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence

from headrace.model.plan import Ref, Text
from headrace.spec.node import child_path
from headrace.spec.references import written
from headrace.spec.writing_value import Value

_WIDTH = 100
_PLAIN = re.compile(r"[A-Za-z/$][\w./$\-]*(?: [\w./$\-]+)*")
_OTHERS = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}
"""Words that YAML reads as something else than themselves."""
_ODD = re.compile(r"[^\x20-\x7e\xa1-\u1fff\u2030-\ud7ff\ue000-\ufefe\uff00-\uffef]")

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
"""What YAML does not take, not even in a comment."""

Comments = Mapping[str, Sequence[str]]


def yaml_text(tree: Mapping[str, Value], comments: Comments) -> str:
    """The document. `comments` are paragraphs by path; those for the path "" stand at the top."""
    head = [*_comment(comments.get("", ()), ""), ""] if comments.get("") else []
    return "\n".join([*head, *_mapping(tree, "", "", comments)]) + "\n"


def block_rows(key: str, value: Value, indent: str) -> list[str]:
    """One key and its value as lines, at an indent."""
    return list(_entry(f"{indent}{scalar(key)}:", value, "", indent, {}))


def _mapping(tree: Mapping[str, Value], path: str, indent: str, comments: Comments) -> Iterator[str]:
    for key, value in tree.items():
        below = child_path(path, key)
        yield from _comment(comments.get(below, ()), indent)
        yield from _entry(f"{indent}{scalar(key)}:", value, below, indent, comments)


def _entry(lead: str, value: Value, path: str, indent: str, comments: Comments) -> Iterator[str]:
    """A key with what it holds: on its line where that is plain, else below."""
    flat = _flat(value)
    if flat is not None:
        yield f"{lead} {flat}"
        return
    yield lead
    if isinstance(value, dict):
        yield from _mapping(value, path, f"{indent}  ", comments)
    elif isinstance(value, list):
        yield from _list(value, path, f"{indent}  ", comments)


def _list(values: list[Value], path: str, indent: str, comments: Comments) -> Iterator[str]:
    for index, value in enumerate(values):
        below = f"{path}[{index}]"
        yield from _comment(comments.get(below, ()), indent)
        flat = _flat(value)
        if flat is not None:
            yield f"{indent}- {flat}"
            continue
        inner = (
            _mapping(value, below, f"{indent}  ", comments)
            if isinstance(value, dict)
            else (_list(value, below, f"{indent}  ", comments) if isinstance(value, list) else iter(()))
        )
        yield from _dashed(list(inner), indent)


def _dashed(rows: list[str], indent: str) -> Iterator[str]:
    """The rows of an element, with the dash before the first that is no comment."""
    at = next(index for index, row in enumerate(rows) if not row.lstrip().startswith("#"))
    for index, row in enumerate(rows):
        if index < at:
            yield row.removeprefix("  ") if row.startswith(f"{indent}  ") else row
        else:
            yield f"{indent}- {row[len(indent) + 2 :]}" if index == at else row


def _flat(value: Value) -> str | None:
    """A value that stands on one line: anything but a mapping or list with something in it; a short list of words."""
    match value:
        case dict():
            return None if value else "{}"
        case list():
            if any(isinstance(sub, dict | list | Text) for sub in value):
                return None
            line = f"[{', '.join(scalar(sub) for sub in value if not isinstance(sub, dict | list))}]"
            return line if len(line) <= _WIDTH - 20 else None
        case _:
            return scalar(value)


def scalar(value: str | float | bool | Text | None) -> str:  # noqa: PLR0911 - one for each kind
    """One value, quoted where YAML would read something else."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case float():
            return _number(value)
        case int():
            return str(value)
        case Text(parts=(Ref() as ref,)):
            return _quoted(written(ref))
        case Text(parts):
            return _quoted("".join(f"{{{written(part)}}}" if isinstance(part, Ref) else str(part) for part in parts))
        case _:
            plain = _PLAIN.fullmatch(value) and value.lower() not in _OTHERS and value.isascii()
            return value if plain else _quoted(value)


def _number(value: float) -> str:
    """YAML 1.1 takes 1e20 for a text: it wants a point and a sign."""
    mantissa, mark, exponent = repr(value).partition("e")
    if not mark:
        return mantissa
    point = mantissa if "." in mantissa else f"{mantissa}.0"
    return f"{point}e{exponent if exponent[0] in '+-' else '+' + exponent}"


def _quoted(words: str) -> str:
    if _ODD.search(words) is None and "'" not in words and "\\" not in words:
        return f"'{words}'"
    escaped = words.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{_ODD.sub(lambda odd: f"{chr(92)}U{ord(odd[0]):08x}", escaped)}"'


def _comment(paragraphs: Sequence[str], indent: str) -> Iterator[str]:
    for words in paragraphs:
        lead = f"{indent}# "
        plain = _CONTROL.sub("?", " ".join(words.split()))
        wrap = textwrap.wrap(plain, _WIDTH, initial_indent=lead, subsequent_indent=f"{lead}  ",
                             break_long_words=False, break_on_hyphens=False)  # fmt: skip
        yield from wrap
