"""Where cases are run: each bundle once for each order of sources, whoever asks, and apart where together they fail."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from tests.parity.rest_api.case import Case
from tests.parity.rest_api.cases import CASES
from tests.parity.rest_api.outcome import Outcome, twice
from tests.parity.rest_api.serving import Server

Modules = tuple[str, str]


@dataclass
class Laboratory:
    """`outcomes` of a case after the first run, by the first module's source, and after the second, by the other's."""

    server: Server
    folder: Path
    known: dict[tuple[Modules, str], list[Outcome] | None] = field(default_factory=dict)

    def outcomes(self, modules: Modules, name: str) -> list[Outcome]:
        case, bundle = CASES[name]
        key = (modules, bundle.together.name)
        if key not in self.known and len(bundle.cases) > 1:
            try:
                self.known[key] = self._twice(modules, bundle.together)
            except Exception:  # noqa: BLE001 (whichever case it was will raise it again)
                self.known[key] = None
        found = self.known.get(key) or self._twice(modules, case)
        if len(bundle.cases) == 1:
            self.known[key] = found
        return [outcome.of(*case.shared) if case.shared else outcome for outcome in found]

    def _twice(self, modules: Modules, case: Case) -> list[Outcome]:
        return twice(modules, case, self.server, self.folder / str(len(list(self.folder.iterdir()))))
