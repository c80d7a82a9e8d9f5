"""Runbooks on the command line, as far as it goes without a session; and how they are shown."""

import io
from pathlib import Path

import pytest
from rich.console import Console, RenderableType
from typer.testing import CliRunner, Result

from stillfixed.actors.errors import RequestRefused, RunbookError
from stillfixed.actors.runbooks import runbook_text, shipped
from stillfixed.actors.runbooks.running import CheckRun, each_check, loaded_runbook
from stillfixed.actors.session import requests as r
from stillfixed.actors.session.events import LoadedCheck
from stillfixed.actors.session.history import RunRecord
from stillfixed.connectors.cli import runbook_views as views
from stillfixed.connectors.cli import runbooks
from stillfixed.connectors.cli.app import app
from stillfixed.connectors.cli.terminal import UsageError
from tests.support.desk import START, Desk

OWN = """\
name = "own"
title = "Our own"
platforms = ["posix"]

[parameters.mount]
ask = "Which mount"

[[check]]
command = "df -h {mount}"
expect = "Use% < 90"
why = "There is room."

[[check]]
command = "systemctl is-active cron"
expect = "stdout == active"
why = "Jobs are run."
"""


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["runbooks", *arguments], env={"COLUMNS": "150"})


def text_of(shown: RenderableType) -> str:
    console = Console(file=io.StringIO(), width=100, highlight=False, markup=False)
    console.print(shown)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def desk() -> Desk:
    """A session with the runbook above loaded."""
    made = Desk().open()
    made.ask(r.LoadRunbook(by="ana", text=OWN, parameters={"mount": "/var"}))
    return made


# -- files ----------------------------------------------------------------------------------------
def test_the_list_has_every_shipped_runbook() -> None:
    """And with a category, those for it."""
    listed = invoke().stdout
    assert all(name in listed for name in shipped())
    printing = invoke("--category", "Printer").stdout
    assert "windows-printer" in printing
    assert "linux-disk" not in printing
    assert "No runbook is for category coffee." in invoke("--category", "coffee").stderr


@pytest.mark.parametrize("name", shipped())
def test_each_can_be_shown(name: str) -> None:
    """With every check, what healthy means, and why it is asked."""
    shown = " ".join(invoke("show", name).stdout.split())
    for check in shipped()[name].check:
        assert check.command in shown
        assert f"healthy means: {check.expect}" in shown
        assert check.why in shown


def test_ones_own_is_checked(tmp_path: Path) -> None:
    """Before anyone needs it."""
    file = tmp_path / "own.toml"
    file.write_text(OWN)
    done = invoke("check", str(file))
    assert (done.exit_code, done.stdout) == (
        0, f"own can be used: 2 checks, digest {views_digest(file)}.\n"
    )  # fmt: skip
    file.write_text(OWN.replace("is-active", "stop"))
    done = invoke("check", str(file))
    assert done.exit_code == 1
    assert "line 14, check 2, command: it changes something" in done.stderr


def views_digest(file: Path) -> str:
    from stillfixed.actors.session.runbook import digest_of

    return digest_of(file.read_text())[: views.DIGEST_CHARS_SHOWN]


def test_a_name_taken_from_a_shipped_one_is_said(tmp_path: Path) -> None:
    """It can be used, but people would mistake it."""
    file = tmp_path / "printer.toml"
    file.write_text(OWN.replace('"own"', '"windows-printer"'))
    assert "has the same name" in invoke("check", str(file)).stderr


@pytest.mark.parametrize(("name", "said"), [("nope", "There is no"), ("./nope.toml", "be read")])
def test_what_is_not_there_is_said(name: str, said: str) -> None:
    """By name, or by path."""
    with pytest.raises(RunbookError, match=said):
        runbook_text(name)
    assert invoke("show", name).exit_code == 1


# -- typed in a session ---------------------------------------------------------------------------
def test_values_are_typed_with_quotes_and_backslashes() -> None:
    """A blank needs quotes; Windows' backslashes are what they are."""
    typed = r'windows-printer printer="HP 2nd floor" share=\\srv\hp'
    assert runbooks.words(typed)[1:] == ["printer=HP 2nd floor", r"share=\\srv\hp"]
    assert runbooks.parameters(["a=b=c", "d="]) == {"a": "b=c", "d": ""}
    with pytest.raises(UsageError, match="quote is open"):
        runbooks.words('x "y')
    with pytest.raises(UsageError, match="name=value"):
        runbooks.parameters(["printer"])


async def test_what_is_loaded_as_wanted_is_not_loaded_again(tmp_path: Path) -> None:
    """But with other values or another text it is, and keeps the values that it had."""
    file = tmp_path / "own.toml"
    file.write_text(OWN)
    state, name = desk().state, str(file)
    assert await runbooks.to_load(state, name, "", {}, None) is None
    assert await runbooks.to_load(state, "own", "web1", {}, None) is None
    assert (runbooks.name_of(name), runbooks.name_of("own"), runbooks.name_of("")) == (
        "own", "own", "",
    )  # fmt: skip
    again = await runbooks.to_load(state, name, "", {"mount": "/"}, None)
    assert again == runbooks.Load("web1", {"mount": "/"})
    file.write_text(OWN + "# more\n")
    assert await runbooks.to_load(state, name, "", {}, None) == ("web1", {"mount": "/var"})
    with pytest.raises(RunbookError, match="There is no runbook own"):
        await runbooks.to_load(state, "own", "", {"mount": "/"}, None)
    with pytest.raises(RequestRefused, match="no endpoint named web9"):
        await runbooks.to_load(state, name, "web9", {}, None)
    with pytest.raises(UsageError, match="Name the runbook"):
        await runbooks.to_load(state, "", "", {"mount": "/"}, None)


async def test_missing_values_are_asked_for(tmp_path: Path) -> None:
    """Only those that have no default."""
    asked: list[str] = []

    async def ask(question: str) -> str:
        asked.append(question)
        return "/srv"

    file = tmp_path / "own.toml"
    file.write_text(OWN)
    load = await runbooks.to_load(Desk().open().state, str(file), "", {}, ask)
    assert load == ("web1", {"mount": "/srv"})
    assert asked == ["Which mount (mount): "]


def test_what_suits_the_ticket_is_offered() -> None:
    """By its category; by the endpoint's platform where no category fits."""
    made = Desk()
    made.ask(r.OpenSession(by="ana", ticket="T-1", client="Acme", category="Disk"))
    made.ask(r.AddEndpoint(by="ana", endpoint="pc1", kind="ssh", address="", platform="powershell"))
    suited = [book.name for book in runbooks.suited(made.state, "pc1")]
    assert suited == ["windows-disk-space"]
    posix = Desk().open()
    assert all(b.platforms == ("posix",) for b in runbooks.suited(posix.state, "web1"))


# -- which one, and running it --------------------------------------------------------------------
def test_the_loaded_runbook_that_is_meant_is_found() -> None:
    """The only one needs no name; otherwise it is said what is loaded."""
    made = desk()
    assert loaded_runbook(made.state).runbook == "own"
    made.ask(r.AddEndpoint(by="ana", endpoint="web2", kind="ssh", address="", platform="posix"))
    made.ask(r.LoadRunbook(by="ana", text=OWN, endpoint="web2", parameters={"mount": "/"}))
    assert loaded_runbook(made.state, endpoint="web2").parameters == {"mount": "/"}
    with pytest.raises(RequestRefused, match="own on web1, own on web2"):
        loaded_runbook(made.state, "own")
    with pytest.raises(RequestRefused, match=r"linux-disk on web1 .loaded: own on web1"):
        loaded_runbook(made.state, "linux-disk", "web1")
    with pytest.raises(RequestRefused, match="none yet"):
        loaded_runbook(Desk().open().state)


def record(status: str = "exited") -> RunRecord:
    return RunRecord(
        run="r1", by="ana", endpoint="web1", command="x", effect="reads", started_at=START,
        ended_at=START, status=status, exit_status=0,
    )  # type: ignore[arg-type]  # fmt: skip


@pytest.mark.parametrize(
    ("status", "ran"), [("exited", 2), ("timed_out", 2), ("not_sent", 1), ("cancelled", 1)]
)
async def test_checks_are_run_in_order_until_one_cannot_be(status: str, ran: int) -> None:
    """An endpoint that is gone is not asked for the rest; a slow check is no reason to stop."""
    commands: list[str] = []

    async def run(command: str, number: int) -> RunRecord:
        commands.append(command)
        return record(status)

    book = loaded_runbook(desk().state)
    told = [one async for one in each_check(book, run)]
    assert [(one.number, one.total, one.record is None) for one in told] == [
        (number, 2, before) for number in range(1, ran + 1) for before in (True, False)
    ]
    assert commands == ["df -h /var", "systemctl is-active cron"][:ran]


# -- what is shown --------------------------------------------------------------------------------
def test_progress_says_which_check_and_how_it_stands() -> None:
    """Before it runs and after."""
    check = LoadedCheck(check="x", command="df -h /var", why="There is room.")
    assert text_of(views.check_line(CheckRun(1, 2, check))) == "1/2 $ df -h /var\n"
    shown = text_of(views.check_line(CheckRun(1, 2, check, record())))
    assert shown.splitlines() == ["    exit 0 in 0 ms · r1", "    There is room."]


def test_the_outcome_counts_what_is_good_and_names_the_rest() -> None:
    """Also where it ended early."""
    made = desk()
    heading = "Filesystem      Size  Used Avail Use% Mounted on\n"
    made.run("df -h /var", 0, f"{heading}/dev/sda1       9.0G  4.0G  5.0G  44% /var\n")
    book = loaded_runbook(made.state)
    assert text_of(views.outcome(book, made.state, 2)) == "! own on web1: 1 of 2 good; 2 not run\n"
    assert "Ended after 1" in text_of(views.outcome(book, made.state, 1))
    made.run("systemctl is-active cron", 0, "active\n")
    assert text_of(views.standing(book, made.state)).splitlines() == [
        "✓ own on web1: 2 of 2 good",
        "  1/2 ✓ df -h /var",
        "  2/2 ✓ systemctl is-active cron",
    ]
