"""Bench: what the rows share: folders on a real disk, memory of processes, fair taking of turns.

Each row measures ours and the peer in the same minute: a round of one, a round of the other, and so
on, so that whatever else the machine does falls on both.
"""

import asyncio
import ctypes
import os
import platform
import socket
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median

import psutil

Turn = Callable[[], Awaitable[object]]


class PeerMissing(Exception):
    """A peer cannot be had on this machine; the message says why and how to get it."""


# -- places ---------------------------------------------------------------------------------------
@contextmanager
def work_folder() -> Iterator[Path]:
    """A folder that is gone afterwards, on a disk: /tmp may be memory, where nothing is durable."""
    disk = "/var/tmp" if Path("/var/tmp").is_dir() else None
    with tempfile.TemporaryDirectory(prefix="stillfixed-bench-", dir=disk) as folder:
        yield Path(folder)


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def installed(package: str) -> str:
    """Name and version of an installed package. Raises `PeerMissing`."""
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        raise PeerMissing(f"{package} is not installed in this Python") from None


# -- time -----------------------------------------------------------------------------------------
async def take_turns(
    *sides: Turn, rounds: int, calls: int = 1, warm_up: int = 1, before: Turn | None = None
) -> list[float]:
    """The median seconds of a call, for each side.

    Sides take turns: `calls` calls of one, then of the next, and in the next round the other way
    round, so that none always goes first. The first `warm_up` calls of each are not counted, nor is
    `before`, which precedes each side's turn.
    """
    seconds: list[list[float]] = [[] for _ in sides]
    for number in range(-1, rounds):
        order = range(len(sides)) if number % 2 == 0 else reversed(range(len(sides)))
        for index in order:
            if before is not None:
                await before()
            for _ in range(calls if number >= 0 else warm_up):
                started = time.perf_counter()
                await sides[index]()
                if number >= 0:
                    seconds[index].append(time.perf_counter() - started)
    return [median(of_side) for of_side in seconds]


async def until(ready: Callable[[], bool], limit_seconds: float = 60) -> None:
    """Wait for something that gives no signal, outside of what is timed."""
    async with asyncio.timeout(limit_seconds):
        while not ready():  # noqa: ASYNC110, it gives no signal
            await asyncio.sleep(0.05)


# -- memory ---------------------------------------------------------------------------------------
def rss_bytes(pid: int) -> int:
    """What a process holds in memory now."""
    rss: int = psutil.Process(pid).memory_info().rss
    return rss


def trim() -> None:
    """Give freed memory of this process back, so that what stays is what is used."""
    malloc_trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if malloc_trim is not None:
        malloc_trim(0)


class PeakMemory:
    """Watches a process from a thread, about 100 times a second, each time it is entered;
    `growth_bytes` is the highest peak over what the process held when this was made."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._before_bytes = rss_bytes(pid)
        self.growth_bytes = 0

    def __enter__(self) -> "PeakMemory":
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(0.01):
            try:
                self.growth_bytes = max(
                    self.growth_bytes, rss_bytes(self._pid) - self._before_bytes
                )
            except psutil.NoSuchProcess:
                return


# -- the machine ----------------------------------------------------------------------------------
def machine() -> dict[str, str]:
    """What a reader needs to compare figures with their own."""
    with work_folder() as folder:
        mounts = [
            m for m in psutil.disk_partitions(all=True) if folder.is_relative_to(m.mountpoint)
        ]
    disk = max(mounts, key=lambda mount: len(mount.mountpoint)).fstype if mounts else "unknown"
    return {
        "cpu": _cpu_name(),
        "cores": str(os.cpu_count()),
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "disk": disk,
        "kernel": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "ray": version("ray"),
        "load before": f"{os.getloadavg()[0]:.1f}",
    }


def _cpu_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor() or platform.machine()
