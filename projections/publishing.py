"""Immutable copies of the views for readers, and which of them is the newest.

Guarantee: a copy appears whole or not at all, under a name that says what it holds
(`FACTS-POSITION.duckdb`), and never changes. Readers that opened one keep it, also when it is
removed for a newer one.
"""

import re
import secrets
import shutil
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from stillfixed.actors.errors import ViewsFull

KEPT_COPIES = 2
"""The newest, and the one that a reader may have found and not opened yet."""

_NAME = re.compile(r"(\d{4})-(\d{15})\.duckdb")
_DRAFT = ".draft-"


class Copy(NamedTuple):
    """Ordered by age: a newer release's facts come after all of an older one's."""

    version: int
    position: int
    path: Path


def copies(folder: Path) -> list[Copy]:
    """What is published in this folder of views, the newest last."""
    found = []
    with suppress(FileNotFoundError):
        for path in (folder / "published").iterdir():
            if named := _NAME.fullmatch(path.name):
                found.append(Copy(int(named[1]), int(named[2]), path))
    return sorted(found)


def publish(source: Path, folder: Path, *, version: int, position: int) -> Path:
    """Publish a copy of `source`, which must not change meanwhile. Raises `ViewsFull`."""
    published = folder / "published"
    published.mkdir(mode=0o700, parents=True, exist_ok=True)
    target = published / f"{version:04d}-{position:015d}.duckdb"
    draft = published / f"{_DRAFT}{secrets.token_hex(4)}"
    try:
        shutil.copyfile(source, draft)
        draft.replace(target)
    except OSError as error:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise ViewsFull(
            f"A copy of the views cannot be written to {published}: {error.strerror}. Readers keep"
            " the last one; make space, and the next copy follows by itself."
        ) from error
    _tidy(folder)
    return target


def _tidy(folder: Path) -> None:
    """Remove copies that no reader will look for, and drafts of a worker that was killed."""
    old = [copy.path for copy in copies(folder)[:-KEPT_COPIES]]
    for path in [*old, *(folder / "published").glob(f"{_DRAFT}*")]:
        with suppress(OSError):  # Windows keeps what somebody has open; next time, then
            path.unlink()
