"""A real OpenSSH server on loopback, for tests, the demo and benchmarks.

It has keys of its own, logs in the user who runs it, and leaves nothing running behind.
"""

import getpass
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest

from stillfixed.actors.runtime.endpoints import EndpointSpec

START_SECONDS = 10.0

# SHLVL keeps bash from reading the user's .bashrc, which it does where a server is its parent.
_CONFIG = """\
ListenAddress 127.0.0.1
Port {port}
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/authorized_keys
PidFile {folder}/sshd.pid
SetEnv STILLFIXED_SSHD={mark} SHLVL=1
AcceptEnv STILLFIXED_TEST_*
UsePAM no
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
AllowTcpForwarding yes
MaxStartups 100
MaxSessions {max_sessions}
LogLevel VERBOSE
{extra}
"""


class SshdMissing(Exception):
    """OpenSSH's server or ssh-keygen is not installed."""


@dataclass(frozen=True)
class Sshd:
    """A server that accepts connections; `identity_file` logs `user` in."""

    host: str
    port: int
    user: str
    folder: Path
    process: subprocess.Popen[bytes]
    mark: str

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def identity_file(self) -> Path:
        return self.folder / "client_key"

    @property
    def known_hosts(self) -> Path:
        return self.folder / "known_hosts"

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")

    def spec(self, **options: str) -> EndpointSpec:
        """An endpoint on this server that reads nothing of the user's own SSH set-up."""
        config = self.folder / "config"
        config.touch()
        ours = {
            "identity_file": str(self.identity_file),
            "known_hosts": str(self.known_hosts),
            "config_file": str(config),
        }
        return EndpointSpec(
            name="box", address=f"{self.user}@{self.host}:{self.port}", options=ours | options
        )

    def connections(self) -> list[int]:
        """The processes that serve connections, one or two for each."""
        return descendants(self.pid, named="sshd")

    def kill_connections(self) -> None:
        for pid in self.connections():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def accepted_connections(self) -> int:
        return self.log.count("Accepted publickey")


@contextmanager
def sshd(folder: Path, *, max_sessions: int = 100, extra: str = "") -> Iterator[Sshd]:
    """Run a server in `folder` until the block ends; then it and all it started are gone.

    `extra` is added to its configuration. Raises `SshdMissing`.
    """
    program = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if program is None or shutil.which("ssh-keygen") is None:
        raise SshdMissing(
            "OpenSSH's sshd and ssh-keygen are not installed: install openssh-server."
        )
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    folder.mkdir(parents=True, exist_ok=True)
    port, mark = _free_port(), uuid4().hex
    _write_keys(folder, port)
    config = folder / "sshd_config"
    config.write_text(
        _CONFIG.format(port=port, folder=folder, mark=mark, max_sessions=max_sessions, extra=extra)
    )
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [program, "-D", "-e", "-f", str(config)], stdin=subprocess.DEVNULL, stderr=log
        )
    server = Sshd("127.0.0.1", port, getpass.getuser(), folder, process, mark)
    try:
        _wait_until_it_accepts(server)
        yield server
    finally:
        _end(server)


@contextmanager
def skipping_without_sshd(folder: Path, *, max_sessions: int = 100) -> Iterator[Sshd]:
    """`sshd`, for a fixture: where OpenSSH is not installed, its tests are skipped."""
    try:
        with sshd(folder, max_sessions=max_sessions) as server:
            yield server
    except SshdMissing as missing:
        pytest.skip(str(missing))


def _write_keys(folder: Path, port: int) -> None:
    for key in ("host_key", "client_key"):
        new_key(folder / key)
    public = (folder / "client_key.pub").read_text()
    (folder / "authorized_keys").write_text(public)
    kind, key, *_ = (folder / "host_key.pub").read_text().split()
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {kind} {key}\n")


def new_key(path: Path, kind: str = "ed25519") -> None:
    command = ["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", path.name, "-f", str(path)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def _wait_until_it_accepts(server: Sshd) -> None:
    deadline = time.monotonic() + START_SECONDS
    while server.process.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection((server.host, server.port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise RuntimeError(f"sshd does not accept connections. Its log:\n{server.log}")


def _end(server: Sshd) -> None:
    """First the server, so that it starts nothing more; then what it started, orphans too."""
    started = descendants(server.pid)
    server.process.kill()
    server.process.wait()
    for pid in {*started, *_marked(server.mark)}:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def descendants(root: int, named: str = "") -> list[int]:
    """Processes under `root`, from /proc; elsewhere than on Linux, none."""
    parents: dict[int, tuple[int, str]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            pid, rest = stat.read_text(errors="replace").split(" (", 1)
            name, fields = rest.rsplit(") ", 1)
            parents[int(pid)] = int(fields.split()[1]), name
    found = [root]
    for ancestor in found:
        found += [pid for pid, (parent, _) in parents.items() if parent == ancestor]
    return [pid for pid in found[1:] if named in parents[pid][1]]


def _marked(mark: str) -> list[int]:
    """Processes that came out of a session of this server, whoever is their parent now."""
    wanted = f"STILLFIXED_SSHD={mark}".encode()
    found = []
    for environment in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            if wanted in environment.read_bytes().split(b"\0"):
                found.append(int(environment.parent.name))
    return found
