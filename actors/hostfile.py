"""Where a data folder's running host is found: `host.json`, written by `stillfixed host`.

Who reads it joins the host's Ray, and Ray carries out what its members send. So the file is written
for its owner alone, and one that somebody else owns or may write is not believed. Neither is one
that was left behind: its process must be alive and its address must answer.
"""

import os
import secrets
import socket
from contextlib import suppress
from pathlib import Path

import msgspec

from stillfixed.actors.errors import HostUnavailable

FILE_NAME = "host.json"
ANSWERS_WITHIN_SECONDS = 1.0


class RunningHost(msgspec.Struct, frozen=True, kw_only=True):
    """`local`: the host's Ray is on this machine's loopback, not a cluster's."""

    address: str
    token: str
    pid: int
    local: bool = True


def running_host(folder: Path) -> RunningHost | None:
    """The host that serves this data folder now, None if none does."""
    path = folder / FILE_NAME
    try:
        status = path.stat()
        if hasattr(os, "getuid") and (status.st_uid != os.getuid() or status.st_mode & 0o077):
            return None
        host = msgspec.json.decode(path.read_bytes(), type=RunningHost)
    except (OSError, msgspec.MsgspecError):
        return None
    return host if _is_alive(host) else None


def still_serves(folder: Path, host: RunningHost) -> bool:
    """Whether a host that was joined is still there. Cheap: asks the file and the process table."""
    path = folder / FILE_NAME
    try:
        if host.local:
            os.kill(host.pid, 0)
        return msgspec.json.decode(path.read_bytes(), type=RunningHost) == host
    except (OSError, msgspec.MsgspecError):
        return False


def publish(folder: Path, host: RunningHost) -> None:
    """Let others find `host`. Raises `HostUnavailable` if another host serves the folder."""
    path = folder / FILE_NAME
    draft = folder / f".{FILE_NAME}.{secrets.token_hex(4)}"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.encode(host))
        if running_host(folder) is None:
            path.unlink(missing_ok=True)
        # A link fails where a rename would replace the file of a host that was quicker.
        os.link(draft, path)
    except FileExistsError:
        raise already_runs(folder, running_host(folder)) from None
    finally:
        draft.unlink(missing_ok=True)


def withdraw(folder: Path, host: RunningHost) -> None:
    """Take back what `publish` wrote, unless the file is another host's by now."""
    path = folder / FILE_NAME
    with suppress(OSError, msgspec.MsgspecError):
        if msgspec.json.decode(path.read_bytes(), type=RunningHost) == host:
            path.unlink()


def already_runs(folder: Path, host: RunningHost | None) -> HostUnavailable:
    who = f" (process {host.pid})" if host else ""
    return HostUnavailable(
        f"A host serves {folder} already{who}. Use it as it is, or end it first."
    )


def _is_alive(host: RunningHost) -> bool:
    name, _, port = host.address.rpartition(":")
    try:
        if host.local:
            os.kill(host.pid, 0)
        # After a restart of the machine the number may be another process's.
        with socket.create_connection((name, int(port)), timeout=ANSWERS_WITHIN_SECONDS):
            return True
    except (OSError, ValueError):
        return False
