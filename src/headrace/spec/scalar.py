"""One value of a YAML, JSON or TOML document, and the curly quotes that word processors write for straight ones."""

from __future__ import annotations

import re

from headrace.spec.node import Value, sendable
from headrace.spec.references import whole_reference, with_references

CURLY = re.compile("[‘’‚“”„]")


def scalar(value: object) -> Value:
    """A parser's value as ours: a string that is wholly a reference is that reference."""
    match value:
        case str():
            return whole_reference(value) or with_references(value) or sendable(value)
        case None | bool() | int() | float():
            return value
        case _:
            return str(value)
