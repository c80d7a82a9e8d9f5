"""The file of people: rights, tokens, sign-ins, and the record of who changed which."""

import multiprocessing
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import timedelta
from pathlib import Path

import apsw
import pytest

from stillfixed.actors.errors import (
    AccountsUnavailable,
    NotAllowed,
    RequestRefused,
    UnknownPerson,
)
from stillfixed.connectors.web.identity import EVERY, Grant, Person
from stillfixed.connectors.web.people.database import FILE_NAME
from stillfixed.connectors.web.people.local import LocalPeople
from stillfixed.connectors.web.people.records import Doer
from tests.support.people import CARLA, Hands, a, people_of

DAY = timedelta(days=1)


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def people(tmp_path: Path, hands: Hands) -> Iterator[LocalPeople]:
    people = people_of(tmp_path, hands)
    people.accounts.add("ana", [a("technician", "Acme"), a("dispatcher", "Acme", "Globex")], CARLA)
    yield people
    people._database.close()


def token(people: LocalPeople, *grants: Grant, owner: str = "ana") -> str:
    secret, _ = people.credentials.make_token(
        owner, "report", CARLA, expires_at=people.now() + DAY, grants=grants or None
    )
    return secret


def of_token(people: LocalPeople, secret: str) -> Person:
    credential = people.credentials.of_token(secret)
    assert credential is not None
    return credential.person


# -- people --------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["ana", "Ana", "ANA", "\u0430na", "an\uff41"])
def test_a_name_that_could_be_taken_for_somebodys_is_refused(
    people: LocalPeople, name: str
) -> None:
    """Four eyes are two people only if two names are."""
    with pytest.raises(RequestRefused, match="ana"):
        people.accounts.add(name, [], CARLA)


def test_the_name_of_somebody_removed_is_never_somebody_elses(people: LocalPeople) -> None:
    """Histories go on naming them; the same person may come back, with no right."""
    people.accounts.remove("ana", CARLA)
    with pytest.raises(RequestRefused, match="was removed"):
        people.accounts.add("ana", [], CARLA)
    assert people.accounts.add("ana", [], CARLA, returning=True).given == ()
    with pytest.raises(RequestRefused):
        people.accounts.add("Ana", [], CARLA, returning=True)


def test_who_is_removed_can_show_nothing_that_counts(people: LocalPeople) -> None:
    """Token and sign-in end with the person, also if they come back."""
    secret, (cookie, _) = token(people), people.credentials.sign_in("ana", "a browser")
    people.accounts.remove("ana", CARLA)
    for _ in range(2):
        assert people.credentials.of_token(secret) is None
        assert people.credentials.of_cookie(cookie) is None
        if people.accounts.called("ana") is None:
            people.accounts.add("ana", [a("technician", "Acme")], CARLA, returning=True)


def test_a_grant_taken_back_counts_at_the_next_look(people: LocalPeople) -> None:
    """For tokens and cookies alike."""
    secret, (cookie, _) = token(people), people.credentials.sign_in("ana", "a browser")
    given = people.accounts.person("ana").given[0].id
    people.accounts.revoke("ana", given, CARLA)
    for credential in (people.credentials.of_token(secret), people.credentials.of_cookie(cookie)):
        assert credential is not None
        assert not credential.person.may("work", client="Acme", team="")
        assert credential.person.may("review", client="Acme", team="")


def test_unknown_names_and_ids_are_said(people: LocalPeople) -> None:
    """Not a silent success."""
    with pytest.raises(UnknownPerson, match="eve"):
        people.accounts.grant("eve", a("technician"), CARLA)
    with pytest.raises(UnknownPerson, match="no grant 99"):
        people.accounts.revoke("ana", 99, CARLA)
    with pytest.raises(UnknownPerson, match="t-0"):
        people.credentials.revoke_token("t-0", CARLA)


# -- tokens --------------------------------------------------------------------------------------
def test_a_token_carries_what_it_has_in_common_with_its_owner(people: LocalPeople) -> None:
    """Narrower than the owner when made, and never wider afterwards."""
    secret = token(people, a("dispatcher", "Acme"))
    assert of_token(people, secret).grants == (a("dispatcher", "Acme"),)
    given = {one.grant.role: one.id for one in people.accounts.person("ana").given}
    people.accounts.revoke("ana", given["dispatcher"], CARLA)
    assert of_token(people, secret).grants == ()
    people.accounts.grant("ana", a("dispatcher", teams=("blue",)), CARLA)
    assert of_token(people, secret).grants == (a("dispatcher", "Acme", teams=("blue",)),)


@pytest.mark.parametrize(
    "grant",
    [
        a("technician"),
        a("technician", "Globex"),
        a("technician", "Acme", "Globex"),
        a("operator", "Acme"),
    ],
)
def test_a_token_wider_than_its_owner_is_refused(people: LocalPeople, grant: Grant) -> None:
    """It says so, instead of making one that can do less than it says."""
    with pytest.raises(NotAllowed, match="ana"):
        token(people, grant)


def test_a_token_ends_when_it_expires_or_is_revoked(people: LocalPeople, hands: Hands) -> None:
    """And is listed as such."""
    expiring, revoked = token(people), token(people)
    one = people.credentials.of_token(revoked)
    assert one is not None
    people.credentials.revoke_token(one.id, CARLA)
    assert people.credentials.of_token(revoked) is None
    assert people.credentials.of_token(expiring) is not None
    hands.turn(days=1)
    assert people.credentials.of_token(expiring) is None
    assert [one.is_good(hands()) for one in people.credentials.tokens("ana")] == [False, False]


def test_no_secret_lies_in_the_file(people: LocalPeople, tmp_path: Path) -> None:
    """Whoever reads a backup cannot sign in with it."""
    secrets = [token(people), people.credentials.sign_in("ana", "a browser")[0]]
    files = b"".join(path.read_bytes() for path in tmp_path.glob(f"{FILE_NAME}*"))
    assert b"a browser" in files
    for secret in secrets:
        assert secret.encode() not in files
        assert secret.removeprefix("sft_").encode() not in files


# -- browsers ------------------------------------------------------------------------------------
def test_a_browser_is_signed_out_when_idle_and_in_any_case_at_its_end(tmp_path: Path) -> None:
    """Each use moves the first limit, none moves the second."""
    hands = Hands()
    people = people_of(tmp_path, hands, cookie_idle_seconds=100, cookie_absolute_seconds=250)
    people.accounts.add("ana", [], CARLA)
    idle, used = (people.credentials.sign_in("ana", "")[0] for _ in range(2))
    for _ in range(2):
        hands.turn(seconds=90)
        credential = people.credentials.of_cookie(used)
        assert credential is not None
        people.credentials.seen(credential)
    assert people.credentials.of_cookie(idle) is None
    hands.turn(seconds=75)
    assert people.credentials.of_cookie(used) is None


def test_a_new_password_signs_out_every_other_browser(people: LocalPeople) -> None:
    """Whoever had the old one is out."""
    (kept, sign_in), (other, _) = (people.credentials.sign_in("ana", "") for _ in range(2))
    people.accounts.set_password("ana", "hash", CARLA, keep=sign_in.id)
    assert people.credentials.of_cookie(kept) is not None
    assert people.credentials.of_cookie(other) is None


def test_a_browser_known_from_before_is_known_until_the_password_changes(
    people: LocalPeople,
) -> None:
    """And only as the person that it was."""
    people.accounts.add("bob", [], CARLA)
    people.accounts.set_password("ana", "hash", CARLA)
    cookie = people.credentials.familiar("ana")
    assert people.credentials.is_familiar("ana", cookie)
    assert not people.credentials.is_familiar("bob", cookie)
    assert not people.credentials.is_familiar("ana", cookie[:-1] + "\u00e9")
    people.accounts.set_password("ana", "another", CARLA)
    assert not people.credentials.is_familiar("ana", cookie)


# -- the record of changes -----------------------------------------------------------------------
def test_every_change_of_a_right_says_who_did_what_when(people: LocalPeople, hands: Hands) -> None:
    """In one transaction with it, the newest first."""
    hands.turn(hours=1)
    eva = Doer("eva", "api")
    people.accounts.revoke("ana", people.accounts.person("ana").given[0].id, eva)
    token(people, a("dispatcher", "Acme"))
    people.accounts.set_password("ana", "hash", eva)
    people.accounts.remove("ana", eva)
    changes = people.accounts.changes()
    assert [(one.by, one.what) for one in changes] == [
        ("eva", "removed"),
        ("eva", "password changed"),
        ("carla", "token made"),
        ("eva", "grant revoked"),
        ("carla", "granted"),
        ("carla", "granted"),
        ("carla", "added"),
    ]
    assert changes[3].detail == "technician for Acme"
    assert changes[3].at - changes[4].at == timedelta(hours=1)
    assert people.accounts.changes(before=changes[4].number, limit=1) == [changes[5]]


def test_the_record_of_changes_can_only_be_added_to(people: LocalPeople, tmp_path: Path) -> None:
    """Also by a tool that opens the file."""
    with sqlite3.connect(tmp_path / FILE_NAME) as db:
        for statement in ("DELETE FROM changes", "UPDATE changes SET by = 'eve'"):
            with pytest.raises(sqlite3.IntegrityError, match="only added to"):
                db.execute(statement)
    db.close()


def test_a_change_that_fails_leaves_nothing_behind(people: LocalPeople) -> None:
    """Neither half of it, nor a line that says it was done."""
    before = people.accounts.changes()
    with pytest.raises(AccountsUnavailable), people._database.change() as db:
        db.execute("UPDATE people SET removed = 1; INSERT INTO nowhere VALUES (1)")
    assert people.accounts.person("ana").removed_at is None
    assert people.accounts.changes() == before


# -- several processes ---------------------------------------------------------------------------
def _add_some(folder: str, prefix: str) -> int:
    people = people_of(Path(folder))
    for number in range(10):
        people.accounts.add(f"{prefix}{'xyzuvwabch'[number]}", [a("technician", "Acme")], CARLA)
    try:
        people.accounts.add("everybody wants", [], CARLA)
    except RequestRefused:
        return 0
    return 1


def test_processes_that_add_people_at_once_lose_nobody(tmp_path: Path) -> None:
    """Even the making of the file is theirs together; of one name there is one."""
    with ProcessPoolExecutor(3, multiprocessing.get_context("spawn")) as pool:
        won = list(pool.map(_add_some, [str(tmp_path)] * 3, ["p", "q", "d"]))
    assert sum(won) == 1
    assert len(people_of(tmp_path).accounts.people()) == 31


def test_what_one_process_takes_back_counts_in_another_at_once(tmp_path: Path) -> None:
    """The command line works beside a host."""
    host, line = people_of(tmp_path), people_of(tmp_path)
    line.accounts.add("ana", [a("technician", "Acme")], CARLA)
    secret = token(line)
    assert of_token(host, secret).may("work", client="Acme", team="")
    line.accounts.revoke("ana", line.accounts.person("ana").given[0].id, CARLA)
    assert not of_token(host, secret).grants
    line.accounts.remove("ana", CARLA)
    assert host.credentials.of_token(secret) is None


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    """Hashes are nobody else's business."""
    people_of(tmp_path)
    assert (tmp_path / FILE_NAME).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("make", ["text", "other", "newer"])
def test_a_file_that_is_not_ours_is_left_alone(tmp_path: Path, make: str) -> None:
    """The message says which file and what to do."""
    path = tmp_path / FILE_NAME
    if make == "text":
        path.write_bytes(b"not a database at all, " * 100)
    else:
        db = apsw.Connection(str(path))
        if make == "other":
            db.execute("CREATE TABLE theirs (x)")
        else:
            people_of(tmp_path / "new")._database.close()
            db = apsw.Connection(str(tmp_path / "new" / FILE_NAME))
            db.pragma("user_version", 99)
            path = tmp_path / "new" / FILE_NAME
        db.close()
    before = path.read_bytes()
    with pytest.raises(AccountsUnavailable, match=r"people\.db"):
        people_of(path.parent)
    if make == "text":
        assert path.read_bytes() == before


def test_every_client_is_said_only_by_a_star() -> None:
    """An empty list is nobody."""
    assert EVERY == "*"
    assert not Person(name="ana", grants=(Grant(role="technician", clients=()),)).may(
        "read", client="Acme", team=""
    )
