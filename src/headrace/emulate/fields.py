"""The custom fields of each model: a bare array, sorted by label, with no paging."""

from __future__ import annotations

from headrace.emulate.chance import DAY_MS, iso
from headrace.emulate.world import START_MS, Record, World

MODELS = (
    "users", "accounts", "organizations", "customObjects", "tasks", "notes", "projects", "conversations", "team",
)  # fmt: skip
_FIELDS = (
    ("Tier", "string"), ("Go-live date", "datetime"), ("Notes summary", "textarea"), ("Health", "select"),
    ("Größe", "number"), ("ARR", "number"),
)  # fmt: skip


def custom_fields(world: World, model: str) -> list[Record]:
    """Fields of one model."""
    made = [_field(world, model, index) for index in range(len(_FIELDS))]
    return sorted(made, key=lambda field: str(field["label"]))


def _field(world: World, model: str, index: int) -> Record:
    label, kind = _FIELDS[index]
    field: Record = {
        "id": world.roll(f"customFields/{model}", index)[0],
        "createdAt": iso(START_MS + index * DAY_MS),
        "label": label,
        "path": f"vitally.custom.{label.lower().replace(' ', '')}",
        "type": kind,
    }
    if kind == "select":
        field["options"] = [{"label": text, "value": text.lower()} for text in ("Good", "Fair", "Poor")]
    return field
