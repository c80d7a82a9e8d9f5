"""From events to facts: what each event of the log adds to which table of `facts.sql`. Pure.

Guarantee: an event is either understood whole or not at all; one of an unknown type, or one that
cannot be read, raises `ViewsStopped` with its position, and adds nothing.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from functools import partial
from typing import Any, Literal

import msgspec

from stillfixed.actors.errors import PolicyError, ViewsStopped
from stillfixed.actors.log.contract import Recorded
from stillfixed.actors.reviews import RemarkMade
from stillfixed.actors.runtime.policies import PoliciesAdopted
from stillfixed.actors.session import events as e
from stillfixed.actors.session.policy import parse_policies
from stillfixed.actors.tickets import events as t

FACTS_VERSION = 2
"""Raise it when `facts.sql`, this module or a file of `derived/` changes: the tables are then built
anew, beside the old ones."""

VIEWS_STREAM = "~views"

Row = tuple[Any, ...]
Rows = dict[str, list[Row]]
"""Rows to add, by table, in the order of the log."""


class EventSetAside(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="event_set_aside"
):
    """Somebody decided that the views leave out the event at `position`, and why."""

    at: datetime
    by: str
    position: int
    reason: str


AnyEvent = e.SessionEvent | t.AnyTicketEvent | PoliciesAdopted | RemarkMade | EventSetAside
_decoder = msgspec.json.Decoder(AnyEvent)


class _Tag(msgspec.Struct):
    type: str = ""


_tag_decoder = msgspec.json.Decoder(_Tag)


def decode(records: Iterable[Recorded], left_out: frozenset[int] = frozenset()) -> Rows:
    """The rows of some events of the feed. Positions `left_out` add nothing. Raises `ViewsStopped`
    at the first event that cannot be understood."""
    rows: Rows = {}
    for record in records:
        if record.position in left_out:
            continue
        try:
            event = _decoder.decode(record.data)
            add = _ADDS[type(event)]
            if add is not None:
                for table, row in add(record.position, record.stream, event):
                    rows.setdefault(table, []).append(row)
        except (msgspec.MsgspecError, PolicyError) as error:
            raise _stopped(record, error) from error
    return rows


def _stopped(record: Recorded, error: Exception) -> ViewsStopped:
    """Says which of the two it is: a type from a newer release, or a damaged event."""
    try:
        kind = _tag_decoder.decode(record.data).type
    except msgspec.MsgspecError:
        kind = ""
    where = f"Event {record.position} of the log (version {record.version} of {record.stream})"
    if kind and "Invalid value" in str(error) and "$.type" in str(error):
        return ViewsStopped(
            f"{where} is of type {kind}, which this release does not know. The views stopped before"
            " it and left nothing out. Update stillfixed where the views are made.",
            position=record.position,
            event_type=kind,
        )
    return ViewsStopped(
        f"{where}, of type {kind or 'unknown'}, cannot be read: {error}. The views stopped before"
        f" it. Mend the log from a backup, or leave it out: stillfixed views set-aside"
        f" {record.position} --reason '...'",
        position=record.position,
        event_type=kind,
    )


# -- what each event adds ------------------------------------------------------------------------
# One function a table: (position, stream, event) -> (table, row) pairs, columns as in facts.sql.
Added = Iterable[tuple[str, Row]]


def _opened(p: int, s: str, x: e.SessionOpened) -> Added:
    row = (p, s, x.at, x.by, "opened", x.ticket, x.client, x.team, x.category, x.title, None)
    return (("sessions", row),)


def _handed_over(p: int, s: str, x: e.HandedOver) -> Added:
    row = (p, s, x.at, x.by, "handed_over", None, None, None, None, None, x.earlier)
    return (("sessions", row),)


def _endpoint(p: int, s: str, x: e.EndpointAdded | e.EndpointConnected | e.EndpointLost) -> Added:
    match x:
        case e.EndpointAdded():
            rest: Row = ("added", x.endpoint, x.kind, x.address, x.platform, None)
        case e.EndpointConnected():
            rest = ("connected", x.endpoint, None, None, None, x.identity)
        case e.EndpointLost():
            rest = ("lost", x.endpoint, None, None, None, x.reason)
    return (("endpoints", (p, s, x.at, x.by, *rest)),)


def _run(p: int, s: str, x: e.RunStarted) -> Added:
    row = (p, s, x.at, x.by, x.run, x.endpoint, x.command, x.effect, x.check, x.monitor)
    return (("runs", row),)


def _run_finished(p: int, s: str, x: e.RunFinished) -> Added:
    sizes = (x.stdout_bytes, x.stderr_bytes, x.dropped_bytes)
    row = (p, s, x.at, x.by, x.run, x.end, x.exit_status, x.signal, None, *sizes)
    return (("run_ends", row),)


def _run_broken(ending: str, p: int, s: str, x: e.RunNotSent | e.RunInterrupted) -> Added:
    row = (p, s, x.at, x.by, x.run, ending, None, None, x.reason, None, None, None)
    return (("run_ends", row),)


def _change(p: int, s: str, x: e.ChangeDeclared) -> Added:
    return (("declared_changes", (p, s, x.at, x.by, x.text)),)


def _observed(p: int, s: str, x: e.CheckObserved) -> Added:
    judged = (x.health, list(x.reasons), x.judge, x.counts)
    return (("checks", (p, s, x.at, x.by, x.endpoint, x.check, x.run, *judged)),)


def _verified(p: int, s: str, x: e.CheckVerified) -> Iterator[tuple[str, Row]]:
    sides = (x.baseline, x.verification)
    judged = (x.verdict, list(x.reasons), x.judge, x.health, x.fields_left_out)
    yield "comparisons", (p, s, x.at, x.by, x.endpoint, x.check, *sides, *judged)
    for number, f in enumerate(x.fields, 1):
        lines = (f.before_line, f.after_line)
        row = (p, s, number, f.item, f.field, f.before, f.after, f.verdict, f.rule, *lines, f.note)
        yield "comparison_fields", row


def _overridden(p: int, s: str, x: e.VerdictOverridden) -> Added:
    what = (x.endpoint, x.check, x.verification)
    return (("overrides", (p, s, x.at, x.by, *what, x.replaces, x.verdict, x.reason)),)


def _expected(p: int, s: str, x: e.ExpectationStated) -> Added:
    return (("expectations", (p, s, x.at, x.by, x.endpoint, x.check, x.command, x.expect, None)),)


def _runbook(p: int, s: str, x: e.RunbookLoaded) -> Iterator[tuple[str, Row]]:
    for c in x.checks:
        row = (p, s, x.at, x.by, x.endpoint, c.check, c.command, c.expect, x.runbook)
        yield "expectations", row


def _annotated(p: int, s: str, x: e.Annotated) -> Added:
    return (("annotations", (p, s, x.at, x.by, "written", x.annotation, x.kind, x.text)),)


def _accepted(p: int, s: str, x: e.AnnotationAccepted) -> Added:
    return (("annotations", (p, s, x.at, x.by, "accepted", x.annotation, None, None)),)


def _monitor(p: int, s: str, x: e.MonitorStarted | e.MonitorFired | e.MonitorEnded) -> Added:
    match x:
        case e.MonitorStarted():
            what = ("started", x.monitor, x.endpoint, x.command, x.check, x.every_seconds)
            rest: Row = (*what, x.until, None, x.first_at, None)
        case e.MonitorFired():
            due = (x.due_at, x.next_due)
            rest = ("fired", x.monitor, None, None, None, None, None, *due, x.skipped or None)
        case e.MonitorEnded():
            rest = ("ended", x.monitor, None, None, None, None, None, None, None, x.reason)
    return (("monitors", (p, s, x.at, x.by, *rest)),)


def _closure(
    p: int,
    s: str,
    x: e.ClosureRequested
    | e.ClosureRefused
    | e.ClosureConfirmed
    | e.ClosureSentBack
    | e.ClosureGranted,
) -> Added:
    none: list[str] = []
    match x:
        case e.ClosureRequested():
            rest: Row = ("requested", None, None, none, none, none)
        case e.ClosureRefused():
            rest = ("refused", x.policy, x.mode, list(x.reasons), none, none)
        case e.ClosureConfirmed():
            rest = ("confirmed", None, None, none, none, none)
        case e.ClosureSentBack():
            rest = ("sent_back", None, None, [x.reason], none, none)
        case e.ClosureGranted():
            lists = (list(x.unmet), list(x.evidence), list(x.overrides))
            rest = ("granted", x.policy, x.mode, *lists)
    return (("closures", (p, s, x.at, x.by, *rest)),)


def _callback(p: int, s: str, x: e.CallbackRecorded) -> Added:
    return (("callbacks", (p, s, x.at, x.by, x.kind, x.ticket, x.text)),)


TicketStep = Literal["opened", "changed", "resolved", "closed", "reopened", "linked"]


def _ticket(step: TicketStep, p: int, s: str, x: t.AnyTicketEvent) -> Added:
    before = x.reopened_before if isinstance(x, t.TicketResolved | t.TicketClosed) else None
    linked_to = x.to if isinstance(x, t.TicketLinked) else None
    row = (
        p, s, x.at, x.by, step, x.system, x.ticket, x.client, x.team, x.technician, x.category,
        x.title, x.contact, x.endpoint, before, linked_to,
    )  # fmt: skip
    return (("tickets", row),)


def _policies(p: int, _: str, x: PoliciesAdopted) -> Iterator[tuple[str, Row]]:
    for policy in parse_policies(x.text).policy:
        begins: date = policy.begins
        for team in policy.teams or ("",):
            for client in policy.clients or ("",):
                row = (p, x.at, x.by, policy.name, policy.mode, begins, team, client)
                yield "policies", row


def _remark(p: int, _: str, x: RemarkMade) -> Added:
    about = (x.ticket, x.closed_at, x.client, x.team, x.session or None)
    return (("remarks", (p, x.at, x.by, *about, x.text)),)


def _set_aside(p: int, _: str, x: EventSetAside) -> Added:
    return (("set_aside", (p, x.at, x.by, x.position, x.reason)),)


_ADDS: dict[type[Any], Callable[[int, str, Any], Added] | None] = {
    e.SessionOpened: _opened,
    e.HandedOver: _handed_over,
    e.EndpointAdded: _endpoint,
    e.EndpointConnected: _endpoint,
    e.EndpointLost: _endpoint,
    e.RunStarted: _run,
    e.OutputCaptured: None,  # the sizes are in the run's end, the bytes in the log
    e.RunFinished: _run_finished,
    e.RunNotSent: partial(_run_broken, "not_sent"),
    e.RunInterrupted: partial(_run_broken, "interrupted"),
    e.ChangeDeclared: _change,
    e.ExpectationStated: _expected,
    e.CheckObserved: _observed,
    e.CheckVerified: _verified,
    e.VerdictOverridden: _overridden,
    e.RunbookLoaded: _runbook,
    e.Annotated: _annotated,
    e.AnnotationAccepted: _accepted,
    e.MonitorStarted: _monitor,
    e.MonitorFired: _monitor,
    e.MonitorEnded: _monitor,
    e.ClosureRequested: _closure,
    e.ClosureRefused: _closure,
    e.ClosureConfirmed: _closure,
    e.ClosureSentBack: _closure,
    e.ClosureGranted: _closure,
    e.CallbackRecorded: _callback,
    t.TicketOpened: partial(_ticket, "opened"),
    t.TicketChanged: partial(_ticket, "changed"),
    t.TicketResolved: partial(_ticket, "resolved"),
    t.TicketClosed: partial(_ticket, "closed"),
    t.TicketReopened: partial(_ticket, "reopened"),
    t.TicketLinked: partial(_ticket, "linked"),
    PoliciesAdopted: _policies,
    RemarkMade: _remark,
    EventSetAside: _set_aside,
}
