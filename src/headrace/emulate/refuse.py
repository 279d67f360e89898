"""The vendor's error bodies: a string for most, AJV's list for a parameter that does not validate."""

from __future__ import annotations

import msgspec

HTML = b"<!DOCTYPE html><html><head><title>Vitally</title></head><body><h1>Just a moment&hellip;</h1></body></html>"
JSON_TYPE = b"application/json; charset=utf-8"
HTML_TYPE = b"text/html; charset=utf-8"


class Answer(msgspec.Struct, frozen=True):
    """A status, a body with its type, and extra header lines (each ended by CRLF)."""

    status: int
    body: bytes = b""
    content_type: bytes = JSON_TYPE
    extra: bytes = b""
    single: bool = False
    page_of: str = ""


class Refused(Exception):
    """A request that the API answers with an error; `answer` is what it says."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


def plain(status: int, text: str, extra: bytes = b"") -> Answer:
    """`{"error": "text"}`."""
    return Answer(status, msgspec.json.encode({"error": text}), extra=extra)


def invalid(name: str, keyword: str, limits: dict[str, object], message: str) -> Answer:
    """400 in the form of AJV, the validator that the vendor uses."""
    fault = {
        "instancePath": f"/{name}",
        "schemaPath": f"#/properties/{name}/{keyword}",
        "keyword": keyword,
        "params": limits,
        "message": message,
    }
    return Answer(400, msgspec.json.encode({"error": {"message": "validation failed", "errors": [fault]}}))


def not_allowed(name: str, allowed: tuple[str, ...]) -> Answer:
    """400 for a value that is not one of those listed."""
    return invalid(name, "enum", {"allowedValues": allowed}, "must be equal to one of the allowed values")


def too_many(body: str, retry_after_s: int | None) -> Answer:
    """429 with the body that a switch names; Retry-After only where a switch asks for it."""
    extra = b"" if retry_after_s is None else b"Retry-After: %d\r\n" % retry_after_s
    if body == "empty":
        return Answer(429, extra=extra)
    if body == "html":
        return Answer(429, HTML, HTML_TYPE, extra)
    return plain(429, "Too many requests", extra)
