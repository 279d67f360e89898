"""Everything else: windows of events, bodies of all shapes, refusals, and an echo of what was asked."""

from __future__ import annotations

from tests.parity.rest_api.records import Row, Turn, events, gaps, things
from tests.parity.rest_api.routes import cut, listed, refused, route
from tests.parity.rest_api.serving import Answer, Asked


@route("events", "since", "until", "after", "page", "desc")
def window(asked: Asked, turn: Turn) -> Answer:
    """`since` and `until` are kept by the API itself, both ends included."""
    since, until = asked.query.get("since", ""), asked.query.get("until", "9")
    rows = [
        row for row in events(turn) if since <= row["at"] <= until and row["seq"] >= int(asked.query.get("after", 0))
    ]
    return _paged(asked, rows)


@route("events_from")
def window_in_path(asked: Asked, turn: Turn) -> Answer:
    """`/events_from/<at>`, or in a header or a JSON body."""
    body = asked.json or {}
    since = asked.headers.get("x-since") or body.get("since") or asked.segments[1]
    return listed([row for row in events(turn) if row["at"] >= since])


@route("events_day", "since")
def window_of_days(asked: Asked, turn: Turn) -> Answer:
    """Takes a bare date only."""
    since = asked.query["since"]
    if len(since) != len("2024-03-01"):
        return refused(f"no date: {since}")
    return listed([row for row in events(turn) if row["day"] >= since])


@route("gaps")
def with_gaps(_: Asked, turn: Turn) -> Answer:
    return listed(gaps(turn))


@route("ordered", "page", "order")
def ordered(asked: Asked, turn: Turn) -> Answer:
    """In either order, on pages of three."""
    rows = events(turn)
    return _paged(asked, rows[::-1] if asked.query.get("order") == "desc" else rows)


def _paged(asked: Asked, rows: list[Row]) -> Answer:
    if "page" not in asked.query:
        return listed(rows)
    start = int(asked.query["page"]) * 3
    return listed(cut(rows, start), total=-(-len(rows) // 3))


@route("shapes")
def shapes(asked: Asked, turn: Turn) -> Answer:
    """`/shapes/<shape>`: where the records lie in the body."""
    rows = things(turn)
    kind = asked.segments[1]
    bodies = {
        "deep": {"data": {"list": {"items": rows}}},
        "groups": {"groups": [{"members": rows[:2]}, {"members": []}, {"members": rows[2:]}]},
        "wrapped": {"edges": [{"node": row} for row in rows]},
        "second": {"batches": [{"rows": rows[:1]}, {"rows": rows[1:]}]},
        "object": {"data": rows[0]},
        "null": {"data": None, "beside": [1]},
        "one": rows[0] | {"lines": None, "tags": None, "nothing": None},
        "scalars": {"data": [row["name"] for row in rows]},
        "dotted": {"a.b": {"it's": rows}},
        "unusual": {"title": "x", "thelist": rows},
        "preferred": {"columns": ["a"], "body": {"results": rows}},
        "first": {"alpha": {"list": rows}, "beta": [1]},
    }
    return Answer(bodies[kind])


@route("trouble", "page")
def trouble(asked: Asked, turn: Turn) -> Answer:
    """`/trouble/<kind>`: refusals, on the second page or at once."""
    rows = things(turn)
    match asked.segments[1:]:
        case ["late"]:
            page = int(asked.query.get("page", 0))
            return refused("there are no such pages", 404) if page else listed(cut(rows, 0))
        case ["content"]:
            return Answer({"error": "nothing for you yet"}, 404 if turn == 1 else 200)
        case ["latin"]:
            return Answer('{"data": [{"id": 1, "name": "Zoë"}]}'.encode("latin-1"))
        case ["member", number]:
            return refused("gone", 410) if number == "2" else listed([{"of": number, "turn": turn}])
    return refused("nothing for you yet", 409)


@route("echo", "*")
def echo(asked: Asked, _: Turn) -> Answer:
    """One record: what the request was."""
    headers = {name: value for name, value in asked.headers.items() if name.startswith("x-")}
    kind = asked.headers.get("content-type", "").partition(";")[0]
    record = {
        "method": asked.method,
        "path": asked.raw_path,
        "query": sorted(f"{name}={value}" for name, value in asked.query.items()),
        "headers": headers,
        "kind": kind,
        "form": asked.form if "form" in kind else None,
        "json": asked.json if "json" in kind else None,
        "text": asked.body.decode() if not kind else None,
    }
    return listed([record])
