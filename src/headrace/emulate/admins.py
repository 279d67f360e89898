"""What an admin looks like, on its own and embedded in other records."""

from __future__ import annotations

import msgspec

from headrace.emulate import words
from headrace.emulate.world import Record, World

LICENCES = ("active", "active", "active", "deactivated", "auto-created")


def admin(world: World, index: int) -> Record:
    """An admin: four fields and no time stamps."""
    key, dice = world.roll("admins", index)
    name = words.person(dice[0])
    return {
        "id": key,
        "name": name if dice[2] % 23 else None,
        "email": f"admin{index}@vendor.example",
        "licenseStatus": LICENCES[dice[1] % len(LICENCES)],
    }


def admin_of(world: World, dice: int) -> msgspec.Raw | None:
    """Some admin, embedded; None if there are none."""
    index = world.pick("admins", dice)
    return None if index is None else world.cached(("admin", index), lambda: admin(world, index))
