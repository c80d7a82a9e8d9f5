"""The lock in front of SQLite's own: processes that write to one log take turns.

Guarantee: one holder at a time, and a holder that lets go cannot take the lock again before those
who wait. The kernel wakes the next one; it also frees the lock when its holder dies.

SQLite alone lets waiters sleep and try again, and whoever just wrote tends to win: with 16
processes some waited for over a second.
"""

import fcntl
import os
from pathlib import Path
from typing import Self
from weakref import WeakSet

_WAL_WRITE_LOCK_BYTE = 120  # SQLite's own write lock: this byte of the -shm file


class Turnstile:
    """Two locked files. To enter, pass `queue`, then take `lock`, then free `queue`: whoever comes
    back from writing stands behind the one who holds the queue. Used by one thread at a time."""

    def __init__(self, log: Path) -> None:
        """Opens (and makes, if need be) `<log>.queue` and `<log>.lock`. Raises OSError."""
        self._shared_memory = Path(f"{log}-shm")
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        self._queue = os.open(f"{log}.queue", flags, 0o644)
        self._lock = os.open(f"{log}.lock", flags, 0o644)
        _of_this_process.add(self)

    def __enter__(self) -> Self:
        """Blocks without bound, in the kernel: whoever needs a bound must not be this thread."""
        fcntl.flock(self._queue, fcntl.LOCK_EX)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX)
        finally:
            fcntl.flock(self._queue, fcntl.LOCK_UN)
        return self

    def __exit__(self, *_: object) -> None:
        fcntl.flock(self._lock, fcntl.LOCK_UN)

    def holder(self) -> str:
        """Who keeps us waiting, as well as this system can tell: "process 4711"."""
        try:
            lines = Path("/proc/locks").read_text().splitlines()
        except OSError:  # not Linux
            return "another process"
        for inode, first_byte in self._places():
            for line in lines:
                fields = line.split()
                # "1: FLOCK ADVISORY WRITE 4711 fe:00:5359920 0 EOF"; waiters have "->" second
                if fields[1] == "->" or fields[3] != "WRITE" or fields[4] == str(os.getpid()):
                    continue
                if fields[5].endswith(f":{inode}") and fields[6] == str(first_byte):
                    return f"process {fields[4]}"
        return "another process"

    def _places(self) -> list[tuple[int, int]]:
        """Inodes and bytes to look at. SQLite's lock first: a tool may hold it without ours."""
        places = [(os.fstat(fd).st_ino, 0) for fd in (self._lock, self._queue)]
        try:
            return [(self._shared_memory.stat().st_ino, _WAL_WRITE_LOCK_BYTE), *places]
        except OSError:
            return places

    def close(self) -> None:
        _of_this_process.discard(self)
        os.close(self._queue)
        os.close(self._lock)


_of_this_process: WeakSet[Turnstile] = WeakSet()


def _let_go_after_fork() -> None:
    """A forked child shares its parent's locks, and would keep them when the parent is killed."""
    for turnstile in list(_of_this_process):
        turnstile.close()


os.register_at_fork(after_in_child=_let_go_after_fork)
