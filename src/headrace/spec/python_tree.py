"""What a Python expression says, read from its syntax tree; nothing of the document is ever executed."""

from __future__ import annotations

import ast
import builtins
from dataclasses import dataclass, field

from headrace.model.plan import Ref, Text
from headrace.spec.arithmetic import calculated
from headrace.spec.dlt_classes import CLASSES
from headrace.spec.faults import Faults
from headrace.spec.node import Node, Opaque, Value, plain, sendable
from headrace.spec.python_scope import Binding, Scope, returned
from headrace.spec.references import GETTERS, SOURCES, VALUES, Part, joined, whole_reference
from headrace.spec.repeated import tell_repeated

_FOREIGN_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None}
_DEPTH = 60  # names that lead to names; deeper is a circle


@dataclass(frozen=True, slots=True)
class PythonReader:
    """Reads expressions into nodes. `offset` is added to lines."""

    offset: int
    faults: Faults
    _under_way: list[ast.AST] = field(default_factory=list)
    """The functions whose values are being read: one that calls itself has none."""

    def read(self, expr: ast.expr, scope: Scope, depth: int = 0) -> Node:
        """The node that an expression stands for, with the names of a scope."""
        return Node(self._value(expr, scope, depth), expr.lineno + self.offset)

    def _value(self, expr: ast.expr, scope: Scope, depth: int) -> Value:  # noqa: C901, PLR0911, PLR0912 - one case each
        if depth > _DEPTH:
            return Opaque("expression", ast.unparse(expr))
        match expr:
            case ast.Constant(value=value):
                return self._constant(value)
            case ast.Dict():
                return self._dict(expr, scope, depth)
            case ast.List(elts=elements) | ast.Tuple(elts=elements):
                return self._list(elements, scope, depth)
            case ast.Name():
                return self._name(expr, scope, depth)
            case ast.Attribute():
                return self._attribute(expr)
            case ast.Subscript():
                return self._subscript(expr, scope, depth)
            case ast.Call():
                return self._call(expr, scope, depth)
            case ast.JoinedStr(values=values):
                return self._string(expr, values, scope, depth)
            case ast.FormattedValue(value=value, format_spec=None):
                return self._value(value, scope, depth + 1)
            case ast.BinOp():
                return self._binary(expr, scope, depth)
            case ast.BoolOp(op=ast.Or(), values=[ast.Call() as call, ast.Constant(value=str() as default)]):
                return self._or_default(expr, call, default, scope, depth)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                number = self._value(operand, scope, depth + 1)
                return -number if isinstance(number, int | float) else Opaque("expression", ast.unparse(expr))
            case ast.IfExp():
                return self._choice(expr, scope, depth)
            case ast.Lambda():
                return Opaque("function", ast.unparse(expr))
            case _:
                return Opaque("expression", ast.unparse(expr))

    def _constant(self, value: object) -> Value:
        if isinstance(value, str):
            return whole_reference(value) or sendable(value)
        if value is None or isinstance(value, bool | int | float):
            return value
        return Opaque("expression", "..." if value is ... else repr(value))

    def _dict(self, expr: ast.Dict, scope: Scope, depth: int) -> Value:
        found: dict[str, Node] = {}
        stated: dict[str, Node] = {}  # what stands before `**other` may stand again after it
        for key, value in zip(expr.keys, expr.values, strict=True):
            node = self.read(value, scope, depth + 1)
            if key is None:  # **other
                if not isinstance(node.value, dict):
                    return Opaque("expression", ast.unparse(expr))
                found.update(node.value)
                stated = {}
                continue
            name = self._value(key, scope, depth + 1)
            if isinstance(name, Text | Opaque | dict | list):
                return Opaque("expression", ast.unparse(expr))
            found[str(name)] = Node(node.value, node.line, key_line=key.lineno + self.offset)
            if (first := stated.get(str(name))) is not None:
                same = plain(first) == plain(node)
                tell_repeated(self.faults, str(name), first.at, found[str(name)].at, same=same)
            stated[str(name)] = found[str(name)]
        return found

    def _list(self, elements: list[ast.expr], scope: Scope, depth: int) -> Value:
        found: list[Node] = []
        for element in elements:
            if isinstance(element, ast.Starred):
                node = self.read(element.value, scope, depth + 1)
                if not isinstance(node.value, list):
                    found.append(Node(Opaque("expression", ast.unparse(element)), element.lineno + self.offset))
                else:
                    found.extend(node.value)
            elif isinstance(element, ast.Constant) and element.value is ...:
                self.faults.tell("list-cut-off", "", element.lineno + self.offset)
            else:
                found.append(self.read(element, scope, depth + 1))
        return found

    def _name(self, expr: ast.Name, scope: Scope, depth: int) -> Value:
        found = scope.find(expr.id, expr.lineno)
        if found is None:
            if expr.id in _FOREIGN_WORDS:
                return _FOREIGN_WORDS[expr.id]
            return self._unbound(expr)
        binding, its_scope = found
        return self._bound(expr, binding, its_scope, depth)

    def _bound(self, expr: ast.Name, binding: Binding, scope: Scope, depth: int) -> Value:
        match binding.kind:
            case "function" | "class":
                return Opaque("function" if binding.kind == "function" else "object", expr.id)
            case "argument" if binding.expr is None:
                return self._unbound(expr)
            case "import":
                return self._unbound(expr)
            case _ if binding.expr is None:
                return Opaque("expression", expr.id)
        kind = VALUES.get(_dotted(binding.expr))
        if kind is not None:  # def source(token=dlt.secrets.value)
            return Text((Ref(binding.name, kind),))
        return self._value(binding.expr, scope, depth + 1)

    def _unbound(self, expr: ast.Name) -> Value:
        if expr.id in CLASSES:
            return Opaque("object", expr.id)
        if callable(getattr(builtins, expr.id, None)):
            return Opaque("function", expr.id)
        self.faults.tell("unbound-name", "", expr.lineno + self.offset, name=expr.id)
        return Text((Ref(expr.id, "config"),))

    def _attribute(self, expr: ast.Attribute) -> Value:
        return Opaque("expression", ast.unparse(expr))

    def _subscript(self, expr: ast.Subscript, scope: Scope, depth: int) -> Value:
        key = self._value(expr.slice, scope, depth + 1)
        kind = SOURCES.get(_dotted(expr.value))
        if kind is not None and isinstance(key, str):
            return Text((Ref(key, kind),))
        if kind is None:
            holder = self._value(expr.value, scope, depth + 1)
            if isinstance(holder, dict) and isinstance(key, str) and key in holder:
                return holder[key].value
            if isinstance(holder, list) and isinstance(key, int) and -len(holder) <= key < len(holder):
                return holder[key].value
        return Opaque("expression", ast.unparse(expr))

    def _call(self, expr: ast.Call, scope: Scope, depth: int) -> Value:
        name = _dotted(expr.func)
        kind = GETTERS.get(name)
        if kind is not None:
            arguments = [self._value(argument, scope, depth + 1) for argument in expr.args]
            arguments += [self._value(word.value, scope, depth + 1) for word in expr.keywords]
            match arguments:
                case [str(key)] | [str(key), None]:
                    return Text((Ref(key, kind),))
                case [str(key), str(default)]:
                    return Text((Ref(key, kind, default),))
                case [str(key), bool() | int() | float() as default]:
                    return Text((Ref(key, kind, str(default)),))
        if name == "dict":
            return self._keywords(expr, scope, depth)
        if name == "str" and len(expr.args) == 1 and not expr.keywords:
            value = self._value(expr.args[0], scope, depth + 1)
            return value if isinstance(value, str | Text) else Opaque("expression", ast.unparse(expr))
        return self._instance(expr, name.rsplit(".", 1)[-1], scope, depth)

    def _returned(self, expr: ast.Call, scope: Scope, depth: int) -> Node | None:
        """What a function of the document gives, if its text says it; None if it would have to be run."""
        found = scope.find(expr.func.id, expr.lineno) if isinstance(expr.func, ast.Name) else None
        function = found[0].function if found is not None else None
        if found is None or function is None or function in self._under_way:
            return None
        given = returned(function, expr, found[1], scope)
        if given is None:
            return None
        self._under_way.append(function)
        try:
            return self.read(*given, depth + 1)
        finally:
            self._under_way.pop()

    def _or_default(self, expr: ast.expr, call: ast.Call, default: str, scope: Scope, depth: int) -> Value:
        """`dlt.secrets.get("x") or "y"`."""
        match self._value(call, scope, depth + 1):
            case Text(parts=(Ref(name=name, kind=kind, default=None),)):
                return Text((Ref(name, kind, default),))
            case _:
                return Opaque("expression", ast.unparse(expr))

    def _keywords(self, expr: ast.Call, scope: Scope, depth: int) -> Value:
        found: dict[str, Node] = {}
        spread = [*expr.args, *(word.value for word in expr.keywords if word.arg is None)]
        for other in spread:
            value = self._value(other, scope, depth + 1)
            if not isinstance(value, dict):
                return Opaque("expression", ast.unparse(expr))
            found.update(value)
        for word in expr.keywords:
            if word.arg is not None:
                node = self.read(word.value, scope, depth + 1)
                found[word.arg] = Node(node.value, node.line, key_line=word.lineno + self.offset)
        return found

    def _instance(self, expr: ast.Call, name: str, scope: Scope, depth: int) -> Value:
        """A call of one of dlt's own classes, as its dict form, or of a function that only returns what it names."""
        known = CLASSES.get(name)
        bound = scope.find(name, expr.lineno)
        if known is None or (bound is not None and bound[0].kind == "class"):
            if (made := self._returned(expr, scope, depth)) is not None:
                return made.value
            function = bound is not None and bound[0].kind == "function"
            return Opaque("object" if name[:1].isupper() or function else "expression", ast.unparse(expr))
        given = self._keywords(ast.Call(expr.func, [], expr.keywords), scope, depth)
        if not isinstance(given, dict) or len(expr.args) > len(known.arguments):
            return Opaque("object", ast.unparse(expr))
        found = {"type": Node(known.type, expr.lineno + self.offset, key_line=expr.lineno + self.offset)}
        for argument, value in zip(known.arguments, expr.args, strict=False):
            node = self.read(value, scope, depth + 1)
            found[argument] = Node(node.value, node.line, key_line=node.line)
        return found | given

    def _string(self, expr: ast.expr, values: list[ast.expr], scope: Scope, depth: int) -> Value:
        parts: list[Part] = []
        for value in values:
            piece = self._value(value, scope, depth + 1)
            match piece:
                case Text(parts=words):
                    parts.extend(words)
                case str():
                    parts.append(piece)
                case bool() | int() | float():
                    parts.append(str(piece))
                case _:
                    return Opaque("expression", ast.unparse(expr))
        return joined(parts)

    def _binary(self, expr: ast.BinOp, scope: Scope, depth: int) -> Value:
        first, second = self._value(expr.left, scope, depth + 1), self._value(expr.right, scope, depth + 1)
        match first, expr.op, second:
            case list(), ast.Add(), list():
                return first + second
            case dict(), ast.BitOr(), dict():
                return first | second
            case ((str() | Text()), ast.Add(), (str() | Text())):
                pieces = [piece.parts if isinstance(piece, Text) else (piece,) for piece in (first, second)]
                return joined([part for piece in pieces for part in piece])
            case _:
                number = calculated(first, expr.op, second)
                return Opaque("expression", ast.unparse(expr)) if number is None else number

    def _choice(self, expr: ast.IfExp, scope: Scope, depth: int) -> Value:
        """`X if token else None`, where the token comes from outside: read as if it is there."""
        test = self._value(expr.test, scope, depth + 1)
        if isinstance(test, Opaque):
            return Opaque("expression", ast.unparse(expr))
        if isinstance(test, Text) and test.refs:
            self.faults.tell("conditional", "", expr.lineno + self.offset, test=ast.unparse(expr.test))
        chosen = expr.body if test else expr.orelse
        return self._value(chosen, scope, depth + 1)


def _dotted(expr: ast.expr | None) -> str:
    match expr:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=attr):
            head = _dotted(value)
            return f"{head}.{attr}" if head else ""
        case _:
            return ""
