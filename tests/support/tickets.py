"""Ticket events as tests look at them: read back from a log, and folded in the plainest way."""

import os
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from stillfixed.actors.log.sqlite import SqliteLog
from stillfixed.actors.tickets.events import (
    AnyTicketEvent,
    TicketClosed,
    TicketReopened,
    TicketResolved,
    decode,
)

SAMPLE = Path(__file__).parents[1] / "data" / "incident_event_log_sample.zip"


def real_incident_log() -> Path:
    """The whole UCI log where this machine has it; skips the test elsewhere."""
    beside = Path(__file__).parents[3] / "shared" / "data"
    folder = Path(os.environ.get("STILLFIXED_REAL_DATA") or beside)
    path = folder / "incident_event_log.zip"
    if not path.exists():
        pytest.skip(f"the UCI incident log is not here: {path} (folder: STILLFIXED_REAL_DATA)")
    return path


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


async def histories(path: Path) -> dict[str, list[AnyTicketEvent]]:
    """Every ticket's events, by stream."""
    found: dict[str, list[AnyTicketEvent]] = defaultdict(list)
    log = await SqliteLog.open(path)
    position = 0
    while batch := await log.read_feed(position, limit=10_000):
        for recorded in batch:
            found[recorded.stream].append(decode(recorded.data))
        position = batch[-1].position
    await log.close()
    return dict(found)


def closures(history: Sequence[AnyTicketEvent]) -> list[datetime]:
    """When the ticket went from open to resolved, or to closed where it never was resolved."""
    found, is_open = [], True
    for event in history:
        match event:
            case TicketReopened():
                is_open = True
            case TicketResolved() | TicketClosed():
                if is_open:
                    found.append(event.at)
                is_open = False
            case _:
                pass
    return found


def monday(moment: datetime) -> date:
    return moment.date() - timedelta(days=moment.weekday())
