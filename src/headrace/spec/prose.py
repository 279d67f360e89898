"""What the sentences around a scaffold's code add to it, and where they contradict it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import msgspec

from headrace.model.plan import ColumnHint, HttpBasic, Ref, RetryPolicy, Text
from headrace.spec.columns_prose import column_hints
from headrace.spec.context import Context
from headrace.spec.credentials import ReadAuth
from headrace.spec.markdown import Line
from headrace.spec.node import Node, shown
from headrace.spec.resource import ReadResource
from headrace.spec.retry import recommended

Sections = Mapping[str, Sequence[Line]]

_BULLET = re.compile(r"^\s*[-*]\s+(?:\*\*)?`?([^:*`]+?)`?(?:\*\*)?\s*:\s*(?:\*\*)?\s*(.*)$")
_HEADING = re.compile(r"^\s*(?:#{2,6}\s+|\d+[.)]\s+|[-*]?\s*(?=\*\*))\**\s*`?([\w ./-]{1,60}?)`?\s*\**:?\s*$")
_CODE = re.compile(r"\b([45]\d\d)\b")
_QUOTED = re.compile(r"`([^`]+)`")
_LIMIT = re.compile(r"\b(?:limit|page size)\s+(?:of|is|:)?\s*(\d+)", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z_]\w*")
_AUTH_WORDS = {
    "http_basic": ("basic",),
    "bearer": ("bearer",),
    "api_key": ("api key", "api_key", "apikey"),
    "oauth2_client_credentials": ("oauth",),
    "oauth2_refresh_token": ("oauth",),
}
_METHODS = {"GET", "POST"}


def read_prose(
    ctx: Context, sections: Sections, auth: ReadAuth, resources: list[ReadResource], config: Node
) -> list[ReadResource]:
    """The resources with what the prose adds; contradictions become warnings."""
    client = config.get("client")
    auth_node = client.get("auth") if client else None
    if auth_node is not None:
        _authentication(ctx, sections.get("authentication", ()), auth, auth_node)
    _resources(ctx, sections.get("resources", ()), resources)
    _schema_key(ctx, sections.get("schema", ()), resources)
    policy = _retry(ctx, sections.get("error handling", ()))
    hints = column_hints(sections.get("schema", ()), [read.resource.name for read in resources])
    return [_with(ctx, read, policy, hints.get(read.resource.name, ())) for read in resources]


def _with(
    ctx: Context, read: ReadResource, codes: tuple[int, ...], hints: Sequence[tuple[Line, ColumnHint]]
) -> ReadResource:
    resource = read.resource
    statuses = tuple(sorted({*resource.retry.statuses, *codes}))
    if statuses != resource.retry.statuses and resource.retry.statuses == RetryPolicy().statuses:
        resource = msgspec.structs.replace(resource, retry=msgspec.structs.replace(resource.retry, statuses=statuses))
    stated = {hint.name for hint in resource.columns}
    told = {hint.name: hint for _, hint in hints}  # what is listed twice is one column
    keys = {*resource.primary_key, *resource.merge_key}
    # A key that is not of the type that prose says would have its records rejected, every one; text takes anything.
    fitting = (hint for hint in told.values() if hint.name not in keys or hint.data_type == "text")
    added = tuple(hint for hint in fitting if hint.name not in stated)
    if added:
        resource = msgspec.structs.replace(resource, columns=(*resource.columns, *added))
        line = hints[0][0].number
        where = f"{read.node.path}.columns"
        ctx.faults.tell("schema-types", where, line, number=len(added), name=resource.name)
    return ReadResource(resource, read.node, read.paging_known)


# --- authentication ----------------------------------------------------------------------------


def _authentication(ctx: Context, lines: Sequence[Line], auth: ReadAuth, node: Node) -> None:
    for line in lines:
        bullet = _BULLET.match(line.text)
        if bullet is None:
            continue
        title, said = bullet[1].strip().lower(), bullet[2].strip()
        if title == "type" and said:
            _auth_kind(ctx, line, said, auth, node)
        elif isinstance(auth.auth, HttpBasic):
            _auth_role(ctx, line, bullet, auth.auth, node)


def _auth_kind(ctx: Context, line: Line, said: str, auth: ReadAuth, node: Node) -> None:
    mine = _AUTH_WORDS.get(auth.kind)
    others = [kind for kind, words in _AUTH_WORDS.items() if any(word in said.lower() for word in words)]
    if mine and others and not any(word in said.lower() for word in mine):
        told, actual = f"says “{said}”", f"says `{auth.kind}`"
        ctx.faults.tell("prose-auth", f"{node.path}.type", line.number, told=told, actual=actual)


def _auth_role(ctx: Context, line: Line, bullet: re.Match[str], auth: HttpBasic, node: Node) -> None:
    """`secret_token`: The username for authentication."""
    secret, said = bullet[1].strip(), bullet[2]
    roles = {"username": _names(auth.username), "password": _names(auth.password)}
    words = said.lower().replace("user name", "username")
    told = [role for role in roles if re.search(rf"\b{role}\b", words)]
    actual = [role for role, names in roles.items() if secret in names]
    if len(told) == 1 and actual and told[0] not in actual:
        says, does = f"calls `{secret}` the {told[0]}", f"uses it as the {actual[0]}"
        ctx.faults.tell("prose-auth", f"{node.path}.{actual[0]}", line.number, told=says, actual=does)


def _names(text: Text) -> set[str]:
    return {part.name for part in text.parts if isinstance(part, Ref)}


# --- resources ---------------------------------------------------------------------------------


def _resources(ctx: Context, lines: Sequence[Line], resources: list[ReadResource]) -> None:
    """Bullets of names, paths, methods, selectors and limits: each against the code.

    A bullet speaks of the resources that the last name, heading or path named. Before any of these it speaks of all,
    unless the section says the same thing several times: then it is not known of which.
    """
    bullets = [(line, _BULLET.match(line.text)) for line in lines]
    titles = [bullet[1].strip().lower() for _, bullet in bullets if bullet is not None]
    known = {_folded(read.resource.name): read for read in resources}
    current = list(resources) if len(titles) == len(set(titles)) else []
    for line, bullet in bullets:
        if bullet is None:
            current = _headed(line, known, current)
            continue
        title, said = bullet[1].strip().lower(), bullet[2].strip()
        if title in {"resource name", "resource names", "name"}:
            current = _named(ctx, line, said, known)
        elif title in {"endpoint path", "endpoint paths", "path"}:
            current = _paths(ctx, line, said, current, resources)
        elif _folded(title) in known and not said:
            current = [known[_folded(title)]]
        else:
            _detail(ctx, line, title, said, current)


def _headed(line: Line, known: dict[str, ReadResource], current: list[ReadResource]) -> list[ReadResource]:
    """The resource that a heading, a number or a line in bold names; another one leaves none."""
    heading = _HEADING.match(line.text)
    if heading is None:
        return current
    name = _folded(heading[1])
    return [known[name]] if name in known else []


def _detail(ctx: Context, line: Line, title: str, said: str, current: list[ReadResource]) -> None:
    quoted = _QUOTED.findall(said)
    if title == "http method":
        methods = {word for word in _WORD.findall(said.upper()) if word in _METHODS}
        _compare(ctx, line, current, "endpoint.method", methods)
    elif title == "data selector" and len(quoted) == 1:
        _compare(ctx, line, current, "endpoint.data_selector", {_selector(quoted[0])})
    elif title.startswith("pagination") and (limit := _LIMIT.search(said)):
        _compare(ctx, line, current, "endpoint.paginator.limit", {limit[1]})
    elif title == "primary key" and len(quoted) == 1 and _WORD.fullmatch(quoted[0]):
        for read in current:
            _compare_key(ctx, line, read, "Resources", quoted[0])


def _selector(told: str) -> str:
    """A selector of the prose as the code's is read: a list joined, `response.` taken off."""
    if told.startswith("["):
        return ".".join(re.findall(r"[^\s\"',\[\]]+", told)) or "$"
    return told.removeprefix("response.")


def _folded(name: str) -> str:
    return re.sub(r"[\W_]+", "", name.lower())


def _list(said: str) -> list[str]:
    quoted = _QUOTED.findall(said)
    words = quoted or [word.strip(" .") for word in re.split(r",|\band\b", said)]
    return [word for word in words if word]


def _named(ctx: Context, line: Line, said: str, known: dict[str, ReadResource]) -> list[ReadResource]:
    names = [name for name in _list(said) if re.fullmatch(r"[\w -]{1,60}", name)]
    here = [known[_folded(name)] for name in names if _folded(name) in known]
    missing = [name for name in names if _folded(name) not in known]
    if here and missing:  # prose that names none of them is a description, no list
        for name in missing:
            ctx.faults.tell("prose-resource", "resources", line.number, name=name)
    return here


def _paths(
    ctx: Context, line: Line, said: str, current: list[ReadResource], resources: list[ReadResource]
) -> list[ReadResource]:
    """The resources that a bullet of paths speaks of: those that have these paths, else those named before it."""
    paths = _list(said)
    mine = {read.resource.name: _plain_path(shown(read.resource.request.path)) for read in resources}
    having = [read for read in resources if mine[read.resource.name] in {_plain_path(path) for path in paths}]
    if len(paths) != len(current) or len(having) == len(paths):
        return having
    for read, path in zip(current, paths, strict=True):
        actual = shown(read.resource.request.path)
        if path.startswith("/") and "{" not in path + actual and path.strip("/") != actual.strip("/"):
            _contradiction(ctx, line, read, "endpoint.path", told=path, actual=actual)
    return current


def _plain_path(path: str) -> str:
    return re.sub(r"\{[^/]*\}", "{}", path).strip("/")


def _compare(ctx: Context, line: Line, current: list[ReadResource], key: str, said: set[str]) -> None:
    if len(said) != 1:
        return
    told = next(iter(said))
    for read in current:
        resource = read.resource
        actual = {
            "endpoint.method": resource.request.method,
            "endpoint.data_selector": resource.selector,
            "endpoint.paginator.limit": str(resource.paging.size) if resource.paging.size else None,
        }[key]
        if actual is not None and actual.strip("'") != told.strip("'"):
            _contradiction(ctx, line, read, key, told=told, actual=actual)


def _contradiction(ctx: Context, line: Line, read: ReadResource, key: str, *, told: str, actual: str) -> None:
    where, name = f"{read.node.path}.{key}", read.resource.name
    ctx.faults.tell("prose-contradiction", where, line.number, told=told, name=name, actual=actual)


# --- errors and keys ---------------------------------------------------------------------------


def _retry(ctx: Context, lines: Sequence[Line]) -> tuple[int, ...]:
    codes: set[int] = set()
    first: Line | None = None
    for line in lines:
        if re.search(r"\bignor", line.text, re.IGNORECASE):
            continue
        found = {int(code) for code in _CODE.findall(line.text)}
        first = first or (line if recommended(found) else None)
        codes |= found
    kept = recommended(codes)
    if kept and first is not None:
        ctx.faults.tell("prose-retry", "resources", first.number, codes=", ".join(map(str, kept)))
    return kept


def _schema_key(ctx: Context, lines: Sequence[Line], resources: list[ReadResource]) -> None:
    """A sentence such as: the primary key for all resources is `id`."""
    for line in lines:
        found = re.search(
            r"primary key (?:for|of) (?:all|each|every) resources? is [`\"“]?(\w+)[`\"”]?", line.text, re.IGNORECASE
        )
        if found is None:
            continue
        for read in resources:
            _compare_key(ctx, line, read, "Schema", found[1])


def _compare_key(ctx: Context, line: Line, read: ReadResource, section: str, told: str) -> None:
    keys: tuple[str, ...] = read.resource.primary_key
    if keys != (told,):
        where, actual = f"{read.node.path}.primary_key", ", ".join(f"`{key}`" for key in keys) or "none"
        ctx.faults.tell("prose-key", where, line.number, section=section, told=told, actual=actual)
