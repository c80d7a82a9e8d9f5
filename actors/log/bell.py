"""How a commit in one process wakes followers in another, without polling.

Guarantee: a follower that listens before it reads hears of every later commit. A writer killed
between its commit and its ring is covered by a look at the log every `TICK_SECONDS`.

Every process that follows keeps a FIFO in `<log>.bells/`; a writer puts one byte into each.
"""

import asyncio
import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

TICK_SECONDS = 1.0
_SETTLED_NANOSECONDS = 50_000_000  # a directory's time is this coarse, generously

Whose = Callable[[int], tuple[int, set[str] | None]]
"""From a position on: the newest position, and the streams with events since (None: too many)."""


def bells_of(log: Path) -> Path:
    return Path(f"{log}.bells")


class Ringer:
    """The writer's side. Used by one thread."""

    def __init__(self, log: Path) -> None:
        self._bells = bells_of(log)
        self._seen = 0
        self._open: dict[str, int] = {}

    def ring(self) -> None:
        """Wake every follower of the log. Never blocks and never fails."""
        with contextlib.suppress(OSError):
            self._look()
        for name, fd in list(self._open.items()):
            try:
                os.write(fd, b"\0")
            except BlockingIOError:
                pass  # full of rings nobody has heard yet: it will wake
            except OSError:
                self._remove(name)

    def _look(self) -> None:
        changed = self._bells.stat().st_mtime_ns
        if changed == self._seen:
            return
        # A bell hung within the same tick of the file system's clock would go unnoticed.
        self._seen = changed if time.time_ns() - changed > _SETTLED_NANOSECONDS else 0
        names = {bell.name for bell in self._bells.iterdir() if not bell.name.startswith(".")}
        for name in self._open.keys() - names:
            os.close(self._open.pop(name))
        for name in names - self._open.keys():
            try:
                flags = os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC
                self._open[name] = os.open(self._bells / name, flags)
            except OSError:  # its follower was killed
                self._remove(name)

    def _remove(self, name: str) -> None:
        if name in self._open:
            os.close(self._open.pop(name))
        (self._bells / name).unlink(missing_ok=True)

    def close(self) -> None:
        for fd in self._open.values():
            os.close(fd)
        self._open.clear()


class Bell:
    """The followers' side: one FIFO for all of a process, hung while somebody listens.

    Lives on the event loop. `whose` is asked at each ring which streams to wake, so that a commit
    to one stream does not send a thousand watchers of others to the file.
    """

    def __init__(self, log: Path, whose: Whose) -> None:
        self._bells = bells_of(log)
        self._whose = whose
        self._ears: dict[asyncio.Event, str | None] = {}
        self._heard_position = 0
        self._fifo: tuple[Path, int] | None = None
        self._tick: asyncio.TimerHandle | None = None

    @contextlib.contextmanager
    def listening(self, stream: str | None) -> Iterator[asyncio.Event]:
        """An event set by each commit to the stream (None: to any). Clear it, read, then wait."""
        ear = asyncio.Event()
        if not self._ears:
            self._hang()
        self._ears[ear] = stream
        try:
            yield ear
        finally:
            del self._ears[ear]
            if not self._ears:
                self._take_down()

    def wake_all(self) -> None:
        for ear in self._ears:
            ear.set()

    def _hang(self) -> None:
        loop = asyncio.get_running_loop()
        self._heard_position, _ = self._whose(sys.maxsize)
        self._tick = loop.call_later(TICK_SECONDS, self._look)
        name = f"{os.getpid()}-{uuid4().hex[:12]}"
        unready, ready = self._bells / f".{name}", self._bells / name
        try:
            self._bells.mkdir(exist_ok=True)
            os.mkfifo(unready)
            # Open for writing too: with no writer left a FIFO reads as ended, and would spin.
            fd = os.open(unready, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
            unready.rename(ready)  # only now: a FIFO that nobody reads is taken for a dead one
        except OSError:
            return  # a file system without FIFOs: the tick serves
        self._fifo = ready, fd
        loop.add_reader(fd, self._on_ring, fd)

    def _take_down(self) -> None:
        if self._tick is not None:
            self._tick.cancel()
            self._tick = None
        if self._fifo is not None:
            path, fd = self._fifo
            self._fifo = None
            asyncio.get_running_loop().remove_reader(fd)
            path.unlink(missing_ok=True)
            os.close(fd)

    def _on_ring(self, fd: int) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(fd, 65536)
        self._wake()

    def _look(self) -> None:
        self._tick = asyncio.get_running_loop().call_later(TICK_SECONDS, self._look)
        self._wake()

    def _wake(self) -> None:
        try:
            self._heard_position, streams = self._whose(self._heard_position)
        except Exception:
            streams = None  # the followers meet the same error at their own read, and raise it
        for ear, stream in self._ears.items():
            if streams is None or stream in streams or (stream is None and streams):
                ear.set()
