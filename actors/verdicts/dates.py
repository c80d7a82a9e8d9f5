"""Dates that pass: expiries in an output, held against the day the same output names as today.

Guarantee: no clock and no locale; without a day of its own an output says nothing about dates.
"""

import re
from collections.abc import Iterator
from datetime import date

from stillfixed.actors.verdicts.cells import Fact, Reading
from stillfixed.actors.verdicts.model import Health

_MONTHS = {
    start: number
    for number, starts in enumerate(
        ("jan ene gen", "feb fév fev", "mar mär mrt maa", "apr avr abr", "may mai mag mei maj",
         "jun juin giu", "jul juil lug", "aug aoû ago", "sep set", "oct okt ott out", "nov",
         "dec dez déc dic"), 1)
    for start in starts.split()
}  # fmt: skip
"""How the names of the months begin, in the languages of Windows and Linux."""
_DATES = (
    re.compile(r"\b(?P<y>\d{4})-(?P<m>\d\d)-(?P<d>\d\d)(?=\b|T)"),
    re.compile(r"\b(?P<d>\d{1,2})\.(?P<m>\d{1,2})\.(?P<y>\d{4})\b"),
    re.compile(
        r"\b(?P<b>[A-Z][a-z]{2,8})\.? +(?P<d>\d{1,2})(?: [\d:]{5,8})?,? (?:[A-Z]{3,4} )?"
        r"(?P<y>\d{4})\b"
    ),
    re.compile(
        r"\b(?P<d>\d{1,2})\.?[ -](?:de )?(?P<b>[^\W\d_]{3,10})\.?[ -](?:de )?(?P<y>\d{4})\b"
    ),
)  # fmt: skip
_SLASHED = (
    re.compile(r"\b(?P<m>\d{1,2})/(?P<d>\d{1,2})/(?P<y>\d{4})\b"),
    re.compile(r"\b(?P<d>\d{1,2})/(?P<m>\d{1,2})/(?P<y>\d{4})\b"),
)
"""Month first as in the United States, or day first: what both readings say is said."""
_TODAY = re.compile(
    r"^(date|now|today|checked|generated|created|as of|current ?(date|time)|(system|local) ?time"
    r"|time|timestamp|report ?(date|time)|stand|datum)\b",
    re.I,
)
_EXPIRY = re.compile(
    r"not ?after|expir\w*|valid[ _-]?(to|until|till|thru)|end ?date|gültig bis|ablauf|läuft ab"
    r"|valide jusqu|caduc|good until",
    re.I,
)
_NEVER = re.compile(r"^\W*(never|nie|jamais|nunca|nooit|mai)\b", re.I)
_HEADERS = frozenset(("cache-control", "content-type", "set-cookie"))
"""Of web pages: what expires there is only a copy."""
_ONLY_A_DATE = re.compile(r"^\W*(?:\w{3},? |[^\W\d]{5,12}, )?[\w .,:/+-]{6,32}$")


def find_date(text: str, slashed: re.Pattern[str]) -> date | None:
    """The first date in a text, those with slashes read as the pattern says."""
    for pattern in (*_DATES, slashed):
        for found in pattern.finditer(text):
            parts = found.groupdict()
            named = (parts.get("b") or "").lower()
            number = parts.get("m") or _MONTHS.get(named[:4]) or _MONTHS.get(named[:3], 0)
            try:
                return date(int(parts["y"]), int(number), int(parts["d"]))
            except ValueError:
                continue
    return None


def _today_of(reading: Reading, slashed: re.Pattern[str]) -> date | None:
    """The day that the output gives as its own."""
    for cell in reading.cells:
        if _TODAY.match(cell.field) and (found := find_date(cell.value, slashed)):
            return found
    for _, line in reading.rest:
        plain = line.strip()
        dated = _TODAY.match(plain) or _ONLY_A_DATE.match(plain)
        if dated and not _EXPIRY.search(plain) and (found := find_date(plain, slashed)):
            return found
    return None


def date_facts(reading: Reading) -> Iterator[Fact]:
    """Every expiry that the output names, as passed or not."""
    days = {slashed: today for slashed in _SLASHED if (today := _today_of(reading, slashed))}
    if not days or _HEADERS & {cell.field.lower() for cell in reading.cells}:
        return
    for cell in reading.cells:
        if _EXPIRY.search(cell.field) and (said := _passed(cell.value, days)):
            yield Fact(
                cell.item, cell.field.strip(), cell.value.strip(), said, "date passed", cell.line
            )
    for number, line in reading.rest:
        label = _EXPIRY.search(line)
        if label and (said := _passed(line[label.end() :], days)):
            item = re.split(r"\s{2,}|\t|: ", line.strip(), maxsplit=1)[0]
            yield Fact(item, "expiry", line[label.start() :].strip(), said, "date passed", number)


def _passed(text: str, days: dict[re.Pattern[str], date]) -> Health | None:
    """Whether the date in the text has passed; None where there is none, or readings differ."""
    if _NEVER.search(text):
        return "healthy"
    said: set[Health] = set()
    for slashed, today in days.items():
        if day := find_date(text, slashed):
            said.add("fault" if day < today else "healthy")
    return said.pop() if len(said) == 1 else None
