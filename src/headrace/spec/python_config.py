"""Where in a Python text the configuration is: the dict given to `rest_api_source`, or the one that looks like it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from headrace.spec.faults import Faults
from headrace.spec.node import Node, Opaque, sendable, shown
from headrace.spec.python_scope import Scope, scopes
from headrace.spec.python_syntax import diagnose, parsed
from headrace.spec.python_tree import PythonReader

_ENTRIES = {"rest_api_source", "rest_api_resources", "rest_api"}
_TOP = {"client", "resources", "resource_defaults"}


def read_python(text: str, offset: int, faults: Faults) -> tuple[Node | None, str | None]:
    """The configuration of a Python text, and the name that it gives itself; a syntax error becomes a fault.

    `offset` is added to line numbers: the lines above a fenced block.
    """
    try:
        module = parsed(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        slip = diagnose("\n" * offset + text, error, offset)
        faults.error("syntax", "", slip.line, slip.problem, slip.fix)
        return None, None
    try:
        return _find(module, offset, faults)
    except RecursionError:
        faults.error("syntax", "", 1 + offset, "the expression is nested too deeply", "write it with fewer levels")
        return None, None


def _find(module: ast.Module, offset: int, faults: Faults) -> tuple[Node | None, str | None]:
    reader = PythonReader(offset, faults)
    readings: list[tuple[Node, str | None]] = []
    lines: set[int] = set()
    calls: list[tuple[ast.expr, Node]] = []
    for expr, scope, name in _named_candidates(module):
        node = reader.read(expr, scope)
        calls.append((expr, node))
        if isinstance(node.value, dict):
            line = _first_line(node)
            if line not in lines:
                lines.add(line)
                readings.append((node, name))
    if not readings:
        _tell_code(calls, offset, faults)
        return None, None
    if len(readings) > 1:
        second, which = readings[1][0].line, f"of line {readings[0][0].line}"
        faults.tell("several-configurations", "", second, number=len(readings), what="configurations", which=which)
    return readings[0]


def _tell_code(calls: list[tuple[ast.expr, Node]], offset: int, faults: Faults) -> None:
    """Where a configuration was looked for: what is handed over, if that is made by code."""
    for expr, node in calls:
        if isinstance(node.value, Opaque):
            problem = (
                f"the configuration is what `{shown(node.value)}` makes, and a document's code is never run: what can"
                " be read is a mapping, a name for one, or a function that only names values and returns one"
            )
            fix = "write the mapping here, or load from Python with headrace.rest_api.rest_api_source"
            faults.error("no-config", "", expr.lineno + offset, problem, fix)
            return


def candidates(module: ast.Module) -> list[tuple[ast.expr, Scope]]:
    """The expressions that may be the configuration, the likeliest first, each with the scope that it stands in."""
    return [(expr, scope) for expr, scope, _ in _named_candidates(module)]


def _named_candidates(module: ast.Module) -> list[tuple[ast.expr, Scope, str | None]]:
    known = scopes(module)
    calls = [node for node in ast.walk(module) if isinstance(node, ast.Call) and _entry(node)]
    calls.sort(key=lambda node: (node.lineno, node.col_offset))
    found: list[tuple[ast.expr, Scope, str | None]] = []
    for call in calls:
        found.extend((expr, known[call], _name_of(call)) for expr in _given(call))
    return found or [(expr, known[expr], None) for expr in _lookalikes(module)]


def _entry(call: ast.Call) -> bool:
    function = call.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    return name in _ENTRIES


def _given(call: ast.Call) -> Iterator[ast.expr]:
    keywords = {word.arg: word.value for word in call.keywords if word.arg}
    if call.args:
        yield call.args[0]
    elif "config" in keywords:
        yield keywords["config"]
    elif "client" in keywords or "resources" in keywords:
        words = [word for word in call.keywords if word.arg in _TOP]
        pairs = ast.Dict([ast.Constant(word.arg, lineno=word.lineno) for word in words], [word.value for word in words])
        yield ast.copy_location(pairs, call)


def _name_of(call: ast.Call) -> str | None:
    for word in call.keywords:
        if word.arg == "name" and isinstance(word.value, ast.Constant) and isinstance(word.value.value, str):
            return sendable(word.value.value)
    return None


def _lookalikes(module: ast.Module) -> list[ast.expr]:
    """Dicts that hold the top keys of a configuration, those with the most of them."""
    found: list[tuple[int, ast.expr]] = []

    def visit(node: ast.AST) -> None:
        if (
            isinstance(node, ast.AnnAssign)
            and node.value is not None
            and "RESTAPIConfig" in ast.unparse(node.annotation)
        ):
            found.append((len(_TOP) + 1, node.value))
            return
        if isinstance(node, ast.Dict):
            keys = {key.value for key in node.keys if isinstance(key, ast.Constant)} & _TOP
            if keys:
                found.append((len(keys), node))
                return
        for sub in ast.iter_child_nodes(node):
            visit(sub)

    visit(module)
    most = max((score for score, _ in found), default=0)
    return [expr for score, expr in found if score == most]


def _first_line(node: Node) -> int:
    return min((sub.at for sub in node.items.values()), default=node.line)
