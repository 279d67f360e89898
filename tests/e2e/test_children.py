"""Resources that hang on another's rows: asked once for each row, side by side, whole after any number of stops."""

from __future__ import annotations

import json
import shlex
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import duckdb
import pytest

from tests.e2e.api import served
from tests.e2e.workplace import Ran, Workplace

pytestmark = pytest.mark.timeout(60)

AUTHORS = [{"id": number, "name": f"author {number}"} for number in range(1, 8)]


class Library:
    """Authors (three a page), each with as many books as its number (two a page), each with one review.

    `?authors=1,2` asks for the books of several. `refused` are paths that get 403; `asked` counts the requests by path
    and page; `batches` are the several that were asked for.
    """

    def __init__(self) -> None:
        self.authors: list[Any] = list(AUTHORS)
        self.refused: set[str] = set()
        self.asked: Counter[str] = Counter()
        self.batches: list[str] = []
        self.under_way = 0
        self.most_under_way = 0
        self.delay_s = 0.0
        self.url = ""

    def rows(self, path: str) -> list[Any]:
        match path.strip("/").split("/"):
            case ["authors"]:
                return self.authors
            case ["authors", author, "books"]:
                count = int(author) if author.isdigit() else 1
                return [{"id": f"{unquote(author)}-{n}", "title": f"book {n}"} for n in range(count)]
            case ["shelf", several]:
                return [{"id": f"{author}-{n}"} for author in unquote(several).split(",") for n in range(int(author))]
            case ["books", book, "reviews"]:
                return [{"id": f"review of {unquote(book)}"}]
        return []

    def answer(self, target: str) -> tuple[int, Any]:
        parts = urlsplit(target)
        at = int(parse_qs(parts.query).get("at", ["0"])[0])
        self.asked[f"{parts.path}@{at}"] += 1
        if parts.path in self.refused:
            return 403, {"error": "no"}
        size = 3 if parts.path == "/authors" else 2
        wanted = parse_qs(parts.query).get("authors")
        rows = self.rows(f"/shelf/{wanted[0]}" if wanted else parts.path)
        self.batches += wanted if wanted and not at else []
        return 200, {"rows": rows[at : at + size], "next": str(at + size) if at + size < len(rows) else None}


@pytest.fixture
def library() -> Iterator[Library]:
    library, lock = Library(), threading.Lock()

    def answer(target: str) -> tuple[int, Any]:
        with lock:
            library.under_way += 1
            library.most_under_way = max(library.most_under_way, library.under_way)
            found = library.answer(target)
        if library.delay_s:
            time.sleep(library.delay_s)
        with lock:
            library.under_way -= 1
        return found

    with served(answer) as library.url:
        yield library


def a_list(name: str, path: str, **more: Any) -> dict[str, Any]:
    paginator = {"type": "cursor", "cursor_path": "next", "cursor_param": "at"}
    return {
        "name": name,
        "write_disposition": more.pop("way", "append"),
        "endpoint": {"path": path, "data_selector": "rows", "paginator": paginator},
        **more,
    }


AUTHOR_LIST = a_list("authors", "authors")
BOOKS = a_list("books", "authors/{resources.authors.id}/books", include_from_parent=["name"])
REVIEWS = a_list("reviews", "books/{resources.books.id}/reviews", include_from_parent=["_authors_name"])


def go(workplace: Workplace, library: Library, *resources: dict[str, Any], args: tuple[str, ...] = ()) -> Ran:
    config = {"client": {"base_url": library.url}, "resources": list(resources)}
    (workplace.folder / "library.json").write_text(json.dumps(config))
    command, rest = (args[0], args[1:]) if args and not args[0].startswith("-") else ("run", args)
    return workplace.headrace(command, "library.json", "--format", "json", *rest)


def rows(workplace: Workplace, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(workplace.folder / "library.duckdb"), read_only=True) as connection:
        found: list[tuple[Any, ...]] = connection.execute(f"SELECT {sql}").fetchall()
    return found


def books(authors: Iterable[int]) -> list[tuple[str, str]]:
    return sorted((f"{author}-{n}", f"author {author}") for author in authors for n in range(author))


BOOKS_OF_ALL = books(range(1, 8))


def loaded_books(workplace: Workplace) -> list[tuple[Any, ...]]:
    return sorted(rows(workplace, "id, _authors_name FROM library_data.books"))


def test_every_row_of_the_parent_is_asked_once_and_chains_go_on(library: Library, workplace: Workplace) -> None:
    ran = go(workplace, library, REVIEWS, BOOKS, AUTHOR_LIST)
    assert ran.code == 0, ran.err
    assert loaded_books(workplace) == books(range(1, 8))
    reviews = sorted(rows(workplace, "id, _books__authors_name FROM library_data.reviews"))
    assert reviews == sorted((f"review of {book}", author) for book, author in books(range(1, 8)))
    assert set(library.asked.values()) == {1}
    report = ran.report["resources"]
    assert report["books"]["records"] == 28
    assert report["books"]["pages"] == sum((n + 1) // 2 for n in range(1, 8))
    assert all(report[name]["proof"]["complete"] for name in ("authors", "books", "reviews"))


def test_rows_are_walked_side_by_side(library: Library, workplace: Workplace) -> None:
    library.delay_s = 0.2
    assert go(workplace, library, AUTHOR_LIST, BOOKS).code == 0
    assert library.most_under_way >= 3


def test_order_is_that_of_the_parent_whatever_comes_first(library: Library, workplace: Workplace) -> None:
    assert go(workplace, library, AUTHOR_LIST, BOOKS).code == 0
    in_order = [row[0] for row in rows(workplace, "id FROM library_data.books ORDER BY rowid")]
    assert in_order == [f"{author}-{n}" for author in range(1, 8) for n in range(author)]


def test_a_parent_that_is_not_selected_is_walked_and_not_loaded(library: Library, workplace: Workplace) -> None:
    ran = go(workplace, library, AUTHOR_LIST, BOOKS, args=("--resource", "books"))
    assert ran.code == 0, ran.err
    assert loaded_books(workplace) == books(range(1, 8))
    assert rows(workplace, "count(*) FROM information_schema.tables WHERE table_name = 'authors'") == [(0,)]


def test_rows_without_a_value_are_rejected_and_counted(library: Library, workplace: Workplace) -> None:
    library.authors = [
        {"id": 1, "name": "author 1"},
        {"id": None, "name": "x"},
        {"name": "y"},
        {"id": 2, "name": "author 2"},
    ]
    ran = go(workplace, library, AUTHOR_LIST, BOOKS)
    assert ran.code == 1
    assert ran.report["resources"]["books"]["rejects"] == 2
    assert loaded_books(workplace) == books([1, 2])
    assert not any("None" in path for path in library.asked)
    reasons = rows(workplace, "reason FROM library_data._headrace_rejects ORDER BY record")
    assert ["null" in reasons[0][0], "missing" in reasons[1][0]] == [True, True]


def test_equal_rows_are_asked_once(library: Library, workplace: Workplace) -> None:
    library.authors = [AUTHORS[0], AUTHORS[1], AUTHORS[0], AUTHORS[1], AUTHORS[2]]
    ran = go(workplace, library, AUTHOR_LIST, BOOKS)
    assert ran.code == 0
    assert loaded_books(workplace) == books([1, 2, 3])
    assert library.asked["/authors/1/books@0"] == 1
    assert "asked once" in json.dumps(ran.report)


def test_a_value_is_quoted_for_the_path(library: Library, workplace: Workplace) -> None:
    library.authors = [{"id": "a/b?c d#é", "name": "odd"}]
    assert go(workplace, library, AUTHOR_LIST, BOOKS).code == 0
    assert loaded_books(workplace) == [("a/b?c d#é-0", "odd")]


def test_the_error_of_a_refused_row_names_the_flag_with_which_the_others_go_on(
    library: Library, workplace: Workplace
) -> None:
    library.refused = {"/authors/4/books"}
    known = {"status_code": 404, "content": "gone", "action": "ignore"}
    of_authors = {**BOOKS, "endpoint": {**BOOKS["endpoint"], "response_actions": [known]}}
    ran = go(workplace, library, AUTHOR_LIST, of_authors)
    (error,) = ran.report["errors"]
    assert (ran.code, error["kind"], error["status"]) == (3, "source", 403)
    flag, setting = shlex.split(error["message"].partition("run again with `")[2].partition("`")[0])
    assert json.loads(setting.partition("=")[2]) == [known, {"status_code": 403, "action": "ignore"}]
    ran = go(workplace, library, AUTHOR_LIST, of_authors, args=(flag, setting))
    assert (ran.code, ran.report["resumed"]) == (0, True), ran.err
    assert loaded_books(workplace) == sorted([*books([1, 2, 3]), *books([5, 6, 7])])


def test_a_refused_row_keeps_what_came_before_and_is_gone_on_with(library: Library, workplace: Workplace) -> None:
    library.refused = {"/authors/4/books"}
    ran = go(workplace, library, AUTHOR_LIST, BOOKS, REVIEWS)
    assert ran.code == 3
    assert loaded_books(workplace) == books([1, 2, 3])
    before = Counter(library.asked)
    library.refused = set()
    ran = go(workplace, library, AUTHOR_LIST, BOOKS, REVIEWS)
    assert ran.code == 0, ran.err
    assert loaded_books(workplace) == books(range(1, 8))
    assert len(rows(workplace, "id FROM library_data.reviews")) == 28
    again = {path for path in library.asked if library.asked[path] > before[path] > 0}
    assert again >= {"/authors/4/books@0"}
    assert not any(path.startswith(("/authors@", "/authors/1/", "/authors/2/", "/authors/3/")) for path in again)


def test_a_replay_asks_nothing(library: Library, workplace: Workplace) -> None:
    assert go(workplace, library, AUTHOR_LIST, BOOKS, REVIEWS, args=("fetch",)).code == 0
    before = Counter(library.asked)
    ran = go(workplace, library, AUTHOR_LIST, BOOKS, REVIEWS, args=("replay",))
    assert ran.code == 0, ran.err
    assert library.asked == before
    assert loaded_books(workplace) == books(range(1, 8))
    assert len(rows(workplace, "id FROM library_data.reviews")) == 28


def test_a_page_limit_holds_for_the_resource_as_a_whole(library: Library, workplace: Workplace) -> None:
    ran = go(workplace, library, AUTHOR_LIST, BOOKS, args=("--limit-pages", "2"))
    assert ran.code == 1
    assert ran.report["resources"]["books"]["stopped"] == "limit"
    assert ran.report["resources"]["books"]["pages"] == 2
    assert loaded_books(workplace) == books([1, 2])
    assert sum(path.startswith("/authors/") for path in library.asked) == 2


def test_a_changed_parent_starts_its_children_again(library: Library, workplace: Workplace) -> None:
    merge = {"way": "merge", "primary_key": "id"}
    library.refused = {"/authors/4/books"}
    assert go(workplace, library, AUTHOR_LIST, a_list("books", BOOKS["endpoint"]["path"], **merge)).code == 3
    library.refused, library.authors = set(), AUTHORS[3:5]
    changed = a_list("authors", "authors")
    changed["endpoint"]["params"] = {"status": "live"}
    ran = go(workplace, library, changed, a_list("books", BOOKS["endpoint"]["path"], **merge))
    assert ran.code == 0, ran.err
    assert {row[0] for row in rows(workplace, "id FROM library_data.books")} >= {book for book, _ in books([4, 5])}


def test_a_maximum_of_one_rows_walk_ends_that_walk_alone(library: Library, workplace: Workplace) -> None:
    books = {**BOOKS, "endpoint": {**BOOKS["endpoint"]}}
    books["endpoint"]["paginator"] = {"type": "offset", "limit": 2, "offset_param": "at", "maximum_offset": 4}
    books["endpoint"]["paginator"]["total_path"] = None
    ran = go(workplace, library, AUTHOR_LIST, books)
    assert ran.code == 1
    got = {row[0].split("-")[0] for row in rows(workplace, "id FROM library_data.books")}
    assert got == {str(number) for number in range(1, 8)}
    assert not ran.report["resources"]["books"]["proof"]["complete"]


@pytest.mark.parametrize("way", ["append", "merge"])
def test_a_replay_of_rows_with_a_hole_stops_at_the_hole(library: Library, workplace: Workplace, way: str) -> None:
    books = {**BOOKS, "write_disposition": way, "primary_key": "id"}
    library.refused = {"/authors/4/books"}
    assert go(workplace, library, AUTHOR_LIST, books).code == 3
    assert go(workplace, library, AUTHOR_LIST, books, args=("replay",)).code == 1
    library.refused = set()
    assert go(workplace, library, AUTHOR_LIST, books).code == 0
    assert loaded_books(workplace) == BOOKS_OF_ALL


def test_a_replay_takes_what_any_fetch_of_the_run_has_brought(library: Library, workplace: Workplace) -> None:
    pens = a_list("pens", "authors")
    assert go(workplace, library, AUTHOR_LIST, pens, args=("fetch", "--resource", "pens")).code == 0
    assert go(workplace, library, AUTHOR_LIST, pens, args=("fetch",)).code == 0
    ran = go(workplace, library, AUTHOR_LIST, pens, args=("replay",))
    assert ran.code == 0, ran.err
    assert rows(workplace, "count(*) FROM library_data.authors") == [(7,)]


def test_many_rows_are_asked_for_in_one_request(library: Library, workplace: Workplace) -> None:
    library.authors = [*AUTHORS[:4], AUTHORS[0], {"name": "without an id"}, *AUTHORS[4:]]
    shelves = a_list("books", "books")
    shelves["endpoint"]["params"] = {"authors": "{resources.authors.id:batch(3)}"}
    ran = go(workplace, library, AUTHOR_LIST, shelves)
    assert ran.code == 1, ran.err  # the one without an id is a reject
    assert sorted(library.batches) == ["1,2,3", "4,5,6", "7"]
    found = rows(workplace, "id FROM library_data.books")
    assert sorted(book for (book,) in found) == sorted(book for book, _ in BOOKS_OF_ALL)
    report = ran.report["resources"]["books"]
    assert (report["rejects"], report["proof"]["complete"]) == (1, True)
    assert report["pages"] == 3 + 8 + 4  # two records a page: 6, 15 and 7 of them
