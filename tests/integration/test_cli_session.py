"""The command line as people start it: real processes, a real endpoint (this machine), real Ray."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import stillfixed

pytestmark = pytest.mark.ray

COMMAND = [sys.executable, "-m", "stillfixed.connectors.cli"]
LIMIT_SECONDS = 100


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A data folder of its own, and no Ray but what the command line starts."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("RAY_")}
    source = str(Path(stillfixed.__file__).parents[1])
    return {
        **kept,
        "PYTHONPATH": source,
        "STILLFIXED_DATA": str(tmp_path / "data"),
        "STILLFIXED_BY": "ana",
        "COLUMNS": "100",
    }


def stillfixed_says(
    environment: dict[str, str], *arguments: str, lines: str = ""
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments],
        input=lines,
        env=environment,
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )


def test_a_piped_shell_goes_from_the_fault_to_the_closed_ticket(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """Failing check, closure refused, fix, gap, the check again beside itself, closure granted."""
    config = tmp_path / "app.conf"
    typed = f"""\
cat {config}
/close
echo ok > {config}
cat {config}
/checks
/nonsense
/close
echo not sent any more
"""
    shell = stillfixed_says(
        environment, "shell", "-t", "T-1", "-c", "Acme", "--endpoint", "local", lines=typed
    )
    assert shell.returncode == 0, shell.stderr
    assert shell.stderr == ""
    parts = [
        "ticket T-1 · Acme",
        f"local $ cat {config}",
        "No such file or directory",
        "shows a fault",
        "✗ CLOSURE REFUSED",
        f"local $ echo ok > {config}",
        "! 1 check not run again since the last change",
        f"local $ cat {config}",
        "✓ FIXED",
        "before: r1, exit 1",
        "after: r3, exit 0",
        "local $ /checks",
        "✓ FIXED",
        "error: There is no /nonsense here",
        "✓ CLOSURE GRANTED",
    ]
    place = 0
    for part in parts:
        found = shell.stdout.find(part, place)
        assert found >= 0, f"{part!r} is missing after:\n{shell.stdout[:place]}"
        place = found
    assert "not sent any more" not in shell.stdout

    listed = stillfixed_says(environment, "sessions", "--status", "closed", "--json")
    (session,) = json.loads(listed.stdout)
    assert session["ticket"] == "T-1"


@pytest.fixture
def host(environment: dict[str, str]) -> Iterator["subprocess.Popen[str]"]:
    """`stillfixed host`, ready."""
    process = subprocess.Popen(
        [*COMMAND, "host", "--no-web"], env=environment, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    assert process.stderr.readline().startswith("Host for")
    yield process
    if process.poll() is None:
        process.kill()
    process.wait()


JOIN = """
import stillfixed
from pathlib import Path
with stillfixed.connect(stillfixed.Settings(data=Path({data!r}))) as service:
    assert not service._client._service._cluster.owned
    print(service.session({session!r}, by="ana").host().sessions)
"""


def test_a_dispatcher_overrides_a_verdict_of_a_hosted_session(
    environment: dict[str, str], host: "subprocess.Popen[str]", tmp_path: Path
) -> None:
    """The technician may not; who may is shown beside the judge, in the closure's refusal too."""
    opened = stillfixed_says(environment, "open", "-t", "T-3", "-c", "Acme", "-e", "local")
    session = opened.stdout.strip()
    config = tmp_path / "app.conf"
    for command in (f"cat {config}", f"echo ok > {config}", f"cat {config}"):
        assert stillfixed_says(environment, "run", session, command).returncode == 0
    words = ("override", session, "r3", "still_failing", "It is the wrong file.")
    refused = stillfixed_says(environment, *words)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "four eyes" in refused.stderr
    done = stillfixed_says(environment, *words, "--by", "dora")
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert done.stderr == "Recorded: the verdict of r3 is still_failing.\n"
    said = "dora says ✗ STILL FAILING, the judge said ✓ FIXED: It is the wrong file."
    checks = stillfixed_says(environment, "checks", session).stdout
    assert checks.startswith("✗ STILL FAILING")
    assert said in " ".join(checks.split())
    transcript = stillfixed_says(environment, "transcript", session).stdout
    told = "overrode ✓ FIXED of r3 with ✗ STILL FAILING: It is the wrong file."
    assert told in " ".join(transcript.split())
    close = stillfixed_says(environment, "close", session)
    assert close.returncode == 3
    assert "dora overrode the judge's fixed" in " ".join(close.stdout.split())
    rejudged = stillfixed_says(environment, "rejudge", session).stdout
    assert rejudged.startswith("= r3 beside r1")
    assert said in " ".join(rejudged.split())


def test_others_join_a_running_host_and_a_monitor_goes_on_without_them(
    environment: dict[str, str], host: "subprocess.Popen[str]"
) -> None:
    """Each command ends, the session stays in the host's memory, and the host ends on SIGTERM."""
    data = environment["STILLFIXED_DATA"]
    opened = stillfixed_says(environment, "open", "-t", "T-2", "-c", "Acme", "-e", "local")
    session = opened.stdout.strip()
    assert (opened.returncode, opened.stderr) == (0, "")
    monitor = stillfixed_says(
        environment, "monitor", session, "cat /dev/null", "--every", "1s", "--for", "1h"
    )
    assert (monitor.stdout, monitor.stderr) == ("m1\n", "")

    joined = subprocess.run(
        [sys.executable, "-c", JOIN.format(data=data, session=session)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )
    assert (joined.stdout.strip(), joined.returncode) == (f"['{session}']", 0), joined.stderr

    with subprocess.Popen(
        [*COMMAND, "watch", session, "--json", "--after", "0"],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    ) as watching:
        assert watching.stdout is not None
        events = (json.loads(line)["event"] for line in watching.stdout)
        runs = (event for event in events if event["type"] == "run_finished")
        assert [next(runs)["end"] for _ in range(2)] == ["exited", "exited"]
        watching.send_signal(signal.SIGINT)
        watching.communicate(timeout=LIMIT_SECONDS)  # it may be writing: its pipe stays open
    assert watching.returncode == 130

    second = stillfixed_says(environment, "host")
    assert second.returncode == 1
    assert "already" in second.stderr

    host.terminate()
    assert host.wait(LIMIT_SECONDS) == 0
    assert host.stderr is not None
    assert host.stderr.read() == "The host has ended. Everything is in the log.\n"
    assert not (Path(data) / "host.json").exists()


def test_the_checks_of_a_runbook_are_one_command(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """Loaded with its values and run; run again after the fix without naming them."""
    flag = tmp_path / "the flag"
    flag.write_text("down\n")
    book = tmp_path / "app.toml"
    book.write_text(
        'name = "app"\ntitle = "The app"\nplatforms = ["posix"]\n\n[parameters.flag]\n'
        'ask = "The flag file"\n\n[[check]]\ncommand = "cat {flag}"\nexpect = "stdout == up"\n'
        'why = "The app is up."\n'
    )
    typed = f"""\
/runbook {book}
/runbook {book} flag="{flag}"
echo up > '{flag}'
/runbook {book}
/runbook
"""
    shell = stillfixed_says(
        environment, "shell", "-t", "T-1", "-c", "Acme", "--endpoint", "local", lines=typed
    )
    place = 0
    for part in [
        "error: Runbook app needs a value for flag (The flag file). Give it as flag=VALUE.",
        "Loaded app on local: 1 check, flag =",
        f"1/1 $ cat '{flag}'",
        "shows a fault",
        "! app on local: 0 of 1 good; 1 showing a fault",
        "✓ FIXED beside r1",
        "✓ app on local: 1 of 1 good",
        "1/1 ✓ cat",
    ]:
        found = shell.stdout.find(part, place)
        assert found >= 0, f"{part!r} is missing after:\n{shell.stdout[:place]}"
        place = found
    [session] = json.loads(stillfixed_says(environment, "sessions", "--json").stdout)
    again = stillfixed_says(environment, "runbook", session["session"], "--json")
    assert again.returncode == 0, again.stderr
    [run] = json.loads(again.stdout)
    assert (run["verdict"], run["stdout"]) == ("fixed", "up\n")
