"""What a request can show to say whose it is: API tokens and cookies of signed-in browsers.

Guarantee: a secret is given out once and kept only as a hash; each look-up reads the file anew, so
that a token, a sign-in, a grant or a person taken back by any process counts at the next request. A
token carries what its own grants and its owner's have in common at that moment.
"""

import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import msgspec

from stillfixed.actors.errors import NotAllowed, RequestRefused, UnknownPerson
from stillfixed.connectors.web.identity import Grant, Person
from stillfixed.connectors.web.people.accounts import (
    Now,
    from_micros,
    grant_from,
    now_utc,
    record,
    to_micros,
)
from stillfixed.connectors.web.people.database import Database
from stillfixed.connectors.web.people.records import Credential, Doer, SignIn, Token
from stillfixed.connectors.web.people.rights import in_words, narrowed

TOKEN_PREFIX = "sft_"
"""So that a token is recognised where it should not be: in a repository, in an output."""
LABEL_LIMIT_CHARS = 80
BROWSER_LIMIT_CHARS = 200
SIGN_INS_LIMIT = 20
"""Browsers signed in as one person; the oldest gives way."""

_GRANTS = list[Grant]
_SELECT_TOKENS = (
    "SELECT t.id, p.name, t.label, t.grants, t.made, t.expires, t.revoked, t.used"
    " FROM tokens t JOIN people p ON p.id = t.person"
)


class Credentials:
    """Methods block for a read or a commit; all raise `AccountsUnavailable`."""

    def __init__(
        self,
        database: Database,
        now: Now = now_utc,
        *,
        idle_seconds: float = 12 * 3600,
        absolute_seconds: float = 7 * 86400,
    ) -> None:
        self._database = database
        self._now = now
        self._idle = timedelta(seconds=idle_seconds)
        self._absolute = timedelta(seconds=absolute_seconds)

    # -- whose is it -----------------------------------------------------------------------------
    def of_token(self, secret: str) -> Credential | None:
        """Whose token this is, while it is good."""
        rows = self._database.rows(
            "SELECT t.id, p.name, p.id, t.grants, t.expires, t.used FROM tokens t"
            " JOIN people p ON p.id = t.person WHERE t.hash = ? AND t.revoked IS NULL"
            " AND t.expires > ? AND p.removed IS NULL",
            (_hash(secret), to_micros(self._now())),
        )
        if not rows:
            return None
        token, name, owner, grants, expires, used = rows[0]
        own = self._grants(owner)
        if grants is not None:
            own = narrowed(msgspec.json.decode(grants, type=_GRANTS), own)
        person = Person(name=name, grants=own)
        return Credential(
            kind="token", id=token, person=person, expires_at=from_micros(expires),
            seen_at=_maybe(used),
        )  # fmt: skip

    def of_cookie(self, secret: str) -> Credential | None:
        """Whose browser this is, while it is signed in."""
        now = self._now()
        rows = self._database.rows(
            "SELECT s.id, p.name, p.id, s.expires, s.seen FROM sign_ins s"
            " JOIN people p ON p.id = s.person WHERE s.hash = ? AND s.expires > ? AND s.seen > ?"
            " AND p.removed IS NULL",
            (_hash(secret), to_micros(now), to_micros(now - self._idle)),
        )
        if not rows:
            return None
        sign_in, name, of, expires, seen = rows[0]
        person = Person(name=name, grants=self._grants(of))
        return Credential(
            kind="cookie", id=sign_in, person=person, expires_at=from_micros(expires),
            seen_at=from_micros(seen),
        )  # fmt: skip

    def seen(self, credential: Credential) -> None:
        """Note that it was used now. Without that a browser's sign-in ends when it was idle."""
        table, column = ("tokens", "used") if credential.kind == "token" else ("sign_ins", "seen")
        with self._database.change() as db:
            db.execute(
                f"UPDATE {table} SET {column} = max(ifnull({column}, 0), ?) WHERE id = ?",
                (to_micros(self._now()), credential.id),
            )

    def _grants(self, person: int) -> tuple[Grant, ...]:
        sql = "SELECT data FROM grants WHERE person = ? ORDER BY id"
        return tuple(grant_from(data) for (data,) in self._database.rows(sql, (person,)))

    # -- tokens ----------------------------------------------------------------------------------
    def make_token(
        self,
        owner: str,
        label: str,
        doer: Doer,
        *,
        expires_at: datetime,
        grants: Sequence[Grant] | None = None,
    ) -> tuple[str, Token]:
        """The secret, which nobody can show again, and the token. `grants` None: all that its owner
        has at the time; otherwise none may be wider than the owner's: `NotAllowed`."""
        label = " ".join(label.split())
        if not 1 <= len(label) <= LABEL_LIMIT_CHARS or not label.isprintable():
            raise RequestRefused(f"Say in 1 to {LABEL_LIMIT_CHARS} characters what the token does.")
        if expires_at <= self._now():
            raise RequestRefused("The token would have expired already. Give a later time.")
        secret, token = TOKEN_PREFIX + secrets.token_urlsafe(32), "t-" + secrets.token_hex(5)
        with self._database.change() as db:
            row = db.execute(
                "SELECT id FROM people WHERE name = ? AND removed IS NULL", (owner,)
            ).fetchone()
            if row is None:
                raise UnknownPerson(f"Nobody here is called {owner}. See `stillfixed people list`.")
            if grants is not None:
                self._check_no_wider(owner, row[0], grants)
            data = None if grants is None else msgspec.json.encode(list(grants)).decode()
            db.execute(
                "INSERT INTO tokens (id, hash, person, label, grants, made, expires)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (token, _hash(secret), row[0], label, data, to_micros(self._now()),
                 to_micros(expires_at)),
            )  # fmt: skip
            scope = "; ".join(map(in_words, grants)) if grants is not None else "all rights"
            detail = f"{token} {label!r}, {scope}, until {expires_at:%Y-%m-%d %H:%M} UTC"
            record(db, self._now(), doer, owner, "token made", detail)
        return secret, self.token(token)

    def _check_no_wider(self, owner: str, person: int, grants: Sequence[Grant]) -> None:
        own = self._grants(person)
        for grant in grants:
            if narrowed([grant], own) != (grant,):
                raise NotAllowed(
                    f"A token of {owner} cannot be {in_words(grant)}: {owner} is not that. Give it "
                    "no more than its owner has."
                )
        if not grants:
            raise RequestRefused("A token without any grant could do nothing. Name one.")

    def token(self, token: str) -> Token:
        rows = self._database.rows(f"{_SELECT_TOKENS} WHERE t.id = ?", (token,))
        if not rows:
            raise UnknownPerson(f"There is no token {token}. See `stillfixed tokens list`.")
        return _token(rows[0])

    def tokens(self, owner: str | None = None) -> list[Token]:
        """Of one person or of all, the newest first; those that are good no more too."""
        sql = f"{_SELECT_TOKENS} WHERE ? IS NULL OR p.name = ? ORDER BY t.made DESC, t.id"
        return [_token(row) for row in self._database.rows(sql, (owner, owner))]

    def revoke_token(self, token: str, doer: Doer) -> Token:
        """It is no longer good from the next request on. Idempotent."""
        with self._database.change() as db:
            known = self.token(token)
            if known.revoked_at is None:
                at = to_micros(self._now())
                db.execute("UPDATE tokens SET revoked = ? WHERE id = ?", (at, token))
                record(
                    db, self._now(), doer, known.owner, "token revoked", f"{token} {known.label!r}"
                )
        return self.token(token)

    # -- browsers --------------------------------------------------------------------------------
    def sign_in(self, name: str, browser: str) -> tuple[str, SignIn]:
        """The cookie's secret, and the sign-in. `browser`: what it calls itself."""
        now = self._now()
        secret, sign_in = secrets.token_urlsafe(32), "b-" + secrets.token_hex(5)
        at, expires = to_micros(now), to_micros(now + self._absolute)
        with self._database.change() as db:
            row = db.execute(
                "SELECT id FROM people WHERE name = ? AND removed IS NULL", (name,)
            ).fetchone()
            if row is None:
                raise UnknownPerson(f"Nobody here is called {name}.")
            db.execute(
                "DELETE FROM sign_ins WHERE expires <= ? OR seen <= ?",
                (at, to_micros(now - self._idle)),
            )
            db.execute(
                "INSERT INTO sign_ins (id, hash, person, browser, begun, seen, expires)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (sign_in, _hash(secret), row[0], browser[:BROWSER_LIMIT_CHARS], at, at, expires),
            )
            db.execute(
                "DELETE FROM sign_ins WHERE person = ? AND id NOT IN (SELECT id FROM sign_ins"
                " WHERE person = ? ORDER BY seen DESC, begun DESC LIMIT ?)",
                (row[0], row[0], SIGN_INS_LIMIT),
            )
        return secret, SignIn(
            id=sign_in, person=name, browser=browser, begun_at=now, seen_at=now,
            expires_at=from_micros(expires),
        )  # fmt: skip

    def sign_ins(self, name: str) -> list[SignIn]:
        """The browsers signed in as somebody, the one used last first."""
        now = self._now()
        rows = self._database.rows(
            "SELECT s.id, p.name, s.browser, s.begun, s.seen, s.expires FROM sign_ins s"
            " JOIN people p ON p.id = s.person WHERE p.name = ? AND s.expires > ? AND s.seen > ?"
            " ORDER BY s.seen DESC",
            (name, to_micros(now), to_micros(now - self._idle)),
        )
        return [
            SignIn(
                id=row[0], person=row[1], browser=row[2], begun_at=from_micros(row[3]),
                seen_at=from_micros(row[4]), expires_at=from_micros(row[5]),
            )
            for row in rows
        ]  # fmt: skip

    def sign_out(self, name: str, sign_in: str) -> None:
        """End one sign-in of somebody's, by its id. Idempotent."""
        with self._database.change() as db:
            db.execute(
                "DELETE FROM sign_ins WHERE id = ? AND person = (SELECT id FROM people"
                " WHERE name = ?)",
                (sign_in, name),
            )

    # -- browsers that were signed in before -----------------------------------------------------
    def familiar(self, name: str) -> str:
        """For a cookie that says: from this browser somebody has signed in as `name` before."""
        salt = secrets.token_urlsafe(9)
        return f"{salt}.{self._familiar_sign(name, salt)}"

    def is_familiar(self, name: str, cookie: str) -> bool:
        salt, _, sign = cookie.partition(".")
        return hmac.compare_digest(sign.encode(), self._familiar_sign(name, salt).encode())

    def _familiar_sign(self, name: str, salt: str) -> str:
        """With the password's hash in it, so that a new password forgets old browsers."""
        rows = self._database.rows(
            "SELECT key, (SELECT password FROM people WHERE name = ?) FROM keys"
            " WHERE name = 'browsers'",
            (name,),
        )
        key, password = rows[0]
        return hmac.new(key, f"{name}\0{salt}\0{password}".encode(), sha256).hexdigest()


def _hash(secret: str) -> bytes:
    return sha256(secret.encode()).digest()


def _maybe(micros: int | None) -> datetime | None:
    return None if micros is None else from_micros(micros)


def _token(row: tuple[Any, ...]) -> Token:
    token, owner, label, grants, made, expires, revoked, used = row
    return Token(
        id=token,
        owner=owner,
        label=label,
        grants=None if grants is None else tuple(msgspec.json.decode(grants, type=_GRANTS)),
        made_at=from_micros(made),
        expires_at=from_micros(expires),
        revoked_at=_maybe(revoked),
        used_at=_maybe(used),
    )
