"""The verbs under `stillfixed report`: pages for the standup and for the manager."""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from stillfixed.connectors.cli import adoption
from stillfixed.connectors.cli.hosting import Common, verb
from stillfixed.connectors.cli.terminal import err

report = typer.Typer(no_args_is_help=True, help="Pages and figures for standup and manager.")


def add_to(app: typer.Typer, *, panel: str) -> None:
    app.add_typer(report, name="report", rich_help_panel=panel)
    verb(report, "weekly", panel="Reports", reads=True)(weekly)
    adoption.add_to(report, panel="Reports")


async def weekly(
    on: Common,
    folder: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the page goes.")],
    week: Annotated[
        datetime | None,
        typer.Option(
            "--week", formats=["%Y-%m-%d"], metavar="MONDAY", help="By default the last one over."
        ),
    ] = None,
) -> None:
    """Write the weekly page for the standup, and its tables as CSV."""
    from stillfixed.projections import views
    from stillfixed.projections.weekly import write

    with views(on.settings()) as newest:
        page = await asyncio.to_thread(write, newest, folder, week.date() if week else None)
    err().print(f"Written: {page}, and its tables as CSV beside it.", soft_wrap=True)
