"""Writes the measured figures into the documents, and checks that every link in them leads somewhere.

`make docs` writes; `python docs/build.py --check` only says what is not as it should be, and fails.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
FIGURES = ROOT / "bench" / "figures.json"
WITH_FIGURES = (ROOT / "README.md", ROOT / "docs" / "benchmarks.md")
TITLES = {
    "lean": "101,000 records of about 1 KB, six resources, merge",
    "full": "10,100 records with embedded parents and about 90 traits, merge",
}
_LOADS = {"first": "first load", "second": "second merge"}
_MARKED = re.compile(r"(<!-- (figures|drop-in) -->\n).*?(<!-- /\2 -->)", re.DOTALL)
_LINK = re.compile(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)")


def table(figures: dict[str, Any]) -> str:
    """The figures as a Markdown table: each lane's medians, of how many runs (– if that was not kept), and ratios."""
    lines = ["| | runs | wall | CPU | peak memory | against headrace |", "|---|--:|--:|--:|--:|--:|"]
    for name, title in TITLES.items():
        lanes = figures.get(name)
        if not lanes:
            continue
        lines.append(f"| **{title}** | | | | | |")
        ours = lanes["headrace"]
        for lane, spent in lanes.items():
            ratio = spent["wall_s"] / ours["wall_s"]
            against = "" if lane == "headrace" else f"{ratio:.1f} × the wall time"
            times = (f"{spent['wall_s']:.1f} s", f"{spent['cpu_s']:.1f} s")
            cells = (str(spent.get("runs", "–")), *times, f"{spent['peak_mb']:,.0f} MB", against)
            lines.append(f"| {lane} | {' | '.join(cells)} |")
    return "\n".join(
        [*lines, "", f"Medians of runs that took turns, on {figures['machine']}; `make bench` prints them."]
    )


def drop_in_table(figures: dict[str, Any]) -> str:
    """The drop-in against dlt's own source, step by step: medians of the loads, one run of the children."""
    lines = ["| | runs | extract + normalize | load | whole process | ratios |", "|---|--:|--:|--:|--:|--:|"]
    parts = {title: figures["drop-in"][name] for name, title in _LOADS.items()}
    parts["1,000 children's requests of 200 ms"] = figures["children"]
    for title, lanes in parts.items():
        lines.append(f"| **{title}** | | | | | |")
        ours, *_ = lanes.values()
        for lane, spent in lanes.items():
            ratios = f"{_made(spent) / _made(ours):.1f} ×, {spent['wall_s'] / ours['wall_s']:.1f} ×"
            times = (f"{_made(spent):.1f} s", f"{spent['steps']['load_s']:.1f} s", f"{spent['wall_s']:.1f} s")
            cells = (str(spent["runs"]), *times, "" if spent is ours else ratios)
            lines.append(f"| {lane} | {' | '.join(cells)} |")
    return "\n".join([*lines, "", "Ratios to headrace.rest_api: of extract + normalize, and of the whole process."])


def _made(spent: dict[str, Any]) -> float:
    return float(spent["steps"]["extract_s"] + spent["steps"]["normalize_s"])


def with_figures(text: str, figures: dict[str, Any]) -> str:
    """The document with the tables between their marks."""
    tables = {"figures": table, "drop-in": drop_in_table}
    return _MARKED.sub(lambda marked: f"{marked[1]}{tables[marked[2]](figures)}\n{marked[3]}", text)


def dead_links(document: Path) -> list[str]:
    """The relative links of a document that lead nowhere."""
    targets = _LINK.findall(document.read_text(encoding="utf-8"))
    return [target for target in targets if not (document.parent / target).exists()]


def main(arguments: list[str]) -> int:
    """Write or check; 1 if something is not as it should be."""
    check = "--check" in arguments
    faults = []
    figures = json.loads(FIGURES.read_text(encoding="utf-8"))
    for document in WITH_FIGURES:
        before = document.read_text(encoding="utf-8")
        after = with_figures(before, figures)
        if after != before and check:
            faults.append(
                f"{document.relative_to(ROOT)}: the figures are not those of bench/figures.json; run make docs"
            )
        elif after != before:
            document.write_text(after, encoding="utf-8")
    for document in (ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))):
        faults += [f"{document.relative_to(ROOT)}: {target} is not there" for target in dead_links(document)]
    sys.stdout.write("".join(f"{fault}\n" for fault in faults))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
