"""Messages of every rule and refusal on a small document of its own: `python -m tests.spec.golden` writes the files.

Each file is the document, a line of dashes, and what `headrace check` says of it.
"""

from __future__ import annotations

import importlib.util
import io
import sys
from pathlib import Path
from types import ModuleType

from headrace.cli.faults import fault_lines
from headrace.report.layout import stage
from headrace.spec.read import Source, read

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "tests" / "golden" / "faults"
RULE = "-" * 100


def diagnostics() -> ModuleType:
    """docs/diagnostics.py, which is no part of a package."""
    spec = importlib.util.spec_from_file_location("diagnostics", ROOT / "docs" / "diagnostics.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["diagnostics"] = module
    spec.loader.exec_module(module)
    return module


PAGE = diagnostics()
EXAMPLES = {**PAGE.EXAMPLES, **PAGE.REFUSED}


def told_of(code: str) -> str:
    """The document of a rule or refusal, and what is said of it."""
    example = EXAMPLES[code]
    reading = read(Source(example.text, example.form, "example", "example"), example.options)
    said = fault_lines(reading.in_full, stage(io.StringIO(), {}))
    return "\n".join([example.text.rstrip("\n"), RULE, *said[1:], ""])


def main() -> None:
    """Write all files, and delete those of rules that are no more."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for file in FOLDER.glob("*.txt"):
        file.unlink()
    for code in EXAMPLES:
        (FOLDER / f"{code}.txt").write_text(told_of(code), encoding="utf-8")


if __name__ == "__main__":
    main()
