"""How plain paths become one typed decoder, so that a body is parsed once for all of them."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import msgspec
from msgspec import UNSET, Raw, UnsetType

Keys: TypeAlias = tuple[str, ...]
_Trie: TypeAlias = dict[str, "_Trie | None"]


class Tree:
    """A decoder for the list at `records` and the values at `others`; each path is a plain chain of keys.

    A record list is taken as `list[Raw]`, everything else as `Raw`: what is not asked for is only skipped over.
    """

    __slots__ = ("_decoder", "_others", "_records")

    def __init__(self, records: Keys, others: tuple[Keys, ...]) -> None:
        trie: _Trie = {}
        for keys in (records, *others):
            _plant(trie, keys)
        self._decoder: Final[msgspec.json.Decoder[Any]] = msgspec.json.Decoder(_typed(trie, records))
        self._records: Final = _places(trie, records)
        self._others: Final = tuple(_places(trie, keys) for keys in others)

    def decode(self, text: bytes) -> tuple[list[Raw] | UnsetType | None, list[Raw | UnsetType | None]]:
        """The list (None for null, UNSET for absent) and the other values, in order.

        Raises:
            msgspec.ValidationError: JSON of another shape, for the general way to look at.
            msgspec.DecodeError: not JSON.
        """
        root = self._decoder.decode(text)
        return _pick(root, self._records), [_pick(root, places) for places in self._others]


class Leaves:
    """A decoder for the values at the ends of plain chains of keys, none of them the beginning of another."""

    __slots__ = ("_decoder", "_places")

    def __init__(self, paths: tuple[Keys, ...]) -> None:
        trie: _Trie = {}
        for keys in paths:
            _plant(trie, keys)
        self._decoder: Final[msgspec.json.Decoder[Any]] = msgspec.json.Decoder(_typed(trie, ()))
        self._places: Final = tuple(_places(trie, keys) for keys in paths)

    def decode(self, text: bytes) -> list[Raw | UnsetType | None]:
        """The values in order; None or UNSET where something on the way is null or absent. Raises as `Tree.decode`."""
        root = self._decoder.decode(text)
        return [_pick(root, places) for places in self._places]


def apart(paths: tuple[Keys, ...]) -> bool:
    """Whether `Leaves` can take these paths."""
    if not all(paths) or any(not _nameable(key) for keys in paths for key in keys):
        return False
    return not any(a != b and b[: len(a)] == a for a in paths for b in paths)


def fits(records: Keys, others: tuple[Keys, ...]) -> bool:
    """Whether the typed way can take these paths: no one is the beginning of another, and no key needs escapes."""
    return records not in others and apart((records, *others))


def _nameable(key: str) -> bool:
    """Msgspec's field names may hold no character that JSON would escape."""
    return not any(letter in '"\\' or ord(letter) < ord(" ") for letter in key)


def _plant(trie: _Trie, keys: Keys) -> None:
    for key in keys[:-1]:
        below = trie.setdefault(key, {})
        assert below is not None  # noqa: S101 - `fits` has seen to it
        trie = below
    trie[keys[-1]] = None


def _typed(trie: _Trie, records: Keys) -> Any:  # noqa: ANN401 - a class made on the spot
    """A Struct class for one level: `records` is the rest of the path to the list, empty if it is not below here."""
    fields: list[tuple[str, Any, Any]] = []
    for place, (key, below) in enumerate(trie.items()):
        rest = records[1:] if records[:1] == (key,) else ()
        kind: Any = Raw
        if below is not None:
            kind = _typed(below, rest) | None
        elif records == (key,):
            kind = list[Raw] | None
        fields.append((_attribute(place), kind | UnsetType, UNSET))
    names = {_attribute(place): key for place, key in enumerate(trie)}
    return msgspec.defstruct("Body", fields, rename=names, gc=False)


def _places(trie: _Trie, keys: Keys) -> tuple[str, ...]:
    found: list[str] = []
    level: _Trie | None = trie
    for key in keys:
        assert level is not None  # noqa: S101 - the keys were planted
        found.append(_attribute(list(level).index(key)))
        level = level[key]
    return tuple(found)


def _attribute(place: int) -> str:
    return f"f{place}"


def _pick(value: Any, places: tuple[str, ...]) -> Any:  # noqa: ANN401 - of a class made on the spot
    """The value at the places; None or UNSET as soon as one on the way is."""
    for place in places:
        value = getattr(value, place)
        if value is None or value is UNSET:
            return value
    return value
