"""How arguments are parsed: argparse, but each mistake is one sentence, and help looks the same on every Python."""

from __future__ import annotations

import argparse
import difflib
import sys
import textwrap
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import NoReturn

from headrace.errors import ConfigError

WIDTH = 80


class UsageError(ConfigError):
    """A flag or argument is wrong."""


def _formatter(prog: str) -> argparse.HelpFormatter:
    # A fixed width: help is compared with golden files, and 80 columns fit every terminal.
    return argparse.RawDescriptionHelpFormatter(prog, max_help_position=30, width=WIDTH)


class Parser(argparse.ArgumentParser):
    """An argument parser that raises `UsageError`, never exits, and knows which flag was meant.

    `not_here` says of flags that other commands have what there is in their place.
    """

    not_here: Mapping[str, str] = MappingProxyType({})

    def __init__(self, command: str, usage: str, description: str, epilog: str = "") -> None:
        # 3.14 colours help by itself; the golden files know none.
        plain = {"color": False} if sys.version_info >= (3, 14) else {}
        super().__init__(
            prog=f"headrace {command}",
            usage=f"headrace {command} {usage}".rstrip(),
            description="\n".join(textwrap.fill(line, WIDTH) for line in description.split("\n")),
            epilog=epilog or None,
            formatter_class=_formatter,
            add_help=False,
            allow_abbrev=False,
            **plain,  # type: ignore[arg-type]
        )

    def error(self, message: str) -> NoReturn:
        """Raise the mistake as one sentence."""
        raise UsageError(f"{message.rstrip('.')}; see `{self.prog} --help`")

    def leave_out(self, flags: Collection[str]) -> None:
        """Take these flags, but list them in no help."""
        for action in self._actions:
            if any(flag in flags for flag in action.option_strings):
                action.help = argparse.SUPPRESS

    def read(self, argv: Sequence[str]) -> argparse.Namespace:
        """Parse, or raise `UsageError`."""
        parsed, unknown = self.parse_known_args(list(argv))
        if unknown:
            flag = next((each for each in unknown if each.startswith("-")), unknown[0])
            word = flag.partition("=")[0]
            near = difflib.get_close_matches(word, list(self._option_string_actions), n=1, cutoff=0.6)
            hint = f" (did you mean {near[0]}?)" if near else ""
            if word in self.not_here:
                hint = f": {self.not_here[word]}"
            what = "unknown flag" if flag.startswith("-") else "unexpected argument"
            self.error(f"{what} {word}{hint}")
        return parsed


def wants_json(argv: Sequence[str]) -> bool:
    """Whether `--format json` stands among the arguments, also when the rest of them cannot be parsed."""
    joined = "\0".join(argv)
    return "--format\0json" in joined or "--format=json" in joined
