"""Bench: a projection of the peer `eventsourcing` (PyPI), as its documentation writes one: runs in
a table in SQLite, exactly once, from an application's events in SQLite."""

import time
from pathlib import Path
from typing import Any

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import InfrastructureFactory, Tracking
from eventsourcing.projection import Projection
from eventsourcing.sqlite import SQLiteTrackingRecorder
from eventsourcing.utils import Environment, get_topic


class Ticket(Aggregate):
    @event("Opened")
    def __init__(self, ticket: str, client: str, team: str) -> None:
        self.ticket = ticket
        self.client = client
        self.team = team
        self.runs = 0

    @event("Ran")
    def ran(self, run: str, endpoint: str, command: str, effect: str) -> None:
        self.runs += 1


class Desk(Application[Any]):
    pass


class Runs(SQLiteTrackingRecorder):
    """A table of runs."""

    def _create_table(self, cursor: Any) -> None:
        super()._create_table(cursor)
        cursor.execute("CREATE TABLE IF NOT EXISTS runs (run TEXT, command TEXT, effect TEXT)")

    def add(self, run: str, command: str, effect: str, tracking: Tracking) -> None:
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            cursor.execute("INSERT INTO runs VALUES (?, ?, ?)", (run, command, effect))


class RunsProjection(Projection[Runs]):
    topics = (get_topic(Ticket.Ran),)  # type: ignore[attr-defined]

    def process_event(self, domain_event: Any, tracking: Tracking) -> None:
        self.view.add(domain_event.run, domain_event.command, domain_event.effect, tracking)


def events_per_second(folder: Path, events: int) -> float:
    """How many events such a projection takes in a second, over so many. Its runner does not
    subscribe to SQLite, so the notifications are read in pages, which is quicker than it."""
    module = {"PERSISTENCE_MODULE": "eventsourcing.sqlite"}
    desk = Desk({**module, "SQLITE_DBNAME": str(folder / "desk.sqlite")})
    for number in range(events // 20):
        ticket = Ticket(f"T-{number}", "Acme", "field")
        for run in range(19):
            ticket.ran(f"r{run}", "web1", "systemctl is-active nginx", "reads")
        desk.save(ticket)
    views = InfrastructureFactory.construct(
        Environment("Runs", {**module, "SQLITE_DBNAME": str(folder / "runs.sqlite")})
    )
    projection = RunsProjection(views.tracking_recorder(Runs))
    last = desk.recorder.max_notification_id() or 0
    started = time.perf_counter()
    done = 0
    while done < last:
        for notification in desk.recorder.select_notifications(start=done + 1, limit=1_000):
            happened = desk.mapper.to_domain_event(notification)
            if isinstance(happened, Ticket.Ran):  # type: ignore[attr-defined]
                projection.process_event(happened, Tracking("Desk", notification.id))
            done = notification.id
    return last / (time.perf_counter() - started)
