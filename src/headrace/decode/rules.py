"""What a run may ask for beyond dlt's rules: `--widen-numbers` and `--strict`."""

from __future__ import annotations

import msgspec


class DecodeRules(msgspec.Struct, frozen=True):
    """Both off means the tables of dlt.

    `widen_numbers`: an undeclared whole-number column in which a fraction comes up becomes double, with no variant.
    `strict`: a record with a value that would change on its way into its column becomes a reject.
    """

    widen_numbers: bool = False
    strict: bool = False


AS_DLT = DecodeRules()
