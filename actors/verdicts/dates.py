"""Dates that pass: expiries in an output, held against the day the same output names as today.

Guarantee: no clock and no locale; without a day of its own an output says nothing about dates.
"""

import re
from collections.abc import Iterator
from datetime import date

from stillfixed.actors.verdicts.cells import Fact, Reading
from stillfixed.actors.verdicts.model import Health

_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_DATES = (
    re.compile(r"\b(?P<y>\d{4})-(?P<m>\d\d)-(?P<d>\d\d)(?=\b|T)"),
    re.compile(r"\b(?P<d>\d{1,2})\.(?P<m>\d{1,2})\.(?P<y>\d{4})\b"),
    re.compile(
        r"\b(?P<b>[A-Z][a-z]{2}) +(?P<d>\d{1,2})(?: [\d:]{5,8})?,? (?:[A-Z]{3,4} )?(?P<y>\d{4})\b"
    ),
    re.compile(r"\b(?P<d>\d{1,2})[ -](?P<b>[A-Z][a-z]{2})[a-z]*[ -](?P<y>\d{4})\b"),
)  # fmt: skip
_TODAY = re.compile(
    r"^(date|now|today|checked|generated|created|as of|current ?(date|time)|(system|local) ?time"
    r"|time|timestamp|report ?(date|time)|stand|datum)\b",
    re.I,
)
_EXPIRY = re.compile(
    r"not ?after|expir|valid[ _-]?(to|until|till|thru)|end ?date|gültig bis|ablauf|läuft ab"
    r"|valide jusqu|caduc|good until",
    re.I,
)
_ONLY_A_DATE = re.compile(r"^\W*(?:\w{3},? )?[\w .,:+-]{6,32}$")


def find_date(text: str) -> date | None:
    """The first date in a text, where it can be read only one way."""
    for pattern in _DATES:
        for found in pattern.finditer(text):
            parts = found.groupdict()
            month = parts.get("m") or parts.get("b", "").lower()
            number = _MONTHS.index(month) + 1 if month in _MONTHS else month
            try:
                return date(int(parts["y"]), int(number), int(parts["d"]))
            except ValueError:
                continue
    return None


def today_of(reading: Reading) -> date | None:
    """The day that the output gives as its own."""
    for cell in reading.cells:
        if _TODAY.match(cell.field) and (found := find_date(cell.value)):
            return found
    for _, line in reading.rest:
        plain = line.strip()
        dated = _TODAY.match(plain) or _ONLY_A_DATE.match(plain)
        if dated and not _EXPIRY.search(plain) and (found := find_date(plain)):
            return found
    return None


def date_facts(reading: Reading) -> Iterator[Fact]:
    """Every expiry that the output names, as passed or not."""
    today = today_of(reading)
    if today is None:
        return
    for cell in reading.cells:
        if _EXPIRY.search(cell.field) and (found := find_date(cell.value)):
            yield Fact(
                cell.item, cell.field.strip(), cell.value.strip(), _passed(found, today),
                "date passed", cell.line,
            )  # fmt: skip
    for number, line in reading.rest:
        label = _EXPIRY.search(line)
        if label and (found := find_date(line[label.end() :])):
            item = re.split(r"\s{2,}|\t|: ", line.strip(), maxsplit=1)[0]
            value = line[label.start() :].strip()
            yield Fact(item, "expiry", value, _passed(found, today), "date passed", number)


def _passed(day: date, today: date) -> Health:
    return "fault" if day < today else "healthy"
