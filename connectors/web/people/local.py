"""The people of this host: who a request comes from, and signing in with a password.

Guarantee: a request with an `Authorization` header is judged by that alone, never by its cookie; so
what protects cookies from other sites need not look at requests with a token.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from fastapi import Request
from starlette.requests import HTTPConnection

from stillfixed.actors.errors import NotAllowed, NotSignedIn
from stillfixed.connectors.web.identity import Person
from stillfixed.connectors.web.people import passwords
from stillfixed.connectors.web.people.accounts import Accounts, Now, now_utc
from stillfixed.connectors.web.people.credentials import Credentials
from stillfixed.connectors.web.people.database import FILE_NAME, Database
from stillfixed.connectors.web.people.naming import folded
from stillfixed.connectors.web.people.records import Credential, SignIn
from stillfixed.connectors.web.people.settings import PeopleSettings
from stillfixed.connectors.web.people.tries import Tries

COOKIES = ("stillfixed", "__Host-stillfixed")
"""Of a sign-in: over plain HTTP, on loopback, and over HTTPS, where browsers let none but this host
set it."""


@dataclass(frozen=True)
class SignedInBrowser:
    """`secret` and `familiar` are for its cookies."""

    sign_in: SignIn
    secret: str
    familiar: str


class LocalPeople:
    """Open once a process; `close` when the app has ended."""

    def __init__(
        self, folder: Path, settings: PeopleSettings | None = None, *, now: Now = now_utc
    ) -> None:
        """`folder`: the data folder. Raises `AccountsUnavailable`."""
        self.settings = settings or PeopleSettings()
        self.now = now
        self._database = Database(folder / FILE_NAME)
        self.accounts = Accounts(self._database, now)
        self.credentials = Credentials(
            self._database,
            now,
            idle_seconds=self.settings.cookie_idle_seconds,
            absolute_seconds=self.settings.cookie_absolute_seconds,
        )
        self.tries = Tries()
        self._noting: set[asyncio.Task[None]] = set()

    async def who(self, request: Request) -> Person | None:
        credential = await self.credential(request)
        return credential.person if credential else None

    async def credential(self, request: HTTPConnection) -> Credential | None:
        """What the request shows; None where it shows nothing, or nothing that is good. Reads the
        file each time, some 50 us, so that what was taken back counts at once."""
        credential = self.look(request)
        if credential and self._is_due(credential.seen_at):
            noting = asyncio.create_task(asyncio.to_thread(self.credentials.seen, credential))
            self._noting.add(noting)
            noting.add_done_callback(self._noted)
        return credential

    def look(self, request: HTTPConnection) -> Credential | None:
        """The same without noting that it was used."""
        header = request.headers.get("authorization")
        if header is not None:
            scheme, _, secret = header.partition(" ")
            return self.credentials.of_token(secret) if scheme.lower() == "bearer" else None
        secret = request.cookies.get(COOKIES[request.url.scheme == "https"], "")
        return self.credentials.of_cookie(secret) if secret else None

    def _is_due(self, seen_at: datetime | None) -> bool:
        """`seen` is coarse: at most one write a minute for somebody who works."""
        if seen_at is None:
            return True
        return (self.now() - seen_at).total_seconds() >= self.settings.seen_every_seconds

    def _noted(self, noting: "asyncio.Task[None]") -> None:
        self._noting.discard(noting)
        if not noting.cancelled():
            noting.exception()  # a use that could not be written down is noted by the next one

    # -- signing in ------------------------------------------------------------------------------
    async def sign_in(
        self, name: str, password: str, *, address: str, familiar: str, browser: str
    ) -> SignedInBrowser:
        """`familiar`: the cookie of an earlier sign-in, if any. Raises `NotSignedIn`, the same
        for a wrong name and a wrong password, and `TooManyTries`."""
        account = self.accounts.called(name)
        known = account.name if account else ""
        try_ = self.tries.take(
            folded(" ".join(name.split()))[:64],
            address,
            familiar=bool(known and familiar) and self.credentials.is_familiar(known, familiar),
        )
        stored = self.accounts.password_hash(known) if known else None
        if not await passwords.is_right_async(password[: passwords.MOST_CHARS], stored):
            raise NotSignedIn("The name or the password is wrong.")
        assert stored is not None
        try_.was_right()
        if passwords.is_outdated(stored):
            new = await passwords.hashed_async(password)
            await asyncio.to_thread(self.accounts.rehash, known, stored, new)
        return await self.admit(known, browser=browser)

    async def admit(self, name: str, *, browser: str) -> SignedInBrowser:
        """Sign somebody in who has been recognised."""
        secret, sign_in = await asyncio.to_thread(self.credentials.sign_in, name, browser)
        return SignedInBrowser(sign_in, secret, self.credentials.familiar(name))

    async def is_password(self, name: str, password: str, *, address: str) -> bool:
        """Whether it is theirs, asked of somebody who is signed in. Raises `TooManyTries`."""
        try_ = self.tries.take(folded(name), address, familiar=True)
        is_right = await passwords.is_right_async(password, self.accounts.password_hash(name))
        if is_right:
            try_.was_right()
        return is_right

    async def close(self) -> None:
        await asyncio.gather(*self._noting, return_exceptions=True)
        self._database.close()


def local_people(request: Request) -> LocalPeople:
    """The people of the app's desk, where they are this host's own."""
    people = request.app.state.desk.people
    if not isinstance(people, LocalPeople):
        raise NotAllowed("This host keeps no people of its own: change them where they are kept.")
    return people
