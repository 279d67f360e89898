"""The values of `--set`, and which names a document asked for: what nobody asks for is a slip of the pen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from headrace.spec.faults import did_you_mean, listed


class Settings(Mapping[str, str]):
    """A mapping that remembers which keys were asked for, there or not."""

    def __init__(self, given: Mapping[str, str]) -> None:
        self._given = given
        self._asked: dict[str, None] = {}

    def __contains__(self, key: object) -> bool:
        """Whether the value was given."""
        self._asked[str(key)] = None
        return key in self._given

    def __getitem__(self, key: str) -> str:
        """The value. Raises KeyError where it was not given."""
        self._asked[key] = None
        return self._given[key]

    def __iter__(self) -> Iterator[str]:
        """The keys that were given."""
        return iter(self._given)

    def __len__(self) -> int:
        """How many were given."""
        return len(self._given)

    def surplus(self) -> dict[str, str]:
        """What was given and not asked for, each with its mend. To be called when the document has been read."""
        asked = list(self._asked)
        known = f"the configuration asks for {listed(asked)}" if asked else "leave it out"
        return {key: did_you_mean(key, asked, known) for key in self._given if key not in self._asked}
