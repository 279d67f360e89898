"""What the headers of a response say of its rate limits, in all the forms in use; pure, and never an error.

The forms are told apart by the shape of the fields, not by the vendor's name
(draft-ietf-httpapi-ratelimit-headers up to 06, 07, and the structured fields of today; X-RateLimit-*).
A malformed field is ignored whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

import msgspec

from headrace.transport.waits import read_wait, response_time


class Policy(msgspec.Struct, frozen=True):
    """One limit: at most `limit` units in `window_s` seconds, `remaining` of them left, `reset_s` from now to relief.

    None: not stated. A policy with no `remaining` is advice that a response repeats.
    """

    name: str = ""
    limit: int | None = None
    remaining: int | None = None
    reset_s: float | None = None
    window_s: float | None = None


class Reading(msgspec.Struct, frozen=True):
    """All policies of a response. `concurrency` limits requests in flight. `form` and `raw` are for the report."""

    policies: tuple[Policy, ...]
    form: str
    raw: str
    concurrency: int | None = None
    notes: tuple[str, ...] = ()


class _Quota(msgspec.Struct, frozen=True):
    name: str
    limit: int
    window_s: float | None
    unit: str = "requests"


_PREFIXES = ("ratelimit", "x-ratelimit", "x-rate-limit")
_LARGEST = 10**15  # RFC 9651 §3.3.1
_LONGEST_S = 366 * 86_400.0

_ITEM = r'"(?:[^"\\]|\\.)*"|:[A-Za-z0-9+/=]*:|[^\s,;="]+'
_MEMBER = re.compile(rf"\s*({_ITEM})(?:\s*=\s*({_ITEM}))?((?:\s*;\s*[A-Za-z*][\w.*-]*(?:\s*=\s*(?:{_ITEM}))?)*)\s*")
_PARAMETER = re.compile(rf";\s*([A-Za-z*][\w.*-]*)(?:\s*=\s*({_ITEM}))?")


def read(headers: Mapping[str, str], *, now: float) -> Reading | None:
    """What a response says, or None where that cannot be read. Header names are lower case; `now` is epoch time."""
    structured = headers.get("ratelimit")
    advised = headers.get("ratelimit-policy")
    if structured is not None:
        reading = _structured(structured, advised or "")
        if reading is not None:
            return reading
    for prefix in _PREFIXES:
        remaining = headers.get(f"{prefix}-remaining")
        limit = headers.get(f"{prefix}-limit")
        if remaining is not None or limit is not None:
            reading = _triple(prefix, headers, now)
            if reading is not None:
                return reading
    return _advice(advised) if advised is not None else None


def _structured(text: str, advised: str) -> Reading | None:
    """`"name";r=50;t=30`, or the dictionary `limit=100, remaining=50, reset=30` of draft 07."""
    members = _members(text)
    if not members:
        return None
    quotas = _quotas(advised)
    raw = f"RateLimit: {text}"
    if all(value is not None for _name, value, _parameters in members):
        stated = {name.lower(): value or "" for name, value, _parameters in members}
        remaining, notes = _units(stated.get("remaining"))
        if remaining is None:
            return None
        limit = _first(stated.get("limit", ""))
        quota = _matching(quotas, limit)
        policy = Policy("", limit, remaining, *_seconds(stated.get("reset"), notes), quota.window_s if quota else None)
        return Reading((policy, *_others(quotas, quota)), "draft 07", raw, notes=tuple(notes))
    return _current(members, quotas, raw)


def _current(
    members: tuple[tuple[str, str | None, dict[str, str]], ...], quotas: tuple[_Quota, ...], raw: str
) -> Reading | None:
    policies: list[Policy] = []
    notes: list[str] = []
    by_name = {quota.name: quota for quota in quotas}
    seen: set[str] = set()
    for item, _value, parameters in members:
        remaining, clamped = _units(parameters.get("r"))
        if remaining is None:
            return None
        name = _name(item, parameters)
        quota = by_name.get(name) or by_name.get(_bare(item))
        seen |= {name, _bare(item)}
        if quota is not None and quota.unit != "requests":
            continue
        notes += clamped
        reset = _seconds(parameters.get("t"), notes)
        limit, window_s = (quota.limit, quota.window_s) if quota else (None, None)
        policies.append(Policy(name, limit, remaining, *reset, window_s))
    policies += _others(tuple(quota for quota in quotas if quota.name not in seen), None)
    concurrency = _concurrency(quotas)
    if not policies and concurrency is None:
        return None
    return Reading(tuple(policies), "structured", raw, concurrency, tuple(notes))


def _triple(prefix: str, headers: Mapping[str, str], now: float) -> Reading | None:
    limit_text, remaining_text = headers.get(f"{prefix}-limit", ""), headers.get(f"{prefix}-remaining", "")
    remaining, notes = _units(remaining_text)
    limit = _first(limit_text)
    if remaining is None:
        return None
    quotas = _quotas(limit_text.partition(",")[2]) or _quotas(headers.get("ratelimit-policy", ""))
    quota = _matching(quotas, limit)
    reset_s: float | None = None
    for suffix, milliseconds in (("reset", False), ("reset-after", False), ("reset-ms", True)):
        raw = headers.get(f"{prefix}-{suffix}")
        if raw is not None:
            at = now if raw.strip().isdecimal() and len(raw.strip()) < 10 else response_time(headers, now)  # noqa: PLR2004 - below 1e9
            wait = read_wait(raw, now=at, milliseconds=milliseconds)
            if wait is None or wait.absurd:
                notes.append(f"{prefix}-{suffix}: {raw} is no usable time and was ignored")
            else:
                reset_s = wait.seconds
                break
    policy = Policy("", limit, remaining, reset_s, quota.window_s if quota else None)
    raw = f"{prefix}-limit: {limit_text}; remaining: {remaining_text}; reset: {headers.get(prefix + '-reset', '')}"
    return Reading((policy, *_others(quotas, quota)), f"{prefix}-*", raw, _concurrency(quotas), tuple(notes))


def _advice(advised: str) -> Reading | None:
    quotas = _quotas(advised)
    policies = tuple(_others(quotas, None))
    concurrency = _concurrency(quotas)
    if not policies and concurrency is None:
        return None
    return Reading(policies, "policy", f"RateLimit-Policy: {advised}", concurrency)


@lru_cache(maxsize=256)
def _quotas(text: str) -> tuple[_Quota, ...]:
    """The quotas of `100;w=60, 1000;window=3600` (drafts up to 07) or `"name";q=100;w=60` (now); () if malformed."""
    found: list[_Quota] = []
    for item, value, parameters in _members(text) or ():
        limit = _whole(parameters.get("q", item))
        window = _whole_or_fraction(parameters.get("w") or parameters.get("window"))
        if value is not None or limit is None or limit < 1:
            return ()
        name = _name(item, parameters) if "q" in parameters else ""
        found.append(_Quota(name, limit, window or None, _bare(parameters.get("qu", "requests"))))
    return tuple(found)


def _matching(quotas: tuple[_Quota, ...], limit: int | None) -> _Quota | None:
    """The quota that the limit field speaks of: the one of that size, else the only one."""
    usable = [quota for quota in quotas if quota.unit == "requests"]
    exact = [quota for quota in usable if quota.limit == limit]
    return exact[0] if exact else usable[0] if len(usable) == 1 else None


def _others(quotas: tuple[_Quota, ...], taken: _Quota | None) -> Iterator[Policy]:
    """The quotas that nothing says the rest of, as policies of their own."""
    for index, quota in enumerate(quotas):
        if quota is not taken and quota.unit == "requests" and quota.window_s is not None:
            yield Policy(quota.name or f"policy {index + 1}", quota.limit, None, None, quota.window_s)


def _concurrency(quotas: tuple[_Quota, ...]) -> int | None:
    return min((quota.limit for quota in quotas if quota.unit == "concurrent-requests"), default=None)


def _members(text: str) -> tuple[tuple[str, str | None, dict[str, str]], ...] | None:
    """The members of a structured list or dictionary (RFC 9651 §3): item or key, value, parameters. None: malformed."""
    members: list[tuple[str, str | None, dict[str, str]]] = []
    position = 0
    while position < len(text):
        match = _MEMBER.match(text, position)
        if match is None:
            return None
        parameters = {name.lower(): value for name, value in _PARAMETER.findall(match[3])}
        members.append((match[1], match[2], parameters))
        position = match.end()
        if position < len(text):
            if text[position] != ",":
                return None
            position += 1
    return tuple(members)


def _name(item: str, parameters: Mapping[str, str]) -> str:
    """A policy's name; one partition of it is a limit of its own."""
    partition = parameters.get("pk")
    return f"{_bare(item)} {partition}" if partition else _bare(item)


def _bare(item: str) -> str:
    return re.sub(r"\\(.)", r"\1", item[1:-1]) if item.startswith('"') else item


def _whole(text: str | None) -> int | None:
    if text is None or not re.fullmatch(r"-?[0-9]{1,15}", text.strip()):
        return None
    return int(text)


def _whole_or_fraction(text: str | None) -> float | None:
    if text is None or not re.fullmatch(r"[0-9]{1,12}(?:\.[0-9]{1,9})?", text.strip()):
        return None
    return float(text)


def _first(text: str) -> int | None:
    """The digits before the first comma: `1000, 1000;window=60`."""
    number = _whole(text.partition(",")[0].partition(";")[0])
    return number if number is not None and number > 0 else None


def _units(text: str | None) -> tuple[int | None, list[str]]:
    number = _whole(text.partition(",")[0] if text else None)
    if number is None and text and (fraction := _whole_or_fraction(text)) is not None:
        number = int(fraction)
    if number is not None and number < 0:
        return 0, [f"a remaining of {number} was read as 0"]
    return number, []


def _seconds(text: str | None, notes: list[str]) -> tuple[float | None]:
    """The reset of a structured field, always seconds from now."""
    seconds = _whole_or_fraction(text)
    if seconds is not None and seconds > _LONGEST_S:
        notes.append(f"a reset of {text} seconds was ignored")
        return (None,)
    return (seconds,)
