"""Followers are woken by a bell, not by looking again and again.

Each log that is followed has a FIFO in the folder `<log>.bells`; whoever commits writes one byte to
each. A bell may ring for nothing, and a writer killed between commit and ring leaves one unrung: so
a follower always reads the log itself, and looks once a second besides.
"""

import asyncio
import os
import secrets
import time
from contextlib import suppress
from pathlib import Path

LOOK_AGAIN_SECONDS = 1.0
_TRUST_AFTER_NS = 50_000_000
"""A folder's time is coarse: one that changed a moment ago is listed again."""


class Bells:
    """The ringing side. Knows the FIFOs of all processes, its own left out."""

    def __init__(self, path: Path) -> None:
        self.folder = path.with_name(path.name + ".bells")
        self._open: dict[str, int] = {}
        self._listed_at_ns = -1

    def ring(self, but: str | None = None) -> None:
        """Wake every follower except the one named `but`."""
        self._list()
        for name, descriptor in list(self._open.items()):
            if name == but:
                continue
            try:
                os.write(descriptor, b"\x07")
            except BlockingIOError:
                pass  # full of rings already
            except OSError:
                self._drop(name, stale=True)

    def _list(self) -> None:
        try:
            changed_at_ns = self.folder.stat().st_mtime_ns
        except FileNotFoundError:
            return
        if changed_at_ns == self._listed_at_ns:
            return
        names = set(os.listdir(self.folder))  # noqa: PTH208 - the names are all that is needed
        for name in set(self._open) - names:
            self._drop(name, stale=False)
        for name in names - set(self._open):
            try:
                self._open[name] = os.open(self.folder / name, os.O_WRONLY | os.O_NONBLOCK)
            except FileNotFoundError:
                continue
            except OSError:
                self._drop(name, stale=True)  # nobody listens: its process is gone
        if time.time_ns() - changed_at_ns > _TRUST_AFTER_NS:
            self._listed_at_ns = changed_at_ns

    def _drop(self, name: str, *, stale: bool) -> None:
        descriptor = self._open.pop(name, None)
        if descriptor is not None:
            os.close(descriptor)
        if stale:
            with suppress(OSError):
                (self.folder / name).unlink()

    def close(self) -> None:
        for name in list(self._open):
            self._drop(name, stale=False)


class Bell:
    """The listening side: one FIFO for all followers of one log object, on its event loop."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        self.name = f"{os.getpid()}-{secrets.token_hex(4)}"
        self._path = folder / self.name
        os.mkfifo(self._path, 0o600)
        # Read and write: with no writer left, a FIFO opened for reading alone is always "ready".
        self._descriptor = os.open(self._path, os.O_RDWR | os.O_NONBLOCK)
        self._rung = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._descriptor, self._read)

    def _read(self) -> None:
        with suppress(BlockingIOError):
            os.read(self._descriptor, 65536)
        self.ring()

    def ring(self) -> None:
        """Wake the followers of this process."""
        rung, self._rung = self._rung, asyncio.Event()
        rung.set()

    def next_ring(self) -> asyncio.Event:
        """An event set by the next ring; take it before reading the log, wait for it after."""
        return self._rung

    def close(self) -> None:
        self._loop.remove_reader(self._descriptor)
        os.close(self._descriptor)
        self._path.unlink(missing_ok=True)
        self.ring()
