"""What can be asked of the Vitally emulator: its objects, its knobs, and their defaults."""

from __future__ import annotations

from typing import Literal

import msgspec

from headrace.emulate import switches
from headrace.errors import ConfigError

DEFAULT_RECORDS: dict[str, int] = {
    "accounts": 300,
    "organizations": 40,
    "users": 500,
    "admins": 25,
    "conversations": 300,
    "notes": 400,
    "tasks": 400,
    "projects": 60,
    "npsResponses": 200,
    "noteCategories": 8,
    "taskCategories": 6,
}
"""Records of each listable object: a small set that a walk reads in a second."""

FAULTS = ("reset", "429", "500", "truncate", "html", "404", "slow")
"""Faults in the order in which the first that strikes wins; `404` strikes single records only."""

MUTATIONS = ("update_unread", "update_read", "update", "create", "archive", "delete")

MAX_PORT = 65535


class Step(msgspec.Struct, frozen=True):
    """A scripted change: once `page` list pages of `object` have been served, do `kind` (one of MUTATIONS) once."""

    object: str
    page: int
    kind: str


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that decides what the emulator answers.

    `records` overrides single counts of DEFAULT_RECORDS. `rate` is (requests, seconds), None for no limit.
    `latency_ms` delays every answer under /resources. `faults` maps a kind of FAULTS to its probability for each
    request. `mutate_per_s` changes records while serving. `page_cap` is the largest page. `token` is the only key
    that is let in; without one every key that is not empty is. `switches` are those of `switches.py`.
    """

    host: str = "127.0.0.1"
    port: int = 0
    records: dict[str, int] = {}
    seed: int = 7
    profile: Literal["full", "lean"] = "full"
    token: str | None = None
    rate: tuple[int, float] | None = (1000, 60)
    limiter: Literal["bucket", "window", "none"] = "bucket"
    latency_ms: float = 0
    faults: dict[str, float] = {}
    mutate_per_s: float = 0
    page_cap: int = 100
    script: tuple[Step, ...] = ()
    switches: dict[str, str] = {}

    def __post_init__(self) -> None:
        """Refuse what the emulator cannot do, each in one sentence (`ConfigError`)."""
        switches.check(self.switches)
        for name, count in self.records.items():
            if name not in DEFAULT_RECORDS:
                raise ConfigError(f"records: no object {name!r}; the objects are {', '.join(DEFAULT_RECORDS)}.")
            if count < 0:
                raise ConfigError(f"records: {name}={count} is negative; give 0 or more.")
        for kind, share in self.faults.items():
            if kind not in FAULTS:
                raise ConfigError(f"faults: no fault {kind!r}; the faults are {', '.join(FAULTS)}.")
            if not 0 <= share <= 1:
                raise ConfigError(f"faults: {kind}:{share:g} is no probability; give a number from 0 to 1.")
        for step in self.script:
            if step.object not in DEFAULT_RECORDS or step.kind not in MUTATIONS or step.page < 1:
                raise ConfigError(
                    f"mutate-at: {step.object}:{step.page}:{step.kind} is not OBJECT:PAGE:KIND; "
                    f"the kinds are {', '.join(MUTATIONS)}, pages count from 1."
                )
        self._check_numbers()

    def _check_numbers(self) -> None:
        if self.rate is not None and (self.rate[0] < 1 or self.rate[1] <= 0):
            raise ConfigError(
                f"rate: {self.rate[0]}/{self.rate[1]:g} allows nothing; give REQUESTS/SECONDS, e.g. 1000/60."
            )
        if not 0 <= self.port <= MAX_PORT:
            raise ConfigError(f"port: {self.port} is no port; give 0 (any free one) to {MAX_PORT}.")
        if self.page_cap < 1 or self.latency_ms < 0 or self.mutate_per_s < 0:
            raise ConfigError("page-cap must be at least 1, latency-ms and mutate-per-s at least 0.")
        if self.number("page.default_limit") < 1:
            raise ConfigError("Switch page.default_limit takes 1 or more, not 0.")

    def __repr__(self) -> str:
        """The settings without the token, which may be a real one."""
        shown = {name: getattr(self, name) for name in self.__struct_fields__ if name != "token"}
        return f"Settings({', '.join(f'{name}={value!r}' for name, value in shown.items())})"

    def count(self, name: str) -> int:
        """How many records an object starts with."""
        return self.records.get(name, DEFAULT_RECORDS[name])

    def switch(self, name: str) -> str:
        """The value of a switch, its default if it was not given."""
        given = self.switches.get(name)
        return switches.default(name) if given is None else given

    def number(self, name: str) -> int:
        """The value of a switch that takes a whole number."""
        return int(self.switch(name))
