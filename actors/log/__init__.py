"""The event log: the durable truth. `contract.py` says what every store promises."""

from pathlib import Path

from stillfixed.actors.errors import LogError
from stillfixed.actors.log.contract import EventLog


async def open_log(url: str) -> EventLog:
    """The log at `sqlite:///PATH`; its folder and file are made if they are not there. Raises
    `LogError`s."""
    scheme, separator, path = url.partition("://")
    if scheme != "sqlite" or not separator:
        raise LogError(f"No log can be opened at {url}. Use sqlite:///PATH.")
    from stillfixed.actors.log.sqlite import SqliteLog

    return await SqliteLog.open(Path(path))
