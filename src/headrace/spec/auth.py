"""How a document says who it is: dlt's auth kinds and the names that scaffolds have for them."""

from __future__ import annotations

import re
from typing import Literal, cast

from headrace.model.plan import ApiKey, Bearer, HttpBasic, Ref, Text, text
from headrace.spec.context import Context
from headrace.spec.credentials import ReadAuth, field
from headrace.spec.faults import did_you_mean, listed
from headrace.spec.node import Node
from headrace.spec.oauth import CLIENT_CREDENTIALS, SCAFFOLD_TOKEN, SIGNED, read_client_credentials, read_signed

FIELDS: dict[str, tuple[str, ...]] = {
    "bearer": ("token",),
    "api_key": ("name", "api_key", "location"),
    "http_basic": ("username", "password"),
    "oauth2_client_credentials": CLIENT_CREDENTIALS,
    "oauth2_refresh_token": CLIENT_CREDENTIALS,
    "oauth2_jwt": SIGNED,
}
"""dlt's fields for each auth type (`oauth2_jwt` stands for the class OAuthJWTAuth, which it has no type for)."""

PUBLIC = ("bearer", "api_key", "http_basic", "oauth2_client_credentials")
_ALIASES = {
    "basic": "http_basic",
    "httpbasic": "http_basic",
    "oauth2": "oauth2",
    "none": "none",
    "usernamepassword": "http_basic",
    "token": "bearer",
    "bearertoken": "bearer",
    "tokenauth": "bearer",
    "apikey": "api_key",
    "header": "api_key",
    "customheader": "api_key",
    "query": "api_key",
}
_SCAFFOLD_EXTRA = {
    "http_basic": ("token", "credentials"),
    "bearer": ("api_key", "location", "name"),
    "api_key": ("key", "header", "header_name", "key_name", "param", "parameter", "value", "token"),
    "oauth2_client_credentials": SCAFFOLD_TOKEN,
    "oauth2_refresh_token": SCAFFOLD_TOKEN,
}
LOCATIONS = {"header": "header", "query": "query", "param": "query", "cookie": "cookie"}
_NOT_YET = {
    "session_token": "a login call that gives a session token is not supported yet",
    "custom": "requests that are signed in this way are not supported",
}
_SIGNED = re.compile(r"aws|sig(?:nature)?v?4|hmac|hawk|digest|oauth_?1|ntlm|mqtt|cookie", re.IGNORECASE)
"""Names of schemes that sign each request, or log in by other means than a header."""


def read_auth(ctx: Context, node: Node | None) -> ReadAuth:
    """The auth of a client or endpoint; nothing stated is no auth."""
    if node is None or node.value is None:
        return ReadAuth()
    if isinstance(node.value, str):
        return _of_kind(ctx, node, Node({}, node.line, node.path), node.value, node)
    if not isinstance(node.value, dict):
        ctx.wrong(node, "a mapping with `type`, or the name of a type", hook="auth")
        return ReadAuth(kind="custom")
    stated = node.get("type")
    if stated is None:
        return _of_kind(ctx, node, node, _untyped(ctx, node), node)
    kind = ctx.string(stated)
    return ReadAuth(kind="custom") if kind is None else _of_kind(ctx, stated, node, kind, node)


def _untyped(ctx: Context, node: Node) -> str:
    """An auth without a type: dlt reads it as bearer."""
    if ctx.scaffold and "api_key" in node.items:
        return "api_key"
    return "http_basic" if ctx.scaffold and "username" in node.items else "bearer"


def _of_kind(ctx: Context, stated: Node, fields: Node, word: str, node: Node) -> ReadAuth:
    kind = _kind(ctx, stated, word, fields)
    if kind is None:
        return ReadAuth(kind="custom")
    if kind in _NOT_YET:
        what = f"{_NOT_YET[kind]} (`{word}`)"
        ctx.faults.error(
            "not-yet",
            stated.path,
            stated.line,
            what,
            "use `bearer`, `api_key` or `http_basic`, if the API takes one of them",
        )
        return ReadAuth(kind=kind)
    if kind == "none":
        ctx.faults.tell("auth-none", stated.path, stated.line)
        return ReadAuth()
    return _read(ctx, stated, fields, kind, node)


def _read(ctx: Context, stated: Node, fields: Node, kind: str, node: Node) -> ReadAuth:
    """An auth of a kind that can be used."""
    known = ("type", *FIELDS[kind], *(_SCAFFOLD_EXTRA.get(kind, ()) if ctx.scaffold else ()))
    if ctx.scaffold and kind.startswith("oauth2"):
        fields = _without_foreign(ctx, fields, known)
    ctx.keys(fields, known, f"`{kind}` auth")
    ctx.came(f"{node.path}.type", kind, "document", stated.line)
    match kind:
        case "oauth2_client_credentials" | "oauth2_refresh_token":
            return ReadAuth(read_client_credentials(ctx, fields), kind)
        case "oauth2_jwt":
            return ReadAuth(read_signed(ctx, fields), kind)
        case "http_basic":
            return _basic(ctx, fields, stated)
        case "bearer":
            return _bearer(ctx, fields)
        case _:
            return _api_key(ctx, fields, stated)


def _without_foreign(ctx: Context, fields: Node, known: tuple[str, ...]) -> Node:
    """A scaffold's fields without those that say nothing of how a token is bought."""
    for key, sub in fields.items.items():
        if key not in known:
            why, mend = "it is no part of a token request", "delete it, or move it to where the API takes it"
            ctx.faults.tell("dropped", sub.path, sub.at, key=key, why=why, mend=mend)
    kept = {key: sub for key, sub in fields.items.items() if key in known}
    return Node(kept, fields.line, fields.path, fields.key_line)


def _kind(ctx: Context, stated: Node, word: str, fields: Node) -> str | None:
    if word in PUBLIC or word == "oauth2_jwt":
        return word
    folded = word.lower().replace("_", "").replace("-", "")
    if ctx.scaffold:
        if folded == "custom" and fields.get("header") is not None and fields.get("token") is not None:
            folded = "customheader"  # a scheme of its own that is a key in a header
        if folded in {"sessiontoken", "custom"} or _SIGNED.search(word):
            return "session_token" if folded == "sessiontoken" else "custom"
        alias = _ALIASES.get(folded)
        if alias == "oauth2":
            return _oauth2(ctx, stated, word, fields)
        if alias is not None:
            if alias != "none":
                ctx.faults.tell("auth-alias", stated.path, stated.line, word=word, kind=alias)
            return alias
    known = (*PUBLIC, "basic") if ctx.scaffold else PUBLIC
    fix = "write `http_basic`" if folded == "basic" else did_you_mean(word, known, f"write {listed(PUBLIC)}")
    ctx.faults.error("auth-type", stated.path, stated.line, f"there is no auth type `{word}`", fix)
    return None


def _oauth2(ctx: Context, stated: Node, word: str, fields: Node) -> str:
    """`oauth2` with a refresh token or a grant says how a token is bought; alone it does not."""
    kind = "oauth2_refresh_token" if "refresh_token" in fields.items else "oauth2_client_credentials"
    sure = "grant_type" in fields.items
    ctx.faults.tell("auth-alias" if sure else "auth-oauth2", stated.path, stated.line, word=word, kind=kind)
    return kind


def _basic(ctx: Context, fields: Node, stated: Node) -> ReadAuth:
    if not ctx.scaffold:
        for name in ("username", "password"):
            if name not in fields.items and (fields.items or not isinstance(stated.value, str)):
                ctx.faults.error(
                    "missing-key", fields.path, fields.line, f"`http_basic` auth lacks `{name}`", f"add `{name}`"
                )
        return ReadAuth(HttpBasic(field(ctx, fields, "username"), field(ctx, fields, "password")), "http_basic")
    return ReadAuth(HttpBasic(_username(ctx, fields), _password(ctx, fields)), "http_basic")


def _username(ctx: Context, fields: Node) -> Text:
    pair = fields.get("credentials")
    if pair is not None and len(pair.elements) == len(("username", "password")):
        return ctx.text(pair.elements[0]) or text("")
    if "username" not in fields.items and (ready := pair or fields.get("token")):
        ctx.faults.tell("basic-ready", ready.path, ready.line)
        words = ctx.text(ready) or text("")
        return Text(("Basic ", *words.parts))
    return field(ctx, fields, "username")


def _password(ctx: Context, fields: Node) -> Text:
    """A scaffold's password is often a stand-in: one that is nowhere to be found is an empty password."""
    pair = fields.get("credentials")
    if pair is not None and len(pair.elements) == len(("username", "password")):
        return ctx.text(pair.elements[1]) or text("")
    node = fields.get("password")
    if node is None:
        ctx.faults.tell("no-password", f"{fields.path}.password", fields.line)
        return text("")
    if isinstance(node.value, Text) and len(node.value.parts) == 1:
        ref = node.value.refs[0]
        if ref.default is None:
            ctx.faults.tell("password-optional", node.path, node.line, name=ref.name)
        return ctx.settled(text(Ref(ref.name, ref.kind, ref.default or "")))
    return ctx.text(node) or text("")


def _bearer(ctx: Context, fields: Node) -> ReadAuth:
    key = fields.get("api_key")
    if key is not None and "token" not in fields.items:
        ctx.faults.tell("bearer-key", key.path, key.line)
    return ReadAuth(Bearer(field(ctx, fields, "token", "api_key")), "bearer")


def _api_key(ctx: Context, fields: Node, stated: Node) -> ReadAuth:
    name_node = next((node for key in _name_keys(fields) if (node := fields.get(key))), None)
    name = (ctx.string(name_node) if name_node else None) or "Authorization"
    location = _location(ctx, fields, stated)
    if ctx.scaffold and name.lower() == "api_key" and name_node is not None:
        ctx.faults.tell("api-key-name", name_node.path, name_node.line)
    key = field(ctx, fields, "api_key", "value", "token", *(() if "api_key" in fields.items else ("key",)))
    if location == "body":
        return ReadAuth(kind="api_key", name=name, location=location, body=(name, key))
    return ReadAuth(ApiKey(key, name, location), "api_key", name, location)


def _name_keys(fields: Node) -> tuple[str, ...]:
    keys: tuple[str, ...] = ("name", "header_name", "header", "key_name", "param", "parameter")
    valued = any(name in fields.items for name in ("value", "token", "api_key"))
    return (*keys, "key") if valued else keys


def _location(ctx: Context, fields: Node, stated: Node) -> Literal["header", "query", "cookie", "body"]:
    node = fields.get("location")
    if node is None:
        in_query = ctx.scaffold and (stated.word == "query" or fields.get("param") or fields.get("parameter"))
        return "query" if in_query else "header"
    word = ctx.string(node) or ""
    found = LOCATIONS.get(word.lower() if ctx.scaffold else word)
    if found is not None:
        return cast("Literal['header', 'query', 'cookie']", found)
    if ctx.scaffold and word.lower() in {"body", "body_json", "body_data"}:
        ctx.faults.tell("key-in-body", node.path, node.line)
        return "body"
    fix = did_you_mean(word, LOCATIONS, f"write {listed(LOCATIONS)}")
    ctx.faults.error("auth-location", node.path, node.line, f"an API key cannot go into `{word}`", fix)
    return "header"
