"""The template braces that scaffolds write where dlt has plain ones."""

from __future__ import annotations

import re

_JINJA = re.compile(r"\{\{\s*(.*?)\s*\}\}")
_WRAPPED = re.compile(r"\{(?:stream_slice|stream_partition|config|parent|partition)\.(\w+)\}")
_SCAFFOLD_ROOTS = {"config", "stream_slice", "stream_partition", "stream_interval", "parent", "partition", "get"}
_SLICE = re.compile(r"""\b(?:stream_slice|stream_partition|partition|parent)(?:\.|\[\s*['"]|\.get\(\s*['"])(\w+)""")


def without_jinja(template: str) -> str:
    """`{{ config['x'] }}` and `{stream_slice.x}` as `{x}`."""

    def name(found: re.Match[str]) -> str:
        words = [word for word in re.findall(r"\w+", found[1]) if word not in _SCAFFOLD_ROOTS]
        return f"{{{words[0]}}}" if words else "{value}"

    return _WRAPPED.sub(r"{\1}", _JINJA.sub(name, template).replace("${", "{"))


def slice_names(template: str) -> frozenset[str]:
    """The names that stand for a value of a parent's row: `{{ stream_slice.x }}`, `{{ stream_partition['x'] }}`."""
    return frozenset(_SLICE.findall(template))


def without_variables(path: str) -> str:
    """The steps of a path that hold no variable, as a name; the path itself where there are none."""
    steps = [step for step in without_jinja(path).split("/") if step and "{" not in step]
    return "_".join(steps) if steps and "{" in path else path
