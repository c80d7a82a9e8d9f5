"""One row of an export, read into ticket facts by a mapping. Pure.

Guarantee: a row is read whole, or refused with a reason that a person can act on; no field of a row
that is read was misunderstood as far as the mapping can tell.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from operator import attrgetter
from typing import NamedTuple

import msgspec

from stillfixed.actors.errors import TicketImportError
from stillfixed.actors.tickets.events import TicketEvent
from stillfixed.actors.tickets.mapping import Columns, Mapping, heading_key
from stillfixed.actors.tickets.times import TimeReader

TEXT_LIMIT_CHARS = 500
"""Longer texts are cut: a title that long is a description."""
TICKET_LIMIT_CHARS = 100

DESCRIBED = ("client", "team", "technician", "category", "title", "contact", "endpoint")
"""The fields that say how a ticket stood: every event has them."""
_TEXTS = (*DESCRIBED, "status", "opened_by", "resolved_by", "closed_by", "updated_by")
_TIMES = ("opened", "resolved", "closed", "reopened", "updated")
_COUNTS = ("reopens", "sequence")

Description = tuple[str, str, str, str, str, str, str]


class Facts(msgspec.Struct, kw_only=True):
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


class _Field(NamedTuple):
    name: str
    columns: tuple[int, ...]


class FactReader:
    """Reads the rows of one file, whose heading is given. Raises `TicketImportError` where the
    heading lacks what every row needs.

    `unknown_columns` are those that the mapping says nothing of; `open_statuses` counts the rows
    of each status that was taken for open.
    """

    def __init__(self, mapping: Mapping, heading: Sequence[str], times: TimeReader) -> None:
        self.mapping = mapping
        self.open_statuses: dict[str, int] = {}
        self._times = times
        self._unknown = frozenset(mapping.unknown) | {""}
        self._width = len(heading)
        self._resolved = frozenset(heading_key(status) for status in mapping.resolved)
        self._closed = frozenset(heading_key(status) for status in mapping.closed)
        places: dict[str, list[int]] = {}
        for number, name in enumerate(heading):
            places.setdefault(heading_key(name), []).append(number)
        self._fields = {
            field: tuple(
                place
                for name in getattr(mapping.columns, field)
                for place in places.get(heading_key(name), ())
            )
            for field in Columns.model_fields
        }
        self._check(heading)
        self._texts, self._moments, self._counts = (
            [_Field(name, self._fields[name]) for name in names if self._fields[name]]
            for names in (_TEXTS, _TIMES, _COUNTS)
        )
        known = {heading_key(name) for name in mapping.unused}
        known |= {heading_key(n) for f in Columns.model_fields for n in getattr(mapping.columns, f)}
        self.unknown_columns = [name for name in heading if name and heading_key(name) not in known]

    def _check(self, heading: Sequence[str]) -> None:
        missing = {
            field: names
            for field, names in self.mapping.needed().items()
            if not self._fields[field]
        }
        if missing:
            wanted = "; ".join(f"{field}: {' or '.join(names)}" for field, names in missing.items())
            raise TicketImportError(
                f"The file lacks columns that mapping {self.mapping.name} needs ({wanted}). It has "
                f"{', '.join(heading[:60])}. Take another mapping, or write one with base = "
                f"{self.mapping.name!r} that names your columns."
            )

    def read(self, row: Sequence[str], line: int) -> Facts:
        """Raises `BadRow`, and `TicketImportError` where no row of its kind can be read."""
        if len(row) != self._width:
            row = self._fitted(row)
        ticket = self._text(row, self._fields["ticket"])
        if not ticket:
            raise BadRow("it has no ticket number")
        if len(ticket) > TICKET_LIMIT_CHARS or not ticket.isprintable():
            raise BadRow(f"{ticket[:40]!r} is no ticket number")
        facts = Facts(line=line, ticket=ticket)
        for name, columns in self._texts:
            if text := self._text(row, columns):
                setattr(facts, name, text if len(text) <= TEXT_LIMIT_CHARS else _cut(text))
        for name, columns in self._moments:
            if text := self._text(row, columns):
                setattr(facts, name, self._moment(name, text))
        for name, columns in self._counts:
            if text := self._text(row, columns):
                setattr(facts, name, _count(name, text))
        if columns := self._fields["callback_of"]:
            facts.callback_of = self._text(row, columns)
        if facts.status and self.is_open(facts.status):
            seen = self.open_statuses
            seen[facts.status] = seen.get(facts.status, 0) + 1
        return self._whole(facts)

    def is_open(self, status: str) -> bool:
        return self.standing(status) == "open"

    def standing(self, status: str) -> str:
        """`resolved`, `closed`, or `open`, which is any other status and none."""
        key = heading_key(status)
        if key in self._closed:
            return "closed"
        return "resolved" if key in self._resolved else "open"

    def _text(self, row: Sequence[str], columns: tuple[int, ...]) -> str:
        for place in columns:
            text = row[place].strip()
            if text not in self._unknown:
                return text
        return ""

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

    def _whole(self, facts: Facts) -> Facts:
        """What every row must say, and must not."""
        if self.mapping.rows == "updates":
            if facts.updated is None:
                raise BadRow("it does not say when the update was")
            if not facts.status:
                raise BadRow("it has no status")
            return facts
        opened = facts.opened
        if opened is None:
            raise BadRow("it does not say when the ticket was opened")
        for name in ("resolved", "closed", "reopened"):
            moment: datetime | None = getattr(facts, name)
            if moment is None or moment >= opened:
                continue
            # Exports cut seconds from some of their times only: what is in one minute was at once.
            if moment < opened - timedelta(minutes=1):
                raise BadRow(f"it was {name} ({moment:%Y-%m-%d %H:%M} UTC) before it was opened")
            setattr(facts, name, opened)
        return facts


def _cut(text: str) -> str:
    return text[: TEXT_LIMIT_CHARS - 1] + "…"


def _count(name: str, text: str) -> int:
    try:
        count = float(text.replace(",", ""))
        if count < 0 or count != int(count):
            raise ValueError
        return int(count)
    except (ValueError, OverflowError):
        raise BadRow(f"{name}: {text[:40]!r} is no count") from None
