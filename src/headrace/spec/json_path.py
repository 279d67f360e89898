"""Which strings are JSON paths in dlt's dialect, and how a path is written from its steps."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from headrace.envelope.path import parse

if TYPE_CHECKING:
    from headrace.spec.context import Context
    from headrace.spec.node import Node

_BARE_STEP = re.compile(r"[A-Za-z_]\w*|[A-Za-z_][\w-]*\w")
_TOKEN = re.compile(
    r"""
    \$ | \.\. | \. | \* | [A-Za-z_@][\w\-@]* |      # root, descendant, child, any, bare field
    '[^']*' | "[^"]*" |                             # quoted field
    \[\s*(?:\*|-?\d+|-?\d*:-?\d*(?::-?\d+)?|'[^']*'|"[^"]*"|\?[^\]]*|[\w,\s]+)\s*\] |
    `[^`]*` | \( | \) | \| | & | ,
    """,
    re.VERBOSE,
)


def join_path(steps: list[str]) -> str:
    """The path through these keys; keys that are no plain words are quoted."""
    return ".".join(step if step == "*" or _BARE_STEP.fullmatch(step) else f"'{step}'" for step in steps) or "$"


def path_problem(path: str) -> str | None:
    """What keeps a string from being a JSON path, or None."""
    at, after_step = 0, False
    while at < len(path):
        if path[at].isspace():
            at += 1
            continue
        found = _TOKEN.match(path, at)
        if found is None:
            return f"unexpected `{path[at]}` at character {at + 1}"
        piece = found[0]
        field = piece == "*" or piece[0] in "'\"" or piece[0].isalpha() or piece[0] in "_@"
        if field and after_step:
            return f"unexpected `{piece}` at character {at + 1}"
        after_step = field or piece[0] == "[" or piece == "$" or piece[0] == "`"
        at = found.end()
    if not path.strip():
        return "it is empty"
    return "it ends with a dot" if path.rstrip().endswith(".") else None


def checked_path(ctx: Context, node: Node) -> str | None:
    """A JSON path; one that cannot be parsed is an error."""
    path = ctx.string(node, "a JSON path")
    if path is None or path == "":
        return path
    problem = None if ctx.scaffold else path_problem(path)
    if problem is None:
        try:
            parse(path)
        except ValueError as error:
            problem = str(error).rpartition(": ")[2]
    if problem is not None:
        ctx.faults.error(
            "json-path",
            node.path,
            node.line,
            f"`{path}` is not a JSON path: {problem}",
            "quote odd keys: 'a.b', '@odata.nextLink'",
        )
        return None
    return path
