"""The one form in which failures of the network reach the rest of the room."""

from __future__ import annotations

from typing import Literal, TypeAlias

Kind: TypeAlias = Literal[
    "dns", "connect", "tls", "timeout", "reset", "truncated", "encoding", "protocol", "too_large", "bad_request"
]

# What asking again cannot change, and what to do instead: a certificate that does not verify, a body over the limit,
# an address with no host.
_FINAL: dict[Kind, str] = {
    "tls": "set SSL_CERT_FILE to the certificate of its authority if you trust that",
    "too_large": "ask for smaller pages",
    "bad_request": "correct it",
}
_MENDS: dict[Kind, str] = {
    **_FINAL,
    "dns": "check the base URL",
    "connect": "check the base URL, or run again later",
}


class Fault(Exception):
    """No whole response came. `reason` is half a sentence without secrets, such as "the connection was reset".

    `mend` is what to do about it; empty where only asking again may help. `late`: there was a connection, and then no
    time left.
    """

    def __init__(self, kind: Kind, reason: str, *, mend: str = "", late: bool = False) -> None:
        super().__init__(reason)
        self.kind = kind
        self.reason = reason
        self.late = late
        self.mend = mend or _MENDS.get(kind, "")

    @property
    def final(self) -> bool:
        """Asking again will not help."""
        return self.kind in _FINAL
