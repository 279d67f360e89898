"""Whole runs: real processes, a real emulator over real sockets, a real DuckDB."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parent.parent.parent
EXAMPLE = ROOT / "examples" / "vitally.md"
SECRETS = {"SECRET_TOKEN": "sk_live_5f2c9d", "BASIC_AUTH_HEADER": ""}
SIX = ("accounts", "admins", "conversations", "notes", "tasks", "users")


@dataclass(frozen=True)
class Emulated:
    """A running emulator."""

    url: str

    def get(self, path: str) -> bytes:
        origin = self.url.removesuffix("/resources")
        with urlopen(origin + path, timeout=20) as response:
            body: bytes = response.read()
        return body

    def stats(self) -> dict[str, Any]:
        stats: dict[str, Any] = json.loads(self.get("/_stats"))
        return stats

    def truth(self, name: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.get(f"/_truth/{name}").splitlines()]


Emulate = Callable[..., AbstractContextManager[Emulated]]


@contextmanager
def emulated(*flags: str, records: str = "", profile: str = "lean", limiter: str = "none") -> Iterator[Emulated]:
    """`headrace emulate vitally` as a process of its own."""
    command = [sys.executable, "-m", "headrace", "emulate", "vitally", "--port", "0", "--seed", "11"]
    command += ["--profile", profile, "--limiter", limiter, *flags]
    if records:
        command += ["--records", records]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield Emulated(process.stdout.readline().split()[-1])
        finally:
            process.terminate()


def command_line(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "headrace", *arguments]


def environment() -> dict[str, str]:
    return os.environ | SECRETS


@dataclass(frozen=True)
class Ran:
    """A `headrace` process that has ended."""

    code: int
    out: str
    err: str

    @property
    def report(self) -> dict[str, Any]:
        report: dict[str, Any] = json.loads(self.out)
        return report


@dataclass(frozen=True)
class Workplace:
    """A folder to run headrace in."""

    folder: Path

    @property
    def database(self) -> Path:
        return self.folder / "v.duckdb"

    def arguments(self, url: str, *flags: str, config: Path | str = EXAMPLE, command: str = "run") -> list[str]:
        return [command, str(config), "--base-url", url, "--to", "duckdb:///v.duckdb", "--format", "json", *flags]

    def start(self, arguments: list[str], **options: Any) -> subprocess.Popen[str]:
        return subprocess.Popen(
            command_line(*arguments),
            cwd=self.folder,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **options,
        )

    def headrace(self, *arguments: str) -> Ran:
        done = subprocess.run(
            command_line(*arguments), cwd=self.folder, env=environment(), capture_output=True, text=True, check=False
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    def run(self, url: str, *flags: str, config: Path | str = EXAMPLE, command: str = "run") -> Ran:
        return self.headrace(*self.arguments(url, *flags, config=config, command=command))
