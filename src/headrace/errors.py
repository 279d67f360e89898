"""The whole exception tree, split by what the caller should do next.

    HeadraceError
    ├── ConfigError          mend the configuration, a flag or a secret (exit 2)
    │   └── JournalBusy      wait for the other run, or choose another journal (exit 2)
    ├── SourceError          the API refused or failed for good (exit 3); run again to resume
    │   ├── RequestRefused   401, 403, 404, 400 …: asking again will not help
    │   ├── RetriesSpent     429, 5xx, faults of the network: asking later may help
    │   │   └── AnswerLate   somebody is there, but no whole answer comes in the time that an attempt has
    │   ├── ForeignOrigin    a next link or redirect points to an origin that is not allowed
    │   └── WalkStuck        the walk runs in a circle, or a page lacks what the rule needs
    ├── SinkError            the warehouse refused (exit 4); what was fetched is kept
    │   └── ContractBroken   a schema contract freezes what a record would change; its resource alone is not loaded
    ├── JournalError         the journal is damaged, or belongs to something else
    ├── BodyRejected         a 2xx body that is no page: handed back to retry
    └── Interrupted          stopped by the user (exit 130); run again to resume

Every `str()` is one sentence that says what to do, and never holds a secret; that of a ConfigError is followed by the
errors of the document, a line for each.
"""

from __future__ import annotations

import re
from typing import Protocol

_USER = re.compile(r"(?<=://)[^/?#\s\"'`]*@")
_VALUE = re.compile(r"([?&;][\w.-]+=)[^&;#\s\"'`]*")


class HeadraceError(Exception):
    """Base of everything that headrace raises on purpose."""


class Finding(Protocol):
    """What a finding in a document has to say (`spec.faults.Fault`)."""

    @property
    def severity(self) -> str: ...  # noqa: D102
    @property
    def path(self) -> str: ...  # noqa: D102
    @property
    def line(self) -> int | None: ...  # noqa: D102
    @property
    def problem(self) -> str: ...  # noqa: D102
    @property
    def fix(self) -> str: ...  # noqa: D102


class ConfigError(HeadraceError):
    """The configuration, a flag, or something it needs is wrong; nothing was fetched.

    `faults` are those of the document, where it is the document. `message` is the sentence without them.
    """

    def __init__(self, message: str, *, faults: tuple[Finding, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.faults = faults

    def __str__(self) -> str:
        errors = [each for each in self.faults if each.severity == "error"]
        if any(each.problem in self.message for each in errors):  # the sentence tells of them itself
            return self.message
        return "\n".join([self.message, *map(_line, errors)])


def _line(fault: Finding) -> str:
    where = ", ".join([*([f"line {fault.line}"] if fault.line else []), *([fault.path] if fault.path else [])])
    words = f"  {where}{': ' if where else ''}{fault.problem}{'; ' if fault.fix else ''}{fault.fix}"
    # What is quoted of the document may be a URL with a password or a key in it.
    return _VALUE.sub(r"\1***", _USER.sub("***@", words))


class JournalBusy(ConfigError):
    """Another run holds the journal."""


class JournalError(HeadraceError):
    """The journal is damaged, or was begun for another destination."""


class JournalFull(JournalError):
    """The disk of the journal takes no more; what was fetched is kept."""


class BodyRejected(HeadraceError):
    """A body with a success status that is not a page (HTML, truncated JSON, missing selector).

    `mend` is what to do if it stays so; empty where only asking again may help. `attempts` is how often that is worth
    it in all, None for as often as the retry policy says.
    """

    def __init__(self, problem: str, *, mend: str = "", attempts: int | None = None) -> None:
        super().__init__(f"{problem}; {mend}." if mend else f"{problem}.")
        self.problem = problem
        self.mend = mend
        self.attempts = attempts


class SourceError(HeadraceError):
    """The API refused or failed for good; what was fetched is kept.

    `status` is the HTTP status where there was one, `url` the redacted URL asked for.
    """

    def __init__(self, message: str, *, url: str = "", status: int | None = None) -> None:
        super().__init__(message)
        self.url = url
        self.status = status


class RequestRefused(SourceError):
    """The API answered with a status that asking again will not change."""


class RetriesSpent(SourceError):
    """Every attempt that the policy allows has failed."""


class AnswerLate(RetriesSpent):
    """Every attempt that the policy allows has failed, the last as its time was over before the answer was whole."""


class ForeignOrigin(SourceError):
    """A next link or a redirect leads to an origin that the configuration does not allow."""


class WalkStuck(SourceError):
    """The walk runs in a circle, or a page lacks what its paging rule needs."""


class SinkError(HeadraceError):
    """The warehouse refused; what was fetched is kept."""


class ContractBroken(SinkError):
    """A record would change what a schema contract freezes: nothing of its resource is loaded, the others are."""


class Interrupted(HeadraceError):
    """The user stopped the run."""
