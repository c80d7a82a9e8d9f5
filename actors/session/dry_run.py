"""What other policies would have said of closures that were granted. Pure.

The gate is run again on each session as it was at the moment of its grant, by the policy that the
proposal has for its team and client, as if that were in force and its mode `enforce`: no matter
from which day on it applies, or whether it only observes.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Literal

import msgspec

from stillfixed.actors.session import events as e
from stillfixed.actors.session.gate import Reason, rule
from stillfixed.actors.session.policy import Policies
from stillfixed.actors.session.state import State, evolve

Outcome = Literal["granted", "waits", "refused"]


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """One granted closure, and what the proposal says of it. `waits`: the gate agrees, but a
    dispatcher would have had to confirm, and none did."""

    session: str
    ticket: str
    client: str
    team: str
    technician: str
    at: datetime
    policy: str
    outcome: Outcome
    reasons: tuple[Reason, ...] = ()


def dry_run(
    session: str, events: Iterable[e.SessionEvent], policies: Policies, since: datetime
) -> list[Tried]:
    """The grants of one session from `since` on, from all of its events."""
    state, confirmed, found = State(), False, []
    for event in events:
        if isinstance(event, e.ClosureGranted) and event.at >= since:
            found.append(_try(session, state, policies, event.at, confirmed=confirmed))
        if isinstance(event, e.ClosureRequested):
            confirmed = False
        elif isinstance(event, e.ClosureConfirmed):
            confirmed = True
        state = evolve(state, event)
    return found


def _try(session: str, state: State, policies: Policies, at: datetime, *, confirmed: bool) -> Tried:
    opened = state.opened
    assert opened is not None, "a grant follows an opening"
    policy = policies.in_force(team=opened.team, client=opened.client, on=date.max)
    reasons = rule(state, policy, at).reasons
    waits = policy.require.confirmation and not confirmed
    return Tried(
        session=session,
        ticket=opened.ticket,
        client=opened.client,
        team=opened.team,
        technician=state.technician,
        at=at,
        policy=policy.name,
        outcome="refused" if reasons else "waits" if waits else "granted",
        reasons=reasons,
    )


class Count(msgspec.Struct, frozen=True):
    """`by_reason` counts closures, not reasons: one may be in several."""

    policy: str
    granted: int
    waits: int
    refused: int
    by_reason: dict[str, int]

    @property
    def closures(self) -> int:
        return self.granted + self.waits + self.refused


def counted(tried: Sequence[Tried]) -> list[Count]:
    """By policy, in the order of their names."""
    found = []
    for name in sorted({one.policy for one in tried}):
        own = [one for one in tried if one.policy == name]
        codes = [code for one in own for code in {reason.code for reason in one.reasons}]
        granted, waits, refused = (sum(one.outcome == kind for one in own) for kind in _OUTCOMES)
        by_reason = {code: codes.count(code) for code in sorted(set(codes))}
        found.append(Count(name, granted, waits, refused, by_reason))
    return found


_OUTCOMES: tuple[Outcome, ...] = ("granted", "waits", "refused")
