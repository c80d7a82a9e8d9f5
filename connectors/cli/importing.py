"""`stillfixed import`: what happened before, or elsewhere, into the log."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from stillfixed.actors.log.sqlite import SqliteLog
from stillfixed.actors.tickets.mappings import load_mapping
from stillfixed.connectors.cli.hosting import Common, verb
from stillfixed.connectors.cli.terminal import ERROR, bar, err, out
from stillfixed.connectors.cli.text import count, plain
from stillfixed.connectors.tickets.report import Report

SHOWN_LIMIT = 40


def add_to(app: typer.Typer, *, panel: str) -> None:
    imports = typer.Typer(no_args_is_help=True, help="Bring history from other systems.")
    app.add_typer(imports, name="import", rich_help_panel=panel)

    @verb(imports, "tickets", panel="Import", reads=True)
    async def tickets(
        on: Common,
        file: Annotated[
            Path, typer.Argument(metavar="FILE", help="CSV (also in a zip), Parquet or XLSX.")
        ],
        mapping: Annotated[
            str,
            typer.Option(
                "--mapping", "-m", metavar="NAME|FILE", help="A ready mapping, or one in TOML."
            ),
        ],
        timezone: Annotated[
            str,
            typer.Option(
                "--timezone", metavar="ZONE", help="Of times that do not say: Europe/London, UTC."
            ),
        ] = "",
        dates: Annotated[
            Literal["iso", "day-first", "month-first"] | None,
            typer.Option("--dates", help="The order of dates such as 5/3/2026."),
        ] = None,
        encoding: Annotated[
            str, typer.Option("--encoding", metavar="NAME", help="Of a CSV that is not UTF-8.")
        ] = "",
        rejects: Annotated[
            Path | None,
            typer.Option(
                "--rejects", metavar="CSV", help="Where bad rows go; by default beside FILE."
            ),
        ] = None,
    ) -> int:
        """Import an export of tickets. Importing it again changes nothing.

        Rows that cannot be read go to a file with their reasons; the rest is imported, and the exit
        status is 1.
        """
        # Here, because pyarrow and duckdb take a while to import and other verbs do not need them.
        from stillfixed.connectors.tickets.importing import import_tickets

        chosen = load_mapping(mapping)
        log = await SqliteLog.open(on.settings().log_file)
        try:
            with bar() as shown:
                task = shown.add_task(file.name, total=None)
                report = await import_tickets(
                    log, file, chosen, timezone=timezone, dates=dates, encoding=encoding,
                    rejects=rejects,
                    progress=lambda doing, done, total: shown.update(
                        task, description=f"{doing} {file.name}", completed=done, total=total
                    ),
                )  # fmt: skip
        finally:
            await log.close()
        _show(report)
        return ERROR if report.rejected else 0


def _show(report: Report) -> None:
    say = err().print
    if report.unknown_columns:
        say(_listed("Columns that the mapping does not know, left out", report.unknown_columns))
    if report.open_statuses:
        counted = sorted(report.open_statuses.items(), key=lambda item: -item[1])
        say(_listed("Statuses taken for open", [f"{name} ({n:,})" for name, n in counted]))
    if report.undated_ends:
        say(
            f"{count(report.undated_ends, 'row')} resolved or closed by the status, without a time "
            "that says since when: no closure is counted there."
        )
    if report.doubtful_times:
        say(
            f"{count(report.doubtful_times, 'time')} fell in an hour that the clock repeats or "
            "leaves out, and were read as before the change."
        )
    if report.rejected:
        say(
            plain(f"{count(report.rejected, 'row')} could not be read: see {report.rejects}"),
            soft_wrap=True,
        )
    tickets = (
        f"{report.new_tickets:,} new, {report.changed_tickets:,} changed, "
        f"{report.unchanged_tickets:,} as they were"
    )
    out().print(f"{count(report.rows, 'row')}. Tickets: {tickets}.")
    if report.events:
        kinds = ("opened", "changed", "resolved", "closed", "reopened", "linked")
        written = [(kind, report.events[f"ticket_{kind}"]) for kind in kinds]
        shown = ", ".join(f"{n:,} {kind}" for kind, n in written if n)
        out().print(f"{count(report.events.total(), 'event')}: {shown}.")


def _listed(head: str, items: list[str]) -> str:
    more = f" and {len(items) - SHOWN_LIMIT} more" if len(items) > SHOWN_LIMIT else ""
    return plain(f"{head}: {', '.join(items[:SHOWN_LIMIT])}{more}.")
