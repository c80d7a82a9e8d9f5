"""No secret in anything that is written: the log, its journal, the views, Ray's logs, what is said.

Secrets are planted where technicians meet them, on a real SSH server: in commands, in their output
and in what fails. Then every file is read.
"""

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
import ray

import stillfixed
from stillfixed import AsyncSession, Settings, connect_async
from stillfixed.actors.runtime.cluster import Cluster
from stillfixed.connectors.cli.asjson import transcript_json
from tests.support.sshd import Sshd

pytestmark = pytest.mark.ray

MARK = "Zq7Planted"
"""Every planted secret holds this, so that one search finds them all."""

KEY_LINE = f"MIIEowIBAAKCAQEA{MARK}Key0123456789"
REMOTE = f"""\
DB_PASSWORD={MARK}1
api_key: {MARK}2
https://bob:{MARK}3@git.example.com/x
-----BEGIN RSA PRIVATE KEY-----
{KEY_LINE}
-----END RSA PRIVATE KEY-----
ordinary line
"""


def plant(folder: Path) -> Path:
    """A file on the endpoint, put there by other means."""
    folder.mkdir(parents=True)
    (folder / "app.env").write_text(REMOTE)
    return folder / "app.env"


async def work(session: AsyncSession, env: Path) -> list[Any]:
    """What a technician does in an hour, with secrets in it; every answer and error."""
    commands = [
        f"cat {env}",
        f"PASSWORD={MARK}4; echo $PASSWORD {MARK}4; echo bad {MARK}4 >&2",
        f"curl --max-time 2 -u bob:{MARK}5 http://127.0.0.1:1/ || echo {MARK}5",
        f"printf {MARK[:5]} ; sleep 0.2 ; printf '{MARK[5:]}6' ; : --password {MARK}6",
        f"no-such-tool --password {MARK}7",
        f"cat {env}",
        f"test -e {env} && : --token={MARK}8",
    ]
    said: list[Any] = [await session.run(command) for command in commands]
    attempts = (
        lambda: session.annotate("note", f"the new password is {MARK}9"),
        lambda: session.declare_change(f"router: enable secret {MARK}10"),
        lambda: session.add_endpoint("b", kind="ssh", address=f"bob:{MARK}11@h"),
        lambda: session.add_endpoint("c", "h", kind="ssh", options={"password": f"{MARK}12"}),
        lambda: session.run(f"echo {MARK}13 | sudo -S id", endpoint=f"password={MARK}13"),
        lambda: session.expect(f"rm -rf x --password {MARK}14", "stdout == ok"),
    )
    for attempt in attempts:
        try:
            said.append(await attempt())
        except stillfixed.StillfixedError as error:
            said.append(error.message)
    return said


def leaks(folder: Path) -> list[tuple[str, bytes]]:
    """Files below a folder that hold a planted secret, with what is around it."""
    found = []
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            data = path.read_bytes()
            place = data.find(MARK.encode())
            if place >= 0:
                found.append((path.name, data[max(0, place - 60) : place + 40]))
    return found


def ray_leaks() -> list[tuple[str, bytes]]:
    folder = Path(ray._private.worker.global_worker.node.get_session_dir_path())
    assert list(folder.rglob("*.log"))
    return leaks(folder)


async def stored(session: AsyncSession) -> bytes:
    """Events, and chunks as they were before they were packed."""
    transcript = await session.transcript()
    outputs = [run.stdout + run.stderr for run in transcript.runs.values()]
    return msgspec.json.encode(transcript_json(transcript)) + b"".join(outputs)


async def test_no_planted_secret_is_in_anything_written(
    ray_cluster: Cluster, ssh_server: Sshd, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The log with its journal, the views, Ray's logs, what is printed, said and shown."""
    env = plant(tmp_path / "endpoint")
    data = tmp_path / "data"
    settings = Settings(data=data, warm_hosts=0, idle_seconds=15.0)
    spec = ssh_server.spec()
    async with await connect_async(settings) as client:
        session = await client.open(ticket="T-1", client="Acme", by="ana", title=f"token={MARK}0")
        await session.add_endpoint("web", spec.address, kind="ssh", options=spec.options)
        said = await work(session, env)
        assert "ordinary line" in said[0].text
        assert said[5].verdict is None or said[5].verdict != "regressed"
        assert said[0].masked == {"password": 2, "key": 1, "private-key": 1}
        seen = await stored(session)
        # While the journal of SQLite is still there, and after it has been folded in.
        assert leaks(data) == []
    made = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "stillfixed.connectors.cli", "views", "refresh"],
        env={**os.environ, "STILLFIXED_DATA": str(data)},
        capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    printed = capfd.readouterr()
    assert leaks(data) == []
    assert ray_leaks() == []
    everything = [repr(said), seen.decode(), printed.out, printed.err, made.stdout, made.stderr]
    for text in everything:
        assert MARK not in text
    assert made.returncode == 0, made.stderr
