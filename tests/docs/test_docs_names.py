"""What `docs/architecture.md` says that each room offers is there under that name."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import headrace

ROOT = Path(__file__).resolve().parent.parent.parent
_CODE = re.compile(r"`([^`]+)`")
_ROOM = re.compile(r"^\*\*(\w+)\*\*")
_DOTTED = re.compile(r"(?<![\w./])[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+")


def offered() -> list[tuple[str, str]]:
    """Each room with each dotted name of its paragraph."""
    room, found = "", []
    for line in (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8").splitlines():
        if begins := _ROOM.match(line):
            room = begins[1]
        if room:
            found += [(room, name) for code in _CODE.findall(line) for name in _DOTTED.findall(code)]
    return found


def modules(room: str) -> Iterator[ModuleType]:
    package = importlib.import_module(f"headrace.{room}")
    for found in pkgutil.iter_modules(package.__path__):
        yield importlib.import_module(f"headrace.{room}.{found.name}")


def has(owner: object, name: str) -> bool:
    """An attribute of a module or class, also one that only its objects have."""
    if hasattr(owner, name) or name in getattr(owner, "__annotations__", {}):
        return True
    return inspect.isclass(owner) and f"self.{name}" in inspect.getsource(owner)


def is_there(room: str, dotted: str) -> bool:
    """`file.name`, `Class.name`, or `thing.name` of a Thing; of this room, or of all where it begins with a room."""
    first, name = dotted.split(".")[:2]
    for module in modules(room):
        if module.__name__.endswith(f".{first}") and has(module, name):
            return True
        classes = (one for key, one in vars(module).items() if inspect.isclass(one) and key.lower() == first.lower())
        if any(has(one, name) for one in classes):
            return True
    return False


@pytest.mark.parametrize(("room", "dotted"), offered())
def test_what_a_room_is_said_to_offer_is_there(room: str, dotted: str) -> None:
    assert is_there(room, dotted)


def test_names_that_are_not_there_are_seen() -> None:
    assert len(offered()) > 30
    assert not is_there("journal", "journal.synced")
    assert not is_there("report", "terminal.Progress")


def test_every_room_has_its_paragraph() -> None:
    rooms = {found.name for found in pkgutil.iter_modules(headrace.__path__) if found.ispkg}
    told = {
        match[1]
        for line in (ROOT / "docs" / "architecture.md").read_text().splitlines()
        if (match := _ROOM.match(line))
    }
    assert told <= rooms
    assert rooms - told <= {"cli", "emulate", "model"}  # these offer nothing to the other rooms, or are said elsewhere
