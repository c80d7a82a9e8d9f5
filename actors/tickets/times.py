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
_ISO_CHARS = len("2026-03-05 14:02:11")
_TEXTS_KEPT = 50_000
_HOURS_KEPT = 100_000
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
        self._offsets: dict[int, timedelta] = {}
        # A log repeats the times of a ticket with each update.
        self._remembered = lru_cache(_TEXTS_KEPT)(self._read)

    def read(self, text: str) -> datetime:
        """The moment a text names. Raises ValueError where it names none, and `TicketImportError`
        where the declarations do not say how to read it."""
        if len(text) == _ISO_CHARS and text[4] == "-" and not self._formats:
            # Most times are written so. Four times as fast as to replace the zone afterwards.
            try:
                return self._placed(datetime.fromisoformat(f"{text}+00:00"))
            except ValueError:
                pass
        return self._remembered(text)

    def _read(self, text: str) -> datetime:
        moment = self._formatted(text)
        if moment is None:
            if text[4:5] != "-":
                return self._placed(self._numbers(text))
            moment = _iso(text)
        if moment.tzinfo is None:
            return self._placed(moment.replace(tzinfo=UTC))
        return _possible(moment).astimezone(UTC)

    def _placed(self, local: datetime) -> datetime:
        """The moment at which a clock of the zone shows `local`, which has UTC as its zone."""
        if self._zone is UTC:
            return _possible(local)
        if self._zone is None:
            raise TicketImportError(
                f"'{local:%Y-%m-%d %H:%M}' does not say its time zone. Say it with --timezone, as "
                "in --timezone Europe/London or UTC, or as timezone in the mapping."
            )
        offset = self._offsets.get(local.toordinal() * 24 + local.hour)
        return _possible(local) - (self._offset(local) if offset is None else offset)

    def _offset(self, local: datetime) -> timedelta:
        """Kept by the hour, unless the clock changes in it."""
        begin = local.replace(minute=0, second=0, microsecond=0, tzinfo=self._zone)
        end = begin.replace(minute=59, second=59)
        seen = {time.replace(fold=fold).utcoffset() for time in (begin, end) for fold in (0, 1)}
        exact = local.replace(tzinfo=self._zone)
        offset = exact.utcoffset()
        assert offset is not None
        if len(seen) == 1:
            if len(self._offsets) >= _HOURS_KEPT:
                self._offsets.clear()
            self._offsets[local.toordinal() * 24 + local.hour] = offset
        elif offset != exact.replace(fold=1).utcoffset():
            self.doubtful += 1
        return offset

    def _formatted(self, text: str) -> datetime | None:
        for form in self._formats:
            try:
                return datetime.strptime(text, form)
            except ValueError:
                continue
        return None

    def _numbers(self, text: str) -> datetime:
        """What a clock shows, with UTC as its zone."""
        found = _NUMBERS.fullmatch(text)
        if found is None:
            raise ValueError(f"{text!r} is no time that is known here")
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
            return datetime(
                int(year) + (2000 if len(year) == 2 else 0), int(month), int(day), hours,
                int(minute or 0), int(second_of_minute or 0), tzinfo=UTC,
            )  # fmt: skip
        except ValueError:
            raise ValueError(f"{text!r} is no {self._dates} date with a time") from None


def _possible(moment: datetime) -> datetime:
    if moment.year not in _YEARS:
        raise ValueError(f"'{moment:%Y-%m-%d}' is in no year that a ticket can have")
    return moment


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
