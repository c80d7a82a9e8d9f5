"""What the host counts, in Prometheus's words, and where each number comes from.

Guarantee: counting costs no session anything. Outcomes are counted from the log as it is written,
whoever wrote; times come with the answers that this host's own requests get; what is a state is
looked up when somebody asks, at most every `FRESH_SECONDS`. No name of a client, a person, a ticket
or a command is in any label.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress

import msgspec
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from stillfixed.actors.log.contract import EventLog
from stillfixed.actors.session import events as e

FRESH_SECONDS = 2.0
_APPEND = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
_ACTIVATE = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_REQUEST = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0)


class Metrics:
    """One registry of its own, so that several hosts in one process (tests) do not meet."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self.runs = Counter(
            "stillfixed_runs",
            "Runs that ended since this host started, by how: exited_ok, exited_not_ok, signalled, "
            "timed_out, cancelled, not_sent, interrupted.",
            ["outcome"],
            registry=registry,
        )
        self.gate = Counter(
            "stillfixed_gate",
            "Decisions of the gate since this host started, by outcome and by the policy's mode.",
            ["outcome", "mode"],
            registry=registry,
        )
        self.events = Counter(
            "stillfixed_events", "Events that followed each other in the log.", registry=registry
        )
        self.verdicts = Counter(
            "stillfixed_verdicts", "Comparisons by verdict.", ["verdict"], registry=registry
        )
        self.activations = Histogram(
            "stillfixed_activation_seconds",
            "From the claim of a session to its state in memory, for requests of this host.",
            buckets=_ACTIVATE,
            registry=registry,
        )
        self.appends = Histogram(
            "stillfixed_append_seconds",
            "From a decision to stable storage, for requests of this host.",
            buckets=_APPEND,
            registry=registry,
        )
        self.requests = Histogram(
            "stillfixed_http_request_seconds",
            "HTTP requests by route, method and status; an event stream counts when it ends.",
            ["route", "method", "status"],
            buckets=_REQUEST,
            registry=registry,
        )
        self.sessions = Gauge(
            "stillfixed_sessions",
            "Sessions in the log, by status.",
            ["status"],
            registry=registry,
        )
        self.live = Gauge(
            "stillfixed_sessions_live", "Sessions in the memory of a process.", registry=registry
        )
        self.asleep = Gauge(
            "stillfixed_sessions_asleep",
            "Sessions that are not closed and in no memory; they come back when asked.",
            registry=registry,
        )
        self.hosts = Gauge(
            "stillfixed_session_processes", "Processes that host sessions.", registry=registry
        )
        self.position = Gauge(
            "stillfixed_log_position", "The newest event's position.", registry=registry
        )
        self.behind = Gauge(
            "stillfixed_views_behind_events",
            "Events that the published views have not seen; NaN where none are published.",
            registry=registry,
        )
        self.views_age = Gauge(
            "stillfixed_views_lag_seconds",
            "Age of the published views while there are newer events; 0 where there are none.",
            registry=registry,
        )

    def text(self) -> bytes:
        return generate_latest(self.registry)

    def saw(self, event: e.SessionEvent) -> None:
        """Count one event."""
        match event:
            case e.RunFinished(end="exited"):
                ok = event.exit_status == 0
                self.runs.labels("exited_ok" if ok else "exited_not_ok").inc()
            case e.RunFinished():
                self.runs.labels(event.end).inc()
            case e.RunNotSent():
                self.runs.labels("not_sent").inc()
            case e.RunInterrupted():
                self.runs.labels("interrupted").inc()
            case e.ClosureGranted():
                self.gate.labels("granted", event.mode).inc()
            case e.ClosureRefused():
                self.gate.labels("refused", event.mode).inc()
            case e.ClosureSentBack():
                self.gate.labels("sent_back", "").inc()
            case e.CheckVerified():
                self.verdicts.labels(event.verdict).inc()
            case _:
                pass

    async def follow(self, log: EventLog) -> None:
        """Count what is appended from now on, until cancelled or the log is closed."""
        async for batch in log.follow(await log.newest_position()):
            self.events.inc(len(batch))
            for record in batch:
                if not record.stream.startswith("~"):
                    # What this release does not know is not counted by what it is.
                    with suppress(msgspec.MsgspecError):
                        self.saw(e.decode(record.data))
            await asyncio.sleep(0)  # a long batch lets others go first

    def note_sessions(self, by_status: Mapping[str, int], live: int, hosts: int) -> None:
        self.sessions.clear()
        for status, number in by_status.items():
            self.sessions.labels(status).set(number)
        self.live.set(live)
        self.hosts.set(hosts)
        open_ones = sum(number for status, number in by_status.items() if status != "closed")
        self.asleep.set(max(0, open_ones - live))
