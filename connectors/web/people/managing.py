"""What a signed-in person may do about people, themselves included.

Guarantee: an operator decides only about people whose every grant lies in the clients and teams of
the operator's own, gives no grant that does not, and sees no grant that does not; and a token makes
no token that could do more than it, or last longer.
"""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from msgspec.structs import replace

from stillfixed.actors.errors import NotAllowed, RequestRefused, UnknownPerson
from stillfixed.connectors.web.identity import EVERY, Grant, Person
from stillfixed.connectors.web.people import passwords
from stillfixed.connectors.web.people.accounts import Allow
from stillfixed.connectors.web.people.local import LocalPeople
from stillfixed.connectors.web.people.records import Account, Change, Credential, Doer, Token, Via
from stillfixed.connectors.web.people.rights import in_words, may_manage, narrowed, within


class Counter:
    """Where one person, by one credential, asks for changes about people."""

    def __init__(self, people: LocalPeople, asking: Credential, via: Via) -> None:
        self._people = people
        self._asking = asking
        self._person = asking.person
        self._doer = Doer(asking.person.name, via)

    # -- as an operator --------------------------------------------------------------------------
    def everybody(self) -> list[Account]:
        self._must_operate()
        return [_in_sight(self._person, one) for one in self._people.accounts.people()
                if _is_in_sight(self._person, one)]  # fmt: skip

    def person(self, name: str) -> Account:
        self._must_operate()
        account = self._people.accounts.person(name)
        if account.removed_at is not None or not _is_in_sight(self._person, account):
            raise _nobody(name)
        return _in_sight(self._person, account)

    async def add(
        self, name: str, grants: Sequence[Grant], password: str | None, *, returning: bool
    ) -> Account:
        self._must_operate()
        for grant in grants:
            self._must_cover(grant)
        stored = await _checked_and_hashed(password, name) if password is not None else None
        return await asyncio.to_thread(
            self._people.accounts.add, name, grants, self._doer, password_hash=stored,
            returning=returning,
        )  # fmt: skip

    async def remove(self, name: str) -> None:
        self._must_operate()
        await asyncio.to_thread(self._people.accounts.remove, name, self._doer, self._allow())

    async def grant(self, name: str, grant: Grant) -> Account:
        self._must_operate()
        self._must_cover(grant)
        accounts = self._people.accounts
        return await asyncio.to_thread(accounts.grant, name, grant, self._doer, self._in_sight())

    async def revoke(self, name: str, given: int) -> Account:
        self._must_operate()

        def allow(account: Account) -> None:
            self._in_sight()(account)
            grant = next((one.grant for one in account.given if one.id == given), None)
            if grant is None or not within(grant, self._person.granting("operate")):
                raise UnknownPerson(f"{name} has no grant {given}.")

        accounts = self._people.accounts
        return await asyncio.to_thread(accounts.revoke, name, given, self._doer, allow)

    async def reset_password(self, name: str, password: str | None) -> str | None:
        """The password that was made up, where none is given."""
        self._must_operate()
        new = passwords.made_up() if password is None else password
        stored = await _checked_and_hashed(new, name)
        await asyncio.to_thread(
            self._people.accounts.set_password, name, stored, self._doer, allow=self._allow()
        )
        return new if password is None else None

    def changes(self, *, before: int | None, person: str, limit: int) -> list[Change]:
        self._must_operate()
        everything = Grant(role="operator", clients=(EVERY,))
        if not within(everything, self._person.granting("operate")):
            raise NotAllowed(
                "The record of changes names every client: it is for operators of every client."
            )
        return self._people.accounts.changes(before=before, person=person, limit=limit)

    # -- about oneself ---------------------------------------------------------------------------
    def tokens(self, owner: str | None = None) -> list[Token]:
        """One's own; an operator asks for those of somebody else."""
        if owner is not None and owner != self._person.name:
            self._must_operate()
            self._allow()(self.person(owner))
        return self._people.credentials.tokens(owner or self._person.name)

    async def make_token(
        self, label: str, *, seconds: float, grants: Sequence[Grant] | None
    ) -> tuple[str, Token]:
        limit = self._people.settings.token_limit_seconds
        if seconds > limit:
            raise RequestRefused(f"A token lasts at most {limit / 86400:.0f} days here.")
        expires_at = self._people.now() + timedelta(seconds=seconds)
        if self._asking.kind == "token":
            expires_at = min(expires_at, self._asking.expires_at)
            grants = self._person.grants if grants is None else grants
            if any(narrowed([one], self._person.grants) != (one,) for one in grants):
                raise NotAllowed("A token cannot make one that may do more than itself.")
        credentials = self._people.credentials
        return await asyncio.to_thread(
            credentials.make_token, self._person.name, label, self._doer, expires_at=expires_at,
            grants=grants,
        )  # fmt: skip

    async def revoke_token(self, token: str) -> Token:
        """One's own; an operator also those of people they may decide about."""
        known = self._people.credentials.token(token)
        if known.owner != self._person.name:
            account = self._people.accounts.person(known.owner)
            if not may_manage(self._person, account.grants):
                raise UnknownPerson(f"You have no token {token}. See your account page.")
        return await asyncio.to_thread(self._people.credentials.revoke_token, token, self._doer)

    async def change_password(self, old: str, new: str, *, address: str) -> None:
        """Signs every other browser out. With a token it cannot be done."""
        name = self._person.name
        if self._asking.kind == "token":
            raise NotAllowed("A password is changed by who signed in with it, not with a token.")
        if not await self._people.is_password(name, old, address=address):
            raise NotAllowed("That is not your password now.")
        stored = await _checked_and_hashed(new, name)
        await asyncio.to_thread(
            self._people.accounts.set_password, name, stored, self._doer, keep=self._asking.id
        )

    async def sign_out(self, sign_in: str) -> None:
        await asyncio.to_thread(self._people.credentials.sign_out, self._person.name, sign_in)

    # -- what is allowed -------------------------------------------------------------------------
    def _must_operate(self) -> None:
        if not self._person.granting("operate"):
            raise NotAllowed(f"{self._person.name} may not decide about people: no operator.")

    def _must_cover(self, grant: Grant) -> None:
        if not may_manage(self._person, [grant]):
            raise NotAllowed(
                f"{self._person.name} may not make anybody {in_words(grant)}: that is more than "
                "what they are operator of."
            )

    def _allow(self) -> Allow:
        """For what concerns a person as a whole."""

        def allow(account: Account) -> None:
            self._in_sight()(account)
            if not may_manage(self._person, account.grants):
                raise NotAllowed(
                    f"{account.name} has rights beyond what {self._person.name} is operator of."
                )

        return allow

    def _in_sight(self) -> Allow:
        def allow(account: Account) -> None:
            if account.removed_at is not None or not _is_in_sight(self._person, account):
                raise _nobody(account.name)

        return allow


def _is_in_sight(operator: Person, account: Account) -> bool:
    own = operator.granting("operate")
    return not account.given or any(within(one.grant, own) for one in account.given)


def _in_sight(operator: Person, account: Account) -> Account:
    own = operator.granting("operate")
    return replace(account, given=tuple(one for one in account.given if within(one.grant, own)))


def _nobody(name: str) -> UnknownPerson:
    return UnknownPerson(f"Nobody here is called {name}.")


async def _checked_and_hashed(password: str, name: str) -> str:
    passwords.check_new(password, name=name)
    return await passwords.hashed_async(password)
