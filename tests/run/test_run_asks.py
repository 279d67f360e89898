"""The requests that a plan would send, with marks for what is looked up, and what earlier runs foretell."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path

import msgspec
import pytest

from headrace.decode.rules import AS_DLT
from headrace.errors import ConfigError
from headrace.journal.layout import Identity, RunRecord
from headrace.journal.write import open_journal
from headrace.model.page import Page
from headrace.model.plan import (
    ApiKey,
    Auth,
    AutoPaging,
    Client,
    Cursor,
    HeaderCursor,
    HttpBasic,
    Incremental,
    LinkHeader,
    NextUrl,
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
    SinglePage,
    Text,
    text,
)
from headrace.model.position import Done, Seen, Start
from headrace.run.asks import Ask, asks
from headrace.run.outlook import outlook
from headrace.run.past import find_run
from headrace.walk.bind import Window

API = "https://api.acme.io"


def asked(resource: Resource, auth: Auth | None = None, window: Window = Window()) -> dict[str, Ask]:  # noqa: B008
    client = Client(API) if auth is None else Client(API, auth)
    return {each.what: each for each in asks(client, resource, window, agent="headrace/0")}


def users(paging: Paging = SinglePage(), **request: object) -> Resource:  # noqa: B008
    return Resource("users", "users", Request("users", **request), paging)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("paging", "url", "note"),
    [
        (Cursor("meta.next", "after"), f"{API}/users?after=<next:meta.next>", ""),
        (HeaderCursor("X-Next", "from"), f"{API}/users?from=<next:X-Next>", ""),
        (Offset(20, start=5), f"{API}/users?offset=25&limit=20", ""),
        (PageNumber(base=1, start=1), f"{API}/users?page=2", ""),
        (NextUrl("links.next"), "", "the URL at `links.next` of the page before it"),
        (LinkHeader(), "", "the URL of rel=next in the Link header of the page before it"),
        (AutoPaging(), "", "the first response decides whether there is a next page, and how it is asked for"),
    ],
)
def test_each_rule_says_how_the_next_page_is_asked_for(paging: Paging, url: str, note: str) -> None:
    following = asked(users(paging))["next"]
    assert (following.url, following.note) == (url, note)


def test_a_single_page_has_no_next() -> None:
    assert list(asked(users())) == ["first"]


@pytest.mark.parametrize(
    ("auth", "header"),
    [
        (HttpBasic(text(Ref("user")), text(Ref("pw"))), "Basic base64(<secret:user>:<secret:pw>)"),
        (HttpBasic(text("joe"), text("written out")), "Basic base64(***:***)"),
        (HttpBasic(text("joe"), text(Ref("pw"))), "Basic base64(***:<secret:pw>)"),
        (HttpBasic(text("Basic ", Ref("ready")), text("")), "Basic <secret:ready>"),
        (HttpBasic(text(f"Basic {b64encode(b'joe:pw').decode()}"), text("")), "Basic base64(***:)"),
        (ApiKey(text("Token ", Ref("key"))), "Token <secret:key>"),
        (ApiKey(text("written out")), "***"),
    ],
)
def test_a_credential_is_shown_by_the_names_of_its_secrets(auth: Auth, header: str) -> None:
    assert asked(users(), auth)["first"].headers["Authorization"] == header


def test_a_key_in_the_query_stands_in_the_url() -> None:
    assert asked(users(), ApiKey(text(Ref("key")), "k", "query"))["first"].url == f"{API}/users?k=<secret:key>"


@pytest.mark.parametrize("place", ["body", "basic"])
def test_id_and_secret_of_a_token_request_stand_where_they_go(place: str) -> None:
    auth = OAuth2ClientCredentials(text("https://id.acme.io/t"), text("me"), text(Ref("s")), client_auth=place)  # type: ignore[arg-type]
    token = asked(users(), auth)["token"]
    assert (token.method, token.url) == ("POST", "https://id.acme.io/t")
    where = token.body if place == "body" else token.headers["Authorization"]
    assert "<secret:s>" in (where or "")


def test_a_signed_assertion_is_never_made() -> None:
    auth = OAuth2Jwt(text("me"), text(Ref("pem")), text("https://id.acme.io/t"))
    found = asked(users(), auth)
    assert "<signed with pem>" in (found["token"].body or "")
    assert found["first"].headers["Authorization"] == "Bearer <token>"


def test_a_window_goes_into_its_parameter() -> None:
    resource = Resource(
        "users", "users", Request("users"), SinglePage(), incremental=Incremental("at", start_param="since")
    )
    assert asked(resource, window=Window(start="2024-05-01"))["first"].url == f"{API}/users?since=2024-05-01"


def test_a_batch_is_shown_with_its_size_and_beside_what_its_rows_share() -> None:
    params = (("ids", text(ParentField("id", batch=50))), ("each", text(ParentField("id", batch=50, repeated=True))))
    path = text("teams/", ParentField("team"), "/users")
    resource = msgspec.structs.replace(users(params=params), parent=Parent("posts"))
    resource = msgspec.structs.replace(resource, request=msgspec.structs.replace(resource.request, path=path))
    url = asked(resource)["first"].url
    assert "/teams/{resources.posts.team}/users?" in url
    assert "ids={resources.posts.id:batch(50)}&each={resources.posts.id:batch(50)}" in url


def test_values_are_encoded_and_marks_are_not() -> None:
    resource = users(params=(("q", Text(("a b&", Ref("x", "config")))),))
    assert asked(resource)["first"].url == f"{API}/users?q=a+b%26<config:x>"


def test_a_batch_of_rows_is_one_mark() -> None:
    slot = ParentField("id", batch=50)
    resource = Resource("notes", "notes", Request("notes", params=(("ids", text(slot)),)), SinglePage())
    resource = msgspec.structs.replace(resource, parent=Parent("users"))
    assert asked(resource)["first"].url == f"{API}/notes?ids={{resources.users.id:batch(50)}}"


# --- what a journal remembers ---------------------------------------------------------------------------


def test_an_unfinished_run_says_where_an_increment_goes_on(tmp_path: Path) -> None:
    resource = Resource("users", "users", Request("users"), SinglePage(), "$", incremental=Incremental("at"))
    seen = {"users": Seen("at", "2024-06-01")}
    with open_journal(tmp_path / "j", Identity("acme", "duckdb:///a", "d")) as journal:
        journal.begin(RunRecord("r1", 1.0, ("users",), "acme", seen=seen))
    found = outlook(Plan("acme", Client(API), (resource,)), tmp_path / "j", AS_DLT)
    assert found.unfinished is not None
    assert found.unfinished.run.run_id == "r1"
    assert found.resources["users"].window.start == "2024-06-01"


def test_pages_of_other_requests_are_told_as_such(tmp_path: Path) -> None:
    end = Done("the end", proven=True)
    with open_journal(tmp_path / "j", Identity("acme", "duckdb:///a", "d")) as journal:
        journal.begin(RunRecord("r1", 1.0, ("users",), "acme"))
        journal.begin_walk("r1", "users", "another fingerprint")
        journal.append("r1", Page("users", 0, Start(), end, b'[{"id": 1}]', 200, {}, 1.0, 1, b"d", "f"))
    resource = Resource("users", "users", Request("users"), SinglePage(), "$")
    before = outlook(Plan("acme", Client(API), (resource,)), tmp_path / "j", AS_DLT).resources["users"]
    assert before.changed
    assert before.tables == ()  # its records are not those that the page was kept with


def test_a_folder_that_is_no_journal_foretells_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    plan = Plan("acme", Client(API), (users(),))
    assert outlook(plan, tmp_path, AS_DLT).last is None
    assert outlook(plan, tmp_path / "nowhere", AS_DLT).resources["users"].report is None


def test_a_run_is_found_by_its_whole_id_even_where_another_begins_with_it(tmp_path: Path) -> None:
    with open_journal(tmp_path / "j", Identity("acme", "duckdb:///a", "d")) as journal:
        for at, run_id in enumerate(("r1", "r12")):
            journal.begin(RunRecord(run_id, float(at), (), "acme"))
            journal.abandon(run_id)
        assert find_run(journal.runs(), "r1").run.run_id == "r1"
        with pytest.raises(ConfigError, match="2 runs begin or end with r"):
            find_run(journal.runs(), "r")
