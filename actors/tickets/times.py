"""Times as exports write them, read into aware UTC.

Guarantee: nothing is guessed. A text that leaves its zone open is read in the zone that was
declared, and refused where none was; a date of three numbers is read in the declared order, and
refused where none was, even if only one order fits it. Pure.
"""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from stillfixed.actors.errors import TicketImportError

Dates = Literal["iso", "day-first", "month-first"]

_NUMBERS = re.compile(
    r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4}|\d{2})"
    r"(?:[,T]? *(\d{1,2})[:.](\d\d)(?:[:.](\d\d)(?:\.\d+)?)?(?: *([AaPp])\.?[Mm]\.?)?)?"
)
_LOOSE_ZONE = re.compile(r" *(?:UTC|GMT|Z)$| +(?=[+-]\d\d:?\d\d$)")
_OFFSET = re.compile(r"(?:UTC)?([+-])(\d\d):?(\d\d)")
_CACHED = 50_000
_YEARS = range(1980, 2101)
"""A year outside is a slip or a placeholder, such as 1970-01-01 and 9999-12-31."""


class TimeReader:
    """Reads the times of one file. `doubtful` counts those of an hour that the clock of their zone
    repeats or leaves out when it changes: they are read by the offset from before the change."""

    def __init__(self, *, zone: str = "", dates: Dates = "iso", formats: tuple[str, ...] = ()):
        self._zone = parse_zone(zone) if zone else None
        self._dates = dates
        self._formats = formats
        self.doubtful = 0
        # Updates of one ticket repeat its times, and ISO is quicker read than remembered.
        self._written = lru_cache(_CACHED)(self._parsed)

    def read(self, text: str) -> datetime:
        """The moment a text names. Raises ValueError where it names none, and `TicketImportError`
        where the declarations do not say how to read it."""
        is_iso = text[4:5] == "-" and not self._formats
        moment = _iso(text) if is_iso else self._written(text)
        if moment.year not in _YEARS:
            raise ValueError(f"{text!r} is in no year that a ticket can have")
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
        if self._zone is UTC:
            return moment.replace(tzinfo=UTC)
        if self._zone is None:
            raise TicketImportError(
                f"{text!r} does not say its time zone. Say it with --timezone, as in "
                "--timezone Europe/London or UTC, or as timezone in the mapping."
            )
        local = moment.replace(tzinfo=self._zone)
        if local.utcoffset() != local.replace(fold=1).utcoffset():
            self.doubtful += 1
        return local.astimezone(UTC)

    def _parsed(self, text: str) -> datetime:
        for form in self._formats:
            try:
                return datetime.strptime(text, form)
            except ValueError:
                continue
        if text[4:5] == "-":
            return _iso(text)
        found = _NUMBERS.fullmatch(text)
        if found is None:
            raise ValueError(f"{text!r} is no time that is known here")
        return self._numbers(text, found)

    def _numbers(self, text: str, found: re.Match[str]) -> datetime:
        first, second, year, hour, minute, second_of_minute, half = found.groups()
        if self._dates == "iso":
            raise TicketImportError(_undeclared(text, int(first), int(second)))
        day, month = (first, second) if self._dates == "day-first" else (second, first)
        try:
            hours = int(hour or 0)
            if half:
                if not 1 <= hours <= 12:
                    raise ValueError
                hours = hours % 12 + (12 if half in "Pp" else 0)
            years = int(year) + (2000 if len(year) == 2 else 0)
            return datetime(
                years, int(month), int(day), hours, int(minute or 0), int(second_of_minute or 0)
            )
        except ValueError:
            raise ValueError(f"{text!r} is no {self._dates} date with a time") from None


def _iso(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        pass
    loose = _LOOSE_ZONE.sub(lambda found: "+00:00" if found[0].strip() else "", text)
    try:
        return datetime.fromisoformat(loose)
    except ValueError:
        raise ValueError(f"{text!r} is no time that is known here") from None


def _undeclared(text: str, first: int, second: int) -> str:
    if first > 12 >= second:
        hint = f"In {text!r} the day comes first."
    elif second > 12 >= first:
        hint = f"In {text!r} the month comes first."
    else:
        hint = f"{text!r} can be read both ways."
    return (
        f"Dates such as {text!r} have their day or their month first, and it must be said which. "
        f"{hint} Say it with --dates day-first or --dates month-first, or as dates in the mapping."
    )


def parse_zone(name: str) -> tzinfo:
    """A zone by its name (`Europe/London`, `UTC`) or its fixed offset (`+02:00`). Raises
    `TicketImportError`."""
    if name in ("UTC", "Z"):
        return UTC
    if found := _OFFSET.fullmatch(name):
        sign, hours, minutes = found.groups()
        span = timedelta(hours=int(hours), minutes=int(minutes))
        if span < timedelta(days=1):
            return timezone(span if sign == "+" else -span)
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise TicketImportError(
            f"There is no time zone {name!r}. Name one as in Europe/London, UTC or +02:00."
        ) from None
