"""What the views make of tickets and sessions: closures, callbacks, proof, bypasses."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pytest
from statsmodels.stats.proportion import proportion_confint

from stillfixed.actors.log.contract import Recorded
from stillfixed.actors.runtime.policies import PoliciesAdopted
from stillfixed.actors.session import events as e
from stillfixed.actors.tickets import events as t
from stillfixed.projections.store import HERE, Store, view_files
from tests.support.views import folded

MONDAY = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def day(number: float) -> datetime:
    return MONDAY + timedelta(days=number)


class Told:
    """Events in the order they are told, and the store that they make."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.records: list[Recorded] = []
        self.stores = count()

    def add(self, stream: str, event: Any) -> None:
        number = len(self.records) + 1
        data = msgspec.json.encode(event)
        self.records.append(Recorded(number, stream, number, None, data))

    def ticket(self, kind: type[t.TicketEvent], name: str, at: float, **more: Any) -> None:
        known = {"client": "Acme", "category": "vpn", "contact": "eva", "team": "field"}
        event = kind(at=day(at), system="desk", ticket=name, **{**known, **more})
        self.add(t.ticket_stream("desk", name), event)

    def session(self, name: str, ticket: str, at: float, **more: Any) -> None:
        about = {"client": "Acme", "team": "field", "category": "vpn", **more}
        self.add(name, e.SessionOpened(at=day(at), by="ana", ticket=ticket, **about))

    def granted(self, name: str, at: float, **more: Any) -> None:
        event = e.ClosureGranted(at=day(at), by="ana", **{"policy": "p", "mode": "observe", **more})
        self.add(name, event)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """In two ways of cutting the feed, which must agree."""
        found = []
        for batch in (len(self.records), 2):
            store: Store = folded(self.path / f"{next(self.stores)}.duckdb", self.records, batch)
            found.append(store._db.execute(sql).fetchall())
            store.close()
        assert found[0] == found[1]
        return found[0]


@pytest.fixture
def told(tmp_path: Path) -> Iterator[Told]:
    return Told(tmp_path)


def test_a_reopened_ticket_is_closed_twice_and_came_back_once(told: Told) -> None:
    """The callback belongs to the closure before it."""
    told.ticket(t.TicketOpened, "1", 0)
    told.ticket(t.TicketResolved, "1", 1)
    told.ticket(t.TicketReopened, "1", 3)
    told.ticket(t.TicketResolved, "1", 4)
    told.ticket(t.TicketClosed, "1", 9)
    found = told.rows("SELECT number, closed_at, reopened_at FROM closed_tickets ORDER BY number")
    assert [(n, at.day, back and back.day) for n, at, back in found] == [(1, 3, 5), (2, 6, None)]


def test_a_count_of_reopenings_without_their_moments_counts_once(told: Told) -> None:
    """An export with a row a ticket knows how often, not when."""
    told.ticket(t.TicketOpened, "1", 0)
    told.ticket(t.TicketResolved, "1", 1)
    told.ticket(t.TicketClosed, "1", 6, reopened_before=2)
    assert told.rows("SELECT closed_at, reopened_undated FROM closed_tickets") == [
        (day(1).replace(tzinfo=None), 2)
    ]
    assert told.rows("SELECT DISTINCT callbacks FROM callback_rate") == [(1,)]


def test_a_later_export_may_tell_of_a_reopening_without_its_moment(told: Told) -> None:
    """Resolved again, as next week's export says, is a second closure; the first one came back."""
    told.ticket(t.TicketOpened, "1", 0)
    told.ticket(t.TicketResolved, "1", 1)
    told.ticket(t.TicketResolved, "1", 8, reopened_before=1)
    found = told.rows("SELECT number, reopened_undated FROM closed_tickets ORDER BY number")
    assert found == [(1, 1), (2, 0)]


def test_a_linked_ticket_is_a_callback_and_a_similar_one_is_suspected(told: Told) -> None:
    """Explicit and suspected callbacks are told apart; another client's ticket is neither."""
    for name, opened in (("1", 0), ("2", 5), ("3", 6), ("4", 7)):
        client = "Else" if name == "4" else "Acme"
        told.ticket(t.TicketOpened, name, opened, client=client)
        told.ticket(t.TicketResolved, name, opened + 0.5, client=client)
    told.ticket(t.TicketLinked, "2", 5.1, to="1")
    found = told.rows(
        "SELECT ticket, linked_at IS NOT NULL, suspected_at::DATE::VARCHAR"
        " FROM closed_tickets ORDER BY ticket"
    )
    assert found == [
        ("1", True, "2026-03-07"),
        ("2", False, "2026-03-08"),
        ("3", False, None),
        ("4", False, None),
    ]
    counts = told.rows(
        "SELECT sum(callbacks), sum(suspected) FROM callback_rate"
        " WHERE grouping = 'all' AND window_days = 7"
    )
    assert counts == [(1, 1)]


@pytest.mark.parametrize(
    ("refused", "granted", "proof"),
    [
        (False, {"evidence": ("r1", "r2")}, "proven"),
        (True, {"evidence": ("r1", "r2")}, "refused_then_fixed"),
        (False, {"evidence": ("a1",)}, "waived"),
        (False, {"unmet": ("No check shows the fix.",)}, "unverified"),
        (False, {}, "unverified"),
    ],
)
def test_how_a_closure_was_proven(
    told: Told, refused: bool, granted: dict[str, Any], proof: str
) -> None:
    """By what the gate granted it on."""
    told.session("s-1", "T-1", 0)
    told.add(
        "s-1", e.Annotated(at=day(0), by="ana", annotation="a1", kind="cannot_verify", text="x")
    )
    if refused:
        no = e.ClosureRefused(at=day(0), by="ana", policy="p", mode="enforce", reasons=("No.",))
        told.add("s-1", no)
    told.granted("s-1", 1, **granted)
    assert told.rows("SELECT proof, session FROM closed_tickets") == [(proof, "s-1")]


def test_a_closure_without_a_grant_is_bypassed_under_the_policy_in_force(told: Told) -> None:
    """The team's policy was adopted before; the other team has none."""
    text = '[[policy]]\nname = "strict"\nmode = "enforce"\nteams = ["field"]\n'
    told.add("~policies", PoliciesAdopted(at=day(0), by="mia", text=text))
    told.ticket(t.TicketResolved, "1", 1)
    told.ticket(t.TicketResolved, "2", 1, team="night")
    told.session("s-3", "3", 1)
    told.granted("s-3", 1.4, policy="strict", mode="enforce", evidence=("r1", "r2"))
    told.ticket(t.TicketResolved, "3", 1.5)
    found = told.rows("SELECT policy, mode, granted, bypassed FROM enforcement ORDER BY policy")
    assert found == [("none", "none", 0, 1), ("strict", "enforce", 1, 1)]
    assert told.rows("SELECT system, session, proof FROM closed_tickets WHERE ticket = '3'") == [
        ("desk", "s-3", "proven")
    ]


def test_a_team_has_adopted_when_a_policy_warns_or_enforces(told: Told) -> None:
    """Observing is no adoption; a policy for all counts for every team."""
    for number, (mode, teams) in enumerate(
        [("observe", '["field"]'), ("warn", '["field"]'), ("enforce", "[]")], 1
    ):
        text = f'[[policy]]\nname = "p{number}"\nmode = "{mode}"\nteams = {teams}\n'
        told.add("~policies", PoliciesAdopted(at=day(number), by="mia", text=text))
    told.ticket(t.TicketResolved, "1", 1)
    told.ticket(t.TicketResolved, "2", 1, team="night")
    found = told.rows("SELECT team, day(adopted_at), day(enforced_at) FROM adoption ORDER BY team")
    assert found == [("field", 4, 5), ("night", 5, 5)]


def test_a_policy_for_some_clients_only_is_no_adoption_of_a_team(told: Told) -> None:
    """Most closures of the team go on as before."""
    text = '[[policy]]\nname = "acme"\nmode = "enforce"\nclients = ["Acme"]\n'
    told.add("~policies", PoliciesAdopted(at=day(1), by="mia", text=text))
    told.ticket(t.TicketResolved, "1", 1)
    assert told.rows("SELECT team, adopted_at, enforced_at FROM adoption") == [
        ("field", None, None)
    ]


def test_first_contact_resolution_by_two_definitions(told: Told) -> None:
    """One session, or no change of hands; a callback undoes both."""
    told.session("s-1", "1", 0)
    told.ticket(t.TicketOpened, "1", 0, technician="ana")
    told.ticket(t.TicketResolved, "1", 1, technician="ana")
    told.ticket(t.TicketOpened, "2", 0, technician="ana", contact="bea")
    told.ticket(t.TicketChanged, "2", 0.5, technician="bob", contact="bea")
    told.ticket(t.TicketResolved, "2", 1, technician="bob", contact="bea")
    found = told.rows(
        "SELECT definition, closed, resolved FROM first_contact_resolution"
        " WHERE grouping = 'all' AND window_days = 7 ORDER BY definition"
    )
    assert found == [("first_contact_hands 1", 2, 1), ("first_contact_session 1", 1, 1)]


def test_the_sample_is_the_last_five_of_each_team(told: Told) -> None:
    """Up to the day asked for, newest first; each says whether a verification is there."""
    for number in range(7):
        told.ticket(t.TicketResolved, str(number), number)
    told.ticket(t.TicketResolved, "night-1", 2, team="night")
    found = told.rows(
        "SELECT team, ticket, verification_present FROM review_sample ORDER BY team, place"
    )
    assert found == [("field", str(n), False) for n in (6, 5, 4, 3, 2)] + [
        ("night", "night-1", False)
    ]


def test_the_audit_says_who_did_what(told: Told) -> None:
    """Verified, overrode, stated, granted: in order, with the result."""
    told.session("s-1", "T-1", 0)
    told.add("s-1", e.CheckVerified(
        at=day(0.1), by="ana", endpoint="web1", check="c", baseline="r1", verification="r2",
        verdict="inconclusive", reasons=("Cut off.",), judge="2"))  # fmt: skip
    told.add("s-1", e.VerdictOverridden(
        at=day(0.2), by="dora", endpoint="web1", check="c", verification="r2",
        replaces="inconclusive", verdict="fixed", reason="I saw it."))  # fmt: skip
    told.granted("s-1", 1, overrides=("dora overrode it",))
    assert told.rows("SELECT person, act, result, text FROM audit ORDER BY position") == [
        ("ana", "verified", "inconclusive", "Cut off."),
        ("dora", "overrode", "inconclusive -> fixed", "I saw it."),
        ("ana", "closure", "granted", "dora overrode it"),
    ]


@pytest.mark.parametrize(("k", "n"), [(0, 5), (5, 5), (1, 7), (72, 400), (0, 1), (999, 1000)])
def test_the_interval_is_wilsons(k: int, n: int) -> None:
    """As statsmodels computes it."""
    db = duckdb.connect()
    macros = (HERE / "macros.sql").read_text().split("CREATE MACRO data_until")
    db.execute(macros[1].split(";", 1)[1])
    found = db.execute(f"SELECT wilson_low({k}, {n}), wilson_high({k}, {n})").fetchall()
    assert found[0] == pytest.approx(proportion_confint(k, n, method="wilson"), abs=1e-12)


@pytest.mark.parametrize("path", view_files(), ids=lambda path: path.stem)
def test_a_view_says_what_it_is(path: Path) -> None:
    """Its file says what a row is and where it comes from, and holds one view of its name."""
    text = path.read_text()
    header = " ".join(line[2:].strip() for line in text.splitlines() if line.startswith("--"))
    assert text.startswith("-- ")
    assert re.search(r"one row", header, re.I), header
    assert "Source:" in header or path.stem == "definitions"
    assert re.findall(r"CREATE VIEW (\w+)", text) == [path.stem]
