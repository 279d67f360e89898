"""The table contract of dlt, rule by rule.

Decode must make these tables (tests/decode/test_decode_contract.py), and so must dlt itself
(tests/parity/test_parity_contract.py), so that no rule stands here that dlt does not keep.
"""

from __future__ import annotations

from tests.decode.contract_shape import EVOLUTION, NAMES, SHAPE, TRAPS
from tests.decode.contract_types import COERCION, HINTS, MOMENTS, TYPES

GROUPS = {
    "shape": SHAPE,
    "names": NAMES,
    "types": TYPES,
    "moments": MOMENTS,
    "coercion": COERCION,
    "hints": HINTS,
    "evolution": EVOLUTION,
    "traps": TRAPS,
}
RULES = {f"{group}: {name}": one for group, rules in GROUPS.items() for name, one in rules.items()}
