"""The import: from a file, through a mapping, into the streams of its tickets.

Guarantee: every row is either in the log or among the rejects with its reason; importing a file
again writes nothing. It may be ended at any point and started again. Memory does not grow with the
length of the file.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TypeVar

from stillfixed.actors.errors import TicketImportError
from stillfixed.actors.log.contract import EventLog
from stillfixed.actors.tickets.events import AnyTicketEvent
from stillfixed.actors.tickets.facts import BadRow, FactReader, Facts
from stillfixed.actors.tickets.histories import added_by_ticket, added_by_updates
from stillfixed.actors.tickets.mapping import Mapping
from stillfixed.actors.tickets.times import Dates, TimeReader
from stillfixed.connectors.tickets.files import Export, open_export
from stillfixed.connectors.tickets.report import Rejects, Report
from stillfixed.connectors.tickets.sorting import UpdateSorter
from stillfixed.connectors.tickets.writing import TicketWriter

BATCH_ROWS = 2_000
BATCH_TICKETS = 1_000

Progress = Callable[[str, int, int], None]
"""Told what is being done, how much is done, and of how much."""
_T = TypeVar("_T")


async def import_tickets(
    log: EventLog,
    file: Path,
    mapping: Mapping,
    *,
    timezone: str = "",
    dates: Dates | None = None,
    encoding: str = "",
    rejects: Path | None = None,
    progress: Progress = lambda doing, done, total: None,
) -> Report:
    """Import `file` by `mapping`; `timezone` and `dates` stand before the mapping's own. Rows that
    cannot be read go to `rejects`, by default a CSV beside `file`. Raises `TicketImportError`,
    `LogError`s and OSError; what was written before stays, and another import goes on from there.
    """
    report = Report(file)
    times = TimeReader(
        zone=timezone or mapping.timezone,
        dates=dates or mapping.dates,
        formats=mapping.time_formats,
    )
    bad_rows = rejects or file.with_name(f"{file.stem}.rejects.csv")
    if bad_rows == file:
        raise TicketImportError(f"{file} is what is imported: name another file with --rejects.")
    with (
        open_export(file, mapping.columns.ticket, encoding=encoding) as export,
        Rejects(bad_rows, export.heading) as refused,
    ):
        reader = FactReader(mapping, export.heading, times)
        facts = _facts(file, export, reader, refused, report)
        if mapping.rows == "tickets":
            writer = TicketWriter(log, mapping.system, partial(_by_rows, reader), report)
            await _write_rows(writer, facts, export, progress)
        else:
            writer = TicketWriter(log, mapping.system, partial(_by_updates, reader), report)
            await _write_updates(writer, facts, export, progress)
        await writer.finish()
    report.rejected, report.rejects = refused.count, bad_rows if refused.count else None
    report.unknown_columns, report.open_statuses = reader.unknown_columns, reader.open_statuses
    report.undated_ends, report.doubtful_times = reader.undated_ends, times.doubtful
    return report


async def _write_rows(
    writer: TicketWriter, facts: Iterator[Facts], export: Export, progress: Progress
) -> None:
    for batch in _batches(facts, BATCH_ROWS):
        tickets: dict[str, list[Facts]] = {}
        for row in batch:
            tickets.setdefault(row.ticket, []).append(row)
        await writer.write(tickets)
        progress("Importing", export.done(), export.total)


async def _write_updates(
    writer: TicketWriter, facts: Iterator[Facts], export: Export, progress: Progress
) -> None:
    with UpdateSorter() as sorter:
        for rows in _batches(facts, BATCH_ROWS):
            sorter.add(rows)
            progress("Reading", export.done(), export.total)
        done, total = 0, sorter.ticket_count()
        for tickets in _batches(sorter.tickets(), BATCH_TICKETS):
            await writer.write({updates[0].ticket: updates for updates in tickets})
            done += len(tickets)
            progress("Importing", done, total)


def _by_rows(
    reader: FactReader, rows: Sequence[Facts], stored: Sequence[AnyTicketEvent]
) -> list[AnyTicketEvent]:
    mapping = reader.mapping
    standing = reader.standing if mapping.resolved or mapping.closed else None
    news: list[AnyTicketEvent] = []
    for row in rows:  # nearly always one
        known = [*stored, *news]
        news += added_by_ticket(row, known, system=mapping.system, standing=standing)
    return news


def _by_updates(
    reader: FactReader, rows: Sequence[Facts], stored: Sequence[AnyTicketEvent]
) -> list[AnyTicketEvent]:
    system = reader.mapping.system
    return added_by_updates(rows, stored, system=system, standing=reader.standing)


def _facts(
    file: Path, export: Export, reader: FactReader, rejects: Rejects, report: Report
) -> Iterator[Facts]:
    """The rows that can be read; the others go to `rejects`."""
    for line, values, fault in export.rows:
        report.rows += 1
        if fault:
            rejects.add(line, fault, values)
            continue
        try:
            yield reader.read(values, line)
        except BadRow as bad:
            rejects.add(line, str(bad), values)
        except TicketImportError as error:
            raise TicketImportError(f"{file}, line {line}: {error.message}") from None


def _batches(items: Iterable[_T], size: int) -> Iterator[list[_T]]:
    remaining = iter(items)
    while batch := list(islice(remaining, size)):
        yield batch
