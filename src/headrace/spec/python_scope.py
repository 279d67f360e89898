"""Which expression a Python name stands for at a given line, by assignments and defaults; nothing is run."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Binding:
    """One place where a name gets its value; `expr` None where that value cannot be known from the text."""

    name: str
    line: int
    expr: ast.expr | None
    kind: Literal["value", "argument", "function", "class", "import", "unknown"] = "value"
    function: _Function | None = None
    scope: Scope | None = None
    """Where `expr` is read, if that is not where the name is: an argument stands in the call."""


class Scope:
    """The names of a module or function, and of the scopes around it."""

    def __init__(self, bindings: list[Binding], outer: Scope | None = None) -> None:
        self._bindings = bindings
        self._outer = outer

    def find(self, name: str, line: int) -> tuple[Binding, Scope] | None:
        """The last binding of `name` above `line` (or its only one), with the scope that its value is read in."""
        mine = [binding for binding in self._bindings if binding.name == name]
        before = [binding for binding in mine if binding.line < line or binding.kind in {"argument", "function"}]
        if before:
            return before[-1], before[-1].scope or self
        if self._outer is not None:
            found = self._outer.find(name, line if not mine else mine[0].line)
            if found is None:  # a function may use what the module binds below it
                found = self._outer.find(name, 1 << 30)
            return found
        return None


def scopes(module: ast.Module) -> dict[ast.AST, Scope]:
    """The scope that each node of the tree stands in."""
    found: dict[ast.AST, Scope] = {}
    _fill(module, Scope(list(_bindings(module.body))), found)
    return found


def returned(function: _Function, call: ast.Call, outer: Scope, caller: Scope) -> tuple[ast.expr, Scope] | None:
    """What a call of a function gives, if all that the function does is to name values and to return one."""
    *body, last = function.body
    if function.decorator_list or isinstance(function, ast.AsyncFunctionDef) or not isinstance(last, ast.Return):
        return None
    if last.value is None or not all(_names_only(statement) for statement in body):
        return None
    arguments = list(_arguments(function))
    given = dict(zip((each.name for each in arguments), call.args, strict=False))
    given |= {word.arg: word.value for word in call.keywords if word.arg is not None}
    taken = function.args
    fits = len(call.args) <= len(taken.posonlyargs) + len(taken.args) and taken.vararg is None and taken.kwarg is None
    once = len(call.args) + len(call.keywords) == len(given)
    starred = any(isinstance(each, ast.Starred) for each in call.args)
    if not fits or not once or starred or not set(given) <= {each.name for each in arguments}:
        return None
    bound = [replace(each, expr=given[each.name], scope=caller) if each.name in given else each for each in arguments]
    return last.value, Scope([*bound, *_bindings(body)], outer)


def _names_only(statement: ast.stmt) -> bool:
    match statement:
        case ast.Assign(targets=targets):
            return all(isinstance(target, ast.Name) for target in targets)
        case ast.AnnAssign(target=target):
            return isinstance(target, ast.Name)
        case ast.Expr(value=ast.Constant()) | ast.Import() | ast.ImportFrom() | ast.Pass():
            return True
        case _:
            return False


def _fill(node: ast.AST, scope: Scope, found: dict[ast.AST, Scope]) -> None:
    found[node] = scope
    for sub in ast.iter_child_nodes(node):
        inner = scope
        if isinstance(sub, _Function):
            inner = Scope([*_arguments(sub), *_bindings(sub.body)], scope)
        _fill(sub, inner, found)


def _arguments(function: _Function) -> Iterator[Binding]:
    positional = [*function.args.posonlyargs, *function.args.args]
    defaults = [None] * (len(positional) - len(function.args.defaults)) + list(function.args.defaults)
    pairs = [
        *zip(positional, defaults, strict=True),
        *zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True),
    ]
    for argument, default in pairs:
        yield Binding(argument.arg, function.lineno, default, "argument")


def _bindings(body: list[ast.stmt]) -> Iterator[Binding]:  # noqa: C901, PLR0912 - one case for each statement
    for statement in body:
        match statement:
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    yield from _targets(target, value)
            case ast.AnnAssign(target=ast.Name(id=name), value=value) if value is not None:
                yield Binding(name, statement.lineno, value)
            case ast.AugAssign(target=ast.Name(id=name)):
                yield Binding(name, statement.lineno, None, "unknown")
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield Binding(name, statement.lineno, None, "function", statement)
            case ast.ClassDef(name=name):
                yield Binding(name, statement.lineno, None, "class")
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                for alias in names:
                    yield Binding((alias.asname or alias.name).split(".")[0], statement.lineno, None, "import")
            case ast.For(target=ast.Name(id=name)):
                yield Binding(name, statement.lineno, None, "unknown")
                yield from _bindings([*statement.body, *statement.orelse])
            case ast.If() | ast.While():
                yield from _bindings([*statement.body, *statement.orelse])
            case ast.With():
                yield from _bindings(statement.body)
            case ast.Try():
                handlers = [line for handler in statement.handlers for line in handler.body]
                yield from _bindings([*statement.body, *handlers, *statement.orelse, *statement.finalbody])
            case _:
                pass


def _targets(target: ast.expr, value: ast.expr) -> Iterator[Binding]:
    match target, value:
        case ast.Name(id=name), _:
            yield Binding(name, target.lineno, value)
        case ast.Tuple(elts=targets), ast.Tuple(elts=values) if len(targets) == len(values):
            for one, its in zip(targets, values, strict=True):
                yield from _targets(one, its)
        case _:
            for sub in ast.walk(target):
                if isinstance(sub, ast.Name) and isinstance(sub.ctx, ast.Store):
                    yield Binding(sub.id, target.lineno, None, "unknown")
