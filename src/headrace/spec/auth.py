"""How a document says who it is: dlt's auth kinds and the names that scaffolds have for them."""

from __future__ import annotations

from typing import Literal, cast

from headrace.model.plan import ApiKey, Bearer, HttpBasic, Ref, Text, text
from headrace.spec.context import Context
from headrace.spec.credentials import ReadAuth, field
from headrace.spec.faults import did_you_mean, listed
from headrace.spec.node import Node
from headrace.spec.oauth import CLIENT_CREDENTIALS, SCAFFOLD_TOKEN, SIGNED, read_client_credentials, read_signed
from headrace.spec.vocabulary import NOT_YET_FIX

FIELDS: dict[str, tuple[str, ...]] = {
    "bearer": ("token",),
    "api_key": ("name", "api_key", "location"),
    "http_basic": ("username", "password"),
    "oauth2_client_credentials": CLIENT_CREDENTIALS,
    "oauth2_refresh_token": CLIENT_CREDENTIALS,
    "oauth2_jwt": SIGNED,
}
"""dlt's fields for each auth type (`oauth2_jwt` stands for the class OAuthJWTAuth, which it has no type for)."""

_PUBLIC = ("bearer", "api_key", "http_basic", "oauth2_client_credentials")
_ALIASES = {
    "basic": "http_basic",
    "httpbasic": "http_basic",
    "oauth2": "oauth2",
    "none": "none",
    "token": "bearer",
    "bearertoken": "bearer",
    "apikey": "api_key",
    "header": "api_key",
    "query": "api_key",
}
_SCAFFOLD_EXTRA = {
    "http_basic": ("token", "credentials"),
    "bearer": ("api_key", "location", "name"),
    "api_key": ("key", "header", "header_name", "key_name", "param", "parameter", "value", "token"),
    "oauth2_client_credentials": SCAFFOLD_TOKEN,
    "oauth2_refresh_token": SCAFFOLD_TOKEN,
}
_LOCATIONS = {"header": "header", "query": "query", "param": "query", "cookie": "cookie"}
_NOT_YET = {
    "session_token": "a login call that gives a session token is not supported yet",
    "custom": "this kind of signing is not supported",
}


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
        ctx.faults.error("not-yet", stated.path, stated.line, _NOT_YET[kind], "use bearer with a token for now")
        return ReadAuth(kind=kind)
    if kind == "none":
        problem = "`none` is not a type of dlt's"
        ctx.faults.note("auth-none", stated.path, stated.line, problem, "read as no auth at all")
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
            problem = f"`{key}` is not read: it is no part of a token request"
            ctx.faults.warning("dropped", sub.path, sub.at, problem, "delete it, or move it to where the API takes it")
    kept = {key: sub for key, sub in fields.items.items() if key in known}
    return Node(kept, fields.line, fields.path, fields.key_line)


def _kind(ctx: Context, stated: Node, word: str, fields: Node) -> str | None:
    if word in _PUBLIC or word == "oauth2_jwt":
        return word
    folded = word.lower().replace("_", "").replace("-", "")
    if ctx.scaffold:
        if folded in {"sessiontoken", "custom"}:
            return "session_token" if folded == "sessiontoken" else "custom"
        alias = _ALIASES.get(folded)
        if alias == "oauth2":
            alias = "oauth2_refresh_token" if "refresh_token" in fields.items else "oauth2_client_credentials"
        if alias is not None:
            if alias != "none":
                ctx.faults.note(
                    "auth-alias",
                    stated.path,
                    stated.line,
                    f"`{word}` is not an auth type of dlt's",
                    f"read as `{alias}`",
                )
            return alias
    known = (*_PUBLIC, "basic") if ctx.scaffold else _PUBLIC
    fix = "write `http_basic`" if folded == "basic" else did_you_mean(word, known, f"write {listed(_PUBLIC)}")
    ctx.faults.error("auth-type", stated.path, stated.line, f"there is no auth type `{word}`", fix)
    return None


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
    if "username" not in fields.items and (ready := fields.get("credentials") or fields.get("token")):
        ctx.faults.note(
            "basic-ready", ready.path, ready.line, "`http_basic` has no such key", "read as the whole credential"
        )
        words = ctx.text(ready) or text("")
        return Text(("Basic ", *words.parts))
    return field(ctx, fields, "username")


def _password(ctx: Context, fields: Node) -> Text:
    """A scaffold's password is often a stand-in: one that is nowhere to be found is an empty password."""
    node = fields.get("password")
    if node is None:
        ctx.faults.note(
            "no-password", f"{fields.path}.password", fields.line, "no password is stated", "an empty password is sent"
        )
        return text("")
    if isinstance(node.value, Text) and len(node.value.parts) == 1:
        ref = node.value.refs[0]
        ctx.faults.note(
            "password-optional",
            node.path,
            node.line,
            f"many APIs take no password beside the key, so `{ref.name}` may be left empty",
            "an empty password is sent if it is empty or not found",
        )
        return ctx.settled(text(Ref(ref.name, ref.kind, ref.default or "")))
    return ctx.text(node) or text("")


def _bearer(ctx: Context, fields: Node) -> ReadAuth:
    key = fields.get("api_key")
    if key is not None and "token" not in fields.items:
        ctx.faults.note("bearer-key", key.path, key.line, "`bearer` auth has no key `api_key`", "read as its token")
    return ReadAuth(Bearer(field(ctx, fields, "token", "api_key")), "bearer")


def _api_key(ctx: Context, fields: Node, stated: Node) -> ReadAuth:
    name_node = next((node for key in _name_keys(fields) if (node := fields.get(key))), None)
    name = (ctx.string(name_node) if name_node else None) or "Authorization"
    location = _location(ctx, fields, stated)
    if ctx.scaffold and name.lower() == "api_key" and name_node is not None:
        ctx.faults.warning(
            "api-key-name",
            name_node.path,
            name_node.line,
            "`api_key` as the name of the key is what a scaffold writes when it does not know the real one",
            "look it up in the API's documentation, and write that name",
        )
    key = field(ctx, fields, "api_key", "value", "token", *(() if "api_key" in fields.items else ("key",)))
    return ReadAuth(ApiKey(key, name, location), "api_key", name, location)


def _name_keys(fields: Node) -> tuple[str, ...]:
    keys: tuple[str, ...] = ("name", "header_name", "header", "key_name", "param", "parameter")
    valued = any(name in fields.items for name in ("value", "token", "api_key"))
    return (*keys, "key") if valued else keys


def _location(ctx: Context, fields: Node, stated: Node) -> Literal["header", "query", "cookie"]:
    node = fields.get("location")
    if node is None:
        in_query = ctx.scaffold and (stated.word == "query" or fields.get("param") or fields.get("parameter"))
        return "query" if in_query else "header"
    word = ctx.string(node) or ""
    found = _LOCATIONS.get(word.lower() if ctx.scaffold else word)
    if found is not None:
        return cast("Literal['header', 'query', 'cookie']", found)
    if ctx.scaffold and word.lower() == "body":
        ctx.faults.error(
            "not-yet", node.path, node.line, "an API key in the request's body is not supported yet", NOT_YET_FIX
        )
    else:
        fix = did_you_mean(word, _LOCATIONS, f"write {listed(_LOCATIONS)}")
        ctx.faults.error("auth-location", node.path, node.line, f"an API key cannot go into `{word}`", fix)
    return "header"
