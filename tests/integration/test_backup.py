"""Backup while others write, and restoring: what is in it, what is refused, what a kill leaves."""

import asyncio
import io
import os
import signal
import sqlite3
import subprocess
import sys
import tarfile
from pathlib import Path

import msgspec
import pytest
import zstandard

import stillfixed
from stillfixed.actors.errors import BackupError, LogTooNew
from stillfixed.actors.log.contract import Append, Chunk
from stillfixed.actors.log.sqlite import SqliteLog
from stillfixed.actors.service import Settings
from stillfixed.connectors.web.operating import archive as archives
from stillfixed.connectors.web.operating.backup import back_up, restore

SOURCE = str(Path(stillfixed.__file__).parents[1])
WRITER = Path(__file__).parent / "log_process.py"
ENVIRONMENT = {**os.environ, "PYTHONPATH": SOURCE}


async def write_log(path: Path) -> None:
    log = await SqliteLog.open(path)
    for version in range(3):
        chunk = Chunk.of(os.urandom(1000))
        entry = Append(
            stream="s-1", epoch=None, expected_version=version, events=(b"{}",), chunks=(chunk,)
        )
        await log.append(entry)
    await log.close()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A data folder with everything that a host has in it."""
    settings = Settings(data=tmp_path / "data")
    asyncio.run(write_log(settings.log_file))
    people = sqlite3.connect(settings.folder / "people.db")
    with people:
        people.execute("PRAGMA journal_mode = wal")
        people.execute("CREATE TABLE person (name TEXT)")
        people.execute("INSERT INTO person VALUES ('olga')")
    people.close()
    (settings.folder / "stillfixed.toml").write_text("idle_seconds = 60\n")
    (settings.folder / "host.json").write_text("{}")
    (settings.folder / "views" / "published").mkdir(parents=True)
    (settings.folder / "views" / "views.duckdb").write_bytes(b"x")
    return settings


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return tmp_path / "backups" / "monday.tar.zst"


def elsewhere(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "restored")


def versions(settings: Settings, stream: str) -> list[int]:
    async def read() -> list[int]:
        log = await SqliteLog.open(settings.log_file)
        found = [record.version for record in await log.read(stream)]
        await log.close()
        return found

    return asyncio.run(read())


def test_a_backup_holds_every_durable_file_and_nothing_else(
    settings: Settings, archive: Path, tmp_path: Path
) -> None:
    """The log, other databases, settings; no views, no locks, nothing of a running process."""
    made = back_up(settings, archive)
    assert [file.name for file in made.files] == ["people.db", "stillfixed.db", "stillfixed.toml"]
    assert made.position == 3
    assert archive.stat().st_mode & 0o077 == 0
    assert [path.name for path in archive.parent.iterdir()] == [archive.name]
    restored = elsewhere(tmp_path)
    assert restore(archive, restored) == made
    assert versions(restored, "s-1") == [1, 2, 3]
    people = sqlite3.connect(restored.folder / "people.db")
    assert people.execute("SELECT name FROM person").fetchall() == [("olga",)]
    people.close()
    assert (restored.folder / "stillfixed.toml").read_text() == "idle_seconds = 60\n"


def test_a_backup_under_a_writer_holds_all_that_was_acknowledged(
    settings: Settings, archive: Path, tmp_path: Path
) -> None:
    """Every event acknowledged before it began, in order, up to one moment; the writer goes on."""
    with subprocess.Popen(
        [sys.executable, WRITER, "append_for_ever", settings.log_file],
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        text=True,
    ) as writer:
        assert writer.stdout is not None
        acknowledged = [int(writer.stdout.readline()) for _ in range(200)][-1]
        made = back_up(settings, archive)
        later = [int(writer.stdout.readline()) for _ in range(200)][-1]
        writer.kill()
    assert later > acknowledged
    restored = elsewhere(tmp_path)
    restore(archive, restored)
    found = versions(restored, "a")
    assert found == list(range(1, len(found) + 1))
    assert len(found) >= acknowledged
    assert made.position == 3 + len(found)


KILLED = """
import os, pathlib, signal, sys
from stillfixed import Settings
from stillfixed.connectors.web.operating import backup
def kill(*_): os.kill(os.getpid(), signal.SIGKILL)
setattr(backup, sys.argv[3], kill)
backup.back_up(Settings(data=pathlib.Path(sys.argv[1])), pathlib.Path(sys.argv[2]))
"""


@pytest.mark.parametrize("stage", ["kept", "pack", "check"])
def test_a_killed_backup_leaves_no_file_of_that_name(
    settings: Settings, archive: Path, tmp_path: Path, stage: str
) -> None:
    """Wherever it was; and the next one clears what it left and is whole."""
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, settings.folder, archive, stage],
        env=ENVIRONMENT,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    assert not archive.exists()
    assert list(archive.parent.iterdir()) != []
    back_up(settings, archive)
    assert [path.name for path in archive.parent.iterdir()] == [archive.name]
    restore(archive, elsewhere(tmp_path))


def test_a_damaged_archive_is_refused_and_nothing_is_restored(
    settings: Settings, archive: Path, tmp_path: Path
) -> None:
    """Cut anywhere, or with one byte changed anywhere."""
    back_up(settings, archive)
    whole = archive.read_bytes()
    restored = elsewhere(tmp_path)
    for place in range(0, len(whole), len(whole) // 23):
        changed = bytearray(whole)
        changed[place] ^= 0x55
        for broken in (whole[:place], bytes(changed)):
            archive.write_bytes(broken)
            with pytest.raises(BackupError, match="is not a whole backup"):
                restore(archive, restored)
            assert not restored.folder.exists()
            assert not list(tmp_path.glob(".restored*"))
    archive.write_bytes(whole)
    restore(archive, restored)


def forged(path: Path, manifest: dict[str, object], files: dict[str, bytes]) -> None:
    """An archive that `backup` would not write."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as tar:
        told = {archives.MANIFEST: msgspec.json.encode(manifest), **files}
        for name, data in told.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    path.write_bytes(zstandard.ZstdCompressor().compress(raw.getvalue()))


def test_an_archive_of_a_newer_format_says_to_upgrade(tmp_path: Path) -> None:
    """Before anything else of it is looked at."""
    forged(tmp_path / "x", {"format": 2, "anything": "else"}, {})
    with pytest.raises(BackupError, match=r"newer stillfixed.*Upgrade"):
        restore(tmp_path / "x", elsewhere(tmp_path))


def test_a_log_of_a_newer_format_says_to_upgrade(
    settings: Settings, archive: Path, tmp_path: Path
) -> None:
    """And is not put in place."""
    log = sqlite3.connect(settings.log_file)
    log.execute("PRAGMA user_version = 99")
    log.close()
    back_up(settings, archive)
    with pytest.raises(LogTooNew, match="99"):
        restore(archive, elsewhere(tmp_path))
    assert not elsewhere(tmp_path).folder.exists()


@pytest.mark.parametrize("name", ["../outside", "/tmp/outside", "a/../../outside", "..\\outside"])
def test_an_archive_cannot_write_outside_its_folder(tmp_path: Path, name: str) -> None:
    """Whatever names it holds."""
    entry = {"name": name, "size_bytes": 1, "sha256": "0"}
    manifest = {
        "format": 1,
        "made_at": "2026-03-01T12:00:00Z",
        "release": "1",
        "position": 0,
        "files": [entry],
    }
    forged(tmp_path / "x", manifest, {name: b"x"})
    with pytest.raises(BackupError, match="is no name in a data folder"):
        restore(tmp_path / "x", elsewhere(tmp_path))
    assert not list(tmp_path.rglob("outside"))


def test_nothing_that_is_there_is_written_over(
    settings: Settings, archive: Path, tmp_path: Path
) -> None:
    """Neither an archive by a backup, nor a folder by a restore; and a backup is not in itself."""
    back_up(settings, archive)
    with pytest.raises(BackupError, match="exists already"):
        back_up(settings, archive)
    with pytest.raises(BackupError, match="is not empty"):
        restore(archive, settings)
    with pytest.raises(BackupError, match="in the data folder itself"):
        back_up(settings, settings.folder / "x.tar.zst")
    elsewhere(tmp_path).folder.mkdir()
    restore(archive, elsewhere(tmp_path))


def test_a_folder_without_a_log_is_no_data_folder(tmp_path: Path) -> None:
    """A backup of nothing would be believed one day."""
    with pytest.raises(BackupError, match="nothing to back up"):
        back_up(Settings(data=tmp_path), tmp_path.parent / "x.tar.zst")
