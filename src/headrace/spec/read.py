"""From a configuration's text to the plan that runs, or to everything that keeps it from running."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

import msgspec

from headrace.errors import ConfigError
from headrace.model.plan import Client, DeclaredLimit, Plan, Resource
from headrace.spec.airbyte import in_dlts_words
from headrace.spec.certain import IN_SUM, provenance, tell_in_sum
from headrace.spec.client import ReadClient, read_client
from headrace.spec.context import Context, Dialect, Resolve
from headrace.spec.dialect import dialect_of
from headrace.spec.document import Document, guessed_format, open_document
from headrace.spec.entry import entry_of
from headrace.spec.faults import Fault, Faults, did_you_mean, listed
from headrace.spec.guesses import with_kin
from headrace.spec.habits import habits_of
from headrace.spec.keys import check_defaults, check_keys
from headrace.spec.lines import in_lines
from headrace.spec.listed import with_listed
from headrace.spec.merge import with_defaults
from headrace.spec.misspelt import as_meant
from headrace.spec.needs import how_met
from headrace.spec.node import Node
from headrace.spec.order import circle, load_order
from headrace.spec.overrides import as_flags, check_fit, overridden, resource_overridden
from headrace.spec.prose import read_prose
from headrace.spec.resource import ReadResource, name_of, path_of, read_resource, with_key
from headrace.spec.secrets import Lookup
from headrace.spec.stand_ins import without_stand_ins
from headrace.spec.tables import check_tables
from headrace.spec.vocabulary import TOP

FORMATS = {".py": "py", ".md": "md", ".txt": "txt", ".yaml": "yaml", ".yml": "yaml", ".json": "json", ".toml": "toml"}
_CONNECTORS = Path(__file__).resolve().parent.parent / "connectors"
_LARGEST = 20_000_000


class Readable(Protocol):
    """Standard input, or what stands for it."""

    def read(self) -> str | bytes:
        """All of it."""


@dataclass(frozen=True, slots=True)
class Source:
    """A document before it is read: its text, format (a key of no suffix: py, md, txt, yaml, json, toml), and name."""

    text: str
    format: str
    path: str
    name: str


@dataclass(frozen=True, slots=True)
class Options:
    """What comes from outside. `settings` are of `--set`, `resources` of `--resource`, `now` is for templates."""

    base_url: str | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    lookup: Resolve | None = None
    rate: DeclaredLimit | None = None
    walk_deadline_s: float | None = None
    allow_origins: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    now: dt.datetime = field(default_factory=lambda: dt.datetime.now(dt.UTC))


@dataclass(frozen=True, slots=True)
class Outline:
    """What was understood, also where a fault keeps the document from running. `config` is its tree, in dlt's words."""

    client: ReadClient = field(default_factory=ReadClient)
    resources: tuple[ReadResource, ...] = ()
    config: Node | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """A document as read: `plan` is there whenever no fault is an error; `needs` must be met before it runs.

    `certain` are the deviations that can mean one thing only, which the faults tell in one sentence; `fillers` says of
    needs where something stands that only holds the place of a value.
    """

    plan: Plan | None
    faults: tuple[Fault, ...]
    needs: tuple[str, ...]
    name: str
    dialect: Dialect
    outline: Outline = field(default_factory=Outline)
    certain: tuple[Fault, ...] = ()
    fillers: Mapping[str, str] = field(default_factory=dict)

    @property
    def lacking(self) -> list[str]:
        """The needs, and how they are met, in words."""
        return [how_met(need, self.fillers.get(need, "")) for need in self.needs]

    @property
    def in_full(self) -> tuple[Fault, ...]:
        """The faults, with each certain reading in place of the sentence that sums them up; by line."""
        told = (fault for fault in self.faults if fault.code != IN_SUM)
        return tuple(sorted((*told, *self.certain), key=lambda fault: fault.line or 0))


def open_source(arg: str, stdin: Readable | None = None) -> Source:
    """The document that an argument names: a path, `-` for standard input, or a ready connector.

    Raises:
        ConfigError: it is not there, cannot be read, or is of no known format.
    """
    if arg == "-":
        stream: Readable = stdin or sys.stdin.buffer
        data = stream.read()
        text = data if isinstance(data, str) else _decoded(data, "Standard input")
        return Source(text, guessed_format(text), "-", "stdin")
    path = Path(arg)
    if not path.exists() and path.name == arg and not path.suffix:
        path = _connector(arg)
    form = FORMATS.get(path.suffix.lower())
    if path.is_dir():
        raise ConfigError(f"{arg} is a folder: name a file in it.")
    if not path.exists():
        raise ConfigError(f"There is no file {arg}: check the path.")
    if form is None:
        raise ConfigError(f"{arg} is of no format that can be read: use {listed(FORMATS)}.")
    try:
        if path.stat().st_size > _LARGEST:
            raise ConfigError(f"{arg} is larger than {_LARGEST // 1_000_000} MB: it cannot be a configuration.")
        data = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{arg} cannot be read ({error.strerror or error}): check its permissions.") from error
    return Source(_decoded(data, arg), form, arg, path.stem)


def _connector(name: str) -> Path:
    known = sorted(path for path in _CONNECTORS.iterdir() if path.suffix in FORMATS) if _CONNECTORS.is_dir() else []
    for path in known:
        if path.stem == name:
            return path
    names = [path.stem for path in known]
    fix = did_you_mean(name, names, f"the ready ones are {listed(names)}" if names else "check the path")
    raise ConfigError(f"There is no file and no ready connector {name}: {fix}.".replace("?.", "?"))


def _decoded(data: bytes, what: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{what} is not UTF-8 text (byte {error.start + 1}): save it as UTF-8.") from error


def read(source: Source, options: Options | None = None) -> Reading:
    """The plan of a document, or every fault that keeps it from running. Never raises for what a document holds.

    Raises:
        ConfigError: `options.base_url` is not a URL.
    """
    options = options or Options()
    faults = Faults()
    document = open_document(source.text, source.format, faults)
    dialect = dialect_of(document)
    ctx = Context(dialect, faults, options.settings, options.lookup, now=options.now)
    name = document.name or source.name
    _check_name(faults, name)
    outline = outline_of(ctx, document, options) if document.config is not None else Outline()
    plan = plan_of(ctx, outline, name, options)
    tell_in_sum(faults)
    found = options.lookup.fillers if isinstance(options.lookup, Lookup) else {}
    fillers = {f"{ref.kind}:{ref.name}": where for ref, where in found.items()}
    return Reading(plan, faults.by_line(), tuple(ctx.needs), name, dialect, outline, tuple(faults.certain), fillers)


def _check_name(faults: Faults, name: str) -> None:
    """Files and folders are named after the configuration: its name must not lead to another folder."""
    if name.startswith(".") or any(char in "/\\" or char < " " for char in name):
        faults.error(
            "bad-name",
            "name",
            None,
            f"files are named after the configuration, and {name!r} is no file name",
            "give it a name without a slash, a backslash, a leading dot or control characters",
        )


def plan_of(ctx: Context, outline: Outline, name: str, options: Options) -> Plan | None:
    """The plan of what was understood; None if a finding is an error."""
    chosen = _chosen(ctx, outline, options)
    _circles(ctx, outline)
    if not ctx.faults.fatal:
        check_fit(ctx, [read.resource.name for read in outline.resources])
    as_flags(ctx)
    if ctx.faults.fatal:
        return None
    client = outline.client
    return Plan(
        name=name,
        client=Client(
            client.base_url,
            client.auth.auth,
            client.headers,
            options.rate or client.limit,
            tuple(dict.fromkeys((*client.allowed_origins, *options.allow_origins))),
        ),
        resources=load_order((read.resource for read in outline.resources), chosen),
        dialect=ctx.dialect,
        provenance=(*ctx.origins, *provenance(ctx.faults.certain)),
    )


def _circles(ctx: Context, outline: Outline) -> None:
    """Resources that wait for each other's rows, each circle told once."""
    known = {read.resource.name: read.resource for read in outline.resources}
    told: set[str] = set()
    for read in outline.resources:
        names = circle(known, read.resource.name)
        if names and told.isdisjoint(names):
            told.update(names)
            spot = read.node.get("endpoint") or read.node
            problem = f"the resources wait for each other's rows: {' → '.join([*names, names[0]])}"
            ctx.faults.error("circle", spot.path, spot.at, problem, "take one of the placeholders out")


def outline_of(ctx: Context, document: Document, options: Options) -> Outline:
    """The client and the resources of a document, with whatever is wrong in them told."""
    config = document.config
    if config is None:
        return Outline()
    if ctx.scaffold:
        config = in_dlts_words(ctx, config)
    config = as_meant(ctx, config)
    if not ctx.live:
        config = without_stand_ins(ctx, config)
    config = overridden(ctx, config)
    ctx.keys(config, TOP, "the configuration")
    client_node, list_node = _required(ctx, config, "client"), _required(ctx, config, "resources")
    client = read_client(ctx, client_node, options.base_url)
    defaults = _defaults(ctx, config)
    if ctx.scaffold and list_node is not None:
        stated, list_node = list_node, with_listed(list_node, document.listed)
        nodes = list_node.elements
        paths = {name: path for node in nodes if (name := name_of(node)) and (path := path_of(node))}
        ctx.habits = habits_of(client_node, nodes, paths, described=document.described, listed=list_node is not stated)
    resources = _resources(ctx, list_node, defaults, client_node) if list_node is not None else []
    resources = [with_key(read, client.auth.body) if read.resource.auth is None else read for read in resources]
    if ctx.scaffold and document.sections:
        resources = read_prose(ctx, document.sections, client.auth, resources, config)
    resources = check_tables(ctx, in_lines(ctx, resources))
    kin = with_kin([_within(read.resource, options.walk_deadline_s) for read in resources])
    resources = [replace(read, resource=resource) for read, resource in zip(resources, kin, strict=True)]
    return Outline(client, tuple(resources), config)


def _within(resource: Resource, deadline_s: float | None) -> Resource:
    """The resource with the deadline of a flag, if there is one."""
    return resource if deadline_s is None else msgspec.structs.replace(resource, deadline_s=deadline_s)


def _required(ctx: Context, config: Node, key: str) -> Node | None:
    node = config.get(key)
    if node is not None:
        return node
    others = [name for name in config.items if name not in TOP]
    if did_you_mean(key, others, "") == "":  # a misspelt key is told already
        ctx.faults.error("missing-key", key, config.line, f"the configuration lacks `{key}`", f"add `{key}`")
    return None


def _defaults(ctx: Context, config: Node) -> Node | None:
    node = config.get("resource_defaults")
    if node is None or ctx.mapping(node) is None:
        return None
    check_defaults(ctx, node)
    return node


def _resources(ctx: Context, node: Node, defaults: Node | None, client: Node | None) -> list[ReadResource]:
    if not isinstance(node.value, list):
        ctx.wrong(node, "a list of resources")
        return []
    if not node.value:
        ctx.faults.error(
            "no-resources", node.path, node.at, "the list of resources is empty", 'add one, such as "users"'
        )
    names = [name for sub in node.value if (name := name_of(sub))]
    found: dict[str, ReadResource] = {}
    for index, sub in enumerate(node.value):
        entry = entry_of(ctx, sub)
        if entry is None:
            continue
        check_keys(ctx, entry)
        whole = resource_overridden(ctx, with_defaults(entry, defaults), name_of(sub), index)
        read = read_resource(ctx, whole, client, names)
        if read is None:
            continue
        name = read.resource.name
        if name in found:
            first = found[name].node.line
            ctx.faults.error(
                "duplicate-resource",
                sub.path,
                sub.line,
                f"the resource `{name}` is there twice, first on line {first}",
                "rename one of them",
            )
            continue
        found[name] = read
    return list(found.values())


def _chosen(ctx: Context, outline: Outline, options: Options) -> tuple[str, ...]:
    """The resources asked for, each of which must exist."""
    names = [read.resource.name for read in outline.resources]
    for name in options.resources:
        if names and name not in names:
            ctx.faults.error(
                "unknown-resource",
                "--resource",
                None,
                f"there is no resource `{name}`",
                did_you_mean(name, names, f"the document has {listed(names)}"),
            )
    return options.resources
