"""The whole process tree killed at once, then reopened; the disk full under a real log."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from stillfixed import Settings, connect
from tests.support.processes import kill_tree

WORKER = """
import pathlib, sys, stillfixed
settings = stillfixed.Settings(data=pathlib.Path(sys.argv[1]), warm_hosts=0)
service = stillfixed.connect(settings)
session = service.open(ticket="T-1", client="Acme", by="ana")
session.add_endpoint("here", kind="local")
print(session.id, flush=True)
for number in range(1000):
    session.run(f"echo {number} >> {sys.argv[2]}")
    print(number, flush=True)
"""


@pytest.mark.ray
@pytest.mark.timeout(180)
def test_what_was_acknowledged_survives_the_death_of_everything(
    ray_cluster: object, tmp_path: Path
) -> None:
    """Client, Ray, hosts: all killed in the middle; every acknowledged run is in the history, the
    one under way is interrupted, and no command was sent twice."""
    marks = tmp_path / "marks"
    program = [sys.executable, "-c", WORKER, str(tmp_path), str(marks)]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("RAY_")}
    environment["PYTHONPATH"] = os.pathsep.join(sys.path)
    with subprocess.Popen(
        program, stdout=subprocess.PIPE, text=True, env=environment, start_new_session=True
    ) as worker:
        assert worker.stdout is not None
        session_id = worker.stdout.readline().strip()
        for line in worker.stdout:
            if line.strip() == "20":
                break
        kill_tree(worker.pid)
        acknowledged = 20 + len(worker.stdout.read().split())

    with connect(Settings(data=tmp_path, warm_hosts=0)) as service:
        session = service.session(session_id, by="ana")
        session.message("Back.")
        runs = session.transcript().runs
    finished = [run for run in runs.values() if run.status == "exited"]
    assert len(finished) >= acknowledged + 1
    assert all(run.status in ("exited", "interrupted", "not_sent") for run in runs.values())
    sent = marks.read_text().split()
    assert len(sent) == len(set(sent))
    assert len(finished) <= len(sent) <= len(runs)


FILLER = """
import asyncio, pathlib, resource, sys
from stillfixed.actors.errors import LogFull
from stillfixed.actors.log.contract import Append
from stillfixed.actors.log.sqlite import SqliteLog

async def main():
    log = await SqliteLog.open(pathlib.Path(sys.argv[1]) / "log.db")
    claim = await log.claim("s-1")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, hard))
    version = 0
    async def append():
        entry = Append(stream="s-1", epoch=claim.epoch, expected_version=version,
                       events=(bytes([65 + version % 26]) * 20_000,))
        return (await log.append(entry)).version
    try:
        while True:
            version = await append()
    except LogFull as error:
        print(version, error)
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    version = await append()
    print(version)
    await log.close()

import signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
asyncio.run(main())
"""


def test_a_full_disk_loses_nothing_and_is_recovered_from(tmp_path: Path) -> None:
    """A real file-size limit: a clear error, every acknowledged event there, and it goes on when
    there is room, without being opened again."""
    done = subprocess.run(
        [sys.executable, "-c", FILLER, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.stderr == ""
    full, after = done.stdout.splitlines()
    version, _, message = full.partition(" ")
    assert "Free disk space" in message
    assert int(version) > 20
    assert int(after) == int(version) + 1
