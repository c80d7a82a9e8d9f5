"""What pages read: the published views, as far as a person's grants reach, and the log behind them.

Guarantee: a question to the views finds nothing of clients and teams that the person's grants do
not name; it cannot forget to filter, since on its connection there is nothing else.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import duckdb

from stillfixed.connectors.web.desk import Desk
from stillfixed.connectors.web.identity import Action, Person
from stillfixed.projections import views_folder
from stillfixed.projections.reading import Parameters, Views
from stillfixed.projections.scoping import Share, narrow

Row = dict[str, Any]
FoundT = TypeVar("FoundT")


class AsOf(NamedTuple):
    """Up to which event of the log, and which moment, the views tell."""

    position: int
    moment: datetime | None


def shares_of(person: Person, action: Action) -> list[Share]:
    return [Share(grant.clients, grant.teams) for grant in person.granting(action)]


async def ask_views(
    desk: Desk,
    person: Person,
    action: Action,
    question: Callable[[Views], FoundT],
    **settings: object,
) -> FoundT:
    """What `question` finds in the newest views of what `person` may do `action` with. It runs in a
    thread. `settings` are those of `Views`. Raises `ViewsMissing`."""
    folder = views_folder(desk.service.settings)
    shares = shares_of(person, action)

    def ask() -> FoundT:
        with Views(folder, **settings) as views:
            _held_open(views.path)
            narrow(views, shares)
            return question(views)

    return await asyncio.to_thread(ask)


@lru_cache(maxsize=2)
def _held_open(path: Path) -> duckdb.DuckDBPyConnection:
    """While something holds a copy open, opening it again takes no time (30 ms otherwise), and what
    was read of it is still in memory."""
    return duckdb.connect(path, read_only=True)


def rows(views: Views, query: str, parameters: Parameters | None = None) -> list[Row]:
    """Rows by column; times are aware."""
    found: list[Row] = views.query(query, parameters).to_pylist()
    for row in found:
        for name, value in row.items():
            if isinstance(value, datetime) and value.tzinfo is None:
                row[name] = value.replace(tzinfo=UTC)
    return found


def as_of(views: Views) -> AsOf:
    until = views.data_until
    return AsOf(views.position, until.replace(tzinfo=UTC) if until else None)
