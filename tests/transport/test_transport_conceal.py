"""A secret that an API repeats stays out of positions and the journal, and is sent again all the same."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.errors import ForeignOrigin
from headrace.journal.layout import Identity, RunRecord
from headrace.journal.write import open_journal
from headrace.model.page import PageRequest
from headrace.model.plan import (
    ApiKey,
    Bearer,
    Client,
    Cursor,
    HeaderCursor,
    HttpBasic,
    LinkHeader,
    NextUrl,
    Paging,
    Ref,
    Request,
    Resource,
    text,
)
from headrace.model.position import Done, dump
from headrace.run.conduct import Walker
from headrace.run.desk import Desk, Sizes
from headrace.run.resume import OpenWalk
from headrace.transport.conceal import MARK, Marks
from headrace.transport.redact import written
from headrace.walk.request import fingerprint
from tests.transport.stub import AT_ONCE, SECRETS, Answer, Asked, Heard, fetch, go, secret, serving, talking

TOKEN = SECRETS["token"]
QUOTED = quote(TOKEN, safe="")


@given(
    st.text("ab1/+&=?é% ~", min_size=1, max_size=12).filter(str.strip),
    st.sampled_from(sorted(written("x"))),
    st.text("ab1/:?&=#%.{}", max_size=12),
    st.text("ab1/:?&=#%.{}", max_size=12),
)
def test_what_is_concealed_comes_back_as_it_was(hidden: str, way: str, before: str, after: str) -> None:
    marks = Marks({"secret.token": hidden})
    whole = f"{before}{written(hidden)[way]}{after}"
    assert marks.reveal(marks.conceal(whole)) == whole


def test_every_way_of_writing_is_concealed_and_other_marks_are_left_alone() -> None:
    marks = Marks({"secret.token": TOKEN})
    for form in written(TOKEN).values():
        assert form not in marks.conceal(f"[{form}]")
    foreign = "{withheld:env.HOME:raw}"
    assert marks.reveal(foreign) == foreign


def test_whom_a_link_leads_to_is_never_concealed_nor_revealed() -> None:
    marks = Marks({"secret.word": "example", "secret.host": "x@evil/"})
    concealed = marks.conceal("https://me:example@example.com/example?q=example")
    assert concealed == "https://example.com/{withheld:secret.word:raw}?q={withheld:secret.word:raw}"
    assert marks.reveal_url("https://{withheld:secret.host:raw}a/b") == "https://{withheld:secret.host:raw}a/b"


class Api:
    """Three pages; the link, or the cursor, to the next one repeats the secret in some place."""

    def __init__(self, how: str) -> None:
        self.how = how
        self.seen: list[str] = []

    def __call__(self, asked: Asked) -> Answer:
        self.seen.append(asked.target)
        at = len(self.seen) - 1
        if at == 2:
            return Answer(body=b'{"data": [3], "next": null}')
        link = f"/v1/{QUOTED}/items?p={at + 1}" if self.how == "path" else f"/v1/items?p={at + 1}&token={QUOTED}"
        following = f"{TOKEN}.{at + 1}" if self.how in ("cursor", "header_cursor") else link
        if self.how in ("link", "header_cursor"):
            name, value = ("Link", f"<{link}>; rel=next") if self.how == "link" else ("next", following)
            return Answer(body=b'{"data": [1]}', headers=((name, value),))
        escaped = following.replace("/", "\\/")
        return Answer(body=f'{{"data": [{at}], "next": "{escaped}"}}'.encode())


KEY = (("token", secret("token")),)
CASES: dict[str, tuple[str, Paging, Client, Request]] = {
    "a parameter in a body link": ("body", NextUrl("next"), Client(""), Request("items", params=KEY)),
    "a parameter in a Link header": ("link", LinkHeader(), Client(""), Request("items", params=KEY)),
    "a parameter from the environment": (
        "body",
        NextUrl("next"),
        Client(""),
        Request("items", params=(("token", text(Ref("token", "env"))),)),
    ),
    "a parameter in a cursor": ("cursor", Cursor("next", "p2"), Client(""), Request("items", params=KEY)),
    "a parameter in a header cursor": ("header_cursor", HeaderCursor("next", "p2"), Client(""), Request("items")),
    "a key in the query": (
        "body",
        NextUrl("next"),
        Client("", auth=ApiKey(secret("token"), "token", "query")),
        Request("items"),
    ),
    "a password in a path": ("path", NextUrl("next"), Client("", auth=HttpBasic(text("me"), secret("token"))),
                             Request("items")),
    "a written-out token": ("path", NextUrl("next"), Client("", auth=Bearer(text(QUOTED))), Request("items")),
    "a header": ("path", NextUrl("next"), Client("", headers=(("X-Key", text("k ", Ref("plain"))),)),
                 Request("items", headers=(("X-Other", secret("token")),))),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_no_secret_that_an_api_repeats_reaches_a_position_and_all_are_sent_again(case: str, tmp_path: Path) -> None:
    how, paging, client, request = CASES[case]
    if how == "header_cursor":
        request = Request("items", headers=(("X-Other", text("plain")),), params=KEY)
    api = Api(how)
    heard = Heard()

    async def test() -> None:
        async with serving(api) as stub:
            here = Client(f"{stub.url}/v1", auth=client.auth, headers=client.headers)
            resource = Resource("items", "items", request, paging, "data", retry=AT_ONCE)
            mark = fingerprint(here, resource)
            with open_journal(tmp_path, Identity("p", "d", "s")) as journal:
                journal.begin(RunRecord("r", time.time(), ("items",), "p"))
                for _ in range(4):  # every page in a process of its own, as it were
                    state = journal.begin_walk("r", "items", mark)
                    walk, before = OpenWalk("items", resource, mark, state), journal.refs("r", "items")
                    with closing(Desk(journal, "r", 1 << 20)) as desk:
                        sizes = Sizes(desk.budget)
                        walker = Walker(here, walk, desk, emit=heard.append, sizes=sizes, before=before)
                        if isinstance(walker.position, Done) or len(api.seen) == 3:
                            break
                        async with talking(here, heard.append) as transport:
                            await walker.step(transport)
                refs = journal.refs("r", "items")
                kept = "".join(f"{dump(ref.position)!r} {dump(ref.next)!r} {journal.read(ref).headers}" for ref in refs)
        for form in {TOKEN, QUOTED, TOKEN.replace("&", "%26")}:
            assert form not in kept
            assert form not in str(heard)
        assert MARK.search(kept)

    go(test())
    assert len(api.seen) == 3
    place = f"/v1/{QUOTED}/items" if how == "path" else f"={QUOTED}"
    assert all(place in target for target in api.seen[1:]), api.seen


def test_a_mark_is_not_filled_in_for_another_origin() -> None:
    async def test() -> None:
        async with (
            serving([Answer()]) as other,
            serving([Answer()]) as stub,
            talking(Client(stub.url, allowed_origins=(other.url,))) as transport,
            talking(stub.url) as strict,
        ):
            here = PageRequest(f"{stub.url}/a", params=KEY)
            link = transport.conceal(here, f"{other.url}/{TOKEN}/b?token={QUOTED}&p=1")
            followed = PageRequest(link, repeats=KEY)
            reply = await fetch(transport, followed)
            assert TOKEN not in reply.url
            with pytest.raises(ForeignOrigin):
                await fetch(strict, followed)
        assert len(other.targets) == 1
        assert "s3cr3t" not in other.targets[0]
        assert other.targets[0].endswith("/b?p=1")

    go(test())


def test_a_link_cannot_ask_for_a_secret_that_is_not_of_its_request() -> None:
    async def test() -> None:
        async with serving([Answer()]) as stub, talking(stub.url) as transport:
            await fetch(transport, PageRequest(f"{stub.url}/a?q=%7Bx&r={{withheld:secret.plain:raw}}", repeats=KEY))
        assert SECRETS["plain"] not in stub.targets[0]

    go(test())
