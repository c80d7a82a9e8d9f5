"""From facts to events: what an export adds to what is known, and that nothing is told twice."""

from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from stillfixed.actors.tickets.events import AnyTicketEvent, TicketLinked
from stillfixed.actors.tickets.facts import Facts, description_of
from stillfixed.actors.tickets.histories import added_by_ticket, added_by_updates
from tests.support.tickets import at, closures


def standing(status: str) -> str:
    return status if status in ("resolved", "closed") else "open"


def ticket(stored: Sequence[AnyTicketEvent] = (), **fields: Any) -> list[AnyTicketEvent]:
    """What a row of ticket 7, opened on the 1st at nine, adds; times are days in March."""
    moments = {"opened": "1", **{k: v for k, v in fields.items() if isinstance(v, str)}}
    for name in ("opened", "resolved", "closed", "reopened", "updated"):
        if name in moments:
            fields[name] = day(moments[name])
    facts = Facts(line=2, ticket="7", **fields)
    return added_by_ticket(facts, stored, system="s", standing=standing)


def day(text: str) -> Any:
    return at(f"2026-03-{int(text):02} 09:00")


def update(number: int, status: str, reopens: int | None = None, **more: Any) -> Facts:
    """The update in minute `number`, which is also its line."""
    moment = at(f"2026-03-01 {number // 60:02}:{number % 60:02}")
    return Facts(
        line=number,
        ticket="7",
        status=status,
        updated=moment,
        updated_by="x",
        reopens=reopens,
        **more,
    )


def updates(*rows: Facts, stored: Sequence[AnyTicketEvent] = ()) -> list[AnyTicketEvent]:
    return added_by_updates(rows, stored, system="s", standing=standing)


def told(events: Sequence[AnyTicketEvent]) -> list[str]:
    """Kind, day or minute, and reopenings before: `resolved 3 +1`."""
    found = []
    for event in events:
        kind = str(event.__struct_config__.tag).removeprefix("ticket_")
        moment = event.at.day if event.at.hour == 9 else event.at.minute
        before = getattr(event, "reopened_before", 0)
        found.append(f"{kind} {moment}" + (f" +{before}" if before else ""))
    return found


# -- one row a ticket ------------------------------------------------------------------------------
def test_a_row_tells_what_happened_in_the_order_of_time() -> None:
    """Who did it is told where it is known."""
    events = ticket(resolved="3", closed="8", opened_by="joe", resolved_by="ana", reopens=2)
    assert told(events) == ["opened 1", "resolved 3 +2", "closed 8"]
    assert [event.by for event in events] == ["joe", "ana", ""]


def test_reopenings_are_said_once() -> None:
    """In the closure where the ticket never was resolved; not those whose moment is known."""
    assert told(ticket(closed="8", reopens=1)) == ["opened 1", "closed 8 +1"]
    assert told(ticket(reopened="4", resolved="5", reopens=3)) == [
        "opened 1", "reopened 4", "resolved 5 +2",
    ]  # fmt: skip
    assert told(ticket(resolved="3", reopened="4", reopens=1)) == [
        "opened 1", "resolved 3", "reopened 4",
    ]  # fmt: skip


def test_a_ticket_open_again_was_reopened_after_it_was_resolved() -> None:
    """So its last reopening is not before that, and waits until its moment or its end is known."""
    first = ticket(resolved="3", reopens=1, status="working")
    assert told(first) == ["opened 1", "resolved 3"]
    assert told(ticket(first, resolved="6", reopens=1, status="resolved")) == ["resolved 6 +1"]


def test_a_callback_is_linked_to_the_ticket_before() -> None:
    """At the moment when it was opened."""
    link = ticket(callback_of="5")[1]
    assert isinstance(link, TicketLinked)
    assert (link.to, link.at) == ("5", day("1"))


def test_the_same_row_again_adds_nothing() -> None:
    """Nor does an earlier export of the ticket."""
    row: dict[str, Any] = {
        "resolved": "3",
        "closed": "8",
        "reopens": 2,
        "updated": "8",
        "team": "a",
    }
    events = ticket(**row)
    assert ticket(events, **row) == []
    assert ticket(events, team="a", updated="2") == []


def test_a_newer_export_adds_what_happened_since() -> None:
    """Opened, then resolved, then reopened and resolved again, then closed."""
    events = ticket(updated="1")
    events += ticket(events, resolved="3", updated="3")
    events += ticket(events, resolved="6", reopens=1, updated="6")
    events += ticket(events, resolved="6", closed="11", reopens=1, updated="11")
    assert told(events) == ["opened 1", "resolved 3", "resolved 6 +1", "closed 11"]


def test_a_newer_export_may_describe_the_ticket_in_another_way() -> None:
    """A change of its own, where nothing else is new; once."""
    events = ticket(team="a", resolved="3", updated="3")
    news = ticket(events, team="b", resolved="3", updated="5", updated_by="dora")
    assert (told(news), news[0].team, news[0].by) == (["changed 5"], "b", "dora")
    assert ticket([*events, *news], team="b", resolved="3", updated="5") == []
    news = ticket(events, team="b", resolved="3", closed="8", updated="8")
    assert told(news) == ["closed 8"]


# -- an update a row -------------------------------------------------------------------------------
def test_updates_tell_each_change_of_state() -> None:
    """And a change of who has it or what it is, between them; nothing for the rest."""
    rows = [
        update(1, "new"), update(2, "new", team="a"), update(3, "work", team="a"),
        update(4, "resolved", team="a"), update(5, "resolved", team="a"),
        update(6, "work", team="b"), update(7, "closed", team="b"), update(8, "closed", team="b"),
        update(9, "work", team="b"), update(10, "resolved", team="b"),
        update(11, "closed", team="b"),
    ]  # fmt: skip
    assert told(updates(*rows)) == [
        "opened 1", "changed 2", "resolved 4", "reopened 6", "closed 7", "reopened 9",
        "resolved 10", "closed 11",
    ]  # fmt: skip


def test_a_log_that_counts_reopenings_has_the_last_word() -> None:
    """A row out of place opens nothing; a reopening that no row shows is told with the next end."""
    rows = [update(1, "resolved", 0), update(2, "new", 0), update(3, "closed", 0)]
    assert told(updates(*rows)) == ["opened 1", "resolved 1", "closed 3"]
    rows = [update(1, "resolved", 0), update(2, "work", 1), update(3, "closed", 3)]
    assert told(updates(*rows)) == ["opened 1", "resolved 1", "reopened 2", "closed 3 +2"]
    rows = [update(1, "work", 2), update(2, "resolved", 2), update(3, "closed", 2)]
    assert told(updates(*rows)) == ["opened 1", "resolved 2 +2", "closed 3"]


def test_a_log_that_begins_late_knows_when_the_ticket_was_opened() -> None:
    """From its column, unless that is after the first update."""
    early, late = at("2026-02-01 09:00"), at("2026-03-01 00:30")
    assert updates(update(5, "work", opened=early))[0].at == early
    assert told(updates(update(5, "work", opened=late))) == ["opened 5"]


def test_a_log_goes_on_where_the_last_one_ended() -> None:
    """What it does not hold is known from before: here, that the ticket was resolved."""
    stored = updates(update(1, "new"), update(2, "resolved"))
    assert told(updates(update(3, "work"), update(4, "closed"), stored=stored)) == [
        "reopened 3", "closed 4",
    ]  # fmt: skip


STATES = st.sampled_from(["new", "work", "resolved", "closed"])
LOGS = st.lists(
    st.tuples(STATES, st.sampled_from(["a", "b"]), st.booleans()), min_size=1, max_size=8
)


def log(drawn: Sequence[tuple[str, str, bool]], *, counting: bool) -> list[Facts]:
    """Updates with all their moments different, or some the same; reopenings counted or not."""
    rows: list[Facts] = []
    minute, reopens, now = 0, 0, "open"
    for status, team, same_minute in drawn:
        minute += not (rows and same_minute)
        then = standing(status)
        reopens += then == "open" != now
        now = then
        rows.append(update(minute, status, reopens if counting else None, team=team))
    return rows


@given(LOGS, st.booleans())
def test_any_log_adds_nothing_the_second_time(
    drawn: list[tuple[str, str, bool]], counting: bool
) -> None:
    """Also where several updates share a moment; and the last event says how the ticket stood."""
    rows = log(drawn, counting=counting)
    events = updates(*rows)
    assert updates(*rows, stored=events) == []
    assert description_of(events[-1]) == description_of(rows[-1])


@given(LOGS, st.booleans(), st.integers(1, 7), st.integers(0, 7))
def test_any_log_in_two_parts_tells_the_same_as_whole(
    drawn: list[tuple[str, str, bool]], counting: bool, end: int, begin: int
) -> None:
    """The parts may overlap, as two exports do; moments are all different here."""
    rows = log([(status, team, False) for status, team, _ in drawn], counting=counting)
    first, second = rows[:end], rows[min(begin, end) :]
    events = updates(*first)
    if second:
        events += updates(*second, stored=events)
    whole = updates(*rows)
    assert told(events) == told(whole)
    assert closures(events) == closures(whole)
