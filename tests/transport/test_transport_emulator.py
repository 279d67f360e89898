"""Against the vendor's API as the emulator serves it: limits, faults, refusals."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Literal

import msgspec
import pytest

from headrace.emulate.server import running
from headrace.emulate.vitally import Settings
from headrace.errors import BodyRejected, RequestRefused
from headrace.model.page import PageRequest, Reply
from headrace.model.plan import Bearer, Client, HttpBasic, text
from headrace.transport.base import Transport
from tests.transport.stub import AT_ONCE, Heard, go, secret, talking

NAMES = ("users", "notes", "tasks")
RECORDS = dict.fromkeys(NAMES, 120)
AUTH = HttpBasic(secret("plain"), text(""))


def read(reply: Reply) -> dict[str, object]:
    try:
        page: dict[str, object] = msgspec.json.decode(reply.body)
    except msgspec.DecodeError:
        raise BodyRejected("the body is no JSON") from None
    return page


async def walk(transport: Transport, url: str, name: str) -> list[str]:
    seen: list[str] = []
    cursor: object = None
    while True:
        params = (("limit", text("10")), *((("from", text(str(cursor))),) if cursor else ()))
        request = PageRequest(f"{url}/{name}", params=params, auth=AUTH, resource=name)
        page = await transport.fetch(request, AT_ONCE, read)
        results = page["results"]
        assert isinstance(results, list)
        seen += [record["id"] for record in results]
        cursor = page["next"]
        if cursor is None:
            return seen


@pytest.mark.parametrize("limiter", ["bucket", "window"])
def test_walks_under_a_limit_are_whole_and_hardly_refused(limiter: Literal["bucket", "window"]) -> None:
    with running(Settings(records=RECORDS, profile="lean", limiter=limiter, rate=(20, 0.4)), where="thread") as api:

        async def test() -> None:
            async with talking(Client(api.url), heard.append) as transport:
                seen = await asyncio.gather(*(walk(transport, api.url, name) for name in NAMES))
            for name, ids in zip(NAMES, seen, strict=True):
                assert sorted(ids) == sorted(record["id"] for record in api.truth(name))

        heard = Heard()
        go(test())
        assert api.stats()["http_429"] <= 1


def test_walks_through_faults_are_whole_and_every_attempt_is_told() -> None:
    faults = {"429": 0.1, "500": 0.1, "reset": 0.1, "truncate": 0.1, "html": 0.1}
    with running(Settings(records=RECORDS, profile="lean", limiter="none", faults=faults), where="thread") as api:

        async def test() -> None:
            async with talking(Client(api.url), heard.append) as transport:
                for name in NAMES:
                    seen = await walk(transport, api.url, name)
                    assert sorted(seen) == sorted(record["id"] for record in api.truth(name))

        heard = Heard()
        go(test())
        kinds = Counter(heard.faults)
        assert len(heard.statuses) == api.stats()["requests"]
        assert len(heard.retries) == len(heard.statuses) - sum(120 // 10 for _ in NAMES)
        assert set(kinds) <= {"reset", "truncated"}
        assert len(heard.retries) > 5


def test_a_wrong_key_is_refused_in_one_sentence() -> None:
    with running(Settings(records=RECORDS, profile="lean", limiter="none"), where="thread") as api:

        async def test() -> None:
            async with talking(Client(api.url)) as transport:
                request = PageRequest(f"{api.url}/users", auth=Bearer(secret("plain")))
                with pytest.raises(RequestRefused, match=r"was refused with 401 Unauthorized") as caught:
                    await transport.fetch(request, AT_ONCE, read)
            assert "check the environment variable PLAIN or plain in .dlt/secrets.toml" in str(caught.value)
            assert "plain-secret" not in str(caught.value)

        go(test())
