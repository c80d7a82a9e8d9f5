"""The verbs that keep a data folder: back it up, restore it."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from stillfixed.connectors.cli.hosting import Common, verb
from stillfixed.connectors.cli.terminal import err, waiting
from stillfixed.connectors.cli.text import count


def add_to(app: typer.Typer, *, panel: str) -> None:
    verb(app, "backup", panel=panel, reads=True)(backup)
    verb(app, "restore", panel=panel, reads=True)(restore)


async def backup(
    on: Common,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file, as in x.tar.zst.")],
) -> None:
    """Write the data folder to one file, while a host goes on, and read it back."""
    from stillfixed.connectors.web.operating.backup import back_up

    async with waiting("Backing up …"):
        made = await asyncio.to_thread(back_up, on.settings(), file)
    files = count(len(made.files), "file")
    err().print(f"{file}: {files}, events up to {made.position}, read back.", soft_wrap=True)


async def restore(
    on: Common,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `backup` wrote.")],
) -> None:
    """Make a data folder from a backup. It must be a new one, or empty: name it with --data."""
    from stillfixed.connectors.web.operating.backup import restore as restored

    settings = on.settings()
    async with waiting("Restoring …"):
        made = await asyncio.to_thread(restored, file, settings)
    err().print(
        f"{settings.folder}: as it was at {made.made_at:%Y-%m-%d %H:%M:%S} UTC, events up to "
        f"{made.position}. Views are made anew by the next host.",
        soft_wrap=True,
    )
