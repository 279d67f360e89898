"""The documents of these tests, and short ways to read them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from headrace.model.plan import Plan, Ref
from headrace.spec.faults import Fault
from headrace.spec.read import Options, Reading, Source, open_source, read

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "vitally.md"
SHARED = ROOT.parent / "shared"
SEED = SHARED / "seed" / "config.md"
CORPUS = SHARED / "corpus"

SIMPLE: dict[str, object] = {"client": {"base_url": "https://api.acme.io/v2"}, "resources": ["users"]}


def nothing(ref: Ref) -> str | None:
    del ref
    return None


def told(text: str, form: str = "md", options: Options | None = None, name: str = "doc") -> Reading:
    """A text as read."""
    return read(Source(text, form, f"{name}.{form}", name), options)


def of(config: object, options: Options | None = None) -> Reading:
    """A configuration as data, read as JSON."""
    return told(json.dumps(config, indent=1), "json", options)


def python(text: str, options: Options | None = None) -> Reading:
    return told(text, "py", options)


def plan_of(reading: Reading) -> Plan:
    assert reading.plan is not None, errors(reading)
    return reading.plan


def with_client(**client: object) -> dict[str, object]:
    return {"client": {"base_url": "https://api.acme.io", **client}, "resources": ["users"]}


def with_endpoint(**endpoint: object) -> dict[str, object]:
    return {
        "client": {"base_url": "https://api.acme.io"},
        "resources": [{"name": "users", "endpoint": {"path": "users", **endpoint}}],
    }


def with_resource(**resource: object) -> dict[str, object]:
    return {"client": {"base_url": "https://api.acme.io"}, "resources": [{"name": "users", **resource}]}


def errors(reading: Reading) -> list[Fault]:
    return [fault for fault in reading.faults if fault.severity == "error"]


def codes(reading: Reading, severity: str = "error") -> list[str]:
    return [fault.code for fault in reading.in_full if fault.severity == severity]


def the_error(reading: Reading) -> Fault:
    found = errors(reading)
    assert len(found) == 1, found
    return found[0]


def example_with(*changes: tuple[str, str]) -> tuple[Reading, str]:
    """Our own example with some words replaced once; and its text."""
    text = EXAMPLE.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return told(text), text


def line_of(text: str, words: str) -> int:
    return text[: text.index(words)].count("\n") + 1


def seed() -> Reading:
    if not SEED.exists():
        pytest.skip(f"{SEED} is not here")
    return read(open_source(str(SEED)))


def environment(values: Mapping[str, str]) -> Options:
    from headrace.spec.secrets import Lookup

    return Options(lookup=Lookup(values))
