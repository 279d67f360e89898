"""Which texts are moments in time, and which moments: dlt 1.31's rules, which are those of its ISO 8601 parser.

A text is taken for a timestamp only if it is a date with a time (`2024-01-01T10`, `20240101T100000Z`,
`2024/01/01 1:5`). A timestamp column then also takes bare dates and numbers of seconds. No offset means UTC.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import TypeAlias

Moment: TypeAlias = datetime | date | time

_LONGEST = 64  # characters; a longer text has no chance but costs the patterns time

_OFFSET = r"(?P<offset>Z|(?P<sign>[+-])(?P<oh>[0-9]{2}):?(?P<om>[0-9]{2})?)?"
_FRACTION = r"(?:[.,](?P<f>[0-9]+))?"
_EXTENDED_CLOCK = rf"(?P<h>[0-9]{{2}})(?::(?P<m>[0-9]{{2}})(?::(?P<s>[0-9]{{2}}){_FRACTION})?)?{_OFFSET}"
_BASIC_CLOCK = rf"(?P<h>[0-9]{{2}})(?::(?P<cm>[0-9]{{2}})|(?P<m>[0-9]{{2}})(?:(?P<s>[0-9]{{2}}){_FRACTION})?)?{_OFFSET}"
_EXTENDED = re.compile(
    r"(?P<y>[0-9]{4})-(?:W(?P<week>[0-9]{2})(?:-(?P<weekday>[0-9]))?"
    rf"|(?P<mo>[0-9]{{2}})(?:-(?P<d>[0-9]{{2}})|(?P<ordinal>[0-9]))?)(?P<clock>[T ]{_EXTENDED_CLOCK})?"
)
_BASIC = re.compile(
    r"(?P<y>[0-9]{4})(?:W(?P<week>[0-9]{2})(?P<weekday>[0-9])?"
    rf"|(?P<mo>[0-9]{{2}})(?:(?P<d>[0-9]{{2}})|(?P<ordinal>[0-9])))(?P<clock>[T ]{_BASIC_CLOCK})?"
)
_EXTENDED_TIME = re.compile(rf"(?=[0-9]{{2}}:){_EXTENDED_CLOCK}")
_BASIC_TIME = re.compile(rf"T{_BASIC_CLOCK}")
_LOOSE = re.compile(
    r"(?P<date>(?P<y>\d{4})(?:[/:]?(?P<mo>\d{2})[/:]?(?P<d>\d{2}))?)?"
    r"(?P<clock> ?(?P<h>\d{1,2}):(?P<m>\d{1,2})?(?::(?P<s>\d{1,2}))?(?:[.|,](?P<f>\d{1,9}))?)?"
)


def is_timestamp(text: str) -> bool:
    """Whether a new column whose first value is this text becomes a timestamp column."""
    found = moment(text)
    return isinstance(found, datetime)


def moment(text: str) -> Moment | None:
    """The date-time (in UTC), date or time (of day, in UTC) that the text states, None if it states none."""
    if not text or len(text) > _LONGEST:
        return None
    try:
        found = _iso(text)
    except (ValueError, OverflowError):
        found = None
    if found is None:
        try:
            found = _loose(text)
        except (ValueError, TypeError):
            return None
    return _in_utc(found) if found is not None else None


def timestamp(text: str) -> datetime:
    """The value of a text in a timestamp column: a moment, a date, or a number of seconds. Raises ValueError."""
    found = moment(text)
    if isinstance(found, datetime):
        return found
    if isinstance(found, time):
        raise ValueError(text)  # noqa: TRY004 - one kind of failure for the caller
    return seconds(float(text)) if found is None else datetime(found.year, found.month, found.day, tzinfo=UTC)


def seconds(since_epoch: float) -> datetime:
    """The moment so many seconds after 1970. Raises ValueError outside of the years 1 to 9999."""
    try:
        return datetime.fromtimestamp(since_epoch, UTC)
    except (OverflowError, OSError) as error:
        raise ValueError(since_epoch) from error


def day(text: str) -> date:
    """The value of a text in a date column. Raises ValueError."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return timestamp(text).date()


def clock(text: str) -> time:
    """The value of a text in a time column. Raises ValueError."""
    found = moment(text)
    if not isinstance(found, time):
        raise ValueError(text)  # noqa: TRY004 - one kind of failure for the caller
    return found


def _iso(text: str) -> Moment | None:
    for pattern in (_EXTENDED, _BASIC):
        if match := pattern.fullmatch(text):
            parts = match.groupdict()
            found = _date(parts)
            return datetime.combine(found, _clock(parts)) if parts["clock"] else found
    match = _EXTENDED_TIME.fullmatch(text) or _BASIC_TIME.fullmatch(text)
    return _clock(match.groupdict()) if match else None


def _loose(text: str) -> Moment | None:
    match = _LOOSE.fullmatch(text)
    if match is None:
        return None
    parts = match.groupdict()
    found = date(int(parts["y"]), int(parts["mo"] or 1), int(parts["d"] or 1)) if parts["date"] else None
    if not parts["clock"]:
        return found
    micros = int(f"{(parts['f'] or '0')[:6]:0<6}")
    at = time(int(parts["h"]), int(parts["m"]), int(parts["s"] or 0), micros)
    return datetime.combine(found, at) if found else at


def _date(parts: dict[str, str | None]) -> date:
    year = int(parts["y"] or 0)
    if parts["week"]:
        return _week_date(year, int(parts["week"]), int(parts["weekday"] or 1))
    month = int(parts["mo"] or 0)
    if parts["ordinal"]:
        return _ordinal_date(year, 10 * month + int(parts["ordinal"]))
    return date(year, month, int(parts["d"] or 1))


def _week_date(year: int, week: int, weekday: int) -> date:
    """As the parser has it: week 00 and day 0 reach back into the days before."""
    last = date(year, 12, 28).isocalendar().week
    if week > last or weekday > 7:  # noqa: PLR2004 - days of a week
        raise ValueError(week)
    monday = date.fromisocalendar(year, 1, 1)
    return monday + timedelta(days=7 * (week - 1) + weekday - 1)


def _ordinal_date(year: int, ordinal: int) -> date:
    found = date(year, 1, 1) + timedelta(days=ordinal - 1)
    if found.year != year:
        raise ValueError(ordinal)
    return found


def _clock(parts: dict[str, str | None]) -> time:
    minute = parts["m"] or parts.get("cm") or 0
    micros = int(f"{(parts['f'] or '0')[:6]:0<6}")
    return time(int(parts["h"] or 0), int(minute), int(parts["s"] or 0), micros, _offset(parts))


def _offset(parts: dict[str, str | None]) -> timezone | None:
    if not parts["offset"]:
        return None
    if parts["offset"] == "Z":
        return UTC
    ahead = timedelta(hours=int(parts["oh"] or 0), minutes=int(parts["om"] or 0))
    return timezone(-ahead if parts["sign"] == "-" else ahead)


def _in_utc(found: Moment) -> Moment | None:
    """The moment without its offset. One that leaves the years 1 to 9999 on the way is none."""
    if isinstance(found, datetime):
        if found.tzinfo is None:
            return found.replace(tzinfo=UTC)
        try:
            return found.astimezone(UTC)
        except OverflowError:
            return None
    if isinstance(found, time) and found.tzinfo is not None:
        return datetime.combine(date(1970, 1, 2), found).astimezone(UTC).time()
    return found
