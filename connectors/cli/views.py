"""The verbs under `stillfixed views`: make the views, see how far they are, ask and export them."""

import asyncio
import csv
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from rich.table import Table

from stillfixed.actors.errors import ViewsMissing
from stillfixed.connectors.cli.hosting import Common, verb
from stillfixed.connectors.cli.terminal import bar, err, out
from stillfixed.connectors.cli.text import count
from stillfixed.projections import views_folder

if TYPE_CHECKING:
    import pyarrow as pa

    from stillfixed.projections.worker import OnProgress, Worker

PANEL = "Views"
SHOWN_ROWS = 50

views = typer.Typer(
    no_args_is_help=True, help="What managers and dispatchers decide on, in DuckDB."
)


class Format(StrEnum):
    table = "table"
    csv = "csv"
    json = "json"


def add_to(app: typer.Typer, *, panel: str) -> None:
    app.add_typer(views, name="views", rich_help_panel=panel)
    verb(views, "refresh", panel=PANEL, reads=True)(refresh)
    verb(views, "rebuild", panel=PANEL, reads=True)(rebuild)
    verb(views, "follow", panel=PANEL, reads=True)(follow)
    verb(views, "status", panel=PANEL, reads=True)(status)
    verb(views, "query", panel=PANEL, reads=True)(query)
    verb(views, "export", panel=PANEL, reads=True)(export)
    verb(views, "set-aside", panel=PANEL)(set_aside)


async def refresh(on: Common) -> None:
    """Bring the views up to the end of the log and publish them once."""
    await _make(on, anew=False)


async def rebuild(on: Common) -> None:
    """Make the views anew from the whole log. The old ones stay published meanwhile."""
    await _make(on, anew=True)


async def _make(on: Common, *, anew: bool) -> None:
    async with _worker(on, anew=anew) as worker:
        begun = worker.store.position
        with _bar("Events") as progress:
            await worker.catch_up(progress)
        with err().status("Publishing …", spinner="line"):
            await worker.publish()
        new = worker.store.position - begun
    err().print(f"Published: events up to {worker.store.position}, {new} of them new.")


async def follow(on: Common) -> None:
    """Follow the log and publish every second, until interrupted. A host does this by itself."""
    async with _worker(on) as worker:
        err().print(f"Views of {on.settings().folder}. Ctrl-C ends them.", soft_wrap=True)
        await worker.run()


async def status(on: Common) -> None:
    """How far the views are behind the log, and where they lie."""
    from stillfixed.projections.publishing import copies

    found = copies(views_folder(on.settings()))
    async with on.reading() as client:
        newest = await client.newest_position()
    if not found:
        raise ViewsMissing("No views are published yet. Make them: stillfixed views refresh")
    table = Table.grid(padding=(0, 2))
    behind = max(0, newest - found[-1].position)
    table.add_row("published", f"events up to {found[-1].position}")
    table.add_row("log", f"events up to {newest}: {count(behind, 'event')} behind")
    table.add_row("file", str(found[-1].path))
    out().print(table, soft_wrap=True)


async def query(
    on: Common,
    sql: Annotated[str, typer.Argument(metavar="SQL", help="As in: FROM review_queue")],
    form: Annotated[Format, typer.Option("--format", help="How rows are printed.")] = Format.table,
    limit_seconds: Annotated[
        float, typer.Option("--time-limit", metavar="SECONDS", help="When to give up on it.")
    ] = 60.0,
) -> None:
    """Ask the newest published views. They are read-only."""
    from stillfixed.projections import views as open_views

    with open_views(on.settings()) as newest:
        found = await asyncio.to_thread(newest.query, sql, limit_seconds=limit_seconds)
    match form:
        case Format.json:
            for batch in found.to_batches():
                for row in batch.to_pylist():
                    print(msgspec.json.encode(row).decode())
        case Format.csv:
            _print_csv(found)
        case Format.table:
            import duckdb

            duckdb.from_arrow(found).show(max_width=out().width, max_rows=SHOWN_ROWS)


async def export(
    on: Common,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new or empty folder.")],
) -> None:
    """Write facts and views as Parquet files, by month where a table has times."""
    from stillfixed.projections import views as open_views
    from stillfixed.projections.exporting import export as write

    with open_views(on.settings()) as newest, _bar("Tables") as progress:
        written = await asyncio.to_thread(write, newest, folder, progress)
    err().print(f"Exported {count(written, 'table')} to {folder}, events up to {newest.position}.")


async def set_aside(
    on: Common,
    position: Annotated[int, typer.Argument(metavar="POSITION", help="As the error names it.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; it is recorded.")],
) -> None:
    """Let the views leave out an event that cannot be read. Who did it and why is recorded."""
    from stillfixed.actors.log import open_log
    from stillfixed.projections.facts import EventSetAside
    from stillfixed.projections.worker import set_aside as record

    log = await open_log(on.settings().log_url)
    try:
        event = EventSetAside(at=datetime.now(UTC), by=on.person, position=position, reason=reason)
        await record(log, event)
    finally:
        await log.close()
    err().print(f"Recorded: the views leave out event {position}. Go on: stillfixed views refresh")


@asynccontextmanager
async def _worker(on: Common, *, anew: bool = False) -> AsyncIterator["Worker"]:
    from stillfixed.projections.worker import working

    settings = on.settings()
    async with on.reading():
        pass  # says it where there is no log
    async with working(settings.log_url, views_folder(settings), anew=anew) as worker:
        yield worker


@contextmanager
def _bar(what: str) -> Iterator["OnProgress"]:
    with bar(counted=True) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def _print_csv(found: "pa.Table") -> None:
    writer = csv.writer(sys.stdout)
    writer.writerow(found.column_names)
    for batch in found.to_batches():
        for row in batch.to_pylist():
            writer.writerow(
                msgspec.json.encode(value).decode() if isinstance(value, list | dict) else value
                for value in row.values()
            )
