"""The event log: the durable truth. `contract.py` says what every store promises."""

from pathlib import Path

from stillfixed.actors.errors import LogError
from stillfixed.actors.log.contract import Append, Appended, EventLog


async def open_log(url: str) -> EventLog:
    """The log at `sqlite:///PATH`; its folder and file are made if they are not there. Raises
    `LogError`s."""
    scheme, separator, path = url.partition("://")
    if scheme != "sqlite" or not separator:
        raise LogError(f"No log can be opened at {url}. Use sqlite:///PATH.")
    from stillfixed.actors.log.sqlite import SqliteLog

    return await SqliteLog.open(Path(path))


async def append_to(log: EventLog, stream: str, *events: bytes) -> Appended:
    """Append to a stream that nobody holds, behind whatever is there. Raises `Fenced` where
    somebody else did so meanwhile, and nothing was written: look again."""
    claim = await log.claim(stream)
    entry = Append(stream=stream, epoch=claim.epoch, expected_version=claim.version, events=events)
    return await log.append(entry)
