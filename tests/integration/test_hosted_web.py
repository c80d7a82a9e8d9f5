"""`stillfixed host` with its web app, as an operator runs it: a process, Ray, HTTP, signals."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

import stillfixed
from stillfixed.connectors.web.operating.backup import back_up

pytestmark = pytest.mark.ray

COMMAND = [sys.executable, "-m", "stillfixed.connectors.cli"]
LIMIT_SECONDS = 100


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    kept = {
        key: value for key, value in os.environ.items() if not key.startswith(("RAY_", "STILLF"))
    }
    source = str(Path(stillfixed.__file__).parents[1])
    return {**kept, "PYTHONPATH": source, "STILLFIXED_DATA": str(tmp_path / "data")}


def says(environment: dict[str, str], *words: str) -> str:
    done = subprocess.run(
        [*COMMAND, *words],
        env=environment,
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


class Host:
    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        assert process.stderr is not None
        self.said = [process.stderr.readline() for _ in range(2)]
        self.address = self.said[1].removeprefix("Web page: ").strip()


@pytest.fixture
def host(environment: dict[str, str]) -> Iterator[Host]:
    """Ready, on a free port, with log lines as JSON."""
    words = ["host", "--listen", "127.0.0.1:0", "--set", "log_format=json"]
    words += ["--set", "endpoints=stillfixed.connectors.endpoints:open_endpoint"]
    with subprocess.Popen(
        [*COMMAND, *words, "--set", "finish_seconds=30"],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield Host(process)
        finally:
            if process.poll() is None:
                process.kill()


def test_a_host_that_is_told_to_end_finishes_its_runs_and_answers(
    environment: dict[str, str], host: Host, tmp_path: Path
) -> None:
    """SIGTERM under a run and an open event stream: the run ends by itself and its caller hears of
    it, the stream ends whole, the port is free, the history has all; a backup before it, too."""
    data = stillfixed.Settings(data=Path(environment["STILLFIXED_DATA"]), read_only=True)
    assert host.process.stderr is not None
    assert host.process.stderr.readline().startswith("Nobody can sign in yet: stillfixed people")
    says(environment, "people", "add", "ana", "--role", "technician", "-c", "*", "--no-password")
    token = says(environment, "tokens", "create", "ana", "tests")
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=host.address, headers=headers, timeout=LIMIT_SECONDS) as http:
        assert http.get("/health").json() == {"status": "up"}
        assert http.get("/ready").json()["ready"] is True
        opened = http.post("/api/sessions", json={"ticket": "T-1", "client": "Acme"})
        path = opened.headers["Location"]
        added = http.post(f"{path}/endpoints", json={"endpoint": "here", "kind": "local"})
        assert added.status_code == 201

        archive = tmp_path / "backup.tar.zst"
        made = back_up(data, archive)
        assert {file.name for file in made.files} >= {"stillfixed.db", "people.db"}

        answers: list[httpx.Response] = []
        command = f"touch {tmp_path}/begun; sleep 2; echo whole"
        asking = threading.Thread(
            target=lambda: answers.append(http.post(f"{path}/runs", json={"command": command}))
        )
        with http.stream(
            "GET", f"{path}/events", headers={"Accept": "text/event-stream"}
        ) as stream:
            assert stream.status_code == 200, stream.read()
            asking.start()
            for line in stream.iter_lines():
                if "run_started" in line:
                    host.process.send_signal(signal.SIGTERM)
            # The loop has ended: the stream did, without an error.
        asking.join(LIMIT_SECONDS)
        [answer] = answers
        assert (answer.status_code, answer.json()["status"]) == (200, "exited")
        assert answer.json()["stdout"] == "whole\n"
    assert host.process.wait(LIMIT_SECONDS) == 0
    rest = host.process.stderr.read().splitlines()
    assert rest[-1] == "The host has ended. Everything is in the log."
    assert not [line for line in rest[:-1] if not line.startswith("{")]
    with pytest.raises(httpx.ConnectError):
        httpx.get(host.address)
    with stillfixed.connect(data) as service:
        [run] = service.session(path.rpartition("/")[2], by="ana").transcript().runs.values()
    assert (run.status, run.stdout) == ("exited", b"whole\n")
