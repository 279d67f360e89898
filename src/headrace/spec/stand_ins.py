"""What stands where a credential is meant: a template that names one, `${TOKEN}`, or a filler such as `YOUR_TOKEN`.

Neither is ever what the API expects, so neither is sent: the one is read as the reference that it names, the other as a
secret that is still to be given.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from headrace.model.credential import names_credential
from headrace.model.plan import Ref, Text
from headrace.spec.context import Context
from headrace.spec.filler import is_filler
from headrace.spec.node import Node
from headrace.spec.references import Kind, Part, joined

_NOT_SECRET = frozenset(
    {"type", "name", "location", "header", "header_name", "key_name", "param", "parameter", "scope", "scopes"}
    | {"grant_type", "client_auth", "default_token_expiration", "session", "service", "region", "algorithm"}
)
_VALUED = frozenset({"value", "token", "api_key"})
_SCHEME = re.compile(r"(?:bearer|basic|token|bot|oauth|key|api[-_]?key)\s+", re.IGNORECASE)

_QUOTED = r"""\(?\[?\(?\s*["']?([A-Za-z_][\w.]*)["']?\s*(?:,[^()]*)?\]?\)?"""
_IN_BRACES: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("env", re.compile(rf"\$?\{{\{{\s*(?:os\.)?(?:env|environ|getenv|env_var)\b(?:\.get)?\.?{_QUOTED}\s*\}}\}}")),
    (
        "secret",
        re.compile(
            rf"\$?\{{\{{\s*(?:dlt\.)?(?:secrets?|config|vars?|credentials)\b(?:\.get)?\.?{_QUOTED}\s*(?:\|[^}}]*)?\}}\}}"
        ),
    ),
    ("secret", re.compile(r"\$?\{\{\s*([A-Za-z_]\w*)\s*(?:\|[^}]*)?\}\}")),
    ("env", re.compile(r"\$\{(?:env[:.])?([A-Za-z_]\w*)(?::-([^}]*))?\}")),
)
_WHOLE: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("env", re.compile(r"\$([A-Z][A-Z0-9_]+)")),
    ("env", re.compile(r"(?:env|ENV|environ)[:.]([A-Za-z_]\w*)|process\.env\.(\w+)")),
    ("env", re.compile(rf"(?:os\.environ(?:\.get)?|os\.getenv|getenv|ENV)\s*(?=[\[(]){_QUOTED}")),
    ("secret", re.compile(rf"dlt\.(?:secrets|config)(?:\.get)?\s*(?=[\[(]){_QUOTED}")),
)
"""What names a value beyond doubt: in braces wherever it stands, without them only if it is the whole."""

_QUOTED_NAME = re.compile(r"""\b(?:config|secrets?)(?:\.get\(\s*['"]|\[\s*['"]|\.)(\w+)""")


def without_stand_ins(ctx: Context, config: Node) -> Node:
    """The configuration with references where credentials are only named, or only hinted at."""
    return _inside(ctx, config, None)


def _inside(ctx: Context, node: Node, key: str | None) -> Node:
    match node.value:
        case dict() as mapping if key == "auth":
            return _with(node, dict(_auth(ctx, mapping)))
        case dict() as mapping if key in {"headers", "params"}:
            return _with(node, {name: _named(ctx, name, sub) for name, sub in mapping.items()})
        case dict() as mapping if key != "columns":
            return _with(node, {name: _inside(ctx, sub, name) for name, sub in mapping.items()})
        case list() as elements if key == "resources":
            return Node([_inside(ctx, sub, None) for sub in elements], node.line, node.path, node.key_line)
        case _:
            return node


def _with(node: Node, items: dict[str, Node]) -> Node:
    return Node(items, node.line, node.path, node.key_line)


def _auth(ctx: Context, fields: Mapping[str, Node]) -> Iterator[tuple[str, Node]]:
    for name, node in fields.items():
        is_name = name == "key" and not _VALUED.isdisjoint(fields)
        kept = name in _NOT_SECRET or name.endswith(("url", "uri", "endpoint")) or is_name
        yield name, node if kept else _filled(ctx, name, node)


def _named(ctx: Context, name: str, node: Node) -> Node:
    """A header or parameter, if its name is that of a credential; what Python names is known by that name as well."""
    return _filled(ctx, name, node) if names_credential(name) or isinstance(node.value, Text) else node


def _with_unbound(ctx: Context, name: str, node: Node, words: Text) -> Node:
    """A bare Python name where a credential is meant is a secret: its value must not stand on a command line."""
    is_secret = names_credential(name) or name in _VALUED
    parts = [_unbound(ctx, part, is_secret) if isinstance(part, Ref) else part for part in words.parts]
    return Node(Text(tuple(parts)), node.line, node.path, node.key_line)


def _unbound(ctx: Context, ref: Ref, is_secret: bool) -> Ref:
    if ref.kind != "config" or not (is_secret or names_credential(ref.name)):
        return ref
    variable = ref.name.upper()
    told = ctx.faults.retold("unbound-name", "unbound-credential", name=ref.name, variable=variable)
    return Ref(ref.name) if told else ref


def _filled(ctx: Context, name: str, node: Node) -> Node:
    if isinstance(node.value, Text):
        return _with_unbound(ctx, name, node, node.value)
    words = node.word
    if words is None:
        return node
    scheme = _SCHEME.match(words)
    before = scheme[0] if scheme else ""
    rest = words[len(before) :].strip()
    parts = _parts(rest)
    if any(isinstance(part, Ref) for part in parts):
        for part in parts:
            if isinstance(part, Ref):
                _tell(ctx, node, part)
        return Node(joined([before, *parts]), node.line, node.path, node.key_line)
    if not is_filler(rest):
        return node
    secret = re.sub(r"\W", "_", name).lower()
    ctx.faults.tell("credential-filler", node.path, node.line, name=secret, variable=secret.upper())
    return Node(joined([before, Ref(secret)]), node.line, node.path, node.key_line)


def with_secrets(ctx: Context, node: Node, words: str) -> Node | None:
    """A template that names a credential, with the secret in its place; None where it names none.

    A secret is put in as it is: what would be made of it is never evaluated, where it could be shown.
    """
    parts = [_outside(part) if isinstance(part, Ref) else part for part in _parts(words)]
    left = [part for part in parts if isinstance(part, str) and "{{" in part]
    named = any(names_credential(word) for part in left for word in _QUOTED_NAME.findall(part))
    if not named and not any(isinstance(part, Ref) and part.kind == "secret" for part in parts):
        return None
    if left or "|" in words:
        problem = f"the template `{words}` makes something of a secret, and a secret is only ever sent as it is"
        fix = "put what is to be sent into the secret itself, and leave the rest of the template out"
        ctx.faults.error("secret-template", node.path, node.line, problem, fix)
        return node
    for part in parts:
        if isinstance(part, Ref) and part.kind == "secret":
            _tell(ctx, node, part)
    return Node(joined(parts), node.line, node.path, node.key_line)


def _outside(ref: Ref) -> Ref:
    """What is named beside a credential comes from outside as well, and is no secret."""
    return ref if ref.kind == "env" or names_credential(ref.name) else Ref(ref.name, "config", ref.default)


def _tell(ctx: Context, node: Node, ref: Ref) -> None:
    what = f"the environment variable `{ref.name}`" if ref.kind == "env" else f"the secret `{ref.name}`"
    ctx.faults.tell("credential-named", node.path, node.line, name=ref.name, what=what)


def _parts(words: str) -> list[Part]:
    """The words with references for what names one."""
    for kind, pattern in _WHOLE:
        whole = pattern.fullmatch(words)
        if whole is not None:
            return [_ref(whole, kind)]
    parts: list[Part] = [words]
    for kind, pattern in _IN_BRACES:
        parts = [new for part in parts for new in (_split(part, kind, pattern) if isinstance(part, str) else [part])]
    return parts


def _split(words: str, kind: Kind, pattern: re.Pattern[str]) -> Iterator[Part]:
    at = 0
    for found in pattern.finditer(words):
        yield words[at : found.start()]
        yield _ref(found, kind)
        at = found.end()
    yield words[at:]


def _ref(found: re.Match[str], kind: Kind) -> Ref:
    names = [group for group in found.groups() if group is not None]
    return Ref(names[0], kind, names[1] if len(names) > 1 else None)
