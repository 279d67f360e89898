"""Parents on two pages, their children on several, and theirs; asked for by path, query, header and body."""

from __future__ import annotations

from tests.parity.rest_api.records import Row, Turn, children, grandchildren, parents
from tests.parity.rest_api.routes import cut, refused, route
from tests.parity.rest_api.serving import Answer, Asked


@route("parents", "page", "part", "since")
def family(asked: Asked, turn: Turn) -> Answer:
    match asked.segments:
        case ["parents"]:
            start = int(asked.query.get("page", 0)) * 2
            link = f"/parents?page={start // 2 + 1}" if start + 2 < len(parents(turn)) else None
            return Answer({"data": cut(parents(turn), start, 2), "next": link})
        case ["parents", number]:
            return Answer(_parent(turn, number))
        case ["parents", number, "children"]:
            rows = [
                row for row in children(turn, _parent(turn, number)["id"]) if row["at"] >= asked.query.get("since", "")
            ]
            return _parts(asked, rows)
        case ["parents", _, "children", child, "grandchildren"]:
            return _parts(asked, grandchildren(turn, int(child)))
    return refused("no such path", 404)


def _parent(turn: Turn, number: str) -> Row:
    """The parent of an id or of a slug."""
    return next(row for row in parents(turn) if number in (str(row["id"]), row["slug"]))


def _parts(asked: Asked, rows: list[Row]) -> Answer:
    start = int(asked.query.get("part", 0)) * 2
    link = f"{asked.raw_path}?part={start // 2 + 1}" if start + 2 < len(rows) else None
    return Answer({"data": cut(rows, start, 2), "next": link})


@route("regions", "part")
def by_region(asked: Asked, turn: Turn) -> Answer:
    """`/regions/<code>/parents/<id>`: both must be of the same parent."""
    _, code, _, number = asked.segments
    if _parent(turn, number)["region"]["code"] != code:
        return refused("another region", 404)
    return _parts(asked, children(turn, int(number)))


@route("children", "parent", "region", "offset", "limit")
def by_query(asked: Asked, turn: Turn) -> Answer:
    rows = children(turn, int(asked.query["parent"]))
    return Answer({"data": cut(rows, int(asked.query.get("offset", 0)), int(asked.query.get("limit", 99)))})


@route("children_header")
def by_header(asked: Asked, turn: Turn) -> Answer:
    return Answer({"data": children(turn, int(asked.headers["x-parent"].removeprefix("no. ")))})


@route("children_json")
def by_json(asked: Asked, turn: Turn) -> Answer:
    """The number must be a number, and the text beside it a text."""
    found = asked.json["filter"]
    if not isinstance(found["parent"], int) or found["text"] != f"parent is {found['parent']}":
        return refused(f"not understood: {found}")
    return Answer({"data": children(turn, found["parent"])})


@route("children_form")
def by_form(asked: Asked, turn: Turn) -> Answer:
    return Answer({"data": children(turn, int(asked.form["parent"]))})
