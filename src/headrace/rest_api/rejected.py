"""How a configuration is refused: where, why, and what mends it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dlt.sources.rest_api.config_setup import AUTH_MAP, PAGINATOR_MAP

from headrace.errors import ConfigError
from headrace.spec.faults import Fault
from headrace.spec.live import read_live


class ConfigRejected(ConfigError, ValueError):
    """The configuration is wrong. A ValueError as well, which is what dlt raises for most of this."""


def rejected(config: Mapping[str, Any], error: Exception) -> ConfigRejected:
    """What to raise for a configuration that dlt refuses with `error`: our own finding, or else its words."""
    faults = _faults(config)
    if not faults:
        return ConfigRejected(f"The configuration cannot run: {error}")
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    first = faults[0]
    return ConfigRejected(f"{first.path}: {first.problem}; {first.fix}{more}", faults=tuple(faults))


def _faults(config: Mapping[str, Any]) -> list[Fault]:
    if not isinstance(config, Mapping):
        return []
    reading = read_live(config, name="rest_api", custom=(*PAGINATOR_MAP, *AUTH_MAP))
    return [fault for fault in reading.faults if fault.severity == "error"]
