"""`headrace check`: can a document run, what is wrong with it, and how it was understood. Opens no socket."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, assert_never
from urllib.parse import urlsplit

from headrace.cli.faults import fault_lines
from headrace.cli.flags import add_common
from headrace.cli.masks import masked, masked_error, masked_plan
from headrace.cli.parser import Parser, UsageError, wants_json
from headrace.cli.reading import as_json, options_of, read_config, unreadable
from headrace.cli.run import complain, config_name
from headrace.cli.world import World
from headrace.errors import ConfigError
from headrace.model.credential import carries_credential
from headrace.model.plan import (
    ApiKey,
    Auth,
    AutoPaging,
    Bearer,
    Client,
    Cursor,
    HeaderCursor,
    HttpBasic,
    LinkHeader,
    NextUrl,
    NoAuth,
    OAuth2ClientCredentials,
    OAuth2Jwt,
    Offset,
    PageNumber,
    Paging,
    Plan,
    Resource,
    SinglePage,
    Text,
)
from headrace.model.strategy import DeleteInsert, word
from headrace.report.exits import Exit
from headrace.report.layout import Cell, Stage, stage, table, width_of, wrapped
from headrace.report.words import listed, many
from headrace.spec.node import shown as as_shown

if TYPE_CHECKING:
    from headrace.spec.read import Reading

_IDLE = (
    "--limit-pages", "--walk-deadline", "--dataset", "--journal", "--new", "--full-refresh", "--widen-numbers",
    "--strict", "--max-concurrency", "--memory-mb",
)  # fmt: skip


_COMMON = ("load", "records at", "paging")
"""What is said once where all resources have it in common."""


def parser() -> Parser:
    """The arguments of `headrace check`."""
    made = Parser(
        "check",
        "CONFIG [flags]",
        "Say whether CONFIG can run, what is wrong with it, and how it was understood. No request is "
        "sent and no code of the document is run. Takes all flags of `headrace run`; those listed "
        "act here.",
        "exit codes:\n  0    it can run (warnings or not)\n  2    it cannot; what to mend is listed\n",
    )
    mending = made.add_argument_group("what is mended")
    mending.add_argument(
        "--fix", action="store_true", help="offer mends one by one, and write a mended copy, NAME.fixed.EXT"
    )
    mending.add_argument("--yes", action="store_true", help="with --fix: apply all that are certain, ask nothing")
    mending.add_argument("--in-place", action="store_true", help="with --fix: write over CONFIG itself")
    add_common(made, *_IDLE)
    return made


def main(argv: Sequence[str], world: World) -> int:
    """Read the document and tell."""
    try:
        flags = parser().read(argv)
        if flags.fix:
            from headrace.cli.fix import fix

            return fix(flags, options_of(flags, world), world)
        if flags.yes or flags.in_place:
            raise UsageError("--yes and --in-place say how --fix mends: add --fix, or leave them out")
        reading, _ = read_config(flags, world)
    except ConfigError as error:
        if wants_json(argv):
            world.say(as_json(unreadable(masked_error(error)) | {"plan": None}))
        complain(error, world)
        return Exit.MEND
    if flags.format == "json":
        from headrace.spec.explain import check_object

        said = check_object(reading)
        world.say(as_json(said | {"plan": masked_plan(said["plan"])}))
    elif not flags.quiet or reading.plan is None:
        shown = stage(world.stdout, world.environ)
        world.say("\n".join(lines(reading, config_name(flags.config), shown)))
    return Exit.MEND if reading.plan is None else Exit.DONE


def lines(reading: Reading, config: str, shown: Stage) -> list[str]:
    """The verdict, then what is missing, wrong or interpreted, then the plan."""
    reading = dataclasses.replace(reading, faults=reading.in_full, certain=())
    out = verdict(reading, config, shown)
    out += fault_lines(reading.faults, shown)
    if reading.plan is not None:
        out += ["", *_plan(reading.plan, reading.outline.client.shown_url, shown)]
    return out


def verdict(reading: Reading, config: str, shown: Stage) -> list[str]:
    """Whether it can run, and as what it was read."""
    counts = {kind: sum(fault.severity == kind for fault in reading.faults) for kind in ("error", "warning", "note")}
    counted = listed([many(number, kind) for kind, number in counts.items() if number])
    if reading.plan is None:
        words = f"{config} cannot run: {many(counts['error'], 'error')} to mend."
        return wrapped_verdict("bad", shown.marks.bad, words, shown)
    kind = {"dlt": "a dlt REST API configuration", "scaffold": "a near-dlt scaffold document"}[reading.dialect]
    said = f" with {counted}" if counted else ", with nothing to remark"
    if not reading.needs:
        return wrapped_verdict("good", shown.marks.good, f"{config} can run. It was read as {kind}{said}.", shown)
    words = f"{config} can run, once it has {listed(reading.lacking)}."
    return wrapped_verdict("warn", shown.marks.warn, f"{words} It was read as {kind}{said}.", shown)


def wrapped_verdict(style: str, mark: str, words: str, shown: Stage) -> list[str]:
    """The first lines of a check."""
    first, *rest = wrapped(words, shown.width, " " * (len(mark) + 1))
    painted = shown.paint("good" if style == "good" else "bad" if style == "bad" else "warn", mark)
    return [f"{painted} {shown.paint('strong', first.lstrip())}", *(shown.paint("strong", line) for line in rest)]


def _plan(plan: Plan, url: str | None, shown: Stage) -> Iterator[str]:
    """What will be asked for: what all resources share is said once, the rest is a table."""
    chosen = list(plan.resources)
    yield shown.paint("strong", f"The plan: {many(sum(each.selected for each in chosen), 'resource')}")
    known = masked(url) if url and plan.client.base_url else "an address that is not known yet"
    about = [f"from {known}", proof_words(plan.client)]
    if plan.client.limit:
        about.append(f"at most {plan.client.limit.requests} requests in {plan.client.limit.window_s:g} s")
    columns = {
        "load": [_load_words(each) for each in chosen],
        "records at": ["detected" if each.selector is None else each.selector or "the body" for each in chosen],
        "paging": [paging_words(each.paging, shown.marks.arrow) for each in chosen],
        "for each of": ["" if each.parent is None else each.parent.resource for each in chosen],
        "only new by": ["" if each.incremental is None else each.incremental.cursor_path for each in chosen],
    }
    columns = {name: words for name, words in columns.items() if any(words)}
    shared = [name for name in _COMMON if len(chosen) > 1 and len(set(columns[name])) == 1]
    about += [f"each: {columns[name][0]}" if name != "records at" else _at(columns[name][0]) for name in shared]
    for words in about:
        yield from wrapped(words, shown.width, f"  {shown.marks.bullet} ")
    yield ""
    own = {name: values for name, values in columns.items() if name not in shared}
    rows = [
        [each.name, _request_words(each), *(values[at] for values in own.values())] for at, each in enumerate(chosen)
    ]
    yield from _resources(("resource", "request", *own), rows, shown)


def _resources(head: Sequence[str], rows: Sequence[Sequence[str]], shown: Stage) -> Iterator[str]:
    """A table, or a block for each resource where the table is too wide."""
    if width_of(head, rows) <= shown.width:
        yield from table(head, [[Cell(name, "strong"), *rest] for name, *rest in rows], stage=shown)
        return
    for name, request, *rest in rows:
        yield f"  {shown.paint('strong', name)}"
        yield from wrapped(request, shown.width, "    ")
        told = [f"{what}: {words}" for what, words in zip(head[2:], rest, strict=True) if words]
        yield from wrapped(f" {shown.marks.bullet} ".join(told), shown.width, "    ") if told else ()


def _request_words(resource: Resource) -> str:
    parent = resource.parent.resource if resource.parent else ""
    return f"{resource.request.method} {masked(as_shown(resource.request.path, parent))}"


def _at(selector: str) -> str:
    return "each: records are found on the first page" if selector == "detected" else f"each: records at {selector}"


def _load_words(resource: Resource) -> str:
    if not resource.selected:
        return "not loaded"
    if resource.disposition != "merge":
        return resource.disposition
    keys = resource.primary_key or resource.merge_key
    how = "" if isinstance(resource.strategy, DeleteInsert) else f" ({word(resource.strategy)})"
    return f"merge{how} on {', '.join(keys)}" if keys else f"merge{how}"


def proof_words(client: Client) -> str:
    """How the requests of a client prove who sends them: by its `auth`, else by what carries a credential beside it."""
    headers = [name for name, value in client.headers if carries_credential(name, value)]
    if not isinstance(client.auth, NoAuth):
        return auth_words(client.auth)
    if "@" in urlsplit(client.base_url).netloc:
        return "HTTP basic, user and password in the base URL"
    return f"a credential in the header {listed(headers)}" if headers else auth_words(client.auth)


def auth_words(auth: Auth) -> str:
    """How requests prove who sends them; names of secrets, never values."""
    match auth:
        case NoAuth():
            return "no authentication"
        case HttpBasic():
            return f"HTTP basic, user {_text(auth.username)}, password {_text(auth.password)}"
        case Bearer():
            return f"bearer token {_text(auth.token)}"
        case ApiKey():
            return f"API key {_text(auth.api_key)} in {auth.location} {auth.name}"
        case OAuth2ClientCredentials():
            return f"OAuth 2.0 client credentials, id {_text(auth.client_id)}, token from {as_shown(auth.token_url)}"
        case OAuth2Jwt():
            return f"OAuth 2.0 signed assertion, id {_text(auth.client_id)}, token from {as_shown(auth.auth_endpoint)}"
        case _:
            assert_never(auth)


def _text(text: Text) -> str:
    """A literal credential is not shown either."""
    names = [ref.name for ref in text.refs]
    return f"from {' + '.join(names)}" if names else "given in the document" if text.literal else "empty"


def paging_words(paging: Paging, arrow: str) -> str:  # noqa: PLR0911 - one return for each kind
    """One short phrase for a paging rule."""
    size = f", {paging.size} a page" if paging.size else ""
    match paging:
        case AutoPaging():
            return f"detected on the first page{size}"
        case SinglePage():
            return "one page"
        case Cursor():
            return f"cursor {paging.path} {arrow} {paging.param or paging.body_path}{size}"
        case HeaderCursor():
            return f"cursor in header {paging.header} {arrow} {paging.param}{size}"
        case NextUrl():
            return f"next URL at {paging.path}{size}"
        case LinkHeader():
            return f"Link header, rel={paging.rel}{size}"
        case Offset():
            return f"offset in {paging.param or paging.body_path} from {paging.start}{size}"
        case PageNumber():
            return f"page number in {paging.param or paging.body_path} from {paging.start}{size}"
        case _:
            assert_never(paging)
