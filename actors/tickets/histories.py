"""From ticket facts to events: what an export adds to the history that a ticket already has. Pure.

Guarantee: importing a file again adds nothing, and a later or an earlier export of the same tickets
adds what was not known. Events are the same when their kind and moment are (a change, also in what
it says); a stream is in the order in which things became known, and its events by `at` in the order
in which they happened.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any

from stillfixed.actors.tickets.events import (
    AnyTicketEvent,
    TicketChanged,
    TicketClosed,
    TicketEvent,
    TicketLinked,
    TicketOpened,
    TicketReopened,
    TicketResolved,
)
from stillfixed.actors.tickets.facts import Facts, description_of

Standing = Callable[[str], str]
"""What a status means: `open`, `resolved` or `closed`."""

_by_time = attrgetter("at")


def added_by_ticket(
    facts: Facts, stored: Sequence[AnyTicketEvent], *, system: str, standing: Standing | None
) -> list[AnyTicketEvent]:
    """What a row that shows a ticket as it stands adds. `standing` is None where the export's
    statuses are not known."""
    assert facts.opened is not None
    made = _Maker(facts, system)
    told: list[AnyTicketEvent] = [made(TicketOpened, facts.opened, facts.opened_by)]
    if facts.callback_of:
        told.append(made(TicketLinked, facts.opened, facts.opened_by, to=facts.callback_of))
    done = facts.resolved or facts.closed
    reopened = facts.reopened
    if reopened is not None:
        told.append(made(TicketReopened, reopened))
    if done is not None:
        # The last reopening comes after `done` where the ticket is open now, or the export says so.
        open_again = reopened is not None and reopened > done
        if standing is not None and facts.status and standing(facts.status) == "open":
            open_again = open_again or reopened is None
        before = (facts.reopens or 0) - open_again
        if before > 0:
            known = [*stored, *_news([event for event in told if event.at <= done], stored)]
            before = max(0, before - _reopenings(known))
        missing = {"reopened_before": before} if before > 0 else {}
        if facts.resolved is not None:
            told.append(made(TicketResolved, facts.resolved, facts.resolved_by, **missing))
            missing = {}
        if facts.closed is not None:
            told.append(made(TicketClosed, facts.closed, facts.closed_by, **missing))
    told.sort(key=_by_time)
    return _with_description(_news(told, stored), stored, made, facts)


def added_by_updates(
    rows: Sequence[Facts], stored: Sequence[AnyTicketEvent], *, system: str, standing: Standing
) -> list[AnyTicketEvent]:
    """What the updates of one ticket, in order, add.

    Where the rows count reopenings, a ticket that goes back from resolved to open is reopened only
    if the count rises: without, the row is out of place, as real logs have it.
    """
    first = rows[0]
    assert first.updated is not None
    begun = first.updated
    # A log that goes on where an earlier one ended goes on from how the ticket stood then.
    earlier = sorted((event for event in stored if event.at < begun), key=_by_time)
    now, said = _stood(earlier), _reopenings(earlier)
    told: list[AnyTicketEvent] = []
    if not earlier or first.opened is not None:
        opened = min(first.opened or begun, begun)
        told.append(_Maker(first, system)(TicketOpened, opened, first.opened_by))
    described = description_of((earlier or told)[-1])
    highest = said if earlier else (first.reopens or 0)
    for row in rows:
        at, by = row.updated, row.updated_by
        assert at is not None
        made = _Maker(row, system)
        then = standing(row.status)
        rises = row.reopens is None or row.reopens > highest
        highest = max(highest, row.reopens or 0)
        if then == "open" and now != "open" and rises:
            told.append(made(TicketReopened, at, by))
            now, said = "open", said + 1
        elif then == "closed" != now or (then == "resolved" and now == "open"):
            missing = max(0, highest - said)
            kind = TicketClosed if then == "closed" else TicketResolved
            told.append(made(kind, at, by, reopened_before=missing))
            now, said = then, said + missing
        elif description_of(row) != described:
            told.append(made(TicketChanged, at, by))
        described = description_of(row)
    return _with_description(_news(told, stored), stored, _Maker(rows[-1], system), rows[-1])


class _Maker:
    """Makes events that say how the ticket stood by these facts."""

    def __init__(self, facts: Facts, system: str) -> None:
        self._facts = facts
        self._system = system

    def __call__(
        self, kind: Callable[..., AnyTicketEvent], at: datetime, by: str = "", **more: Any
    ) -> AnyTicketEvent:
        facts = self._facts
        return kind(
            at=at, by=by, system=self._system, ticket=facts.ticket, client=facts.client,
            team=facts.team, technician=facts.technician, category=facts.category,
            title=facts.title, contact=facts.contact, endpoint=facts.endpoint, **more,
        )  # fmt: skip


def _news(told: Iterable[AnyTicketEvent], stored: Sequence[AnyTicketEvent]) -> list[AnyTicketEvent]:
    """What is told and not stored. Told twice, it happened twice: two changes in one minute."""
    if not stored:
        return list(told)
    kept = Counter(map(_identity, stored))
    news = []
    for event in told:
        identity = _identity(event)
        if kept[identity]:
            kept[identity] -= 1
        else:
            news.append(event)
    return news


def _identity(event: AnyTicketEvent) -> tuple[object, ...]:
    match event:
        case TicketOpened():
            return (TicketOpened,)
        case TicketLinked():
            return (TicketLinked, event.to)
        case TicketChanged():
            return (TicketChanged, event.at, description_of(event))
        case _:
            return (type(event), event.at)


def _with_description(
    news: list[AnyTicketEvent], stored: Sequence[AnyTicketEvent], made: _Maker, facts: Facts
) -> list[AnyTicketEvent]:
    """A newer export may describe a ticket in another way and tell nothing else that is new."""
    if not stored:
        return news
    times = (facts.updated, facts.closed, facts.resolved, facts.reopened, facts.opened)
    at = facts.updated or max(moment for moment in times if moment is not None)
    last: TicketEvent = max([*stored, *news], key=_by_time)
    newest = [event for event in (*stored, *news) if event.at == last.at]
    if at >= last.at and description_of(newest[-1]) != description_of(facts):
        return [*news, made(TicketChanged, at, facts.updated_by)]
    return news


def _reopenings(events: Iterable[AnyTicketEvent]) -> int:
    """How many the history holds, with those whose moments are not known."""
    count = 0
    for event in events:
        match event:
            case TicketReopened():
                count += 1
            case TicketResolved() | TicketClosed():
                count += event.reopened_before
            case _:
                pass
    return count


def _stood(events: Iterable[AnyTicketEvent]) -> str:
    now = "open"
    for event in events:
        match event:
            case TicketReopened():
                now = "open"
            case TicketResolved() if now == "open":
                now = "resolved"
            case TicketClosed():
                now = "closed"
            case _:
                pass
    return now
