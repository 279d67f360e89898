"""What a document still needs before it can run, and how each need is met, in words."""

from __future__ import annotations


def how_met(need: str, filler: str = "") -> str:
    """One need, and how it is met; `filler` says where something was found that only holds its place."""
    found = f"; {filler} holds only a filler" if filler else ""
    kind, _, name = need.partition(":")
    if kind == "base_url":
        return "the API's address (--base-url URL)"
    if kind == "secret":
        variable = name.upper().replace(".", "__")
        return f"the secret {name} (in the environment as {variable}, or in .dlt/secrets.toml{found})"
    if kind == "env":
        return f"the environment variable {name}{' (it holds only a filler)' if filler else ''}"
    return f"a value for {name} (--set {name}=VALUE{found})" if name else need
