"""The verbs without Ray: usage errors, and reading from a log that the fixture has written."""

import asyncio
import json
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace
from typer.testing import CliRunner, Result

from stillfixed.actors import hostfile
from stillfixed.actors.errors import HostUnavailable
from stillfixed.actors.log import open_log
from stillfixed.actors.log.contract import Append, Chunk
from stillfixed.actors.service import Settings
from stillfixed.actors.session import events as e
from stillfixed.actors.session.history import Comparison
from stillfixed.actors.session.state import State, fold, heading
from stillfixed.actors.verdicts.model import JUDGE_VERSION, Row
from stillfixed.connectors.cli import slash
from stillfixed.connectors.cli.app import app
from stillfixed.connectors.cli.arguments import endpoint_address, monitor_times
from stillfixed.connectors.cli.terminal import UsageError
from tests.support.desk import Desk

SESSION = "s-0123456789ab"


def story() -> tuple[list[e.SessionEvent], list[Chunk]]:
    """A session with a fault, a fix, a check that is fixed, and output that is not UTF-8."""
    desk = Desk().open()
    desk.run("systemctl is-active nginx", exit_status=3, stdout="inactive\n")
    desk.run("systemctl start nginx")
    desk.run("systemctl is-active nginx", stdout="active\n")
    desk.run("cat /tmp/raw", stdout="")
    outputs = {"r1": b"inactive\n", "r3": b"active\n", "r4": b"caf\xe9\n"}
    events: list[e.SessionEvent] = []
    chunks = []
    for event in desk.log:
        if isinstance(event, e.RunFinished) and event.run in outputs:
            chunk = Chunk.of(outputs[event.run])
            chunks.append(chunk)
            captured = e.OutputCaptured(
                at=event.at, by=event.by, run=event.run, output="stdout", chunk=chunk.id,
                size_bytes=len(chunk.data),
            )  # fmt: skip
            events.append(captured)
        events.append(event)
    return events, chunks


async def write(
    folder: Path, change: Callable[[e.SessionEvent], e.SessionEvent] = lambda event: event
) -> None:
    events, chunks = story()
    events = [change(event) for event in events]
    head = heading(fold(State(), events))
    assert head is not None
    log = await open_log(Settings(data=folder).log_url)
    claim = await log.claim(SESSION)
    await log.append(
        Append(
            stream=SESSION,
            epoch=claim.epoch,
            expected_version=0,
            events=tuple(e.encode(event) for event in events),
            chunks=tuple(chunks),
            heading=msgspec.json.encode(head),
        )
    )
    await log.close()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    asyncio.run(write(tmp_path))
    return tmp_path


@pytest.fixture
def this_host() -> Iterator[hostfile.RunningHost]:
    """This process as a host: it is alive, and its address answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        yield hostfile.RunningHost(address=f"127.0.0.1:{port}", token="t", pid=os.getpid())


def invoke(*arguments: str, data: Path | None = None) -> Result:
    where = ["--data", str(data)] if data else []
    return CliRunner().invoke(app, [*arguments, *where], env={"COLUMNS": "100"})


# -- usage --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "arguments",
    [
        ["open", "--ticket", "T-1"],
        ["run", SESSION],
        ["shell"],
        ["shell", SESSION, "--ticket", "T-1"],
        ["nonsense"],
        ["sessions", "--limit", "0"],
        ["annotate", SESSION, "boast", "text"],
        ["monitor", SESSION, "uptime"],
        ["monitor", SESSION, "uptime", "--every", "5q", "--for", "1h"],
        ["endpoint", SESSION, "ana@"],
        ["at", SESSION, "--version", "1", "--time", "18:30"],
        ["override", SESSION, "r3", "mended", "Why."],
        ["override", SESSION, "r3", "fixed"],
    ],
    ids=" ".join,
)
def test_wrong_usage_exits_with_2_and_says_what_is_wrong(arguments: list[str]) -> None:
    """Nothing is started for a command that cannot be meant."""
    result = invoke(*arguments)
    assert result.exit_code == 2
    assert result.stderr.strip()
    assert "Traceback" not in result.output


def test_every_verb_has_a_help_text_that_is_a_sentence() -> None:
    """What --help lists says what happens."""
    listed = invoke("--help")
    assert listed.exit_code == 0
    for command in app.registered_commands:
        assert command.callback is not None
        assert (command.callback.__doc__ or "").strip().split("\n\n")[0].endswith(".")
        assert invoke(command.name or "", "--help").exit_code == 0


def test_a_folder_without_sessions_is_an_error_and_stays_empty(tmp_path: Path) -> None:
    """A mistyped --data makes no log, and the message names the folder."""
    result = invoke("sessions", data=tmp_path / "nowhere")
    assert result.exit_code == 1
    assert "no sessions in" in result.stderr
    assert not (tmp_path / "nowhere").exists()


def test_an_unknown_session_is_one_line_on_stderr(data: Path) -> None:
    """Reading verbs and writing verbs alike say so before anything is started."""
    for arguments in (["transcript", "s-none"], ["note", "s-none", "text"], ["shell", "s-none"]):
        result = invoke(*arguments, data=data)
        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr.startswith("error: No session s-none.")
        assert len(result.stderr.splitlines()) == 1


# -- reading ------------------------------------------------------------------------------------
def test_sessions_are_listed_and_found(data: Path) -> None:
    """By what their headings say, as a table or as JSON."""
    assert SESSION in invoke("sessions", "--client", "Acme", data=data).stdout
    assert "No such session" in invoke("sessions", "--client", "Other", data=data).stderr
    (found,) = json.loads(invoke("sessions", "--json", data=data).stdout)
    assert found["session"] == SESSION
    assert found["status"] == "open"


def test_the_transcript_as_json_has_its_documented_shape(data: Path) -> None:
    """Outputs are text; where the bytes were not UTF-8, a marker says so."""
    shown = json.loads(invoke("transcript", SESSION, "--json", data=data).stdout)
    assert {"session", "version", "status", "ticket", "technician", "endpoints", "entries"} <= set(
        shown
    )
    runs = {entry["run"]["run"]: entry["run"] for entry in shown["entries"] if "run" in entry}
    assert runs["r1"]["stdout"] == "inactive\n"
    assert runs["r1"]["stdout_is_utf8"] is True
    assert runs["r1"]["exit_status"] == 3
    assert runs["r4"]["stdout"] == "caf\ufffd\n"
    assert runs["r4"]["stdout_is_utf8"] is False
    (first, *_) = shown["comparisons"]
    assert first["standing"] == "fixed"
    assert (first["before"]["run"], first["after"]["run"]) == ("r1", "r3")


def test_the_transcript_reads_as_a_stream(data: Path) -> None:
    """Commands, outputs, endings and verdicts in their order, and no line ends with spaces."""
    text = invoke("transcript", SESSION, data=data).stdout
    parts = ["opened for ticket T-1 of Acme", "web1 $ systemctl is-active nginx", "inactive",
             "exit 3", "web1 $ systemctl start nginx", "a change", "FIXED beside r1"]  # fmt: skip
    places = [text.index(part) for part in parts]
    assert places == sorted(places)
    assert not [line for line in text.splitlines() if line != line.rstrip()]


def test_checks_show_both_sides(data: Path) -> None:
    """The check that showed the fault comes first."""
    text = invoke("checks", SESSION, data=data).stdout
    assert text.startswith("✓ FIXED  systemctl is-active nginx on web1")
    assert "~*  1 │ inactive" in text
    assert "~*  1 │ active" in text


def test_programs_and_people_are_shown_the_same(data: Path) -> None:
    """The rows and fields of the JSON are those of the comparison that the terminal shows."""
    [first, *_] = json.loads(invoke("checks", SESSION, "--json", data=data).stdout)
    kept = [(one["field"], one["before"], one["after"]) for one in first["fields"]]
    assert ("answer", "inactive", "active") in kept
    [row] = first["lines"]
    assert (row["kind"], row["before"], row["after"], row["deciding"]) == (
        "changed", "inactive", "active", True,
    )  # fmt: skip
    assert row["before_spans"] == [{"start": 0, "end": 8, "volatile": False}]
    assert first["after"]["fields"] == first["fields"]


def test_json_in_full_folds_nothing(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in the terminal."""
    asked: list[bool] = []
    known = Comparison.rows

    def rows(self: Comparison, *, full: bool = False) -> tuple[Row, ...]:
        asked.append(full)
        return known(self, full=full)

    monkeypatch.setattr(Comparison, "rows", rows)
    invoke("checks", SESSION, "--json", "--full", data=data)
    invoke("checks", SESSION, "--full", data=data)
    assert asked
    assert all(asked)


def test_a_judged_run_of_the_stream_has_the_small_table(data: Path) -> None:
    """Under the run that verified: which value was what, and is what now."""
    text = invoke("transcript", SESSION, data=data).stdout
    table = text.index("verdict  field")
    assert text.index("FIXED beside r1") < table < text.index("cat /tmp/raw")
    assert text[table:].split()[5:10] == ["✓", "FIXED", "answer", "inactive", "active"]


def test_the_session_is_shown_as_it_was(data: Path) -> None:
    """After the change and before the check was run again, the check was open."""
    events, _ = story()
    change = next(
        version
        for version, event in enumerate(events, 1)
        if isinstance(event, e.RunFinished) and event.run == "r2"
    )
    assert "NOT RUN AGAIN" in invoke("at", SESSION, "--version", str(change), data=data).stdout
    assert "✓ FIXED" in invoke("at", SESSION, data=data).stdout


def by_an_older_judge(event: e.SessionEvent) -> e.SessionEvent:
    if isinstance(event, e.CheckVerified):
        return replace(event, judge="0", verdict="inconclusive", reasons=("Eh.",))
    return event


def test_rejudge_shows_both_verdicts_and_changes_nothing(tmp_path: Path) -> None:
    """The versions of both judges, the reasons of today's, what differs, and the same as JSON."""
    data = tmp_path
    asyncio.run(write(data, by_an_older_judge))
    log_file = Settings(data=data).log_file
    before = log_file.read_bytes()
    text = invoke("rejudge", SESSION, data=data).stdout
    head, then, now, *reasons, end = text.splitlines()
    assert head.startswith("≠ r3 beside r1  systemctl is-active nginx on web1")
    assert then == "    then ? INCONCLUSIVE  judge 0"
    assert now == f"    now  ✓ FIXED  judge {JUDGE_VERSION}"
    assert reasons
    assert end == "1 verdict, 1 differs. The history is as it was."
    [one] = json.loads(invoke("rejudge", SESSION, "--json", data=data).stdout)
    assert (one["baseline"], one["verification"], one["differs"]) == ("r1", "r3", True)
    assert one["then"] == {"judge": "0", "verdict": "inconclusive", "reasons": ["Eh."]}
    assert (one["now"]["judge"], one["now"]["verdict"]) == (JUDGE_VERSION, "fixed")
    assert log_file.read_bytes() == before


def test_a_policy_is_adopted_without_a_host_and_a_faulty_one_is_not(
    data: Path, tmp_path: Path
) -> None:
    """The message names the field, and the exit status is 1."""
    good, bad = tmp_path / "good.toml", tmp_path / "bad.toml"
    good.write_text('[[policy]]\nname = "all"\nmode = "warn"\n')
    bad.write_text('[[policy]]\nname = "all"\nmode = "shout"\n')
    assert invoke("policy", str(good), "--by", "mia", data=data).exit_code == 0
    result = invoke("policy", str(bad), "--by", "mia", data=data)
    assert result.exit_code == 1
    assert "mode" in result.stderr


# -- what is typed ------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("ana@web1.acme.example:2222", ("web1.acme.example", "ana@web1.acme.example:2222", "ssh")),
        ("web1", ("web1", "web1", "ssh")),
        ("ana@[::1]:22", ("::1", "ana@[::1]:22", "ssh")),
        ("local", ("local", "", "local")),
    ],
)
def test_an_endpoint_is_called_after_its_host(typed: str, expected: tuple[str, str, str]) -> None:
    """User and port are left to the address."""
    assert endpoint_address(typed) == expected


def test_a_monitor_needs_times_that_go_together() -> None:
    """Once at a time, or every so often until a time; never for ever."""
    assert monitor_times(every="5m", lasting="2h").until is not None
    assert monitor_times(at="+1h").every is None
    for times in ({}, {"every": "5m"}, {"until": "18:00"}, {"every": "1m", "until": "18:00",
                  "lasting": "1h"}):  # fmt: skip
        with pytest.raises(UsageError):
            monitor_times(**times)


def test_a_line_goes_to_the_endpoint_unless_it_is_a_slash_command() -> None:
    """A path is no slash command, a space in front protects, and a wrong one is not sent."""
    assert slash.parse("/note it works") == ("/note", "it works")
    assert slash.parse("/close") == ("/close", "")
    assert slash.parse("/usr/bin/true -v") == ("", "/usr/bin/true -v")
    assert slash.parse(" /close") == ("", " /close")
    with pytest.raises(UsageError, match="put a space before it"):
        slash.parse("/cloze")


# -- the host's file ----------------------------------------------------------------------------
def test_a_host_file_is_believed_only_while_its_host_lives(
    tmp_path: Path, this_host: hostfile.RunningHost
) -> None:
    """A file left behind, one that others may write, and nonsense all count as none."""
    hostfile.publish(tmp_path, this_host)
    path = tmp_path / hostfile.FILE_NAME
    assert path.stat().st_mode & 0o777 == 0o600
    assert hostfile.running_host(tmp_path) == this_host
    with pytest.raises(HostUnavailable, match="already"):
        hostfile.publish(tmp_path, this_host)
    path.chmod(0o644)
    assert hostfile.running_host(tmp_path) is None
    path.chmod(0o600)
    path.write_text("{")
    assert hostfile.running_host(tmp_path) is None


def test_a_stale_host_file_is_replaced(tmp_path: Path, this_host: hostfile.RunningHost) -> None:
    """Its process is gone, or its address does not answer."""
    gone = hostfile.RunningHost(address=this_host.address, token="t", pid=2**22 + 1)
    (tmp_path / hostfile.FILE_NAME).touch(0o600)
    (tmp_path / hostfile.FILE_NAME).write_text(json.dumps({"address": gone.address, "token": "t",
                                                           "pid": gone.pid}))  # fmt: skip
    assert hostfile.running_host(tmp_path) is None
    hostfile.publish(tmp_path, this_host)
    assert hostfile.running_host(tmp_path) == this_host
    hostfile.withdraw(tmp_path, gone)
    assert hostfile.running_host(tmp_path) == this_host
    hostfile.withdraw(tmp_path, this_host)
    assert not (tmp_path / hostfile.FILE_NAME).exists()
