"""The records of the API in its two states: in the second some are new, changed, gone, or without their lists."""

from __future__ import annotations

from typing import Any, Literal

Row = dict[str, Any]
Turn = Literal[1, 2]


def things(turn: Turn) -> list[Row]:
    """Seven, then eight: the second is emptied, the third gone, the fifth grown, the last two are new."""
    first = [_thing(number) for number in range(1, 8)]
    if turn == 1:
        return first
    first[1] |= {"name": "thing 2, later", "tags": [], "lines": [], "updated_at": "2024-02-02T10:00:00Z"}
    first[4] |= {"extra": {"deep": [1, 2], "colour": "red"}, "tags": ["new"], "updated_at": "2024-02-05T10:00:00Z"}
    del first[2]
    return [*first, _thing(8), _thing(9) | {"count": "many", "ok": None}]


def _thing(number: int) -> Row:
    return {
        "id": number,
        "name": f"thing {number} ☃",
        "kind": "ab"[number % 2],
        "updated_at": f"2024-01-0{number}T10:00:00Z",
        "dueDate": f"2024-01-{number + 10}",
        "count": number * 10,
        "price": number + 0.25,
        "ok": number % 2 == 0,
        "maybe": "here" if number == 4 else None,
        "owner": {"id": number % 3, "geo": {"lat": 1.5 * number}},
        "tags": [f"t{place}" for place in range(number % 3)],
        "lines": [
            {"sku": f"s{number}{place}", "qty": place, "notes": [{"text": f"note {number}"}] if place else []}
            for place in range(number % 4)
        ],
        "nothing": [],
    }


def events(turn: Turn) -> list[Row]:
    """In order of `seq` and `at`. The second state has the boundary's row again, another at its time, and new ones."""
    rows = [_event(number, number) for number in range(1, 7)]
    if turn == 1:
        return rows
    return [*rows, _event(7, 6), *(_event(number, number) for number in range(8, 11))]


def _event(number: int, day: int) -> Row:
    at = f"2024-03-{day:02}T00:00:00Z"
    row = {"id": number, "seq": day * 100, "at": at, "day": at[:10], "meta": {"at": at}, "text": f"event {number}"}
    return row | {"parts": [number] * (number % 2)}


def gaps(turn: Turn) -> list[Row]:
    """Events of which one has a null where the cursor is, and one nothing."""
    rows = events(turn)
    rows[1]["at"] = None
    del rows[3]["at"]
    return rows


def parents(turn: Turn) -> list[Row]:
    """Three: in the second state one is gone and one is new."""
    regions = {1: "eu", 2: "us", 3: "eu", 4: "asia"}
    chosen = (1, 2, 3) if turn == 1 else (1, 3, 4)
    return [
        {"id": n, "slug": f"p-{n}", "region": {"code": regions[n]}, "title": f"parent {n}", "marks": [n, n + 1]}
        for n in chosen
    ]


def children(turn: Turn, parent: int) -> list[Row]:
    """Of the first parent five, on several pages; of the third none. Then one changes, one goes."""
    counts = {1: 5, 2: 1, 3: 0, 4: 2}
    rows = [
        {
            "id": parent * 10 + number,
            "parent": parent,
            "at": f"2024-04-{number:02}T00:00:00Z",
            "seq": parent * 1000 + number,
            "labels": ["x"] * number,
        }
        for number in range(1, counts[parent] + 1)
    ]
    if turn == 2 and parent == 1:
        rows[0] |= {"labels": [], "at": "2024-05-01T00:00:00Z", "seq": 5000}
        del rows[2]
    return rows


def grandchildren(turn: Turn, child: int) -> list[Row]:
    """Two of every child with an odd number, one more in the second state."""
    count = (child % 2) * 2 + (turn - 1)
    return [{"id": child * 10 + number, "child": child, "words": {"first": f"g{number}"}} for number in range(count)]
