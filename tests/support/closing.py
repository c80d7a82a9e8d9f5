"""Sessions that wait for a dispatcher, written into a log as their actors would have left them."""

import asyncio
from collections.abc import Iterable
from datetime import timedelta
from itertools import islice
from random import Random

import msgspec
from msgspec.structs import replace

from stillfixed.actors.log.contract import Append, Chunk, EventLog
from stillfixed.actors.session import events as e
from stillfixed.actors.session.state import State, fold, heading
from stillfixed.actors.verdicts.model import Verdict
from tests.support import made

BROKEN = b"""\
\xe2\x97\x8f cups.service - CUPS Scheduler
     Loaded: loaded (/lib/systemd/system/cups.service; enabled)
     Active: failed (Result: exit-code) since Mon 2026-01-05 07:58:11 UTC; 3min ago
   Main PID: 811 (code=exited, status=1/FAILURE)
"""
MENDED = b"""\
\xe2\x97\x8f cups.service - CUPS Scheduler
     Loaded: loaded (/lib/systemd/system/cups.service; enabled)
     Active: active (running) since Mon 2026-01-05 08:04:02 UTC; 2min ago
   Main PID: 1377 (cupsd)
"""
CHUNKS = (Chunk.of(BROKEN), Chunk.of(MENDED))


def waiting(number: int, rng: Random, verdict: Verdict | None = None) -> list[e.SessionEvent]:
    """A session of `made` with its outputs, up to the request for closure; `verdict` in place of
    the one that is drawn."""
    events: list[e.SessionEvent] = []
    for event in made.session(number, rng, 0.0):
        if isinstance(event, e.ClosureGranted):
            break
        if isinstance(event, e.RunFinished) and event.run in ("r1", "r3"):
            chunk = CHUNKS[event.run == "r3"]
            events.append(
                e.OutputCaptured(
                    at=event.at, by=event.by, run=event.run, output="stdout", chunk=chunk.id,
                    size_bytes=len(chunk.data),
                )
            )  # fmt: skip
        judged = isinstance(event, e.CheckVerified) and verdict is not None
        events.append(replace(event, verdict=verdict) if judged else event)
    return events


async def write(
    log: EventLog,
    count: int,
    *,
    name: str = "w",
    first: int = 0,
    ended: bool = False,
    verdict: Verdict | None = None,
    seed: int = 7,
) -> list[str]:
    """Put sessions into the log that wait for a dispatcher; with `ended`, every second of them is
    granted. Their ids, the longest waiting first."""
    rng = Random(seed)
    streams = []
    for number in range(first, first + count):
        events = waiting(number, rng, verdict)
        if ended and number % 2:
            at = events[-1].at + timedelta(minutes=3)
            events += [
                e.ClosureConfirmed(at=at, by="dora"),
                e.ClosureGranted(at=at, by="dora", policy="eyes", mode="enforce", evidence=("r3",)),
            ]
        streams.append((f"{name}-{number:05}", events))
    await put(log, streams)
    return [name for name, _ in streams]


async def put(log: EventLog, streams: Iterable[tuple[str, list[e.SessionEvent]]]) -> None:
    """Sessions from their events, with the heading that lists show."""
    remaining = iter(streams)
    while some := list(islice(remaining, 500)):
        await asyncio.gather(*(log.append(_whole(name, events)) for name, events in some))


async def add(log: EventLog, session: str, *events: e.SessionEvent) -> None:
    """Go on with a session that nobody holds."""
    earlier = [e.decode(record.data) for record in await log.read(session)]
    await log.append(_whole(session, [*earlier, *events], after=len(earlier)))


def _whole(name: str, events: list[e.SessionEvent], *, after: int = 0) -> Append:
    return Append(
        stream=name,
        epoch=None,
        expected_version=after,
        events=tuple(e.encode(event) for event in events[after:]),
        chunks=CHUNKS,
        heading=msgspec.json.encode(heading(fold(State(), events))),
    )
