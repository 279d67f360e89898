"""The one form in which failures of the network reach the rest of the room."""

from __future__ import annotations

from typing import Literal, TypeAlias

Kind: TypeAlias = Literal[
    "dns", "connect", "tls", "timeout", "reset", "truncated", "encoding", "protocol", "too_large", "bad_request"
]

# What asking again cannot change: a certificate that does not verify, a body over the limit, an address with no host.
_FINAL: frozenset[Kind] = frozenset({"tls", "too_large", "bad_request"})


class Fault(Exception):
    """No whole response came. `reason` is half a sentence without secrets, such as "the connection was reset"."""

    def __init__(self, kind: Kind, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind
        self.reason = reason

    @property
    def final(self) -> bool:
        """Asking again will not help."""
        return self.kind in _FINAL
