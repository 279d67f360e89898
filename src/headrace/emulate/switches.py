"""What nobody knows of the vendor's API, as named switches: each unknown has its likelier answer as the default."""

from __future__ import annotations

from headrace.errors import ConfigError

CHOICES: dict[str, tuple[str, ...]] = {
    "auth.parsing": ("lenient", "strict"),
    "auth.forbidden": ("off", "on"),
    "page.limit_over_max": ("400", "clamp"),
    "page.limit_invalid": ("400", "default"),
    "sort.bad_value": ("400", "ignore"),
    "sort.createdAt_direction": ("desc", "asc"),
    "status.bad_value": ("400", "ignore"),
    "cursor.kind": ("keyset", "offset"),
    "cursor.invalid": ("400", "restart"),
    "cursor.params_changed": ("400", "restart", "honour"),
    "next.at_end": ("null", "absent"),
    "next.empty_page": ("off", "on"),
    "accounts.by_org_status_default": ("active", "all"),
    "archived.omitted": ("all", "active"),
    "archive_moves_updatedAt": ("yes", "no"),
    "rate.429_body": ("json", "empty", "html"),
    "rate.retry_after": ("off", "on"),
    "conversation.status_case": ("lower", "capitalised"),
    "conversation.get_by_external_id": ("on", "off"),
    "conversation.embed_depth": ("full", "ids"),
    "keyRoles.unfilled_user": ("null", "{}", "absent"),
    "note.users_shape": ("empty", "full"),
    "admins.order": ("id", "name"),
    "admins.search_miss": ("404", "{}", "null"),
    "healthScores.body": ("404", "json"),
    "doc_version": ("newer", "older"),
    "encoding": ("identity", "gzip"),
}
"""Switches with named values; the first is the default."""

NUMBERS: dict[str, int] = {
    "page.default_limit": 100,
    "cursor.ttl": 0,
    "rate.read_cost": 1,
}
"""Switches that take a whole number. `cursor.ttl` is in seconds, 0 for a cursor that never expires."""

TEXTS: dict[str, str] = {
    "auth.wrong_key_body": "Invalid API key.",
    "errors.404_body": "Not found",
}
"""Switches that take any text."""


def check(given: dict[str, str]) -> None:
    """Raise `ConfigError` for a switch that is not known, or a value that it does not take."""
    for name, value in given.items():
        if name in CHOICES:
            if value not in CHOICES[name]:
                raise ConfigError(f"Switch {name} does not take {value!r}; give one of {', '.join(CHOICES[name])}.")
        elif name in NUMBERS:
            if not value.isdecimal():
                raise ConfigError(f"Switch {name} takes a whole number, not {value!r}; its default is {NUMBERS[name]}.")
        elif name not in TEXTS:
            known = ", ".join(sorted({**CHOICES, **NUMBERS, **TEXTS}))
            raise ConfigError(f"There is no switch {name!r} in the emulator; the switches are {known}.")


def default(name: str) -> str:
    """The value of a switch that was not given."""
    if name in CHOICES:
        return CHOICES[name][0]
    if name in NUMBERS:
        return str(NUMBERS[name])
    return TEXTS[name]
