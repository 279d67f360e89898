"""The client of the document: where the API is, what every request carries, and how a placeholder host is told."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from headrace.errors import ConfigError
from headrace.model.plan import DeclaredLimit, Ref, Text
from headrace.spec.auth import read_auth
from headrace.spec.context import Context
from headrace.spec.credentials import ReadAuth
from headrace.spec.hosts import is_placeholder
from headrace.spec.jinja import without_jinja
from headrace.spec.node import Node, Opaque, shown
from headrace.spec.own_keys import CLIENT as OWN_CLIENT
from headrace.spec.own_keys import read_limit
from headrace.spec.request import read_headers
from headrace.spec.vocabulary import CLIENT, MISPLACED_CLIENT, SCAFFOLD_CLIENT

_NOBODY = ReadAuth()


@dataclass(frozen=True, slots=True)
class ReadClient:
    """A client as understood. `shown_url` is what the document (or the flag) says, `base_url` empty while unknown."""

    base_url: str = ""
    shown_url: str | None = None
    auth: ReadAuth = _NOBODY
    headers: tuple[tuple[str, Text], ...] = ()
    limit: DeclaredLimit | None = None
    allowed_origins: tuple[str, ...] = ()


def read_client(ctx: Context, node: Node | None, flag: str | None) -> ReadClient:
    """The client; `flag` is a base URL that wins over the document's."""
    if node is None:
        return ReadClient()
    if ctx.mapping(node) is None:
        return ReadClient()
    own = () if ctx.live else OWN_CLIENT
    ctx.keys(node, (*CLIENT, *own, *(SCAFFOLD_CLIENT if ctx.scaffold else ())), "`client`", MISPLACED_CLIENT)
    session = node.get("session")
    if session is not None:
        ctx.wrong(session, "headers, auth and the like", hook="session") if isinstance(
            session.value, Opaque
        ) else ctx.faults.error(
            "wrong-type",
            session.path,
            session.line,
            "a session is a Python object",
            "delete it; state headers and auth",
        )
    url, text = _base_url(ctx, node, flag)
    return ReadClient(
        url,
        text,
        read_auth(ctx, node.get("auth")),
        read_headers(ctx, node.get("headers")),
        read_limit(ctx, node.get("rate_limit")),
        () if ctx.live else ctx.strings(node.get("allow_origins")),
    )


def checked_url(url: str) -> str:
    """The base URL of a flag. Raises ConfigError if it is not one."""
    try:
        parts = urlsplit(url)
        whole = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        whole = False
    if not whole:
        raise ConfigError(
            f"--base-url {without_user(url)} is not a URL: write it whole, such as https://api.example.com/v1."
        )
    return url


def without_user(url: str) -> str:
    """The URL without a name and password in it."""
    return re.sub(r"(://)[^/@\s]*@", r"\1***@", url)


def _base_url(ctx: Context, client: Node, flag: str | None) -> tuple[str, str | None]:
    node = client.get("base_url")
    if flag is not None:
        checked_url(flag)
        ctx.came("client.base_url", without_user(flag), "flag", node.line if node else None)
        return flag, without_user(flag)
    if node is None:
        near = [key for key in client.items if key not in {*CLIENT, *SCAFFOLD_CLIENT}]
        if not near:  # a misspelt key is told already
            ctx.need("base_url")
            ctx.faults.tell("missing-base-url", "client", client.at)
        return "", None
    words = _url_words(ctx, node)
    if words is None:
        return "", None
    if not ctx.live and (is_placeholder(words) or (ctx.scaffold and not words.startswith("http"))):
        ctx.need("base_url")
        ctx.faults.tell("base-url-placeholder", node.path, node.line, url=words)
        return "", words
    if words and not re.match(r"https?://[^/\s]+", words):
        ctx.faults.error(
            "base-url",
            node.path,
            node.line,
            f"`{words}` is not a URL",
            "write it whole, such as https://api.example.com/v1",
        )
        return "", words
    ctx.came(node.path, without_user(words), "document", node.line)
    return words, without_user(words)


def _url_words(ctx: Context, node: Node) -> str | None:
    """The URL as far as it can be told; what is not found leaves braces, and so a placeholder."""
    if not isinstance(node.value, str | Text):
        ctx.wrong(node, "a URL")
        return None
    parts = node.value.parts if isinstance(node.value, Text) else (node.value,)
    if any(isinstance(part, Ref) and part.kind == "secret" for part in parts):
        ctx.faults.tell("secret-url", node.path, node.line, url=shown(node.value))
        ctx.need("base_url")
        return None
    found = [(ctx.found(part) or f"{{{part.name}}}") if isinstance(part, Ref) else str(part) for part in parts]
    words = without_jinja("".join(found).strip())
    for name in re.findall(r"\{(\w+)\}", words):
        if name in ctx.settings:
            words = words.replace(f"{{{name}}}", ctx.settings[name])
    return words
