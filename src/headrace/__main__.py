"""`python -m headrace` is the same command as `headrace`."""

from __future__ import annotations

from headrace.cli.main import entry

if __name__ == "__main__":
    entry()
