"""`stillfixed people` and `stillfixed tokens`, on a data folder of their own."""

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from stillfixed.connectors.cli import people as verbs
from stillfixed.connectors.cli.app import app
from stillfixed.connectors.web.people import passwords
from stillfixed.connectors.web.people.accounts import Accounts
from stillfixed.connectors.web.people.credentials import Credentials
from stillfixed.connectors.web.people.database import FILE_NAME, Database
from tests.support.people import PASSWORD, cheap_passwords

cheap_passwords()


def invoke(data: Path, *arguments: str) -> Result:
    where = ["--data", str(data)]
    environment = {"COLUMNS": "120", "STILLFIXED_BY": "root"}
    return CliRunner().invoke(app, [*arguments, *where], env=environment)


def done(data: Path, *arguments: str) -> str:
    result = invoke(data, *arguments)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_the_first_operator_is_added_before_there_is_anything(tmp_path: Path) -> None:
    """Where nobody can be asked for a password, one is made up: the whole of stdout, this once."""
    made_up = done(tmp_path, "people", "add", "carla", "--role", "operator").strip()
    assert re.fullmatch(r"[a-z2-9]{5}(-[a-z2-9]{5}){3}", made_up)
    accounts = Accounts(Database(tmp_path / FILE_NAME))
    assert passwords.is_right(made_up, accounts.password_hash("carla"))
    [account] = [
        json.loads(line) for line in done(tmp_path, "people", "list", "--json").splitlines()
    ]
    assert account["given"][0]["grant"] == {"role": "operator", "clients": ["*"], "teams": ["*"]}
    assert "argon2" not in str(account)
    changes = done(tmp_path, "people", "changes", "--json")
    assert json.loads(changes.splitlines()[-1])["by"] == "root"
    assert made_up not in changes


def test_a_password_is_asked_for_twice_and_never_an_argument(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that is easily guessed or not the same twice is asked for again."""
    typed = iter(["short", PASSWORD, "another", PASSWORD, PASSWORD])
    monkeypatch.setattr(verbs.getpass, "getpass", lambda prompt: next(typed))
    monkeypatch.setattr(verbs, "_may_ask", lambda: True)
    assert PASSWORD not in done(tmp_path, "people", "add", "ana")
    assert passwords.is_right(
        PASSWORD, Accounts(Database(tmp_path / FILE_NAME)).password_hash("ana")
    )
    for verb in ("add", "password"):
        options = CliRunner().invoke(app, ["people", verb, "--help"], env={"COLUMNS": "200"}).output
        assert not re.search(r"--password\b", options)


def test_grants_are_given_listed_and_taken_back(tmp_path: Path) -> None:
    """By the id that the list shows."""
    done(tmp_path, "people", "add", "ana", "--no-password")
    done(tmp_path, "people", "grant", "ana", "--role", "technician", "--client", "Acme",
         "--client", "Globex", "--team", "blue")  # fmt: skip
    listed = done(tmp_path, "people", "list")
    assert "technician for Acme, Globex, team blue" in listed
    assert "with tokens only" in listed
    given = re.findall(r"ana +(\d+)", listed)[0]
    done(tmp_path, "people", "revoke", "ana", given)
    assert "nothing yet" in done(tmp_path, "people", "list")


def test_a_token_is_the_whole_of_stdout_once(tmp_path: Path) -> None:
    """For a script to take; it is listed without its secret, and revoked by its id."""
    done(tmp_path, "people", "add", "ana", "--role", "technician", "--client", "Acme")
    secret = done(tmp_path, "tokens", "create", "ana", "nightly report", "--expires", "2d").strip()
    credentials = Credentials(Database(tmp_path / FILE_NAME))
    assert credentials.of_token(secret) is not None
    listed = done(tmp_path, "tokens", "list")
    assert "nightly report" in listed
    assert secret not in listed
    done(tmp_path, "tokens", "revoke", re.findall(r"t-[0-9a-f]{10}", listed)[0])
    assert credentials.of_token(secret) is None
    assert "revoked" in done(tmp_path, "tokens", "list", "ana")


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["people", "add", "bob", "--role", "technician"], 2, "--client"),
        (["people", "add", "bob", "--client", "Acme"], 2, "--role"),
        (["people", "add", "Ana"], 1, "could be taken for ana"),
        (["people", "grant", "ana", "--client", "Acme"], 2, "technician"),
        (["people", "grant", "eve", "--role", "operator"], 1, "Nobody here is called eve"),
        (["people", "revoke", "ana", "99"], 1, "no grant 99"),
        (["people", "remove", "eve"], 1, "eve"),
        (["tokens", "create", "ana", "x", "--expires", "soon"], 2, "90s, 5m, 2h or 1d"),
        (["tokens", "create", "ana", "x", "--role", "operator"], 1, "ana is not that"),
        (["tokens", "revoke", "t-none"], 1, "There is no token t-none"),
    ],
)
def test_what_cannot_be_done_is_said(
    tmp_path: Path, arguments: list[str], status: int, said: str
) -> None:
    """With what to type instead; nothing is changed."""
    done(tmp_path, "people", "add", "ana", "--role", "technician", "--client", "Acme")
    before = done(tmp_path, "people", "changes")
    result = invoke(tmp_path, *arguments)
    assert result.exit_code == status
    assert said in " ".join(result.stderr.split())
    assert done(tmp_path, "people", "changes") == before


def test_an_empty_folder_says_how_to_begin(tmp_path: Path) -> None:
    """The list is no dead end."""
    assert "people add NAME --role operator" in invoke(tmp_path, "people", "list").stderr
