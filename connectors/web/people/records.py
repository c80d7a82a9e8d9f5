"""What is kept about people, as the store gives it out. Times are aware, UTC."""

from datetime import datetime
from typing import Literal

import msgspec

from stillfixed.connectors.web.identity import Grant, Person

Via = Literal["command line", "api", "page", "single sign-on"]
Source = Literal["operator", "single sign-on"]
"""Who says that a grant is so: an operator, or the claims of a provider at each sign-in."""


class Doer(msgspec.Struct, frozen=True):
    """Who changes something, and by which way in."""

    name: str
    via: Via


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """A grant of a person, with who gave it when."""

    id: int
    grant: Grant
    source: Source
    at: datetime
    by: str


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """A person of this host. One who was removed keeps the name, and no right."""

    name: str
    given: tuple[Given, ...]
    has_password: bool
    signs_in_elsewhere: bool
    added_at: datetime
    removed_at: datetime | None

    @property
    def grants(self) -> tuple[Grant, ...]:
        return tuple(dict.fromkeys(one.grant for one in self.given))


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """An API token without its secret. `grants` None: all that its owner has at the time."""

    id: str
    owner: str
    label: str
    grants: tuple[Grant, ...] | None
    made_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    used_at: datetime | None

    def is_good(self, now: datetime) -> bool:
        return self.revoked_at is None and now < self.expires_at


class SignIn(msgspec.Struct, frozen=True, kw_only=True):
    """A browser that is signed in, without its secret."""

    id: str
    person: str
    browser: str
    begun_at: datetime
    seen_at: datetime
    expires_at: datetime


class Credential(msgspec.Struct, frozen=True, kw_only=True):
    """What a request showed, while it is good. `person` has the rights that it carries: a token's
    are narrowed to what its owner has now."""

    kind: Literal["token", "cookie"]
    id: str
    person: Person
    expires_at: datetime
    seen_at: datetime | None


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """Who changed what about whom."""

    number: int
    at: datetime
    by: str
    via: Via
    person: str
    what: str
    detail: str
