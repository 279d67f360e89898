"""RFC 8288: how a Link header is read, and the rule that follows it."""

from __future__ import annotations

import re
from typing import Final

import msgspec

from headrace.model.envelope import Facts
from headrace.model.plan import LinkHeader
from headrace.model.position import Done, Position
from headrace.walk.reference import link_to

_TARGET: Final = re.compile(r"[\s,]*<([^>]*)>\s*")
_PARAMETER: Final = re.compile(r';\s*([^\s=;,"<>]*)\s*(?:=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;,"]*)))?\s*')


class Link(msgspec.Struct, frozen=True):
    """One link: its target as written, and its parameters by lower-case name (the first of each, as the RFC says)."""

    target: str
    params: dict[str, str]

    @property
    def rels(self) -> tuple[str, ...]:
        """Its relation types, lower case."""
        return tuple(self.params.get("rel", "").lower().split())


def parse_links(header: str) -> list[Link]:
    """The links of a Link header. Commas in URLs and in quotes are no separators; what cannot be read is skipped."""
    links: list[Link] = []
    place = 0
    while (target := _TARGET.match(header, place)) is not None:
        place = target.end()
        params: dict[str, str] = {}
        while (found := _PARAMETER.match(header, place)) is not None and found.end() > place:
            place = found.end()
            value = re.sub(r"\\(.)", r"\1", found[2]) if found[2] is not None else found[3] or ""
            params.setdefault(found[1].lower(), value)
        links.append(Link(target[1], params))
        rest = header.find(",", place)
        place = rest if rest >= 0 else len(header)
    return links


def target_of(headers: dict[str, str], rel: str) -> str | None:
    """The first target with that relation, as written. A link with an `anchor` is about another page."""
    wanted = rel.lower()
    for link in parse_links(headers.get("link", "")):
        if wanted in link.rels and "anchor" not in link.params:
            return link.target
    return None


def after_link_header(rule: LinkHeader, facts: Facts) -> Position:
    """The link is followed as given, a relative one from the page's own URL; without one the walk is at its end.

    Raises:
        WalkStuck: The target is no http(s) URL.
    """
    target = target_of(facts.headers, rule.rel)
    if target is None:
        return Done(f"there is no link with rel={rule.rel}", proven=True)
    return link_to(target, facts)
