"""One writer at a time among processes, in the order they came.

SQLite's own waiting is a poll with growing pauses, in which an unlucky process can starve. Here the
kernel wakes the next one: `turn` is the door of the waiting room and `held` the lock itself.
Whoever waits for `held` keeps `turn`, so one that has just released cannot overtake it. A process
that dies lets go of both.
"""

import fcntl
import os
from pathlib import Path


class WriteLock:
    """Used by one thread at a time. POSIX only, like the FIFOs of `bell.py`."""

    def __init__(self, path: Path) -> None:
        self._turn = os.open(path.with_name(path.name + ".turn"), os.O_RDWR | os.O_CREAT, 0o600)
        self._held = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        self._pid = f"{os.getpid():<12}".encode()

    def try_acquire(self) -> bool:
        """Take the lock if nobody has it or waits for it."""
        if not _try(self._turn):
            return False
        taken = _try(self._held)
        fcntl.flock(self._turn, fcntl.LOCK_UN)
        if taken:
            os.pwrite(self._held, self._pid, 0)
        return taken

    def acquire(self) -> None:
        """Wait for the lock, however long it takes."""
        fcntl.flock(self._turn, fcntl.LOCK_EX)
        fcntl.flock(self._held, fcntl.LOCK_EX)
        fcntl.flock(self._turn, fcntl.LOCK_UN)
        os.pwrite(self._held, self._pid, 0)

    def release(self) -> None:
        fcntl.flock(self._held, fcntl.LOCK_UN)

    def last_holder(self) -> str:
        """The process that took the lock last, for messages."""
        return os.pread(self._held, 12, 0).decode("ascii", "replace").strip() or "unknown"

    def close(self) -> None:
        os.close(self._turn)
        os.close(self._held)


def _try(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
