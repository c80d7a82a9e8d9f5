"""Bench: the peer `eventsourcing` (PyPI), with an aggregate that knows what a session knows.

Written as its documentation writes aggregates and applications; SQLite as its log, its snapshots
switched on. Events carry the fields of ours.
"""

from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event

from stillfixed.actors.runtime.journal import SNAPSHOT_EVERY_EVENTS
from stillfixed.actors.session import events as e


class Session(Aggregate):
    @event("Opened")
    def __init__(self, at: str, by: str, ticket: str, client: str) -> None:
        self.at = at
        self.by = by
        self.ticket = ticket
        self.client = client
        self.endpoints: dict[str, list[str]] = {}
        self.running: dict[str, list[Any]] = {}
        self.finished: dict[str, list[Any]] = {}
        self.checks: dict[str, list[Any]] = {}
        self.runs = 0
        self.annotations = 0

    @event("EndpointAdded")
    def add_endpoint(
        self, at: str, by: str, endpoint: str, kind: str, address: str, platform: str
    ) -> None:
        self.endpoints[endpoint] = [kind, address, platform]

    @event("RunStarted")
    def start(
        self, at: str, by: str, run: str, endpoint: str, command: str, effect: str, check: str
    ) -> None:
        self.running[run] = [at, by, endpoint, command, []]
        self.runs += 1

    @event("OutputCaptured")
    def capture(self, at: str, by: str, run: str, output: str, chunk: str, size_bytes: int) -> None:
        self.running[run][4].append([output, chunk, size_bytes])

    @event("RunFinished")
    def finish(
        self, at: str, by: str, run: str, end: str, exit_status: int, stdout_bytes: int
    ) -> None:
        self.finished[run] = [*self.running.pop(run), at, exit_status]

    @event("CheckObserved")
    def observe(
        self, at: str, by: str, endpoint: str, check: str, run: str, health: str, judge: str
    ) -> None:
        self.checks[f"{endpoint}\x1f{check}"] = [*self.finished.pop(run), health]

    @event("Annotated")
    def annotate(self, at: str, by: str, annotation: str, kind: str, text: str) -> None:
        self.annotations += 1


class Desk(Application[UUID]):
    snapshotting_intervals: ClassVar[Any] = {Session: SNAPSHOT_EVERY_EVENTS}


def write(file: Path, events: list[e.SessionEvent]) -> tuple[Desk, UUID]:
    """The same history as events of the peer's, saved so that its snapshots lie where ours do."""
    desk = Desk(env={"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": str(file)})
    opened = events[0]
    assert isinstance(opened, e.SessionOpened)
    at = opened.at.isoformat()
    session = Session(at=at, by=opened.by, ticket=opened.ticket, client=opened.client)
    for number, happened in enumerate(events[1:], start=2):
        _add(session, happened)
        if number % SNAPSHOT_EVERY_EVENTS == 0:
            desk.save(session)
    desk.save(session)
    return desk, session.id


def _add(session: Session, happened: e.SessionEvent) -> None:
    fields = {
        name: getattr(happened, name) for name in happened.__struct_fields__ if name != "at"
    } | {"at": happened.at.isoformat()}
    match happened:
        case e.EndpointAdded():
            del fields["options"]
            session.add_endpoint(**fields)
        case e.RunStarted():
            del fields["monitor"]
            session.start(**fields)
        case e.OutputCaptured():
            session.capture(**fields)
        case e.RunFinished():
            for unset in ("signal", "stderr_bytes", "dropped_bytes"):
                del fields[unset]
            session.finish(**fields)
        case e.CheckObserved():
            for unset in ("reasons", "counts"):
                del fields[unset]
            session.observe(**fields)
        case e.Annotated():
            session.annotate(**fields)
        case _:
            raise AssertionError(f"the bench's history has no {type(happened).__name__}")
