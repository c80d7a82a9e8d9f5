"""People, their grants and password hashes, and the record of who changed which.

Guarantee: every change of a right is one transaction with its line in the record of changes; a name
once given is never given to somebody else.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import apsw
import msgspec

from stillfixed.actors.errors import RequestRefused, UnknownPerson
from stillfixed.connectors.web.identity import Grant
from stillfixed.connectors.web.people.database import Database
from stillfixed.connectors.web.people.naming import clean_name, folded, skeleton
from stillfixed.connectors.web.people.records import Account, Change, Doer, Given, Source
from stillfixed.connectors.web.people.rights import in_words

Now = Callable[[], datetime]
Allow = Callable[[Account], None]
"""Asked inside the transaction about the person as they are; raises where the change may not be."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def now_utc() -> datetime:
    return datetime.now(UTC)


def to_micros(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(microseconds=1)


def from_micros(micros: int) -> datetime:
    return _EPOCH + timedelta(microseconds=micros)


def anyone(account: Account) -> None:
    """For whoever works on the machine itself."""


class Accounts:
    """Methods block for a read or a commit; all raise `AccountsUnavailable`, and `UnknownPerson`
    for a name that nobody has."""

    def __init__(self, database: Database, now: Now = now_utc) -> None:
        self._database = database
        self._now = now

    # -- reading ---------------------------------------------------------------------------------
    def people(self, *, removed: bool = False) -> list[Account]:
        """Everybody by name; those removed only if asked for."""
        found = self._database.rows("SELECT name FROM people ORDER BY folded")
        every = (self.person(name) for (name,) in found)
        return [one for one in every if removed or one.removed_at is None]

    def person(self, name: str) -> Account:
        account = self._find("name = ?", name)
        if account is None:
            raise UnknownPerson(f"Nobody here is called {name}. See `stillfixed people list`.")
        return account

    def called(self, name: str) -> Account | None:
        """The person whom somebody means who types this name, in capitals or not."""
        return self._find("folded = ? AND removed IS NULL", folded(" ".join(name.split())))

    def password_hash(self, name: str) -> str | None:
        sql = "SELECT password FROM people WHERE name = ? AND removed IS NULL"
        rows = self._database.rows(sql, (name,))
        return rows[0][0] if rows else None

    def changes(
        self, *, before: int | None = None, person: str = "", limit: int = 100
    ) -> list[Change]:
        """The newest first, older than the number `before`."""
        rows = self._database.rows(
            "SELECT number, at, by, via, person, what, detail FROM changes"
            " WHERE number < ? AND (? = '' OR person = ?) ORDER BY number DESC LIMIT ?",
            (before or 1 << 62, person, person, limit),
        )
        names = Change.__struct_fields__
        return [
            Change(**dict(zip(names, (number, from_micros(at), *rest), strict=True)))
            for number, at, *rest in rows
        ]

    def _find(self, where: str, value: str) -> Account | None:
        rows = self._database.rows(
            "SELECT id, name, password IS NOT NULL, added, removed, EXISTS(SELECT 1 FROM identities"
            f" WHERE person = people.id) FROM people WHERE {where}",
            (value,),
        )
        if not rows:
            return None
        person, *row = rows[0]
        given = self._database.rows(
            "SELECT id, data, source, at, by FROM grants WHERE person = ? ORDER BY id",
            (person,),
        )
        return _account(tuple(row), given)

    def check_free(self, name: str, *, returning: bool = False) -> tuple[str, bool]:
        """The name as it would be stored, and whether it was that of the same person before. Raises
        `RequestRefused` where it can be nobody's or is somebody else's."""
        name = clean_name(name)
        known = self._database.rows(
            "SELECT name, removed IS NOT NULL FROM people WHERE folded = ? OR skeleton = ?",
            (folded(name), skeleton(name)),
        )
        returns = returning and (name, 1) in known
        if known and not returns:
            raise _taken(name, *known[0])
        return name, returns

    # -- changing --------------------------------------------------------------------------------
    def add(
        self,
        name: str,
        grants: Sequence[Grant],
        doer: Doer,
        *,
        password_hash: str | None = None,
        returning: bool = False,
    ) -> Account:
        """A new person; `returning`: one who was removed before, and is the same. Raises
        `RequestRefused` where the name is somebody's, looks like somebody's, or was somebody's."""
        with self._database.change() as db:
            name, returns = self.check_free(name, returning=returning)
            keys = folded(name), skeleton(name)
            at = to_micros(self._now())
            if returns:
                db.execute(
                    "UPDATE people SET removed = NULL, password = ? WHERE name = ?",
                    (password_hash, name),
                )
            else:
                db.execute(
                    "INSERT INTO people (name, folded, skeleton, password, added)"
                    " VALUES (?, ?, ?, ?, ?)",
                    (name, *keys, password_hash, at),
                )
            self._record(db, doer, name, "added" if not returns else "came back")
            for grant in grants:
                self._give(db, name, grant, "operator", doer)
        return self.person(name)

    def grant(self, name: str, grant: Grant, doer: Doer, allow: Allow = anyone) -> Account:
        """Idempotent: a grant that is there already changes nothing."""
        with self._database.change() as db:
            self._present(db, name, allow)
            self._give(db, name, grant, "operator", doer)
        return self.person(name)

    def revoke(self, name: str, given: int, doer: Doer, allow: Allow = anyone) -> Account:
        """Take back one grant by its id. It holds from the next request on."""
        with self._database.change() as db:
            account = self._present(db, name, allow)
            grant = next((one.grant for one in account.given if one.id == given), None)
            if grant is None:
                raise UnknownPerson(f"{name} has no grant {given}. See `stillfixed people list`.")
            db.execute("DELETE FROM grants WHERE id = ?", (given,))
            self._record(db, doer, name, "grant revoked", in_words(grant))
        return self.person(name)

    def set_password(
        self, name: str, password_hash: str, doer: Doer, *, keep: str = "", allow: Allow = anyone
    ) -> None:
        """Every browser that is signed in as them is signed out, but the sign-in `keep`."""
        with self._database.change() as db:
            self._present(db, name, allow)
            db.execute("UPDATE people SET password = ? WHERE name = ?", (password_hash, name))
            db.execute(f"DELETE FROM sign_ins WHERE id <> ? AND {_OF}", (keep, name))
            self._record(db, doer, name, "password changed")

    def rehash(self, name: str, old: str, new: str) -> None:
        """The same password, hashed with today's cost."""
        with self._database.change() as db:
            db.execute(
                "UPDATE people SET password = ? WHERE name = ? AND password = ?", (new, name, old)
            )

    def remove(self, name: str, doer: Doer, allow: Allow = anyone) -> None:
        """They have no right, password, token or sign-in any more; the name stays theirs."""
        with self._database.change() as db:
            self._present(db, name, allow)
            at = to_micros(self._now())
            db.execute(f"DELETE FROM grants WHERE {_OF}", (name,))
            db.execute(f"DELETE FROM sign_ins WHERE {_OF}", (name,))
            db.execute(f"UPDATE tokens SET revoked = ifnull(revoked, ?) WHERE {_OF}", (at, name))
            db.execute("UPDATE people SET removed = ?, password = NULL WHERE name = ?", (at, name))
            self._record(db, doer, name, "removed")

    # -- single sign-on --------------------------------------------------------------------------
    def known_as(self, issuer: str, subject: str) -> str | None:
        """The name of whom a provider calls so, removed or not."""
        rows = self._database.rows(
            "SELECT name FROM people JOIN identities ON person = id"
            " WHERE issuer = ? AND subject = ?",
            (issuer, subject),
        )
        return rows[0][0] if rows else None

    def bind(self, name: str, issuer: str, subject: str, doer: Doer) -> None:
        """From here on this subject of the provider is that person."""
        with self._database.change() as db:
            self._present(db, name, anyone)
            db.execute(f"INSERT INTO identities VALUES (?, ?, ({_ID}))", (issuer, subject, name))
            self._record(db, doer, name, "bound to single sign-on", f"{subject} at {issuer}")

    def set_claimed(self, name: str, grants: Sequence[Grant], doer: Doer) -> Account:
        """The grants that a provider's claims give now, instead of those they gave before."""
        with self._database.change() as db:
            account = self._present(db, name, anyone)
            for one in account.given:
                if one.source == "single sign-on" and one.grant not in grants:
                    db.execute("DELETE FROM grants WHERE id = ?", (one.id,))
                    self._record(db, doer, name, "grant revoked", in_words(one.grant))
            for grant in grants:
                self._give(db, name, grant, "single sign-on", doer)
        return self.person(name)

    # -- inside a transaction --------------------------------------------------------------------
    def _present(self, db: apsw.Connection, name: str, allow: Allow) -> Account:
        """The transaction holds the write lock, so what is read beside it cannot change."""
        account = self.person(name)
        allow(account)
        if account.removed_at is not None:
            raise RequestRefused(f"{name} was removed. Add them again as returning first.")
        return account

    def _give(
        self, db: apsw.Connection, name: str, grant: Grant, source: Source, doer: Doer
    ) -> None:
        data = msgspec.json.encode(grant).decode()
        db.execute(
            "INSERT INTO grants (person, data, source, at, by)"
            f" VALUES (({_ID}), ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (name, data, source, to_micros(self._now()), doer.name),
        )
        if db.changes():
            self._record(db, doer, name, "granted", in_words(grant))

    def _record(
        self, db: apsw.Connection, doer: Doer, person: str, what: str, detail: str = ""
    ) -> None:
        record(db, self._now(), doer, person, what, detail)


_ID = "SELECT id FROM people WHERE name = ?"
_OF = f"person = ({_ID})"


def record(
    db: apsw.Connection, at: datetime, doer: Doer, person: str, what: str, detail: str = ""
) -> None:
    """A line in the record of changes; part of the transaction that makes the change."""
    db.execute(
        "INSERT INTO changes (at, by, via, person, what, detail) VALUES (?, ?, ?, ?, ?, ?)",
        (to_micros(at), doer.name, doer.via, person, what, detail),
    )


def grant_from(data: str) -> Grant:
    return msgspec.json.decode(data, type=Grant)


def _account(row: tuple[Any, ...], given: Sequence[tuple[Any, ...]]) -> Account:
    name, has_password, added, removed, elsewhere = row
    return Account(
        name=name,
        given=tuple(
            Given(id=number, grant=grant_from(data), source=source, at=from_micros(at), by=by)
            for number, data, source, at, by in given
        ),
        has_password=bool(has_password),
        signs_in_elsewhere=bool(elsewhere),
        added_at=from_micros(added),
        removed_at=None if removed is None else from_micros(removed),
    )


def _taken(name: str, by: str, removed: bool) -> RequestRefused:
    if by == name and removed:
        return RequestRefused(
            f"{name} was here before and was removed. If the same person comes back, add them as "
            "returning; for somebody else choose another name, since histories name the first."
        )
    if by == name:
        return RequestRefused(f"There is a {name} already. Choose another name.")
    return RequestRefused(
        f"The name {name} could be taken for {by}. Choose one that cannot: histories and reviews "
        "tell people apart by their names."
    )
