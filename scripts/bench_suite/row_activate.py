"""Bench row: activating a session with a long history, beside PyPI `eventsourcing`.

Fair because both have the same number of events of the same kinds with the same fields, in SQLite
files on the same disk; both fold them into the same facts (the last result of each of 20 checks,
and counts) and keep a snapshot every 200 events; and both stand one event short of the next
snapshot, which is the worst case: 199 events to fold. Neither keeps what it loaded for the next
time. Ours also claims the session, durably, so that no other process can write to it any more.
"""

from datetime import UTC, datetime
from uuid import UUID

from scripts.bench_suite import eventsourcing_peer as peer
from scripts.bench_suite.harness import installed, take_turns, work_folder
from scripts.bench_suite.table import Figure, Target
from stillfixed.actors.log import open_log
from stillfixed.actors.log.contract import EventLog
from stillfixed.actors.runtime.clock import SystemClock
from stillfixed.actors.runtime.endpoints import Endpoint, EndpointSpec
from stillfixed.actors.runtime.journal import SNAPSHOT_EVERY_EVENTS, Journal
from stillfixed.actors.runtime.session import LiveSession
from stillfixed.actors.session import events as e
from stillfixed.actors.session.policy import BUILT_IN, Policy
from stillfixed.actors.session.state import State

STREAM = "s-bench"
CHECKS = 20
AT = datetime(2026, 1, 1, tzinfo=UTC)
BY = "ana"


async def measure(quick: bool) -> list[Figure]:
    installed("eventsourcing")
    events = history((10_000 if quick else 100_000) - 1)
    with work_folder() as folder:
        log = await open_log(f"sqlite:///{folder / 'ours.db'}")
        try:
            await _write(log, events)
            desk, aggregate_id = peer.write(folder / "peer.db", events)
            seconds = await _measure(log, desk, aggregate_id, len(events), 10 if quick else 50)
        finally:
            await log.close()
    return [
        Figure(
            row="activate",
            what=f"activating a session of {len(events):,} events, median",
            unit="ms",
            ours=seconds[0] * 1e3,
            peer=seconds[1] * 1e3,
            peer_name=f"{installed('eventsourcing')}, SQLite, snapshots",
            targets=(Target("ratio", "below", 1), Target("ours", "at most", 20)),
        )
    ]


async def _measure(
    log: EventLog, desk: peer.Desk, aggregate_id: UUID, count: int, rounds: int
) -> list[float]:
    async def ours() -> None:
        """What a session's host does when it is asked for a session that is not in memory."""
        journal = await Journal.claim(log, STREAM)
        live = LiveSession(
            journal,
            log=log,
            clock=SystemClock(),
            open_endpoint=_no_endpoint,
            policy_for=_built_in,
        )
        await live.record_interrupted()
        assert journal.state.version == count

    async def theirs() -> None:
        session: peer.Session = desk.repository.get(aggregate_id)
        assert session.version == count

    return await take_turns(ours, theirs, rounds=rounds, warm_up=3)


def history(count: int) -> list[e.SessionEvent]:
    """`count` events of a session in which the same checks are run again and again."""
    events: list[e.SessionEvent] = [
        e.SessionOpened(at=AT, by=BY, ticket="T-1", client="Acme"),
        e.EndpointAdded(
            at=AT, by=BY, endpoint="web1", kind="ssh", address="web1", platform="posix"
        ),
    ]
    runs = (count - len(events)) // 4
    for number in range(1, runs + 1):
        events += _checked(f"r{number}", f"systemctl is-active service-{number % CHECKS}")
    while len(events) < count:
        number = len(events)
        events.append(e.Annotated(at=AT, by=BY, annotation=f"a{number}", kind="note", text="Done."))
    return events


def _checked(run: str, check: str) -> list[e.SessionEvent]:
    return [
        e.RunStarted(
            at=AT, by=BY, run=run, endpoint="web1", command=check, effect="reads", check=check
        ),
        e.OutputCaptured(at=AT, by=BY, run=run, output="stdout", chunk=f"{run:0>32}", size_bytes=7),
        e.RunFinished(at=AT, by=BY, run=run, end="exited", exit_status=0, stdout_bytes=7),
        e.CheckObserved(
            at=AT, by=BY, endpoint="web1", check=check, run=run, health="healthy", judge="1"
        ),
    ]


async def _write(log: EventLog, events: list[e.SessionEvent]) -> None:
    """Through the journal, so that snapshots lie as the runtime leaves them."""
    journal = await Journal.claim(log, STREAM)
    for start in range(0, len(events), SNAPSHOT_EVERY_EVENTS):
        await journal.commit(tuple(events[start : start + SNAPSHOT_EVERY_EVENTS]))


async def _no_endpoint(spec: EndpointSpec) -> Endpoint:
    raise AssertionError("an activation connects to nothing")


async def _built_in(state: State) -> Policy:
    return BUILT_IN
