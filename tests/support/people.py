"""People of a folder, with a clock that tests turn themselves."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from stillfixed.connectors.web.identity import EVERY, Grant, Role
from stillfixed.connectors.web.people import passwords
from stillfixed.connectors.web.people.local import LocalPeople
from stillfixed.connectors.web.people.records import Doer
from stillfixed.connectors.web.people.settings import PeopleSettings

CARLA = Doer("carla", "command line")
PASSWORD = "correct horse battery"


class Hands:
    """The time it is, until a test says otherwise."""

    def __init__(self) -> None:
        self.at = datetime(2026, 3, 2, 9, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def turn(self, **by: float) -> None:
        self.at += timedelta(**by)


def people_of(folder: Path, hands: Hands | None = None, **settings: float) -> LocalPeople:
    return LocalPeople(folder, PeopleSettings(**settings), now=hands or Hands())


def a(role: Role, *clients: str, teams: tuple[str, ...] = (EVERY,)) -> Grant:
    return Grant(role=role, clients=clients or (EVERY,), teams=teams)


def cheap_passwords() -> None:
    """Argon2 as always, at a cost that tests can pay often."""
    passwords._HASHER.__init__(time_cost=1, memory_cost=8, parallelism=1)  # type: ignore[misc]
