"""What a document still needs before it can run, and how each need is met, in words."""

from __future__ import annotations


def how_met(need: str) -> str:
    """One need, and how it is met."""
    kind, _, name = need.partition(":")
    if kind == "base_url":
        return "the API's address (--base-url URL)"
    if kind == "secret":
        return f"the secret {name} (in the environment as {name.upper().replace('.', '__')}, or in .dlt/secrets.toml)"
    if kind == "env":
        return f"the environment variable {name}"
    return f"a value for {name} (--set {name}=VALUE)" if name else need
