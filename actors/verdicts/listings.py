"""Lists that speak by being empty or not: of faulty things, and of things that should be there.

Guarantee: an empty list says something only when the command really ran, and only for the commands
that a `[[listing]]` names.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Literal

from msgspec import Struct, convert

from stillfixed.actors.verdicts.cells import Fact, Reading
from stillfixed.actors.verdicts.knowledge import health
from stillfixed.actors.verdicts.model import Health
from stillfixed.actors.verdicts.phrases import only_sounds_bad
from stillfixed.actors.verdicts.same_network import spellings

LISTED = "listed"
FOUND = "wanted in a list"
"""The rule of a thing that a list should have: being there says nothing of what it is like."""
_ROWS_LIMIT = 200


class Listing(Struct, frozen=True, forbid_unknown_fields=True):
    """One `[[listing]]` entry; README.md of the knowledge says what the parts mean."""

    command: str
    rows: Literal["faults", "events", "wanted"]
    unless: str = ""
    asks: str = ""
    ends: str = ""
    skip: str = ""
    alone: bool = False


@lru_cache
def _entries() -> list[Listing]:
    return [convert(entry, Listing) for entry in health()["listing"]]


@lru_cache(maxsize=1024)
def listing_of(command: str) -> Listing | None:
    """What is known about the command's output as a list."""
    for entry in _entries():
        if re.search(entry.command, spellings(command), re.I) and not (
            entry.unless and re.search(entry.unless, spellings(command), re.I)
        ):
            return entry
    return None


def says_empty(listing: Listing, stderr: Sequence[str]) -> bool:
    """Whether the errors only say that the list of faults is empty: `No events were found`."""
    return bool(listing.skip) and bool(re.search(listing.skip, "\n".join(stderr), re.I | re.M))


def lacks_rows(listing: Listing, command: str, reading: Reading, text: str) -> bool:
    """Whether rows of the list are missing: headings of a PowerShell table without a row (it prints
    none for an empty list), or no line that `ends` the list."""
    whole = text.strip() in ("", "[]", "{}")
    if listing.ends and not whole and not re.search(listing.ends, text, re.I | re.M):
        return True
    powershell = re.search(r"\b(get|search|find|test)-[a-z]", command, re.I)
    return bool(powershell and reading.fields and not reading.cells)


def rest_of(listing: Listing, reading: Reading) -> Iterator[tuple[int, str]]:
    """The lines beside tables, without those that only say that a list of faults is empty."""
    for number, line in reading.rest:
        if not listing.skip or not re.search(listing.skip, line, re.I):
            yield number, line


class Row(Struct, frozen=True):
    item: str
    line: int | None
    text: str


def rows_of(listing: Listing, reading: Reading) -> list[Row]:
    """Every row of the output, table or not, without headings and totals."""
    rows: dict[tuple[str, int | None], Row] = {}
    for cell in reading.cells:
        known = rows.get((cell.item, cell.line))
        text = f"{known.text} {cell.value}" if known else cell.value
        if not listing.skip or not re.search(listing.skip, f"{cell.field}: {cell.value}", re.I):
            rows[cell.item, cell.line] = Row(cell.item, cell.line, text.strip())
    for number, line in reading.rest:
        if listing.rows == "events" and only_sounds_bad(line):
            continue
        if not listing.skip or not re.search(listing.skip, line, re.I):
            rows[line.strip(), number] = Row(line.strip(), number, line.strip())
    return [row for row in rows.values() if re.search(r"\w", row.text)][:_ROWS_LIMIT]


_EITHER = re.compile(r"(?<=:)\(([\d|]+)\)")  # :(80|443)


def listing_facts(
    listing: Listing, command: str, reading: Reading, stderr: Sequence[str], text: str
) -> Iterator[Fact]:
    if _COUNTS.search(command):
        yield from _count(listing, reading)
        return
    rows = [row for row in rows_of(listing, reading) if not _is_own_word(row.text, command)]
    if listing.rows == "events" and rows:
        yield Fact("", LISTED, rows[0].text[:120], "fault", "list of faults", rows[0].line)
        return
    if listing.rows != "wanted":
        for row in rows:
            yield Fact(row.item, LISTED, row.text[:120], "fault", "list of faults", row.line)
        if not rows and not stderr and not lacks_rows(listing, command, reading, text):
            yield Fact("", LISTED, "nothing", "healthy", "list of faults")
        return
    plain = _EITHER.sub(lambda found: found[1].replace("|", " :"), command)
    asked = list(dict.fromkeys(re.findall(listing.asks, plain))) if listing.asks else []
    for thing in asked:
        pattern = re.compile(rf"{re.escape(thing)}(?!\d)")
        found = next((row for row in rows if pattern.search(row.text)), None)
        if found:
            yield Fact(thing, LISTED, found.text[:120], "healthy", FOUND, found.line)
        else:
            said: Health = "unclear" if listing.alone and rows else "fault"
            yield Fact(thing, LISTED, "not there", said, FOUND)
    if not asked:
        if rows:
            yield Fact("", LISTED, rows[0].text[:120], "healthy", FOUND, rows[0].line)
        elif not stderr:
            yield Fact("", LISTED, "nothing", "fault", FOUND)


def _is_own_word(text: str, command: str) -> bool:
    """Whether a line is what the command prints itself, to show that it came to its end."""
    own = re.escape(text.strip("'\""))
    said = (
        rf"(?:^|[;&|{{]\s*)(?:(?:write-(?:host|output)|echo)\s+)?['\"]{own}['\"]|\becho\s+{own}\s*$"
    )
    return len(text) <= 60 and bool(re.search(said, command, re.I))


_FOUND_IN = re.compile(r"^-{5,} .*:(?= \d+$)")
"""What `find /c` prints before the number of a file."""
_COUNTS = re.compile(
    r"\.count\b\W*$|\bmeasure(-object)?\b(?!.*-(sum|average|max|min))|\bfind(str)?\s+/c|\bwc -l"
    r"|\bgrep\s+(-\w+\s+)*(-\w*c\w*|--count)\b",
    re.I,
)


def _count(listing: Listing, reading: Reading) -> Iterator[Fact]:
    """The number of rows where the command only counts them: as good or bad as the rows."""
    found = [(cell.value, cell.line) for cell in reading.cells if cell.field.lower() == "count"]
    found += [(line, number) for number, line in reading.rest]
    counted = ((_FOUND_IN.sub("", text).strip(), line) for text, line in found)
    numbers = [(text, line) for text, line in counted if text.isdecimal()]
    if len(numbers) == 1:
        value, line = numbers[0]
        bad = (int(value) > 0) == (listing.rows != "wanted")
        yield Fact("", "count", value, "fault" if bad else "healthy", "count of a list", line)
