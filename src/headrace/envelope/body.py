"""What a body must be to count as JSON text, and what to say of one that is not."""

from __future__ import annotations

import codecs
import re
import struct
from typing import Final

import msgspec

from headrace.errors import BodyRejected

_BOM: Final = codecs.BOM_UTF8
_SNIPPET: Final = 80  # characters of a rejected body that its error may show
_CHUNK: Final = 1 << 20  # bytes decoded at once while the encoding is checked
_ESCAPE: Final = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u([0-9a-fA-F]{4})|.)", re.DOTALL
)


def checked_text(body: bytes) -> bytes:
    """The JSON text of a body, without a byte-order mark; empty if there is nothing but white space.

    Raises:
        BodyRejected: It is not UTF-8. (Whether it is JSON is for the parser.)
    """
    text = body.removeprefix(_BOM)
    if not text or text.isspace():
        return b""
    if not text.isascii() and not _is_utf8(text):
        raise _no_utf8(text)
    return text


def _is_utf8(text: bytes) -> bool:
    """Msgspec leaves the inside of a raw slice unchecked. Arrow looks at the bytes where they are."""
    import pyarrow as pa  # noqa: PLC0415 - a page that is all ASCII needs none of it

    offsets = pa.py_buffer(struct.pack("=2q", 0, len(text)))
    try:
        pa.Array.from_buffers(pa.large_string(), 1, [None, offsets, pa.py_buffer(text)]).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _no_utf8(text: bytes) -> BodyRejected:
    """The error for a text that is not UTF-8, with the reason. By chunks: decoded, it is up to four times as large."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    view = memoryview(text)
    reason = "invalid bytes"
    try:
        for start in range(0, len(text), _CHUNK):
            decoder.decode(view[start : start + _CHUNK])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        reason = error.reason
    return BodyRejected(
        f"The body is not UTF-8 text ({reason}) and begins {_snippet(text)}", mend="ask the API for JSON in UTF-8"
    )


def rejected(text: bytes, error: Exception) -> BodyRejected:
    """The error for a text that the JSON parser refused, saying what it looks like."""
    start = text.lstrip()[:1]
    if start == b"<":
        return BodyRejected(
            f"The body is HTML or XML, not JSON, and begins {_snippet(text)}", mend="check the URL and the credentials"
        )
    if isinstance(error, RecursionError):
        return BodyRejected("The body is nested too deeply to be read as JSON", mend="check what the URL serves")
    if "truncated" in str(error):
        return BodyRejected(
            f"The body is cut short: its JSON ends in the middle, after {len(text)} bytes, and begins {_snippet(text)}"
        )
    why = f" ({_reason(error)})" if start in {b"{", b"["} else ""
    return BodyRejected(f"The body is not JSON{why} and begins {_snippet(text)}")


def _reason(error: Exception) -> str:
    return str(error).removeprefix("JSON is malformed: ")


def _snippet(text: bytes) -> str:
    shown = " ".join(text[: 4 * _SNIPPET].decode("utf-8", "replace").split())
    return repr(shown if len(shown) <= _SNIPPET else shown[: _SNIPPET - 1] + "…")


class Masked(msgspec.Struct, frozen=True):
    """A text whose lone surrogates are out of the parser's sight, and the mark that stands for them."""

    text: bytes
    mark: bytes

    def restore(self, record: bytes) -> bytes:
        """The record as it was in the body."""
        return re.sub(re.escape(self.mark) + rb"([0-9a-fA-F]{4})", rb"\\u\1", record)


def mask_lone_surrogates(text: bytes) -> Masked | None:
    r"""Hide escapes such as a lone `\ud800`: JSON's grammar allows them, msgspec does not. None if there are none."""
    number = 0
    while (mark := b"<lone%d:" % number) in text:
        number += 1

    def hide(found: re.Match[bytes]) -> bytes:
        code: bytes | None = found[1]
        return mark + code if code is not None and code[:1] in b"dD" and code[1:2] in b"89abcdefABCDEF" else found[0]

    hidden = _ESCAPE.sub(hide, text)
    return Masked(hidden, mark) if hidden != text else None
