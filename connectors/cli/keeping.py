"""The verbs that keep a data folder: back it up, restore it, remove what need not be kept."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stillfixed.actors.errors import RequestRefused
from stillfixed.actors.log import open_log
from stillfixed.connectors.cli.hosting import Common, verb
from stillfixed.connectors.cli.serving import Config
from stillfixed.connectors.cli.terminal import err, out, waiting
from stillfixed.connectors.cli.text import count, plain

if TYPE_CHECKING:
    from stillfixed.actors.retention import Removal


def add_to(app: typer.Typer, *, panel: str) -> None:
    verb(app, "backup", panel=panel, reads=True)(backup)
    verb(app, "restore", panel=panel, reads=True)(restore)
    verb(app, "retain", panel=panel)(retain)


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


async def retain(
    on: Common,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Remove nothing; show what would go.")
    ] = False,
    config: Config = None,
) -> None:
    """Remove the outputs of closed sessions that the settings' rules of retention do not keep. A
    host does this by itself. Each session's history says what went, and under which rule."""
    from stillfixed.actors.retention import retain as removing

    table = on.table(config=config)
    if not table.retention:
        raise RequestRefused(
            "No rule of retention is set: nothing is ever removed. docs/operating.md shows how."
        )
    settings = table.embedded()
    log = await open_log(settings.log_url)
    sessions = size_bytes = 0
    try:
        rules, now = table.retention_rules, datetime.now(UTC)
        async for one in removing(log, rules, now=now, by=on.person, dry_run=dry_run):
            out().print(_told(one), soft_wrap=True)
            sessions += not one.skipped
            size_bytes += one.size_bytes
    finally:
        await log.close()
    done = "Would be removed" if dry_run else "Removed"
    err().print(f"{done}: {count(size_bytes, 'byte')} of {count(sessions, 'session')}.")


def _told(one: "Removal") -> str:
    if one.skipped:
        return f"{one.session}  {plain(one.client)}  skipped: {one.skipped}"
    what = f"{count(one.runs, 'run')}, {count(one.size_bytes, 'byte')}"
    shared = f", {one.shared} shared with others stay" if one.shared else ""
    return f"{one.session}  {plain(one.client)}  {what}{shared}  rule {plain(one.rule.name)}"
