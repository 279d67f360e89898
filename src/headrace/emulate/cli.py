"""The emulator's flags: from text to settings and back."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import TypeVar

from headrace.emulate.vitally import DEFAULT_RECORDS, FAULTS, MUTATIONS, Settings, Step
from headrace.errors import ConfigError, HeadraceError

T = TypeVar("T")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the emulator's name and flags to a parser."""
    add = parser.add_argument
    add("name", choices=("vitally",), help="the vendor to emulate")
    add("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    add("--port", type=int, default=0, help="port to listen on; 0 takes any free one (default)")
    add("--records", default="", metavar="NAME=N,…", help=f"records of each object, of {', '.join(DEFAULT_RECORDS)}")
    add("--seed", type=int, default=7, help="the same seed gives the same records (default: %(default)s)")
    add("--profile", choices=("full", "lean"), default="full", help="full: true in size; lean: about 1 KB a record")
    add("--token", default=None, metavar="T", help="the only key that is let in (default: any)")
    add("--rate", default="1000/60", metavar="N/SECONDS", help="requests allowed (default: %(default)s)")
    add("--limiter", choices=("bucket", "window", "none"), default="bucket", help="how they are counted")
    add("--latency-ms", type=float, default=0.0, metavar="N", help="delay of every answer")
    add("--faults", default="", metavar="KIND:SHARE,…", help=f"share of requests that fail, of {', '.join(FAULTS)}")
    add("--mutate-per-s", type=float, default=0.0, metavar="N", help="records changed each second while serving")
    add(
        "--mutate-at",
        action="append",
        default=[],
        metavar="OBJECT:PAGE:KIND",
        help=f"change one record after a page; KIND is one of {', '.join(MUTATIONS)} (repeatable)",
    )
    add("--page-cap", type=int, default=100, metavar="N", help="largest page (default: %(default)s)")
    add(
        "--switch",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="decide what nobody knows of the real API, e.g. next.at_end=absent (repeatable)",
    )


def settings(args: argparse.Namespace) -> Settings:
    """The settings that parsed flags ask for; raises `ConfigError`."""
    return Settings(
        host=args.host,
        port=args.port,
        records=_pairs("records", args.records, "=", int),
        seed=args.seed,
        profile=args.profile,
        token=args.token or None,
        rate=_rate(args.rate),
        limiter=args.limiter,
        latency_ms=args.latency_ms,
        faults=_pairs("faults", args.faults, ":", float),
        mutate_per_s=args.mutate_per_s,
        page_cap=args.page_cap,
        script=tuple(_step(text) for text in args.mutate_at),
        switches=dict(_pair("switch", text, "=", str) for text in args.switch),
    )


def argv(asked: Settings) -> list[str]:
    """The flags that ask for some settings: `settings` read backwards."""
    rate = "none" if asked.rate is None else f"{asked.rate[0]}/{asked.rate[1]!r}"
    words = [
        "vitally",
        f"--host={asked.host}",
        f"--port={asked.port}",
        f"--records={','.join(f'{name}={count}' for name, count in asked.records.items())}",
        f"--seed={asked.seed}",
        f"--profile={asked.profile}",
        f"--rate={rate}",
        f"--limiter={asked.limiter}",
        f"--latency-ms={asked.latency_ms!r}",
        f"--faults={','.join(f'{kind}:{share!r}' for kind, share in asked.faults.items())}",
        f"--mutate-per-s={asked.mutate_per_s!r}",
        f"--page-cap={asked.page_cap}",
    ]
    words += [f"--token={asked.token}"] if asked.token else []
    words += [f"--mutate-at={step.object}:{step.page}:{step.kind}" for step in asked.script]
    return words + [f"--switch={name}={value}" for name, value in asked.switches.items()]


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve as the flags say; gives the exit code."""
    from headrace.emulate import server  # noqa: PLC0415 - the server starts this program again, and imports it

    parser = argparse.ArgumentParser(prog="headrace emulate", description="A local vendor API, faults included.")
    add_arguments(parser)
    try:
        server.serve(settings(parser.parse_args(arguments)), ready=_announce)
    except HeadraceError as fault:
        sys.stderr.write(f"{fault}\n")
        return 2
    return 0


def _announce(url: str) -> None:
    sys.stdout.write(f"listening on {url}\n")
    sys.stdout.flush()


def _rate(text: str) -> tuple[int, float] | None:
    if text == "none":
        return None
    count, slash, seconds = text.partition("/")
    try:
        return int(count), float(seconds) if slash else 1.0
    except ValueError:
        raise ConfigError(f"--rate {text} is not REQUESTS/SECONDS; give e.g. 1000/60, or none.") from None


def _pairs(flag: str, text: str, mark: str, read: Callable[[str], T]) -> dict[str, T]:
    return dict(_pair(flag, part, mark, read) for part in text.split(",") if part.strip())


def _pair(flag: str, text: str, mark: str, read: Callable[[str], T]) -> tuple[str, T]:
    name, found, value = text.partition(mark)
    try:
        if found:
            return name.strip(), read(value)
    except ValueError:
        pass
    raise ConfigError(f"--{flag}: {text.strip()!r} is not NAME{mark}{'TEXT' if read is str else 'NUMBER'}.")


def _step(text: str) -> Step:
    name, _, rest = text.partition(":")
    page, _, kind = rest.partition(":")
    if not page.isdecimal():
        raise ConfigError(f"--mutate-at {text} is not OBJECT:PAGE:KIND; give e.g. tasks:2:update_unread.")
    return Step(name, int(page), kind)
