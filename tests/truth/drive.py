"""A user with a document, an API's address and its secrets, who answers one question of headrace's, not two."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import duckdb

import headrace
from headrace.decode.names import table_name
from headrace.errors import HeadraceError
from headrace.model.plan import Plan, Resource, Text
from headrace.report.collect import RunReport
from headrace.spec.read import Options, open_source, read
from tests.truth.facts import Endpoint, shape_of
from tests.truth.server import SECRET, Played
from tests.truth.shelf import MARK

Verdict = Literal["whole", "partly", "asked", "refused", "wrong"]
_FLAG = re.compile(r"--set ([\w.\[\]*-]+)=")


@dataclass(frozen=True)
class Drive:
    """What came of one document.

    whole: everything that it names and the API has is there. partly: the same, and it names more, which the API does
    not have or which cannot be played. asked: nothing is wrong, and a question was left open. refused: nothing is
    wrong, and no flag would help. wrong: rows are missing or doubled, and nothing said so.
    """

    verdict: Verdict
    flags: Mapping[str, str] = field(default_factory=dict)
    why: str = ""
    missing: Mapping[str, int] = field(default_factory=dict)


def drive(document: Path, server: Played, folder: Path) -> Drive:
    """Run a document against a server, with at most one flag, which must be one that headrace asked for."""
    needs = read(open_source(str(document)), Options(base_url=server.base_url)).needs
    secrets = {need.partition(":")[2].upper().replace(".", "__"): SECRET for need in needs if "secret:" in need}
    flags = {name: _value(name, server) for need in needs if (name := need.partition(":")[2]) and "config:" in need}
    if len(flags) > 1:
        return Drive("asked", flags, "needs several values")
    tried = _tried(document, server, folder / "once", secrets, flags)
    if tried.verdict not in {"asked", "partly", "refused"} or flags:
        return tried
    best = tried
    for again in _mended(document, server, folder, secrets, tried.why):
        if again.verdict in {"whole", "wrong"}:
            return again
        if again.verdict == "partly" and best.verdict != "partly":
            best = again
    return best


def _mended(document: Path, server: Played, folder: Path, secrets: Mapping[str, str], asked: str) -> Iterator[Drive]:
    """What comes of each answer to what headrace asked for, one at a time."""
    for number, beginning in enumerate(server.facts.beginnings if "the base URL" in asked else ()):
        again = _tried(document, replace(server, beginning=beginning), folder / f"elsewhere{number}", secrets, {})
        yield replace(again, flags={"base_url": f"…/{beginning}"})
    for number, flag in enumerate(dict.fromkeys(_FLAG.findall(asked))):
        value = _answer(flag, server, document)
        if value is not None:
            yield _tried(document, server, folder / f"again{number}", secrets, {flag: value})


def _value(name: str, server: Played) -> str:
    """What the user of this API would give for a name that is a value of his own."""
    if "url" in name:
        return f"{server.url}/oauth/token"
    for endpoint in server.facts.endpoints:
        if endpoint.parent_param == name:
            return server.shelf.parents(endpoint)[0]
    return "2020-01-01" if "date" in name or "time" in name else "acme"


def _answer(flag: str, server: Played, document: Path) -> str | None:
    """What the documentation of this API says to a question of headrace's."""
    auth = server.facts.auth
    if flag == "client.auth.name":
        return auth.name
    found = re.fullmatch(r"resources\.([\w-]+|\*)\.endpoint\.(.+)", flag)
    if found is None:
        return None
    plan = read(open_source(str(document)), Options(base_url=server.base_url)).plan
    named = [each for each in plan.resources if found[1] in {"*", each.name}] if plan else []
    ends = [end for each in named if (end := endpoint_of(each.request.path, server)) is not None]
    if not ends:
        return None
    paging = ends[0].paging
    facts = {
        "path": ends[0].path,
        "data_selector": ends[0].selector,
        "paginator": "single_page" if paging.kind == "single" else None,
        "paginator.offset_param": paging.param,
        "paginator.page_param": paging.param,
        "paginator.cursor_param": paging.param,
        "paginator.cursor_path": paging.path,
        "paginator.limit_param": paging.size_param,
    }
    return facts.get(found[2])


def endpoint_of(path: str | Text, server: Played) -> Endpoint | None:
    """The endpoint that a path of the document means, the filler in it left out."""
    words = path if isinstance(path, str) else "".join(p if isinstance(p, str) else "{x}" for p in path.parts)
    shape = f"{server.beginning}/{shape_of(words)}".strip("/")
    stripped = f"{server.beginning}/{shape_of(words).removeprefix('v1/')}".strip("/")
    return server.facts.at(shape) or server.facts.at(stripped) or _filled(shape, server) or _filled(stripped, server)


def _filled(shape: str, server: Played) -> Endpoint | None:
    """The endpoint of a path whose variables have their values already."""
    matching = (each for each in server.facts.endpoints if each.pattern.fullmatch(shape.replace("*", "x")))
    return next(matching, None)


def _tried(document: Path, server: Played, folder: Path, secrets: Mapping[str, str], flags: Mapping[str, str]) -> Drive:
    folder.mkdir()
    warehouse = folder / "w.duckdb"
    options = Options(base_url=server.base_url, settings=flags)
    try:
        plan = read(open_source(str(document)), options).plan
        report = headrace.load(
            document,
            base_url=server.base_url,
            to=warehouse,
            dataset="d",
            journal=folder / "journal",
            settings=flags,
            environ=secrets,
        )
    except HeadraceError as error:
        return Drive("refused", flags, str(error))
    assert plan is not None
    return judged(plan, report, warehouse, server, flags)


def judged(plan: Plan, report: RunReport, warehouse: Path, server: Played, flags: Mapping[str, str]) -> Drive:
    """Compare what was loaded with what the server has."""
    unproven = [each.proof.why for each in report.resources.values() if not each.proof.complete]
    said = " | ".join([*(error.message for error in report.errors), *unproven])
    missing: dict[str, int] = {}
    strange: list[str] = []
    for resource in plan.resources:
        if not resource.selected:
            continue
        endpoint = endpoint_of(resource.request.path, server)
        if endpoint is None:
            strange.append(resource.name)
            continue
        expected = Counter(server.shelf.marks(endpoint, _parents(resource, plan, server, flags)))
        loaded = Counter(_loaded(warehouse, table_name(resource)))
        if loaded != expected:
            missing[resource.name] = sum((expected - loaded).values()) - sum((loaded - expected).values())
            missing.setdefault(resource.name, 0)
    if missing and report.exit_code == 0:
        return Drive("wrong", flags, said, missing)
    if missing or len(strange) == len(plan.resources):
        notices = " | ".join(each.message for each in report.notices)
        return Drive("asked", flags, said or notices, missing)
    if strange:
        return Drive("partly", flags, f"{strange} | {said}")
    return Drive("whole" if report.exit_code == 0 else "partly", flags, said)


def _parents(resource: Resource, plan: Plan, server: Played, flags: Mapping[str, str]) -> list[str] | None:
    """The values of the parent for which a document asks; None: all."""
    endpoint = endpoint_of(resource.request.path, server)
    if endpoint is None or endpoint.parent is None:
        return None
    if resource.parent is None:
        return [value for value in flags.values() if value in server.shelf.parents(endpoint)]
    above = next(each for each in plan.resources if each.name == resource.parent.resource)
    known = endpoint_of(above.request.path, server)
    if known is None or known.name != endpoint.parent:
        return None
    return server.shelf.parents(endpoint, _parents(above, plan, server, flags))


def _loaded(warehouse: Path, table: str) -> list[str]:
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        known = connection.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_schema = 'd' AND table_name = ?", [table]
        ).fetchall()
        if (MARK,) not in known:
            return []
        return [row[0] for row in connection.execute(f'SELECT {MARK} FROM d."{table}"').fetchall()]
