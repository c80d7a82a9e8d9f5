"""Workers that are killed, and disks that are full: nothing twice, nothing left out."""

import asyncio
import random
import subprocess
import sys
from pathlib import Path

import pytest

from stillfixed.actors.log.sqlite import SqliteLog
from stillfixed.projections.facts import FACTS_VERSION
from stillfixed.projections.store import Store
from tests.support import made
from tests.support.views import contents, folded
from tests.support.views import made as made_views

ROOT = Path(__file__).parents[2]


def worker(log: Path, folder: Path, *more: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.support.views_process", str(log), str(folder), *more]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


async def killed_often(tmp_path: Path, times: int, seed: int) -> None:
    """A worker killed so many times while the log grows, then a whole run beside it."""
    rng = random.Random(seed)
    log = await SqliteLog.open(tmp_path / "log.db")
    folder = tmp_path / "views"
    for number in range(times):
        await made.write(log, 40, first=40 * number, seed=seed)
        process = worker(tmp_path / "log.db", folder)
        assert process.stdout is not None
        assert await asyncio.to_thread(process.stdout.readline) == "started\n"
        await asyncio.sleep(rng.uniform(0, 0.6))  # anywhere in its work
        process.kill()
        await asyncio.to_thread(process.wait)
    views = await made_views(log, folder)
    assert views.position == await log.newest_position()
    views.close()
    records = await log.read_feed(0, limit=1_000_000)
    await log.close()
    whole = folded(tmp_path / "whole.duckdb", records, len(records))
    survivor = Store.open(folder / f"facts-{FACTS_VERSION}.duckdb")
    assert contents(survivor) == contents(whole)
    survivor.close()
    whole.close()


async def test_a_killed_worker_counts_everything_once(tmp_path: Path) -> None:
    """Killed at any moment, the next worker goes on: the tables are those of one calm run."""
    await killed_often(tmp_path, 4, seed=1)


@pytest.mark.faults
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", range(5))
async def test_a_worker_killed_many_times(tmp_path: Path, seed: int) -> None:
    """The same, for long."""
    await killed_often(tmp_path, 20, seed=100 * seed)


async def test_a_full_disk_loses_nothing(tmp_path: Path) -> None:
    """The worker stops and says so; readers keep their copy; with space again it goes on."""
    log = await SqliteLog.open(tmp_path / "log.db")
    folder = tmp_path / "views"
    await made.write(log, 5)
    before = await made_views(log, folder)
    await made.write(log, 3_000, first=5)
    process = worker(tmp_path / "log.db", folder, str(2_500_000))
    said, _ = await asyncio.to_thread(process.communicate)
    assert "ViewsFull" in said, said
    assert "full" in said
    assert before.refresh().sql("SELECT count(*) FROM sessions").fetchall() == [(5,)]
    before.close()
    after = await made_views(log, folder)
    assert after.sql("SELECT count(*) FROM session_states").fetchall() == [(3_005,)]
    after.close()
    await log.close()
