"""What a report says of the figures of a run: what was rejected, what went beside its column, and what changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from headrace.decode.losses import summed
from headrace.model.event import Noticed, Rejected
from headrace.model.table import Figures

_SHOWN = 3


def told(figures: Mapping[str, Figures]) -> Iterator[Rejected | Noticed]:
    """The figures as events, by resource."""
    for resource, found in figures.items():
        for reason, first in found.reasons.items():
            yield Rejected(resource, reason, first.records, first.page, first.record)
        sentences = [*_beside(found.variants), *summed(found.losses)]
        yield from (Noticed(resource, sentence, "warning") for sentence in sentences)


def _beside(variants: Sequence[str]) -> Iterator[str]:
    if variants:
        more = f" and {len(variants) - _SHOWN} more" if len(variants) > _SHOWN else ""
        widens = any(name.endswith("__v_double") for name in variants)
        mend = "; --widen-numbers keeps fractions in one column" if widens else ""
        shown = ", ".join(variants[:_SHOWN])
        yield f"{shown}{more}: beside the column of that name, for values that it cannot hold, as in dlt{mend}"
