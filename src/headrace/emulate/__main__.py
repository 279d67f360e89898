"""`python -m headrace.emulate vitally …`: the emulator without the rest of headrace."""

import sys

from headrace.emulate.cli import main

if __name__ == "__main__":
    sys.exit(main())
