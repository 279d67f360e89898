from __future__ import annotations

import socket
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.emulate.control import Running
from headrace.emulate.wire import BadRequest, head, parse
from tests.emulate.talk import KEY

Start = Callable[..., Running]


def request(path: str, method: str = "GET", extra: str = "", version: str = "HTTP/1.1", body: str = "") -> bytes:
    text = f"{method} /resources{path} {version}\r\nHost: x\r\nAuthorization: {KEY}\r\n{extra}\r\n{body}"
    return text.encode()


def dial(emulator: Running) -> socket.socket:
    address = urlsplit(emulator.url)
    return socket.create_connection((address.hostname, address.port), timeout=5)


def answers(connection: socket.socket, count: int, *, bodies: bool = True) -> list[tuple[int, bytes]]:
    buffer, found = b"", list[tuple[int, bytes]]()
    while len(found) < count:
        while b"\r\n\r\n" not in buffer:
            buffer += _more(connection)
        top, _, buffer = buffer.partition(b"\r\n\r\n")
        size = int(top.lower().partition(b"content-length: ")[2].split(b"\r\n")[0]) if bodies else 0
        while len(buffer) < size:
            buffer += _more(connection)
        found.append((int(top.split(b" ")[1]), buffer[:size]))
        buffer = buffer[size:]
    return found


def _more(connection: socket.socket) -> bytes:
    data = connection.recv(65536)
    assert data, "the connection ended"
    return data


def test_many_requests_share_a_connection(lean: Running) -> None:
    with dial(lean) as connection:
        for _ in range(5):
            connection.sendall(request("/admins"))
            assert answers(connection, 1)[0][0] == 200


def test_requests_sent_at_once_are_answered_in_order(lean: Running) -> None:
    with dial(lean) as connection:
        connection.sendall(request("/admins") + request("/none") + request("/users?limit=1") + request("/admins"))
        found = answers(connection, 4)
    assert [status for status, _ in found] == [200, 404, 200, 200]
    assert found[0][1] == found[3][1]


def test_requests_sent_at_once_keep_their_order_when_answers_are_late(start: Start) -> None:
    with dial(start(latency_ms=20)) as connection:
        connection.sendall(b"".join(request(f"/users?limit={number}") for number in (3, 1, 2)))
        assert [body.count(b'"createdAt"') for _, body in answers(connection, 3)] == [3, 1, 2]


def test_a_request_may_come_byte_by_byte(lean: Running) -> None:
    with dial(lean) as connection:
        for byte in request("/admins?limit=1"):
            connection.sendall(bytes([byte]))
        assert answers(connection, 1)[0][0] == 200


def test_a_client_that_reads_late_gets_everything(start: Start) -> None:
    emulator = start(profile="full", records={"accounts": 100, "users": 300})
    with dial(emulator) as connection:
        connection.sendall(request("/users?limit=100") * 20)
        found = answers(connection, 20)
    assert len({body for _, body in found}) == 1


def test_head_has_the_headers_and_no_body(lean: Running) -> None:
    with dial(lean) as connection:
        connection.sendall(request("/admins", "HEAD") + request("/admins", "HEAD"))
        assert answers(connection, 2, bodies=False) == [(200, b"")] * 2


def test_a_body_is_read_and_the_next_request_understood(lean: Running) -> None:
    with dial(lean) as connection:
        connection.sendall(request("/users", "POST", "Content-Length: 9\r\n", body='{"a": 12}') + request("/admins"))
        assert [status for status, _ in answers(connection, 2)] == [405, 200]


def test_who_waits_before_sending_a_body_is_told_to_go_on(lean: Running) -> None:
    with dial(lean) as connection:
        connection.sendall(request("/users", "POST", "Content-Length: 2\r\nExpect: 100-continue\r\n"))
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"{}")
        assert answers(connection, 1)[0][0] == 405


@pytest.mark.parametrize(("version", "extra", "stays"), [
    ("HTTP/1.1", "Connection: close\r\n", False),
    ("HTTP/1.0", "", False),
    ("HTTP/1.0", "Connection: keep-alive\r\n", True),
])  # fmt: skip
def test_a_connection_ends_when_the_client_asks(lean: Running, version: str, extra: str, stays: bool) -> None:
    with dial(lean) as connection:
        connection.sendall(request("/admins", extra=extra, version=version))
        answers(connection, 1)
        connection.settimeout(0.2 if stays else 5)
        if stays:
            with pytest.raises(TimeoutError):
                connection.recv(1)
        else:
            assert connection.recv(1) == b""


def test_truth_ends_the_connection_too_when_asked(lean: Running) -> None:
    with dial(lean) as connection:
        connection.sendall(b"GET /_truth/users HTTP/1.1\r\nConnection: close\r\n\r\n")
        assert answers(connection, 1)[0][1].count(b"\n") == 90
        assert connection.recv(1) == b""


@pytest.mark.parametrize(("sent", "status"), [
    (b"nonsense\r\n\r\n", 400),
    (b"GET /resources/users HTTP/1.1\r\nContent-Length: x\r\n\r\n", 400),
    (b"POST /resources/users HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 411),
    (b"POST /resources/users HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n", 413),
    (b"GET / HTTP/1.1\r\nX: " + b"x" * 70_000, 431),
])  # fmt: skip
def test_what_is_no_request_is_refused_and_the_connection_ends(lean: Running, sent: bytes, status: int) -> None:
    with dial(lean) as connection:
        connection.sendall(sent)
        assert answers(connection, 1)[0][0] == status
        assert connection.recv(1) == b""


def test_names_of_headers_are_read_in_any_case(lean: Running) -> None:
    with dial(lean) as connection:
        connection.sendall(f"GET /resources/admins HTTP/1.1\r\naUTHORIZATION:{KEY}\r\n\r\n".encode())
        assert answers(connection, 1)[0][0] == 200


@given(st.binary(max_size=200))
def test_bytes_are_a_request_or_refused_whatever_they_are(data: bytes) -> None:
    status = 0
    try:
        assert parse(bytearray(data + b"\r\n\r\n")) is not None
    except BadRequest as bad:
        status = bad.status
    assert status in {0, 400, 411, 413}


def test_a_head_says_what_follows() -> None:
    assert head(200, b"a/b", 5, b"X: y\r\n", 0.9, keep_alive=False) == (
        b"HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 5\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
        b"X: y\r\nConnection: close\r\n\r\n"
    )
