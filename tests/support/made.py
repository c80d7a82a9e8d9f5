"""A service desk's history, made up: sessions with checks, fixes, closures and callbacks.

Callback rates are set by the caller, so that a view's figure has a known truth. The same seed gives
the same history.
"""

import asyncio
import random
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice

from stillfixed.actors.log import append_to
from stillfixed.actors.log.contract import EventLog
from stillfixed.actors.session import events as e
from stillfixed.actors.tickets import events as t
from stillfixed.actors.verdicts.model import FieldChange

START = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
TEAMS = ("field", "remote", "projects", "night")
CLIENTS = tuple(f"client-{number}" for number in range(40))
CATEGORIES = ("printer", "vpn", "mail", "disk", "login")
PEOPLE = tuple(f"tech-{number}" for number in range(20))
CHECK = "systemctl is-active cups"


def session(number: int, rng: random.Random, callback_rate: float) -> list[e.SessionEvent]:
    """One session from its opening to its grant, and perhaps a callback: about 12 events."""
    at = START + timedelta(minutes=25.2 * number)
    by = rng.choice(PEOPLE)
    proven = rng.random() < 0.6
    after = rng.choice(("fixed", "fixed", "healthy")) if proven else "inconclusive"

    def step(minutes: float) -> datetime:
        return at + timedelta(minutes=minutes)

    def run(name: str, command: str, start: float, status: int) -> list[e.SessionEvent]:
        reads = command == CHECK
        return [
            e.RunStarted(
                at=step(start), by=by, run=name, endpoint="web1", command=command,
                effect="reads" if reads else "changes", check=CHECK if reads else None,
            ),
            e.RunFinished(
                at=step(start + 0.1), by=by, run=name, end="exited", exit_status=status,
                stdout_bytes=7,
            ),
        ]  # fmt: skip

    field = FieldChange(
        item="", field="exit status", before="3", after="0", verdict="fixed", rule="exit status"
    )
    found: list[e.SessionEvent] = [
        e.SessionOpened(
            at=at, by=by, ticket=f"T-{number}", client=rng.choice(CLIENTS),
            team=TEAMS[int(by[5:]) % 4], category=rng.choice(CATEGORIES), title="It does not work",
        ),
        e.EndpointAdded(at=step(1), by=by, endpoint="web1", kind="ssh",
                        address=f"web{number % 500}.example", platform="posix"),
        *run("r1", CHECK, 2, 3),
        e.CheckObserved(at=step(2.2), by=by, endpoint="web1", check=CHECK, run="r1",
                        health="fault", reasons=("Exit status is 3.",), judge="2"),
        *run("r2", "systemctl restart cups", 4, 0),
        *run("r3", CHECK, 6, 0),
        e.CheckVerified(
            at=step(6.2), by=by, endpoint="web1", check=CHECK, baseline="r1", verification="r3",
            verdict=after, reasons=("Exit status was 3 and is 0 now.",), judge="2",
            health="healthy", fields=(field,),
        ),
        e.ClosureRequested(at=step(10), by=by),
        e.ClosureGranted(
            at=step(10), by=by, policy="built-in", mode="observe",
            evidence=("r1", "r3") if after == "fixed" else (),
            unmet=() if after == "fixed" else ("No check shows the fix.",),
        ),
    ]  # fmt: skip
    if rng.random() < callback_rate:
        back = step(10 + 60 * 24 * rng.uniform(0.1, 13.5))
        found.append(e.CallbackRecorded(at=back, by="dora", kind="reopened", ticket=f"T-{number}"))
    return found


def sessions(
    count: int, *, first: int = 0, seed: int = 1, callback_rate: float = 0.18
) -> Iterator[tuple[str, list[e.SessionEvent]]]:
    """(session id, its events), in the order of opening, numbered from `first`."""
    rng = random.Random(seed)
    for number in range(first, first + count):
        yield f"s-{number}", session(number, rng, callback_rate)


async def write(
    log: EventLog, count: int, *, first: int = 0, seed: int = 1, callback_rate: float = 0.18
) -> int:
    """Put so many sessions into the log; the number of events."""
    made = sessions(count, first=first, seed=seed, callback_rate=callback_rate)
    return await _write(log, ((name, map(e.encode, events)) for name, events in made))


async def _write(log: EventLog, streams: Iterable[tuple[str, Iterable[bytes]]]) -> int:
    """Put streams into the log, some hundred at once; the number of events."""
    written = 0
    remaining = iter(streams)
    while some := [(name, tuple(events)) for name, events in islice(remaining, 500)]:
        await _put(log, some)
        written += sum(len(events) for _, events in some)
    return written


async def _put(log: EventLog, streams: Sequence[tuple[str, tuple[bytes, ...]]]) -> None:
    await asyncio.gather(*(append_to(log, name, *events) for name, events in streams))


def ticket_events(
    count: int, *, first: int = 0, seed: int = 2
) -> Iterator[tuple[str, list[bytes]]]:
    """(ticket stream, its events as stored): opened, resolved, now and then reopened."""
    rng = random.Random(seed)
    for number in range(first, first + count):
        at = START + timedelta(minutes=0.5 * number)
        about = {
            "system": "desk",
            "ticket": f"I-{number}",
            "client": rng.choice(CLIENTS),
            "team": rng.choice(TEAMS),
            "technician": rng.choice(PEOPLE),
            "category": rng.choice(CATEGORIES),
            "contact": f"user-{rng.randrange(5_000)}",
        }
        done = at + timedelta(hours=rng.uniform(0.5, 40))
        events: list[t.AnyTicketEvent] = [
            t.TicketOpened(at=at, **about),
            t.TicketResolved(at=done, **about),
        ]
        if rng.random() < 0.05:
            events.append(t.TicketReopened(at=done + timedelta(days=rng.uniform(0.1, 20)), **about))
        yield t.ticket_stream("desk", about["ticket"]), [t.encode(event) for event in events]


async def write_tickets(log: EventLog, count: int, *, first: int = 0) -> int:
    """Put so many tickets into the log; the number of events."""
    return await _write(log, ticket_events(count, first=first))
