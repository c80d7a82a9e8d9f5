"""A person's share of the views: the same views, over the clients and teams they may see.

Guarantee: on a narrowed connection no table that names a client, and none that belongs to a session
of one, has rows of another; whatever is asked of the views, no query has to filter by itself.

It works by names: temporary views of the tables' own names, with the share alone in them, come
before the tables, for every view above them too. Where rates are counted beforehand
(`callback_days`) they are counted again from the share's closures.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from stillfixed.projections.reading import Views

EVERY = "*"


class Share(NamedTuple):
    """Sessions of these clients by these teams; "*" is all of them."""

    clients: tuple[str, ...]
    teams: tuple[str, ...]

    @property
    def is_everything(self) -> bool:
        return EVERY in self.clients and EVERY in self.teams


_BY_CLIENT = ("closed_tickets", "remarks", "session_states", "tickets")
_BY_SESSION = (
    "annotations", "callbacks", "check_results", "checks", "closures",
    "comparisons", "declared_changes", "endpoints", "expectations", "monitors", "overrides",
    "run_ends", "runs", "sessions",
)  # fmt: skip
_NOBODYS = ("set_aside", "ticket_openings")
"""For whoever makes the views; no share holds them."""


def narrow(views: Views, shares: Sequence[Share]) -> None:
    """Leave in `views` what is in one of the shares; without any, nothing is left."""
    if any(share.is_everything for share in shares):
        return
    [(catalog,)] = views.sql("SELECT current_database()").fetchall()
    kept = _any(f"{_is_in('client', s.clients)} AND {_is_in('team', s.teams)}" for s in shares)
    # A policy for all clients or teams is also one for those of the share.
    policies = _any(
        f"{_is_in('client', s.clients, '')} AND {_is_in('team', s.teams, '')}" for s in shares
    )
    sessions = f'session IN (SELECT session FROM "{catalog}".main.session_states WHERE {kept})'
    conditions = {
        **dict.fromkeys(_BY_CLIENT, kept),
        **dict.fromkeys(_BY_SESSION, sessions),
        **dict.fromkeys(_NOBODYS, "false"),
        "policies": policies,
    }
    for table, where in conditions.items():
        views.execute(
            f'CREATE TEMP VIEW {table} AS SELECT * FROM "{catalog}".main.{table} WHERE {where}'
        )
    views.execute(
        "CREATE TEMP VIEW callback_days AS SELECT * FROM count_callbacks('closed_tickets')"
    )


def _any(conditions: Iterable[str]) -> str:
    return " OR ".join(f"({condition})" for condition in conditions) or "false"


def _is_in(column: str, names: tuple[str, ...], *more: str) -> str:
    if EVERY in names:
        return "true"
    listed = ", ".join(_literal(name) for name in (*names, *more))
    return f"coalesce({column} IN ({listed}), false)" if listed else "false"


def _literal(text: str) -> str:
    # A view's text takes no parameters.
    return "'" + text.replace("'", "''") + "'"
