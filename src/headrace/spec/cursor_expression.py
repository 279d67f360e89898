"""The template expressions with which scaffolds say where the next cursor is: `{{ response.next }}` and its kin."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from headrace.spec.json_path import join_path


class Expression(NamedTuple):
    """Where an expression looks. `path` is a JSON path, a header's name, or a field of the last record."""

    place: Literal["body", "header", "link", "last_record", "unknown"]
    path: str = ""


_TEMPLATE = re.compile(r"\{\{(.*)\}\}", re.DOTALL)
_FILTER = re.compile(r"\|\s*(?:tojson|string|int)\s*(?:\(\s*\))?\s*$")
_ROOT = re.compile(r"(response|last_record|last_page|body|data_response)\b\s*(?:\.json\(\))?\.?")
_HEADERS = re.compile(r"(?:response\.)?headers?\b")
_STEP = re.compile(
    r"""
    \.?get\(\s*['"]([^'"]+)['"]\s*(?:,[^()]*(?:\(\))?[^()]*)?\) |   # .get('x') and .get('x', default)
    \[\s*['"]([^'"]+)['"]\s*\] |                                    # ['x']
    \[(-?\d+)\] |                                                   # [-1]
    \.?([@$\w\-]+)                                                  # .x
    """,
    re.VERBOSE,
)

_MISSING = re.compile(r"not\s+(\S.*)|(\S.*?)\s+(?:is|==)\s+(?:none|null)", re.IGNORECASE | re.DOTALL)
_NO_LINK = re.compile(r"['\"]?next['\"]?\s+not\s+in\s+(?:response\.)?headers\b.*link.*", re.IGNORECASE)


def parse_expression(words: str) -> Expression:
    """What a cursor expression means; of `a or b` the first."""
    inner = _TEMPLATE.search(words)
    words = (inner[1] if inner else words).strip()
    words = re.split(r"\s(?:or|and|if)\s", words, maxsplit=1)[0].strip()
    while _FILTER.search(words):
        words = _FILTER.sub("", words).strip()
    if _HEADERS.match(words):
        return _header(words)
    root = _ROOT.match(words)
    last = root is not None and root[1] == "last_record"
    steps = _steps(words[root.end() :] if root else words)
    if not steps:
        return Expression("unknown")
    return Expression("last_record" if last else "body", _path(steps))


def _header(words: str) -> Expression:
    if re.search("link", words, re.IGNORECASE):
        return Expression("link", "next")
    steps = _steps(_HEADERS.sub("", words, count=1))
    return Expression("header", steps[0]) if steps and len(steps) == 1 else Expression("unknown")


def _steps(words: str) -> list[str] | None:
    at, found = 0, []
    for step in _STEP.finditer(words):
        if step.start() != at:
            return None
        at = step.end()
        found.append(f"[{step[3]}]" if step[3] else next(group for group in step.groups() if group))
    return found if at == len(words) else None


def _path(steps: list[str]) -> str:
    path = ""
    for step in steps:
        if re.fullmatch(r"\[-?\d+\]", step):
            path += step
        else:
            path += ("." if path else "") + join_path([step])
    return path


def has_more_path(condition: str) -> str | None:
    """The flag that a stop condition tests, if it tests one (`has_more`, `hasNextPage` …) and not the cursor."""
    flag = re.search(r"(?i)\b(?:response\b[.\w'\"()\[\]]*?)?(has_?(?:more|next)\w*|more_?results\w*)", condition)
    if flag is None:
        return None
    whole = re.search(rf"response((?:\.\w+)*\.)?(?:get\(\s*['\"])?{re.escape(flag[1])}", condition)
    before = [step for step in (whole[1] or "").split(".") if step and step != "get"] if whole else []
    return join_path([*before, flag[1]])


def tested_place(condition: str) -> Expression:
    """Where the cursor is that a stop condition finds missing: `not response.meta.next`, `links.next is none`.

    A condition that tests a flag, or anything else, says nothing of it.
    """
    inner = _TEMPLATE.search(condition)
    words = (inner[1] if inner else condition).strip()
    if _NO_LINK.fullmatch(words):
        return Expression("link", "next")
    found = _MISSING.fullmatch(words)
    if found is None or has_more_path(words) is not None or re.search(r"\b(?:and|or)\b|more", words, re.IGNORECASE):
        return Expression("unknown")
    return parse_expression(found[1] or found[2])
