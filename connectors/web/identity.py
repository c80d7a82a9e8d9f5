"""Who asks, and what they may do to whose sessions. Pure.

Guarantee: a person sees and does nothing that no grant names; a grant names its clients and teams,
and "*" is the only way to say all of them.
"""

from typing import Literal

import msgspec

Role = Literal["technician", "dispatcher", "manager", "operator"]
Action = Literal["read", "work", "review", "measure", "govern", "operate"]
"""read: histories. work: everything a technician does. review: what a dispatcher decides. measure:
rates and reports. govern: policies. operate: accounts, tokens, the host itself."""

EVERY = "*"

_ALLOWED: dict[Role, frozenset[Action]] = {
    "technician": frozenset({"read", "work"}),
    "dispatcher": frozenset({"read", "review", "measure"}),
    "manager": frozenset({"read", "measure", "govern"}),
    "operator": frozenset({"operate"}),
}


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """A role for some clients and some teams."""

    role: Role
    clients: tuple[str, ...]
    teams: tuple[str, ...] = (EVERY,)

    def covers(self, client: str, team: str) -> bool:
        return _names(self.clients, client) and _names(self.teams, team)


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who has signed in. `name` is what the history says in `by`."""

    name: str
    grants: tuple[Grant, ...] = ()

    def may(self, action: Action, *, client: str, team: str) -> bool:
        """Whether this is allowed on sessions of a client and team."""
        return any(grant.covers(client, team) for grant in self.granting(action))

    def granting(self, action: Action) -> tuple[Grant, ...]:
        """The grants that allow an action somewhere; none: nowhere."""
        return tuple(grant for grant in self.grants if action in _ALLOWED[grant.role])


def _names(allowed: tuple[str, ...], name: str) -> bool:
    return EVERY in allowed or name in allowed
