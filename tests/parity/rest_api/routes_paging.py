"""The lists of things: one path for each way of paging."""

from __future__ import annotations

from math import ceil
from urllib.parse import quote

from tests.parity.rest_api.records import Turn, things
from tests.parity.rest_api.routes import SIZE, cut, listed, refused, route
from tests.parity.rest_api.serving import Answer, Asked


def _more(start: int, turn: Turn) -> bool:
    return start + SIZE < len(things(turn))


@route("things", "kind")
def whole(asked: Asked, turn: Turn) -> Answer:
    kind = asked.query.get("kind")
    return listed([row for row in things(turn) if kind in (None, row["kind"])])


@route("bare")
def bare(_: Asked, turn: Turn) -> Answer:
    return Answer(things(turn))


@route("json_link", "from", "first", "k")
def json_link(asked: Asked, turn: Turn) -> Answer:
    """`/json_link/<form>`: the link is absolute, relative to the host, or only a query. `first` must come once."""
    start = int(asked.query.get("from", 0))
    if start and "first" in asked.query:
        return refused("the parameters of the first page are in the link already")
    form = asked.segments[1]
    before = {"absolute": asked.origin + asked.raw_path, "relative": asked.raw_path, "query": ""}[form]
    key = f"&k={quote(asked.query['k'])}" if "k" in asked.query else ""
    link = f"{before}?from={start + SIZE}{key}" if _more(start, turn) else None
    return Answer({"items": cut(things(turn), start), "links": {"next": link}, "next": link})


@route("header_link", "from", "rel")
def header_link(asked: Asked, turn: Turn) -> Answer:
    start, rel = int(asked.query.get("from", 0)), asked.query.get("rel", "next")
    target = f"{asked.origin}/header_link?rel={rel}&from={start + SIZE}"
    links = f'<{asked.origin}/header_link>; rel="first"' + (f', <{target}>; rel="{rel}"' if _more(start, turn) else "")
    return Answer(cut(things(turn), start), headers={"Link": links})


@route("header_cursor", "cursor", "after")
def header_cursor(asked: Asked, turn: Turn) -> Answer:
    start = int(asked.query.get("after", asked.query.get("cursor", "c0"))[1:])
    cursor = f"c{start + SIZE}"
    headers = {"Next": cursor, "X-Cursor": cursor} if _more(start, turn) else {}
    return Answer(cut(things(turn), start), headers=headers)


@route("cursor", "cursor", "after")
def cursor(asked: Asked, turn: Turn) -> Answer:
    """`/cursor/<end>`: the cursor ends by being null, "", 0 or absent."""
    start = int(asked.query.get("after", asked.query.get("cursor", 0)))
    end = asked.segments[1]
    following = start + SIZE if _more(start, turn) else {"null": None, "empty": "", "zero": 0, "absent": None}[end]
    meta = {} if end == "absent" and following is None else {"next": following}
    return Answer({"rows": cut(things(turn), start), "cursors": meta, "meta": meta})


@route("cursor_more", "cursor")
def cursor_more(asked: Asked, turn: Turn) -> Answer:
    """There is always a cursor; `has_more` says when to stop, and after the end come empty pages."""
    start = int(asked.query.get("cursor", 0))
    return Answer({"rows": cut(things(turn), start), "next": start + SIZE, "has_more": _more(start, turn)})


@route("cursor_last", "after")
def cursor_last(asked: Asked, turn: Turn) -> Answer:
    """The cursor is the id of the last record."""
    rows = [row for row in things(turn) if row["id"] > int(asked.query.get("after", 0))]
    return Answer({"rows": cut(rows, 0)})


@route("cursor_body")
def cursor_body(asked: Asked, turn: Turn) -> Answer:
    """The cursor goes into the JSON body, at `page.after`."""
    if asked.method != "POST" or asked.json.get("kind") != "all":
        return refused("POST a JSON body of kind all")
    start = asked.json.get("page", {}).get("after", 0)
    if not isinstance(start, int):
        return refused("the cursor is a number")
    return Answer({"rows": cut(things(turn), start), "next": start + SIZE if _more(start, turn) else None})


@route("offset", "offset", "limit", "skip", "top")
def offset(asked: Asked, turn: Turn) -> Answer:
    start = int(asked.query.get("skip", asked.query.get("offset", 0)))
    size = int(asked.query.get("top", asked.query.get("limit", 99)))
    if size > SIZE:
        return refused(f"at most {SIZE} at a time")
    rows = things(turn)
    return Answer({"rows": cut(rows, start, size), "total": len(rows), "has_more": start + size < len(rows)})


@route("offset_body")
def offset_body(asked: Asked, turn: Turn) -> Answer:
    page = asked.json["page"]
    rows = things(turn)
    return Answer({"rows": cut(rows, page["offset"], page["limit"]), "meta": {"count": str(len(rows))}})


@route("pages", "page", "p")
def pages(asked: Asked, turn: Turn) -> Answer:
    """`/pages/<base>`: pages are counted from `base`."""
    base = int(asked.segments[1])
    page = int(asked.query.get("p", asked.query.get("page", base)))
    rows = things(turn)
    if page < base:
        return refused(f"pages are counted from {base}")
    start = (page - base) * SIZE
    return Answer({"rows": cut(rows, start), "total": ceil(len(rows) / SIZE), "has_more": _more(start, turn)})


@route("pages_body")
def pages_body(asked: Asked, turn: Turn) -> Answer:
    start = (asked.json["page"] - 1) * SIZE
    return Answer({"rows": cut(things(turn), start), "more": _more(start, turn)})


@route("detect", "page", "cursor", "from")
def detect(asked: Asked, turn: Turn) -> Answer:
    """`/detect/<kind>`: bodies and headers from which the paginator and the selector can be told."""
    kind, rows = asked.segments[1], things(turn)
    start = int(asked.query.get("cursor", asked.query.get("from", 0)))
    first = kind == "total_pages_from_1"
    if "page" in asked.query:
        start = (int(asked.query["page"]) - first) * SIZE
    there, link = _more(start, turn), f"/detect/{kind}?from={start + SIZE}"
    found, count = cut(rows, start), ceil(len(rows) / SIZE)
    bodies = {
        "next_url": {"results": found, "next": asked.origin + link if there else None},
        "next_nested": {"paging": {"nextPage": {"href": link if there else None}}, "records": found},
        "next_token": {"entries": found, "next_cursor": start + SIZE if there else None},
        "total_pages": {"meta": {"page": start // SIZE, "total_pages": count}, "data": found},
        "total_pages_alone": {"meta": {"total_pages": count}, "data": found},
        "total_pages_from_1": {"meta": {"page": start // SIZE + 1, "total_pages": count}, "data": found},
        "odata": {"value": found} | ({"@odata.nextLink": asked.origin + link} if there else {}),
        "nothing": {"payload": rows, "next": None},
    }
    return Answer(bodies[kind])
