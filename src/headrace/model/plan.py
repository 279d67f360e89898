"""What a configuration means once it has been read: every value effective, none of it raw.

A `Plan` is made by `spec` and read by every other room. It is serialisable (msgspec), and it holds
no secret: what must stay secret is a `Ref` that only `transport` resolves.
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import msgspec

from headrace.model.strategy import DeleteInsert, Order, Strategy

Disposition: TypeAlias = Literal["append", "replace", "merge", "skip"]
Json: TypeAlias = Any  # a JSON value; the one door through which `Any` comes in
Confidence: TypeAlias = Literal["stated", "implied", "guessed", "detected"]
"""How sure an effective value is. stated: the document or a flag has it. implied: a default, or what can mean nothing
else. guessed: a usual reading, which the first response has to bear out. detected: the first response decides."""


class Ref(msgspec.Struct, frozen=True, cache_hash=True, tag="ref"):
    """A value that lives outside the document: `dlt.secrets["x"]`, `dlt.config["x"]`, `os.environ["X"]`.

    `kind` says where to look and whether it may be shown: only "secret" must never be printed
    (a header value that holds an "env" or "config" reference counts as secret as well).
    """

    name: str
    kind: Literal["secret", "config", "env"] = "secret"
    default: str | None = None


AncestorKey: TypeAlias = tuple[str, str]
"""Where a value stands that comes from further above than the parent: a resource, and a path below its row."""
FieldKey: TypeAlias = str | AncestorKey
"""Where a value stands that a request takes: a path below the parent's row, or one of an ancestor's."""


class ParentField(msgspec.Struct, frozen=True, cache_hash=True, tag="parent_field"):
    """A value of the parent's row, `{resources.<parent>.<path>}`: filled in by `walk.bind` for each of its rows.

    `path` is dlt's JSONPath below the row. `raw`: it goes into a path as it is, slashes and all. `batch`: the values
    of so many rows at most go into one request, in a text with commas between them, as a JSON value in a list;
    `repeated`: as one parameter (or form field) for each value. `above` names the ancestor of whose row it is, where
    that is not the parent: the row from which the parent's own row has come.
    """

    path: str
    raw: bool = False
    batch: int | None = None
    repeated: bool = False
    above: str | None = None

    @property
    def key(self) -> FieldKey:
        """What tells its value apart from the others of a request."""
        return self.path if self.above is None else (self.above, self.path)

    def of(self, parent: str) -> str:
        """The placeholder that it was."""
        form = ":raw" if self.raw else f":batch({self.batch})" if self.batch is not None else ""
        return f"{{resources.{self.above or parent}.{self.path}{form}}}"


class WindowValue(msgspec.Struct, frozen=True, cache_hash=True, tag="window_value"):
    """`{incremental.<which>}`: filled in by `walk.bind` when a walk begins. "last_value" is read as "start_value"."""

    which: Literal["initial_value", "start_value", "end_value"]


Slot: TypeAlias = ParentField | WindowValue


class Text(msgspec.Struct, frozen=True, cache_hash=True, tag="text"):
    """A string with references and slots in it, in order: `("Bearer ", Ref("token"))`."""

    parts: tuple[str | Ref | ParentField | WindowValue, ...]

    @property
    def refs(self) -> tuple[Ref, ...]:
        """The references that must be resolved before the text can be sent."""
        return tuple(part for part in self.parts if isinstance(part, Ref))

    @property
    def slots(self) -> tuple[Slot, ...]:
        """What is filled in when the walk is bound to a parent's row and to a window."""
        return tuple(part for part in self.parts if isinstance(part, ParentField | WindowValue))

    @property
    def literal(self) -> str | None:
        """The text itself if nothing in it is to be filled in, else None."""
        return "".join(map(str, self.parts)) if all(isinstance(part, str) for part in self.parts) else None


def text(*parts: str | Ref | ParentField | WindowValue) -> Text:
    """A `Text` of literals, references and slots."""
    return Text(parts)


# --- auth ------------------------------------------------------------------------------------


class NoAuth(msgspec.Struct, frozen=True, cache_hash=True, tag="none"):
    """Requests carry no credential."""


class HttpBasic(msgspec.Struct, frozen=True, cache_hash=True, tag="http_basic"):
    """RFC 7617. A username that is already a whole `Basic …` header is sent as it is."""

    username: Text
    password: Text


class Bearer(msgspec.Struct, frozen=True, cache_hash=True, tag="bearer"):
    """RFC 6750: `Authorization: Bearer TOKEN`."""

    token: Text


class ApiKey(msgspec.Struct, frozen=True, cache_hash=True, tag="api_key"):
    """A key in a header, a query parameter or a cookie called `name`."""

    api_key: Text
    name: str = "Authorization"
    location: Literal["header", "query", "cookie"] = "header"


class OAuth2ClientCredentials(msgspec.Struct, frozen=True, cache_hash=True, tag="oauth2_client_credentials"):
    """RFC 6749, section 4.4. The token is asked for when first needed, again before it expires and after a 401.

    `client_auth` "basic" sends id and secret as RFC 6749, section 2.3.1 prefers; "body" (dlt's way) in the form.
    """

    token_url: Text
    client_id: Text
    client_secret: Text
    access_token: Text | None = None
    request_data: tuple[tuple[str, Text], ...] = ()
    default_expiration_s: int = 3600
    client_auth: Literal["body", "basic"] = "body"


class OAuth2Jwt(msgspec.Struct, frozen=True, cache_hash=True, tag="oauth2_jwt"):
    """RFC 7523, section 2.1: an RS256 assertion, signed with `private_key` (PEM, or base64 of it), buys the token."""

    client_id: Text
    private_key: Text
    auth_endpoint: Text
    scopes: tuple[str, ...] = ()
    headers: tuple[tuple[str, Text], ...] = ()
    private_key_passphrase: Text | None = None
    default_expiration_s: int = 3600


Auth: TypeAlias = NoAuth | HttpBasic | Bearer | ApiKey | OAuth2ClientCredentials | OAuth2Jwt


# --- paging ----------------------------------------------------------------------------------
# `size` is the page size that is asked for (None: unknown); the request's params already hold it.
# Paths are dlt's JSONPath, as text; `envelope` compiles them.


class AutoPaging(msgspec.Struct, frozen=True, tag="auto"):
    """Nothing stated: the first response decides (`walk.detect`)."""

    size: int | None = None
    size_param: str | None = None


class SinglePage(msgspec.Struct, frozen=True, tag="single"):
    """One request, one page."""

    size: int | None = None
    size_param: str | None = None


class Cursor(msgspec.Struct, frozen=True, tag="cursor"):
    """The value at `path` of one body goes into `param` (query), or to `body_path` (JSON body), of the next.

    A value that begins with `http` is followed as a URL where `follow_urls` is set (scaffolds).
    """

    path: str
    param: str | None = "cursor"
    body_path: str | None = None
    stop_after_empty_page: bool = False
    has_more_path: str | None = None
    follow_urls: bool = False
    size: int | None = None
    size_param: str | None = None


class HeaderCursor(msgspec.Struct, frozen=True, tag="header_cursor"):
    """The value of response header `header` goes into query parameter `param` of the next request."""

    header: str = "next"
    param: str = "cursor"
    size: int | None = None
    size_param: str | None = None


class NextUrl(msgspec.Struct, frozen=True, tag="next_url"):
    """The value at `path` is the URL of the next page, absolute or relative to the request's."""

    path: str = "next"
    size: int | None = None
    size_param: str | None = None


class LinkHeader(msgspec.Struct, frozen=True, tag="link_header"):
    """RFC 8288: the target of the link with relation `rel`."""

    rel: str = "next"
    size: int | None = None
    size_param: str | None = None


class Offset(msgspec.Struct, frozen=True, tag="offset"):
    """`param` counts records; advance by `size` (dlt: `limit`). `total_path` counts records."""

    size: int
    start: int = 0
    param: str | None = "offset"
    size_param: str | None = "limit"
    body_path: str | None = None
    size_body_path: str | None = None
    total_path: str | None = None
    maximum: int | None = None
    stop_after_empty_page: bool = True
    has_more_path: str | None = None


class PageNumber(msgspec.Struct, frozen=True, tag="page_number"):
    """`param` counts pages from `base` (the API's first page), beginning at `start`. `total_path` counts pages."""

    base: int = 0
    start: int = 0
    param: str | None = "page"
    body_path: str | None = None
    total_path: str | None = None
    maximum: int | None = None
    stop_after_empty_page: bool = True
    has_more_path: str | None = None
    size: int | None = None
    size_param: str | None = None


Paging: TypeAlias = AutoPaging | SinglePage | Cursor | HeaderCursor | NextUrl | LinkHeader | Offset | PageNumber


# --- resources -------------------------------------------------------------------------------


class RetryPolicy(msgspec.Struct, frozen=True):
    """When a request is asked again: 5xx, 408, 425, 429, unless an explicit `error_handler` replaced the codes.

    `timeout_s` is how long one attempt may take, until its whole answer is there; None: as transport has it.
    """

    statuses: tuple[int, ...] = (
        408,  # RFC 9110 §15.5.9
        425,  # RFC 8470 §5.2
        429,
        500,
        501,
        502,
        503,
        504,
        505,
        506,
        507,
        508,
        509,
        510,
        511,
        520,
        521,
        522,
        523,
        524,
    )
    attempts: int = 8
    base_s: float = 0.5
    cap_s: float = 60.0
    timeout_s: float | None = None


class DeclaredLimit(msgspec.Struct, frozen=True):
    """At most `requests` in any `window_s` seconds: from `--rate N/SECONDS` or the document."""

    requests: int
    window_s: float


class ColumnHint(msgspec.Struct, frozen=True):
    """What the configuration declares of one column; `data_type` is one of dlt's (model.table.DataType).

    A merge removes rows that `hard_delete` marks, and of equal keys takes the first by `dedup_sort`.
    """

    name: str
    data_type: str | None = None
    nullable: bool | None = None
    hard_delete: bool = False
    dedup_sort: Order | None = None


Evolution: TypeAlias = Literal["evolve", "freeze", "discard_row", "discard_value"]
"""What becomes of data that would change the schema: taken, an error, dropped with its row, or dropped alone."""


class SchemaContract(msgspec.Struct, frozen=True):
    """What may change: new `tables`, new `columns` (never of a table in its first load), new variants of a column."""

    tables: Evolution = "evolve"
    columns: Evolution = "evolve"
    data_type: Evolution = "evolve"

    @property
    def words(self) -> str | dict[str, str]:
        """As dlt takes it: one word where all parts have the same, else those that are not taken for granted."""
        modes: dict[str, str] = msgspec.structs.asdict(self)
        if len(set(modes.values())) == 1:
            return self.tables
        return {entity: mode for entity, mode in modes.items() if mode != "evolve"}


EVOLVES = SchemaContract()
"""dlt's default: everything may change."""


class NestedHints(msgspec.Struct, frozen=True):
    """What is declared of the child table that a list called `name` makes; `contract` None: that of its root."""

    name: str
    columns: tuple[ColumnHint, ...] = ()
    contract: SchemaContract | None = None


class Request(msgspec.Struct, frozen=True):
    """The first request of a walk, before paging adds to it.

    `path` is a `Text` only where it has slots, until the walk is bound. Strings of `json` that hold references or
    slots are `Text`s, keys as well; one that is exactly one slot keeps the type of the value that is filled in.
    `raw_body` is a body that is neither JSON nor a form. At most one of the three is there.
    """

    path: str | Text
    method: Literal["GET", "POST"] = "GET"
    params: tuple[tuple[str, Text], ...] = ()
    headers: tuple[tuple[str, Text], ...] = ()
    json: Json = None
    form: tuple[tuple[str, Text], ...] | None = None
    raw_body: Text | None = None


class Parent(msgspec.Struct, frozen=True):
    """Whose rows a resource is asked for: one walk for each distinct request that they give.

    `include` are top-level keys of the parent's row; they become columns `_<parent>_<key>` of every record. `above`
    are those of rows further above, each with the resource whose row it is: columns `_<resource>_<key>`.
    """

    resource: str
    include: tuple[str, ...] = ()
    above: tuple[tuple[str, str], ...] = ()

    @property
    def included(self) -> tuple[str, ...]:
        """What `include_from_parent` says."""
        return (*self.include, *(f"{{resources.{resource}.{key}}}" for resource, key in self.above))

    @property
    def columns(self) -> tuple[str, ...]:
        """What every record takes, by the names that it has there."""
        pairs = (*((self.resource, key) for key in self.include), *self.above)
        return tuple(f"_{resource}_{key}" for resource, key in pairs)


class Incremental(msgspec.Struct, frozen=True):
    """Which records are new: those whose value at `cursor_path` is at or past where the last run came to.

    `initial_value` and `end_value` are JSON values as the API writes them. With `end_value` no state is used or kept.
    `start_param` and `end_param` are query parameters that get the window. `primary_key` tells apart the records at
    the boundary (None: the resource's own; empty: they are not told apart); `key_listed` says that it was stated as a
    list of one, of which dlt makes another digest than of one field. `lag` moves the start back: seconds for times,
    days for dates, units for numbers.
    """

    cursor_path: str
    initial_value: Json = None
    end_value: Json = None
    start_param: str | None = None
    end_param: str | None = None
    latest: Literal["max", "min"] = "max"
    primary_key: tuple[str, ...] | None = None
    key_listed: bool = False
    row_order: Literal["asc", "desc"] | None = None
    range_start: Literal["closed", "open"] = "closed"
    range_end: Literal["closed", "open"] = "open"
    on_missing: Literal["raise", "include", "exclude"] = "raise"
    lag: float | None = None


class ResponseAction(msgspec.Struct, frozen=True):
    """What a response with this status, and with this text in its body, means; None matches every one.

    "ignore" ends the walk and keeps its earlier pages; "retry" asks again (an addition to dlt's vocabulary).
    """

    status: int | None = None
    content: str | None = None
    action: Literal["ignore", "retry"] = "ignore"


class Resource(msgspec.Struct, frozen=True):
    """One endpoint and the root table that its records go to. `selector` None: detected on the first page."""

    name: str
    table: str
    request: Request
    paging: Paging = AutoPaging()
    selector: str | None = None
    disposition: Disposition = "append"
    primary_key: tuple[str, ...] = ()
    merge_key: tuple[str, ...] = ()
    columns: tuple[ColumnHint, ...] = ()
    contract: SchemaContract | None = None
    nested: tuple[NestedHints, ...] = ()
    max_nesting: int | None = None
    auth: Auth | None = None
    retry: RetryPolicy = RetryPolicy()
    deadline_s: float | None = None
    """How long its walks may take in one run, all together; then they stop, and the next run goes on with them."""
    selected: bool = True
    parent: Parent | None = None
    incremental: Incremental | None = None
    actions: tuple[ResponseAction, ...] = ()
    children: tuple[str, ...] = ()
    """The resources that hang on its rows, those left out of this plan as well."""
    beside: tuple[str, ...] = ()
    """The other resources that fill its table, those left out of this plan as well."""
    below_increment: bool = False
    """Whether a resource above it is incremental, so that a run brings only a part of its rows."""
    guesses: frozenset[str] = frozenset()
    """Which of its values are guesses, as paths below the resource (`endpoint.data_selector`): see `walk.verify`."""
    kin: Paging | None = None
    """How the other resources of the document page, where nothing is said of this one and they all do so alike."""
    hides: tuple[str, ...] = ()
    """Sentences on what a default of the API may hide from this walk, when it is known."""
    strategy: Strategy = DeleteInsert()
    """How it merges, if it does."""


class Client(msgspec.Struct, frozen=True):
    """Where the API is, and what every request to it carries. `base_url` is resolved, with no placeholder left."""

    base_url: str
    auth: Auth = NoAuth()
    headers: tuple[tuple[str, Text], ...] = ()
    limit: DeclaredLimit | None = None
    allowed_origins: tuple[str, ...] = ()


class Provenance(msgspec.Struct, frozen=True):
    """Where one effective value came from, for `explain`: `path` as in faults, `line` of the document (1-based).

    `confidence` of a whole paginator is that of its least sure value; `Resource.guesses` says which those are.
    """

    path: str
    value: str
    origin: Literal["document", "default", "interpretation", "flag"]
    line: int | None = None
    confidence: Confidence = "stated"


class Plan(msgspec.Struct, frozen=True):
    """A whole configuration, ready to run: resources in load order, a parent before its children.

    A parent that is not `selected` is walked for its children's sake, and not loaded.
    """

    name: str
    client: Client
    resources: tuple[Resource, ...]
    dialect: Literal["dlt", "scaffold"] = "dlt"
    provenance: tuple[Provenance, ...] = ()
