"""How grants compare: what a token keeps of its owner's, and what an operator may give. Pure.

Guarantee: what is narrowed is never wider than either side, and `within` is never true of a grant
that allows more than those it is compared with.
"""

from collections.abc import Iterable, Sequence

from stillfixed.connectors.web.identity import EVERY, Grant, Person


def narrowed(grants: Sequence[Grant], to: Sequence[Grant]) -> tuple[Grant, ...]:
    """What both sides allow: of each pair with one role, the clients and teams in common."""
    both = (_both(one, other) for one in grants for other in to if one.role == other.role)
    return tuple(dict.fromkeys(grant for grant in both if grant is not None))


def _both(one: Grant, other: Grant) -> Grant | None:
    clients = _common(one.clients, other.clients)
    teams = _common(one.teams, other.teams)
    return Grant(role=one.role, clients=clients, teams=teams) if clients and teams else None


def _common(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    if EVERY in one:
        return other
    return one if EVERY in other else tuple(name for name in one if name in other)


def within(grant: Grant, others: Iterable[Grant]) -> bool:
    """Whether the clients and teams of a grant lie in those of one of the others, of any role."""
    return any(
        _names_all(other.clients, grant.clients) and _names_all(other.teams, grant.teams)
        for other in others
    )


def _names_all(wide: tuple[str, ...], narrow: tuple[str, ...]) -> bool:
    return EVERY in wide or set(narrow) <= set(wide)


def may_manage(operator: Person, grants: Iterable[Grant]) -> bool:
    """Whether an operator may give these grants, or decide about somebody who has them."""
    own = operator.granting("operate")
    return bool(own) and all(within(grant, own) for grant in grants)


def in_words(grant: Grant) -> str:
    """As in "technician for Acme, team blue"."""
    clients = "every client" if EVERY in grant.clients else ", ".join(grant.clients)
    if EVERY in grant.teams:
        return f"{grant.role} for {clients}"
    teams = ", ".join(team or "(none)" for team in grant.teams)
    return f"{grant.role} for {clients}, {'team' if len(grant.teams) == 1 else 'teams'} {teams}"
