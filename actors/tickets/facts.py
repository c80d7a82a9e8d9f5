"""One row of an export, read into ticket facts by a mapping. Pure.

Guarantee: a row is read whole, or refused with a reason that a person can act on; no field of a row
that is read was misunderstood as far as the mapping can tell.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any

import msgspec

from stillfixed.actors.errors import TicketImportError
from stillfixed.actors.tickets.events import TicketEvent
from stillfixed.actors.tickets.mapping import Columns, Mapping, heading_key
from stillfixed.actors.tickets.times import TimeReader

TEXT_LIMIT_CHARS = 500
"""Longer texts are cut: a title that long is a description."""
TICKET_LIMIT_CHARS = 100
STATUSES_LIMIT = 1_000
COUNT_LIMIT = 10**15

DESCRIBED = ("client", "team", "technician", "category", "title", "contact", "endpoint")
"""The fields that say how a ticket stood: every event has them."""
_TIMES = ("opened", "resolved", "closed", "reopened", "updated")
_COUNTS = ("reopens", "sequence")

Description = tuple[str, str, str, str, str, str, str]


class Facts(msgspec.Struct, kw_only=True, gc=False):
    """What one row says; empty or None where it does not. Times are aware UTC."""

    line: int
    ticket: str
    client: str = ""
    team: str = ""
    technician: str = ""
    category: str = ""
    title: str = ""
    contact: str = ""
    endpoint: str = ""
    status: str = ""
    opened: datetime | None = None
    opened_by: str = ""
    resolved: datetime | None = None
    resolved_by: str = ""
    closed: datetime | None = None
    closed_by: str = ""
    reopened: datetime | None = None
    reopens: int | None = None
    updated: datetime | None = None
    updated_by: str = ""
    sequence: int | None = None
    callback_of: str = ""


description_of: Callable[[Facts | TicketEvent], Description] = attrgetter(*DESCRIBED)


class BadRow(Exception):
    """A row that cannot be imported; the message says why."""


class FactReader:
    """Reads the rows of one file, whose heading is given. Raises `TicketImportError` where the
    heading lacks what every row needs.

    `unknown_columns` are those that the mapping says nothing of; `open_statuses` counts the rows
    of each status that was taken for open; `undated_ends` those of tickets that are resolved or
    closed while no time says since when, so that no closure can be told.
    """

    def __init__(self, mapping: Mapping, heading: Sequence[str], times: TimeReader) -> None:
        self.mapping = mapping
        self.open_statuses: dict[str, int] = {}
        self.undated_ends = 0
        self._times = times
        self._unknown = frozenset(mapping.unknown) | {""}
        self._width = len(heading)
        self._resolved = frozenset(heading_key(status) for status in mapping.resolved)
        self._closed = frozenset(heading_key(status) for status in mapping.closed)
        places: dict[str, list[int]] = {}
        for number, name in enumerate(heading):
            places.setdefault(heading_key(name), []).append(number)
        self._standings: dict[str, str] = {}
        fields = {
            field: tuple(
                place
                for name in getattr(mapping.columns, field)
                for place in places.get(heading_key(name), ())
            )
            for field in Columns.model_fields
        }
        self._fields = [(field, at[0], at[1:]) for field, at in fields.items() if at]
        self._times_here = [field for field in _TIMES if fields[field]]
        self._counts_here = [field for field in _COUNTS if fields[field]]
        self._check_heading(heading, [field for field in mapping.needed() if not fields[field]])
        known = {heading_key(name) for name in mapping.unused}
        known |= {heading_key(n) for f in Columns.model_fields for n in getattr(mapping.columns, f)}
        self.unknown_columns = [name for name in heading if name and heading_key(name) not in known]

    def _check_heading(self, heading: Sequence[str], missing: Sequence[str]) -> None:
        if not missing:
            return
        needed = self.mapping.needed()
        wanted = "; ".join(f"{field}: {' or '.join(needed[field])}" for field in missing)
        raise TicketImportError(
            f"The file lacks columns that mapping {self.mapping.name} needs ({wanted}). It has "
            f"{', '.join(heading[:60])}. Take another mapping, or write one with base = "
            f'"{self.mapping.name}" that names your columns.'
        )

    def read(self, row: Sequence[str], line: int) -> Facts:
        """Raises `BadRow`, and `TicketImportError` where no row of its kind can be read."""
        if len(row) != self._width:
            row = self._fitted(row)
        found: dict[str, Any] = {}
        unknown = self._unknown
        for field, place, others in self._fields:
            text = row[place].strip()
            if text in unknown:
                text = self._next(row, others)
                if not text:
                    continue
            found[field] = text if len(text) <= TEXT_LIMIT_CHARS else _cut(text)
        for field in self._times_here:
            if field in found:
                found[field] = self._moment(field, found[field])
        for field in self._counts_here:
            if field in found:
                found[field] = _count(field, found[field])
        ticket = found.get("ticket", "")
        if not ticket:
            raise BadRow("it has no ticket number")
        if len(ticket) > TICKET_LIMIT_CHARS or not ticket.isprintable():
            raise BadRow(f"{ticket[:40]!r} is no ticket number")
        facts = Facts(line=line, **found)
        self._check_row(facts)
        if facts.status and self.standing(facts.status) == "open":
            seen = self.open_statuses
            if facts.status in seen or len(seen) < STATUSES_LIMIT:
                seen[facts.status] = seen.get(facts.status, 0) + 1
        return facts

    def _next(self, row: Sequence[str], columns: tuple[int, ...]) -> str:
        """The first of these columns with a value."""
        for place in columns:
            if (text := row[place].strip()) not in self._unknown:
                return text
        return ""

    def standing(self, status: str) -> str:
        """`resolved`, `closed`, or `open`, which is any other status and none."""
        known = self._standings.get(status)
        if known is None:
            key = heading_key(status)
            known = "closed" if key in self._closed else "open"
            known = "resolved" if key in self._resolved else known
            if len(self._standings) < STATUSES_LIMIT:
                self._standings[status] = known
        return known

    def _moment(self, name: str, text: str) -> datetime:
        try:
            return self._times.read(text)
        except ValueError as error:
            raise BadRow(f"{name}: {error}") from None

    def _fitted(self, row: Sequence[str]) -> Sequence[str]:
        """Empty fields at the end are no difference."""
        if len(row) > self._width and not any(row[self._width :]):
            return row[: self._width]
        raise BadRow(f"it has {len(row)} fields, and the heading {self._width}")

    def _check_row(self, facts: Facts) -> None:
        """What every row must say, and must not."""
        if self.mapping.rows == "updates":
            if facts.updated is None:
                raise BadRow("it does not say when the update was")
            if not facts.status:
                raise BadRow("it has no status")
            return
        opened = facts.opened
        if opened is None:
            raise BadRow("it does not say when the ticket was opened")
        if facts.resolved is None and facts.closed is None and facts.status:
            self.undated_ends += self.standing(facts.status) != "open"
        for name in ("resolved", "closed", "reopened"):
            moment: datetime | None = getattr(facts, name)
            if moment is None or moment >= opened:
                continue
            # Exports cut seconds from some of their times only: what is in one minute was at once.
            if moment < opened - timedelta(minutes=1):
                raise BadRow(f"it was {name} ({moment:%Y-%m-%d %H:%M} UTC) before it was opened")
            setattr(facts, name, opened)


def _cut(text: str) -> str:
    return text[: TEXT_LIMIT_CHARS - 1] + "…"


def _count(name: str, text: str) -> int:
    try:
        count = float(text.replace(",", ""))
        if not 0 <= count <= COUNT_LIMIT or count != int(count):
            raise ValueError
        return int(count)
    except ValueError:
        raise BadRow(f"{name}: {text[:40]!r} is no count") from None
