"""Backup of a data folder while a host writes in it, and restoring one.

Guarantee: a backup has its name only when it is whole, on stable storage and was read back; killed
before, it leaves a folder beside it that the next one clears. Each database in it is as it was at
one moment. A restored folder has its name only when all of it was checked.

What can be made anew or belongs to a running process is not in it: views, locks, bells.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import apsw
from filelock import FileLock, Timeout

from stillfixed.actors.errors import BackupError, LogTooNew
from stillfixed.actors.hostfile import FILE_NAME as HOST_FILE
from stillfixed.actors.log.schema import SCHEMA_VERSION
from stillfixed.actors.service import Settings
from stillfixed.connectors.web.operating.archive import (
    FORMAT,
    Manifest,
    check,
    kept,
    pack,
    unpack,
)
from stillfixed.projections import views_folder

_SQLITE = b"SQLite format 3\0"
_TRANSIENT = ("-wal", "-shm", "-journal", ".lock", ".queue")
_BUSY_MILLISECONDS = 10_000


def back_up(settings: Settings, archive: Path) -> Manifest:
    """Write a new archive of the data folder. Raises `BackupError`; then there is none."""
    archive = archive.absolute()
    if not settings.log_file.exists():
        raise BackupError(f"There is nothing to back up: no log is in {settings.folder}.")
    if archive.is_relative_to(settings.folder):
        raise BackupError(f"Write the backup elsewhere: {archive} is in the data folder itself.")
    if archive.exists():
        raise BackupError(f"{archive} exists already. Choose another name, or remove it first.")
    try:
        with _workshop(archive) as folder:
            manifest = _snapshot(settings, folder)
            draft = folder.with_suffix(".draft")
            # For its owner alone: it holds what clients' machines said, and settings.
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                pack(file, manifest, folder)
                file.flush()
                os.fsync(file.fileno())
            check(draft)
            os.link(draft, archive)  # fails where a rename would replace
            _flush_folder(archive.parent)
    except FileExistsError:
        raise BackupError(f"{archive} was made by somebody else meanwhile.") from None
    except (OSError, apsw.Error) as error:
        raise BackupError(
            f"The backup {archive} cannot be written: {_said(error)}. Nothing is there."
        ) from None
    return manifest


def restore(archive: Path, settings: Settings) -> Manifest:
    """Make the data folder of `settings`, which must not be there or be empty, from an archive.
    Raises `BackupError`, `LogTooNew`; then nothing is there."""
    target = settings.folder
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise BackupError(
            f"{target} is not empty. Restore into a new folder with --data DIR; move this one away "
            "first if the backup shall take its place."
        )
    draft = target.with_name(f".{target.name}.restoring")
    try:
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700, parents=True)
        try:
            manifest = unpack(archive, draft)
            for file in manifest.files:
                _check_database(draft / file.name, settings.log_file.name)
                _flush(draft / file.name)
            if target.exists():
                target.rmdir()
            draft.rename(target)
            _flush_folder(target.parent)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    except (OSError, apsw.Error) as error:
        raise BackupError(f"{archive} cannot be restored to {target}: {_said(error)}.") from None
    return manifest


# -- taking copies -----------------------------------------------------------------------------
def _snapshot(settings: Settings, folder: Path) -> Manifest:
    made_at = datetime.now(UTC)
    names = sorted(_durable(settings))
    for name in names:
        source, copy = settings.folder / name, folder / name
        copy.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if _is_database(source):
            _copy_database(source, copy)
        else:
            shutil.copyfile(source, copy)
    log = apsw.Connection(str(folder / settings.log_file.name), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        position = log.execute("SELECT ifnull(max(position), 0) FROM events").get
    finally:
        log.close()
    return Manifest(
        format=FORMAT,
        made_at=made_at,
        release=version("stillfixed"),
        position=position,
        files=tuple(kept(folder / name, name) for name in names),
    )


def _durable(settings: Settings) -> Iterator[str]:
    """Names of the files to keep: all but those known to be of the moment. What a later release
    adds to the folder is kept, then, without being listed here."""
    views = views_folder(settings)
    for path in settings.folder.rglob("*"):
        name = path.relative_to(settings.folder).as_posix()
        passing = (
            path.is_relative_to(views)
            or any(part.endswith(".bells") for part in Path(name).parts)
            or name.endswith(_TRANSIENT)
            or path.name.lstrip(".").startswith(HOST_FILE)
        )
        if not passing and path.is_file() and not path.is_symlink():
            yield name


def _is_database(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_SQLITE)) == _SQLITE


def _copy_database(source: Path, copy: Path) -> None:
    """As it is at one moment, while others write. In WAL mode nobody waits for this; the
    write-ahead file grows as long as it takes."""
    reading = apsw.Connection(str(source), flags=apsw.SQLITE_OPEN_READWRITE)
    writing = apsw.Connection(str(copy))
    try:
        reading.set_busy_timeout(_BUSY_MILLISECONDS)
        with writing.backup("main", reading, "main") as backup:
            while not backup.done:
                backup.step(-1)  # in one go: in pieces, each write of another process begins anew
        # A file by itself: no write-ahead file has to come along.
        writing.pragma("journal_mode", "delete")
    finally:
        writing.close()
        reading.close()
    _check_database(copy, "")


def _check_database(path: Path, log_name: str) -> None:
    if not _is_database(path):
        return
    database = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        found = database.pragma("quick_check")
        if found != "ok":
            raise BackupError(f"The database {path.name} is damaged: {found}.")
        format_version = database.pragma("user_version")
        if path.name == log_name and format_version > SCHEMA_VERSION:
            raise LogTooNew(
                f"The log in this backup was written by a newer stillfixed: its format is "
                f"{format_version}, and this version reads up to {SCHEMA_VERSION}. Upgrade "
                "stillfixed on this machine."
            )
    finally:
        database.close()


# -- files -------------------------------------------------------------------------------------
@contextmanager
def _workshop(archive: Path) -> Iterator[Path]:
    """A folder beside the archive, for one backup at a time; one that was killed is cleared."""
    archive.parent.mkdir(parents=True, exist_ok=True)
    folder = archive.with_name(f".{archive.name}.part")
    lock = FileLock(folder.with_suffix(".lock"), timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise BackupError(f"Another backup to {archive} is under way.") from None
    try:
        _clear(folder)
        folder.mkdir(mode=0o700)
        yield folder
    finally:
        _clear(folder)
        lock.release()
        Path(lock.lock_file).unlink(missing_ok=True)


def _clear(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.with_suffix(".draft").unlink(missing_ok=True)


def _flush(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _said(error: Exception) -> str:
    return (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
