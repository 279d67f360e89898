"""Plans as a reading may give them, drawn by hypothesis; and documents converted and read again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from hypothesis import strategies as st

from headrace.model.plan import (
    ApiKey,
    AutoPaging,
    Bearer,
    Client,
    ColumnHint,
    Cursor,
    DeclaredLimit,
    Disposition,
    HeaderCursor,
    HttpBasic,
    Incremental,
    LinkHeader,
    NestedHints,
    NextUrl,
    NoAuth,
    OAuth2ClientCredentials,
    OAuth2Jwt,
    Offset,
    PageNumber,
    Paging,
    Parent,
    ParentField,
    Plan,
    Ref,
    Request,
    Resource,
    ResponseAction,
    RetryPolicy,
    SchemaContract,
    SinglePage,
    Text,
    WindowValue,
)
from headrace.model.strategy import Cdc, DeleteInsert, InsertOnly, Scd2, Strategy, Upsert
from headrace.spec.filler import is_filler
from headrace.spec.order import load_order
from headrace.spec.references import joined
from headrace.spec.resource import with_size, with_size_param

NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,6}", fullmatch=True)
PATHS = st.sampled_from(["data", "meta.next", "$[-1].id", "'@odata.nextLink'", "a.b.c"])
LITERALS = st.sampled_from(
    ["x", "1", "007", "true", "null", "a b", "{x}", "}{", "ä“", 'say "so"', "it's", "a: b #c", "é\n\t", "\\"]
)
REFS = st.builds(Ref, NAMES, st.sampled_from(["secret", "config", "env"]), st.sampled_from([None, "", 'd"e', "f{g}"]))


def words(*slots: st.SearchStrategy[object]) -> st.SearchStrategy[Text]:
    """Texts of literals, references and slots, neighbouring literals joined as a reader joins them."""
    parts = st.lists(st.one_of(LITERALS, REFS, *slots), min_size=1, max_size=3)
    return parts.map(joined).map(lambda made: made if isinstance(made, Text) else Text((made,)))


PLAIN = words()
KEPT = PLAIN.filter(lambda text: "{x}" not in text.parts and not is_filler(text.literal or ""))
"""Credentials: a reader takes `{x}` and `xxx` for places where one is to be filled in."""
AUTHS = st.one_of(
    st.just(NoAuth()),
    st.builds(HttpBasic, KEPT, KEPT),
    st.builds(Bearer, KEPT),
    st.builds(ApiKey, KEPT, NAMES, st.sampled_from(["header", "query", "cookie"])),
    st.builds(
        OAuth2ClientCredentials, KEPT, KEPT, KEPT, st.none() | KEPT, st.just((("scope", Text(("a b",))),)),
        st.sampled_from([3600, 60]), st.sampled_from(["body", "basic"]),
    ),
    st.builds(OAuth2Jwt, KEPT, KEPT, KEPT, st.just(("a", "b")), st.just(()), st.none() | KEPT),
)  # fmt: skip
ENDS = {"maximum": st.none() | st.integers(1, 9), "stop_after_empty_page": st.booleans()}
TOTAL = st.sampled_from(["total", "meta.count"])
PAGINGS: st.SearchStrategy[Paging] = st.one_of(
    st.just(AutoPaging()),
    st.just(SinglePage()),
    st.builds(Cursor, PATHS, NAMES, st.none(), st.booleans(), st.none() | PATHS, st.booleans()),
    st.builds(Cursor, PATHS, st.none(), st.just("page.cursor"), st.booleans()),
    st.builds(HeaderCursor, NAMES, NAMES),
    st.builds(NextUrl, PATHS),
    st.builds(LinkHeader, NAMES),
    st.builds(Offset, st.integers(1, 500), st.integers(0, 9), NAMES, st.sampled_from(["count", "limit"]),
              total_path=TOTAL, **ENDS),
    st.builds(Offset, st.integers(1, 500), param=st.none(), size_param=st.none(), body_path=st.just("a.offset"),
              size_body_path=st.just("a.limit"), total_path=st.none()),
    st.builds(PageNumber, st.integers(0, 1), st.integers(0, 3), NAMES, total_path=TOTAL, **ENDS),
)  # fmt: skip
RETRIES = st.builds(RetryPolicy, st.just((429, 503)), st.integers(1, 9), st.sampled_from([0.5, 2.0]), st.just(60.0),
                    st.sampled_from([None, 30.0, 0.5]))  # fmt: skip
INCREMENTALS = st.builds(
    Incremental, PATHS, st.sampled_from([None, "2024-01-01", 5]), st.none(), st.none() | st.just("since"),
    latest=st.sampled_from(["max", "min"]), primary_key=st.sampled_from([None, (), ("id",), ("a", "b")]),
    row_order=st.sampled_from([None, "asc"]), range_start=st.sampled_from(["closed", "open"]),
    on_missing=st.sampled_from(["raise", "include"]), lag=st.sampled_from([None, 60.0, 0.5]),
)  # fmt: skip
MOMENTS = st.sampled_from([None, "9999-12-31T00:00:00+00:00"])
STRATEGIES: st.SearchStrategy[Strategy] = st.one_of(
    st.just(DeleteInsert()),
    st.builds(Upsert),
    st.builds(Upsert, st.just(True), st.sampled_from([None, "v"])),
    st.just(InsertOnly()),
    st.builds(Scd2, st.just("a"), st.just("b"), MOMENTS, MOMENTS, st.sampled_from(["_dlt_id", "v"])),
    st.builds(Scd2),
    st.builds(Cdc, st.just(True)),
)
HINTS = (
    (),
    (ColumnHint("a", "text", False), ColumnHint("b", None, None)),
    (ColumnHint("a", hard_delete=True), ColumnHint("b", "bigint", dedup_sort="desc")),
)
ACTIONS = st.lists(
    st.builds(ResponseAction, st.just(404), st.none() | LITERALS, st.sampled_from(["ignore", "retry"])), max_size=2
).map(tuple)
BODIES = st.one_of(
    st.just({}),
    st.builds(lambda value: {"json": {"a": [value], "b": {"c": 1.5, "d": None}}}, LITERALS),
    st.builds(lambda value: {"form": (("a", value), ("a", Text(("2",))), ("b", value))}, PLAIN),
    st.builds(lambda value: {"raw_body": value}, PLAIN),
)


CONTRACTS = (
    None,
    SchemaContract(),
    SchemaContract("freeze", "freeze", "freeze"),
    SchemaContract(columns="discard_row"),
)
NESTED = (
    (),
    (
        NestedHints("a", (ColumnHint("x", "json", False), ColumnHint("y"))),
        NestedHints('b "c"', (), SchemaContract(data_type="discard_value")),
    ),
)


@st.composite
def resources(draw: st.DrawFn, name: str, others: Sequence[Resource]) -> Resource:
    """A resource; one with a parent takes a field of its rows, and perhaps of rows above."""
    known = {each.name: each for each in others}
    parent = draw(st.sampled_from([None, *known]))
    ancestors = above(known, parent)
    slots = [st.just(ParentField("id")), st.just(ParentField("a.b", raw=False))] if parent is not None else []
    rule = draw(st.none() | INCREMENTALS)
    window = [st.just(WindowValue("start_value"))] if rule is not None else []
    valued = words(*slots, *window)
    path: str | Text = draw(st.sampled_from([name, f"/v1/{name}", f"{name}?a=b"]))
    if parent is not None:
        path = Text((f"{parent}/", ParentField("id", raw=draw(st.booleans())), f"/{name}"))
    params = draw(st.dictionaries(NAMES.map("p_{}".format), valued, max_size=3))
    if parent is not None and rule is None and draw(st.booleans()):
        params["ids"] = Text((ParentField("key", batch=50, repeated=draw(st.booleans())),))
    if draw(st.booleans()) and ancestors:
        field = st.builds(ParentField, st.sampled_from(["key", "a.b", "c[0].d"]), above=st.sampled_from(ancestors))
        params["above"] = Text(("of ", draw(field)))
    request = Request(path, draw(st.sampled_from(["GET", "POST"])), tuple(params.items()), **draw(BODIES))
    include = () if "ids" in params else draw(st.sampled_from([(), ("id", "name")]))
    further = tuple((each, "id") for each in ancestors) if draw(st.booleans()) and include else ()
    paging = draw(PAGINGS)
    if not isinstance(paging, Offset) and draw(st.booleans()):
        paging = msgspec.structs.replace(paging, size=50, size_param=draw(st.sampled_from(["limit", "count"])))
    paging = with_size(paging, request)
    key = draw(st.sampled_from([(), ("id",), ("a", "b")]))
    listed = rule is not None and len(key) == 1 and draw(st.booleans())
    if rule is not None:
        alone = rule.primary_key is not None and len(rule.primary_key) == 1
        rule = msgspec.structs.replace(rule, key_listed=listed if rule.primary_key is None else alone and listed)
    ways: list[Disposition] = ["append", "replace"]
    disposition = draw(st.sampled_from(["merge", *ways] if key else ways))
    return Resource(
        name=name,
        table=draw(st.sampled_from([name, f"{name}_t"])),
        request=with_size_param(request, paging),
        paging=paging,
        selector=draw(st.none() | PATHS),
        disposition=disposition,
        strategy=draw(STRATEGIES) if disposition == "merge" else DeleteInsert(),
        primary_key=key,
        columns=draw(st.sampled_from(HINTS)),
        contract=draw(st.sampled_from(CONTRACTS)),
        nested=draw(st.sampled_from(NESTED)),
        max_nesting=draw(st.none() | st.integers(0, 3)),
        auth=draw(st.none() | AUTHS),
        retry=draw(st.just(RetryPolicy()) | RETRIES),
        deadline_s=draw(st.sampled_from([None, 600.0, 0.5])),
        parent=Parent(parent, include, further) if parent is not None else None,
        incremental=rule,
        actions=draw(ACTIONS),
    )


def above(known: Mapping[str, Resource], parent: str | None) -> list[str]:
    """The resources above a parent, up to the first that is asked for with many rows at once."""
    found: list[str] = []
    while parent is not None and (further := known[parent].parent) is not None:
        if any(name == "ids" for name, _ in known[parent].request.params):
            break
        parent = further.resource
        found.append(parent)
    return found


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """A plan of one to three resources."""
    names = draw(st.lists(NAMES, min_size=1, max_size=3, unique=True))
    made: list[Resource] = []
    for name in names:
        made.append(draw(resources(name, made)))
    client = Client(
        "https://api.acme.io/v2",
        draw(AUTHS),
        tuple(draw(st.dictionaries(NAMES, PLAIN, max_size=2)).items()),
        draw(st.none() | st.builds(DeclaredLimit, st.integers(1, 99), st.sampled_from([1.0, 0.5]))),
        draw(st.sampled_from([(), ("https://files.acme.io",)])),
    )
    return Plan(draw(NAMES), client, load_order(made))
