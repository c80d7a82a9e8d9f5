"""Ticket events stay readable: every released form of each is kept, and replayed.

A file under `histories/tickets/` is never changed. When an event changes, a new file is added.
"""

import typing
from pathlib import Path

import msgspec
import pytest

from stillfixed.actors.tickets import events as e
from stillfixed.actors.tickets.facts import Facts, description_of
from stillfixed.actors.tickets.histories import added_by_ticket
from tests.support.tickets import at, closures

FILES = sorted((Path(__file__).parent / "histories" / "tickets").glob("*.jsonl"))


def stored(path: Path) -> list[e.AnyTicketEvent]:
    return [e.decode(line) for line in path.read_bytes().splitlines()]


def test_every_kind_of_ticket_event_has_a_stored_example() -> None:
    """Who adds an event adds an example of it."""
    assert {type(event) for path in FILES for event in stored(path)} == set(
        typing.get_args(e.AnyTicketEvent)
    )


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_stored_ticket_is_read_and_written_alike(path: Path) -> None:
    """Reading loses nothing: every field that is stored comes back."""
    for line in path.read_bytes().splitlines():
        assert msgspec.json.decode(e.encode(e.decode(line))) == msgspec.json.decode(line)


def test_a_stored_ticket_goes_on() -> None:
    """What was stored by the first release is known to an import of today: it adds only news."""
    [path] = FILES
    history = stored(path)
    assert closures(history) == [at("2026-03-02 11:30"), at("2026-03-09 12:00")]
    facts = Facts(
        line=2, ticket="INC0010001", client="Acme", callback_of="INC0009998",
        opened=at("2026-03-02 09:00"), resolved=at("2026-03-02 11:30"),
        closed=at("2026-03-09 12:00"), reopens=4,
    )  # fmt: skip
    assert description_of(facts) == description_of(history[-1])
    assert added_by_ticket(facts, history, system="servicenow", standing=None) == []
    facts.resolved = at("2026-03-12 10:00")
    facts.reopens = 5
    [news] = added_by_ticket(facts, history, system="servicenow", standing=None)
    assert isinstance(news, e.TicketResolved)
    assert (news.at, news.reopened_before) == (facts.resolved, 1)
