"""Processes of a tree, for killing all of them at once."""

import os
import signal
from contextlib import suppress
from pathlib import Path


def descendants(pid: int) -> list[int]:
    """Every process below `pid`, as the kernel lists them now."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                children.setdefault(int(fields[1]), []).append(int(entry.name))
    found, waiting = [], [pid]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def kill_tree(pid: int) -> None:
    """SIGKILL a process and all below it, none of them warned by another's death."""
    everyone = [pid, *descendants(pid)]
    for signum in (signal.SIGSTOP, signal.SIGKILL):
        for process in everyone:
            with suppress(ProcessLookupError):
                os.kill(process, signum)
