"""What a report says of the figures of a run: what was rejected, what went beside its column, and what changed."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

from headrace.decode.losses import summed
from headrace.model.event import Noticed, Rejected
from headrace.model.guess import KEY, flag
from headrace.model.plan import Resource
from headrace.model.strategy import Cdc, Scd2
from headrace.model.table import Figures

_SHOWN = 3


def told(figures: Mapping[str, Figures]) -> Iterator[Rejected | Noticed]:
    """The figures as events, by resource."""
    for resource, found in figures.items():
        for reason, first in found.reasons.items():
            yield Rejected(resource, reason, first.records, first.page, first.record)
        sentences = [*_beside(found.variants), *summed(found.losses)]
        yield from (Noticed(resource, sentence, "warning") for sentence in sentences)


def key_doubts(figures: Mapping[str, Figures], resources: Iterable[Resource]) -> Iterator[Noticed]:
    """Guessed keys that held on the first page, but that several records of the whole load share."""
    for resource in resources:
        number = figures.get(resource.name, Figures()).duplicates
        if number and KEY in resource.guesses:
            keys = " and ".join(f"`{key}`" for key in resource.primary_key)
            sentence = (
                f"{number} records have the {keys} of a later one, which took their place; {keys} is a guess: if it is"
                f" not the whole key, run again with {flag(resource.name, KEY, 'NAME')}"
            )
            yield Noticed(resource.name, sentence, "warning")


def not_gone(
    figures: Mapping[str, Figures], lacking: Container[str], resources: Iterable[Resource]
) -> Iterator[Noticed]:
    """What a load lacks, though something was only rejected. `lacking` are those that were not asked for all rows."""
    for resource in resources:
        is_lacking, has_rejects = resource.name in lacking, bool(figures.get(resource.name, Figures()).rejects)
        if resource.disposition == "replace" and is_lacking:
            sentence = (
                "rows above it were rejected, so nothing was asked for them, and what they had brought before is not in"
                " the table that this load replaces"
            )
            yield Noticed(resource.name, sentence, "warning")
        elif (is_lacking or has_rejects) and resource.disposition == "merge":
            match resource.strategy:
                case Scd2():
                    what = "closed"
                case Cdc():
                    what = "deleted"
                case _:
                    continue
            why = "rows above it" if is_lacking else "records"
            sentence = f"{why} were rejected, so what this load lacks was not {what}; the next load"
            yield Noticed(resource.name, sentence + " without a reject is taken at its word", "warning")


def _beside(variants: Sequence[str]) -> Iterator[str]:
    if variants:
        more = f" and {len(variants) - _SHOWN} more" if len(variants) > _SHOWN else ""
        widens = any(name.endswith("__v_double") for name in variants)
        mend = "; --widen-numbers keeps fractions in one column" if widens else ""
        shown = ", ".join(variants[:_SHOWN])
        yield f"{shown}{more}: beside the column of that name, for values that it cannot hold, as in dlt{mend}"
