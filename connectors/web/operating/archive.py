"""A backup's one file: a tar, compressed by zstd, whose first member says what must follow.

Guarantee: what `unpack` gives out is, byte for byte, what `pack` was given; an archive that is cut,
changed, of a newer format, or holds anything else is refused before a file of it is used.
"""

import io
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import IO

import msgspec
import zstandard

from stillfixed.actors.errors import BackupError

FORMAT = 1
MANIFEST = "stillfixed-backup.json"
_MANIFEST_LIMIT_BYTES = 1 << 20
_BLOCK_BYTES = 1 << 20


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """One file; `name` is its path in the data folder, with slashes."""

    name: str
    size_bytes: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """`position` is the newest event's in the log."""

    format: int
    made_at: datetime
    release: str
    position: int
    files: tuple[Kept, ...]


def kept(path: Path, name: str) -> Kept:
    with path.open("rb") as file:
        return _hashed(file, name, None)


def pack(archive: IO[bytes], manifest: Manifest, folder: Path) -> None:
    """Write the archive of the manifest's files in `folder`. Raises OSError."""
    compressor = zstandard.ZstdCompressor(level=3, write_checksum=True)
    with (
        compressor.stream_writer(archive, closefd=False) as compressed,
        tarfile.open(fileobj=compressed, mode="w|") as tar,
    ):
        told = msgspec.json.encode(manifest)
        _add(tar, MANIFEST, io.BytesIO(told), len(told))
        for file in manifest.files:
            with (folder / file.name).open("rb") as data:
                _add(tar, file.name, data, file.size_bytes)


def _add(tar: tarfile.TarFile, name: str, data: IO[bytes], size_bytes: int) -> None:
    member = tarfile.TarInfo(name)
    member.mode, member.size = 0o600, size_bytes
    tar.addfile(member, data)


def check(archive: Path) -> Manifest:
    """Read all of it and keep nothing. Raises `BackupError`, OSError."""
    return _read(archive, None)


def unpack(archive: Path, folder: Path) -> Manifest:
    """Write its files into an empty folder, where they may be trusted once this has returned.
    Raises `BackupError`, OSError."""
    return _read(archive, folder)


def _read(archive: Path, folder: Path | None) -> Manifest:
    try:
        with _opened(archive) as tar:
            members = iter(tar)
            manifest = _manifest(tar, next(members, None), archive)
            missing = {file.name: file for file in manifest.files}
            for member in members:
                expected = missing.pop(member.name, None)
                data = tar.extractfile(member) if expected and member.isreg() else None
                if expected is None or data is None:
                    raise _damaged(archive, f"it holds {member.name[:100]!r}, which is not its own")
                if _copy(data, expected.name, folder) != expected:
                    raise _damaged(archive, f"{expected.name} is not what it was")
    except (tarfile.TarError, zstandard.ZstdError, EOFError) as error:
        raise _damaged(archive, str(error)) from None
    if missing:
        raise _damaged(archive, f"{', '.join(sorted(missing))} is missing")
    return manifest


@contextmanager
def _opened(archive: Path) -> Iterator[tarfile.TarFile]:
    with (
        archive.open("rb") as file,
        zstandard.ZstdDecompressor().stream_reader(file) as data,
        tarfile.open(fileobj=data, mode="r|") as tar,
    ):
        yield tar
        while data.read(_BLOCK_BYTES):  # to the checksum at the end
            pass


def _manifest(tar: tarfile.TarFile, first: tarfile.TarInfo | None, archive: Path) -> Manifest:
    data = tar.extractfile(first) if first is not None and first.name == MANIFEST else None
    if data is None:
        raise _damaged(archive, "it does not begin as one")
    told = data.read(_MANIFEST_LIMIT_BYTES)
    try:
        # The format first: a newer manifest may have any shape.
        version = msgspec.json.decode(told, type=_Version).format
        if version > FORMAT:
            raise BackupError(
                f"The backup {archive} was written by a newer stillfixed: its format is {version}, "
                f"and this version reads up to {FORMAT}. Upgrade stillfixed on this machine."
            )
        manifest = msgspec.json.decode(told, type=Manifest)
    except msgspec.MsgspecError as error:
        raise _damaged(archive, str(error)) from None
    for file in manifest.files:
        path = PurePosixPath(file.name)
        if path.is_absolute() or ".." in path.parts or "\\" in file.name or not path.parts:
            raise _damaged(archive, f"{file.name!r} is no name in a data folder")
    return manifest


class _Version(msgspec.Struct, frozen=True):
    format: int


def _copy(data: IO[bytes], name: str, folder: Path | None) -> Kept:
    if folder is None:
        return _hashed(data, name, None)
    path = folder / name
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with path.open("xb") as target:
        path.chmod(0o600)
        return _hashed(data, name, target)


def _hashed(data: IO[bytes], name: str, target: IO[bytes] | None) -> Kept:
    digest, size_bytes = sha256(), 0
    while block := data.read(_BLOCK_BYTES):
        digest.update(block)
        size_bytes += len(block)
        if target is not None:
            target.write(block)
    return Kept(name=name, size_bytes=size_bytes, sha256=digest.hexdigest())


def _damaged(archive: Path, why: str) -> BackupError:
    return BackupError(
        f"{archive} is not a whole backup: {why}. Nothing was restored. Use another backup."
    )
