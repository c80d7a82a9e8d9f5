"""The verbs under `stillfixed people` and `stillfixed tokens`: who may do what on a host.

They work on the data folder itself, beside a running host or before its first start, so whoever may
run them is an operator already. A password is asked for or made up, and never an argument.
"""

import getpass
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, get_args

import msgspec
import typer
from rich.table import Table

from stillfixed.actors.errors import RequestRefused
from stillfixed.connectors.cli import asjson
from stillfixed.connectors.cli.arguments import AsJson
from stillfixed.connectors.cli.hosting import Common, verb
from stillfixed.connectors.cli.terminal import UsageError, err, out
from stillfixed.connectors.cli.text import moment, parse_span, plain
from stillfixed.connectors.web.identity import EVERY, Grant, Role
from stillfixed.connectors.web.people import passwords
from stillfixed.connectors.web.people.accounts import Accounts, now_utc
from stillfixed.connectors.web.people.credentials import Credentials
from stillfixed.connectors.web.people.database import FILE_NAME, Database
from stillfixed.connectors.web.people.records import Account, Doer, Token
from stillfixed.connectors.web.people.rights import in_words

PANEL = "People"
PASSWORD_TRIES = 3

people = typer.Typer(no_args_is_help=True, help="Who may work, review, measure and operate here.")
tokens = typer.Typer(no_args_is_help=True, help="API tokens: for programs, with a person's rights.")

Name = Annotated[str, typer.Argument(metavar="NAME", help="Who, as histories name them.")]
RoleOption = Annotated[
    Role | None,
    typer.Option("--role", help="What they are, for the clients and teams that are named."),
]
Clients = Annotated[
    list[str] | None,
    typer.Option("--client", "-c", help='For this client, as often as need be; "*": every one.'),
]
Teams = Annotated[
    list[str] | None,
    typer.Option("--team", help="Only in this team, as often as need be; else in every one."),
]
MadeUp = Annotated[
    bool, typer.Option("--generate", help="Make up a password and show it once, do not ask.")
]


def add_to(app: typer.Typer, *, panel: str) -> None:
    app.add_typer(people, name="people", rich_help_panel=panel)
    app.add_typer(tokens, name="tokens", rich_help_panel=panel)
    for one in (add, grant, revoke, password, remove):
        verb(people, one.__name__, panel=PANEL)(one)
    verb(people, "list", panel=PANEL, reads=True)(list_people)
    verb(people, "changes", panel=PANEL, reads=True)(changes)
    verb(tokens, "create", panel=PANEL)(create_token)
    verb(tokens, "list", panel=PANEL, reads=True)(list_tokens)
    verb(tokens, "revoke", panel=PANEL)(revoke_token)


@dataclass(frozen=True)
class _Kept:
    accounts: Accounts
    credentials: Credentials
    doer: Doer


@contextmanager
def _kept(on: Common) -> Iterator[_Kept]:
    database = Database(on.settings().folder / FILE_NAME)
    try:
        doer = Doer(on.person, "command line")
        yield _Kept(Accounts(database), Credentials(database), doer)
    finally:
        database.close()


# -- people -------------------------------------------------------------------------------------
async def add(
    on: Common,
    name: Name,
    role: RoleOption = None,
    client: Clients = None,
    team: Teams = None,
    generate: MadeUp = False,
    no_password: Annotated[
        bool,
        typer.Option("--no-password", help="For who signs in elsewhere, or only has tokens."),
    ] = False,
    returning: Annotated[
        bool, typer.Option("--returning", help="The same person, who was removed before.")
    ] = False,
) -> None:
    """Add a person, the first operator too: `stillfixed people add carla --role operator`.

    The password is asked for; where nobody can be asked, one is made up and printed.
    """
    grants = [_grant(role, client, team)] if role else []
    if not role and (client or team):
        raise UsageError("Say with --role what they are for that client or team.")
    with _kept(on) as kept:
        kept.accounts.check_free(name, returning=returning)  # before anybody types a password
        new = None if no_password else _new_password(name, generate)
        account = kept.accounts.add(
            name, grants, kept.doer, returning=returning,
            password_hash=None if new is None else passwords.hashed(new.text),
        )  # fmt: skip
    rights = "; ".join(map(in_words, account.grants)) or "without any right yet"
    err().print(f"Added {account.name}: {rights}.", soft_wrap=True)
    if new:
        new.show()


async def list_people(on: Common, as_json: AsJson = False) -> None:
    """Everybody, with their grants and the grants' ids."""
    with _kept(on) as kept:
        found = kept.accounts.people()
    if as_json:
        for one in found:
            print(asjson.dumps(one))
        return
    table = Table("person", "id", "is", "given by", "signs in", box=None, header_style="dim")
    for one in found:
        for row in _rows(one):
            table.add_row(*map(plain, row))
    if found:
        out().print(table)
    else:
        err().print(
            "Nobody yet. Add the first operator: stillfixed people add NAME --role operator"
        )


def _rows(account: Account) -> Iterator[tuple[str, ...]]:
    ways = [
        *(["password"] if account.has_password else []),
        *(["elsewhere"] if account.signs_in_elsewhere else []),
    ]
    name, signs_in = account.name, " or ".join(ways) or "with tokens only"
    if not account.given:
        yield name, "", "nothing yet", "", signs_in
    for one in account.given:
        by = one.by if one.source == "operator" else f"{one.by} (its claims)"
        yield name, str(one.id), in_words(one.grant), by, signs_in
        name = signs_in = ""


async def grant(
    on: Common, name: Name, role: RoleOption = None, client: Clients = None, team: Teams = None
) -> None:
    """Give a person one more role for some clients and teams."""
    if role is None:
        raise UsageError(f"Say with --role what they are: {', '.join(get_args(Role))}.")
    given = _grant(role, client, team)
    with _kept(on) as kept:
        kept.accounts.grant(name, given, kept.doer)
    err().print(f"{name} is {in_words(given)} from now on.", soft_wrap=True)


async def revoke(
    on: Common,
    name: Name,
    grant: Annotated[int, typer.Argument(metavar="ID", help="The grant's id, from the list.")],
) -> None:
    """Take one grant back. It counts at once, for what is open and for tokens too."""
    with _kept(on) as kept:
        account = kept.accounts.revoke(name, grant, kept.doer)
    rest = "; ".join(map(in_words, account.grants)) or "nothing"
    err().print(f"{name} is {rest} now.", soft_wrap=True)


async def password(on: Common, name: Name, generate: MadeUp = False) -> None:
    """Give a person a new password. They are signed out everywhere; tokens stay."""
    with _kept(on) as kept:
        kept.accounts.person(name)
        new = _new_password(name, generate)
        kept.accounts.set_password(name, passwords.hashed(new.text), kept.doer)
    err().print(f"{name} has a new password.")
    new.show()


async def remove(on: Common, name: Name) -> None:
    """Take every right, token and sign-in back. The name stays theirs, in histories too."""
    with _kept(on) as kept:
        kept.accounts.remove(name, kept.doer)
    err().print(f"{name} may do nothing here any more.")


async def changes(
    on: Common,
    name: Annotated[
        str, typer.Argument(metavar="[NAME]", help="Only about this person.", show_default=False)
    ] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many, the newest.")] = 100,
    as_json: AsJson = False,
) -> None:
    """Who changed which right when, the newest first."""
    with _kept(on) as kept:
        found = kept.accounts.changes(person=name, limit=limit)
    if as_json:
        for one in found:
            print(asjson.dumps(one))
        return
    table = Table("when", "who", "by", "about", "what", box=None, header_style="dim")
    for one in found:
        what = f"{one.what}: {one.detail}" if one.detail else one.what
        table.add_row(*map(plain, (moment(one.at), one.by, one.via, one.person, what)))
    out().print(table)


# -- tokens -------------------------------------------------------------------------------------
async def create_token(
    on: Common,
    name: Name,
    label: Annotated[str, typer.Argument(metavar="LABEL", help="What it is for, in a few words.")],
    expires: Annotated[str, typer.Option("--expires", metavar="SPAN", help="As in 90d, 12h.")] = (
        "90d"
    ),
    role: RoleOption = None,
    client: Clients = None,
    team: Teams = None,
) -> None:
    """Make a token for a person's programs and print it, this once.

    With --role it is that and no more; without, all that its owner is at the time.
    """
    try:
        expires_at = now_utc() + parse_span(expires)
    except (ValueError, OverflowError) as error:
        raise UsageError(str(error)) from None
    if not role and (client or team):
        raise UsageError("Say with --role what the token is for that client or team.")
    grants = [_grant(role, client, team)] if role else None
    with _kept(on) as kept:
        secret, token = kept.credentials.make_token(
            name, label, kept.doer, expires_at=expires_at, grants=grants
        )
    err().print(
        f"Token {token.id} of {name}, until {moment(token.expires_at)}. It is shown this once:",
        soft_wrap=True,
    )
    print(secret)


async def list_tokens(
    on: Common,
    name: Annotated[
        str, typer.Argument(metavar="[NAME]", help="Only this person's.", show_default=False)
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Tokens, without their secrets; those that are good no more too."""
    with _kept(on) as kept:
        found = kept.credentials.tokens(name or None)
    if as_json:
        for one in found:
            print(asjson.dumps(one))
        return
    columns = ("token", "of", "for", "is", "until", "last used")
    table = Table(*columns, box=None, header_style="dim")
    for one in found:
        is_ = "; ".join(map(in_words, one.grants)) if one.grants is not None else "all its owner is"
        used = moment(one.used_at) if one.used_at else "never"
        table.add_row(*map(plain, (one.id, one.owner, one.label, is_, _until(one), used)))
    if found:
        out().print(table)
    else:
        err().print("No tokens.")


def _until(token: Token) -> str:
    if token.revoked_at:
        return f"revoked {moment(token.revoked_at)}"
    return moment(token.expires_at) + ("" if token.is_good(now_utc()) else " (expired)")


async def revoke_token(
    on: Common, token: Annotated[str, typer.Argument(metavar="TOKEN", help="Its id, as in t-1a2b.")]
) -> None:
    """End a token. It counts at once."""
    with _kept(on) as kept:
        kept.credentials.revoke_token(token, kept.doer)
    err().print(f"Token {token} is good for nothing any more.")


# -- arguments ----------------------------------------------------------------------------------
def _grant(role: Role, clients: list[str] | None, teams: list[str] | None) -> Grant:
    if not clients and role != "operator":
        raise UsageError(f'Say for which client with --client, or --client "{EVERY}" for all.')
    return Grant(role=role, clients=tuple(clients or [EVERY]), teams=tuple(teams or [EVERY]))


class _Password(msgspec.Struct, frozen=True):
    text: str
    is_made_up: bool

    def show(self) -> None:
        if self.is_made_up:
            err().print("The password is shown this once:")
            print(self.text)


def _new_password(name: str, generate: bool) -> _Password:
    if generate or not _may_ask():
        return _Password(passwords.made_up(), True)
    for _ in range(PASSWORD_TRIES):
        typed = getpass.getpass(f"Password for {name}: ")
        try:
            passwords.check_new(typed, name=name)
        except RequestRefused as error:
            err().print(error.message)
            continue
        if getpass.getpass("Once more: ") == typed:
            return _Password(typed, False)
        err().print("That was not the same.")
    raise RequestRefused("No password was set. Nothing was changed.")


def _may_ask() -> bool:
    return sys.stdin.isatty()
