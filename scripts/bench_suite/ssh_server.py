"""Bench: a real OpenSSH server on loopback, with keys, configuration and login user of its own.

The login user has /bin/sh: bash reads its start-up files on every run, and that time, the same on
both sides, would hide the difference that the rows look for.
"""

import asyncio
import getpass
import os
import pwd
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncssh

from scripts.bench_suite.harness import PeerMissing, free_port, work_folder

USER = "stillfixed-bench"
CIPHER = "aes128-gcm@openssh.com"
"""The only one the server offers, so that no row compares ciphers; it is the cheapest, so that what
ours adds shows most."""


@dataclass(frozen=True)
class SshServer:
    """`note` says what is not as the rows ask for, or is empty."""

    port: int
    user: str
    key: Path
    known_hosts: Path
    version: str
    note: str

    @property
    def address(self) -> str:
        return f"{self.user}@127.0.0.1:{self.port}"

    @property
    def options(self) -> dict[str, str]:
        """Of our endpoint: like the peers, it reads nothing of the user's own ssh settings."""
        empty = self.key.with_name("ssh_config")
        empty.touch()
        return {
            "identity_file": str(self.key),
            "known_hosts": str(self.known_hosts),
            "config_file": str(empty),
        }

    async def connect(self) -> asyncssh.SSHClientConnection:
        """The peer's own connection, with nothing set but where to and with which key."""
        return await asyncssh.connect(
            "127.0.0.1",
            self.port,
            username=self.user,
            client_keys=[str(self.key)],
            known_hosts=str(self.known_hosts),
            config=None,
        )


@asynccontextmanager
async def serving() -> AsyncIterator[SshServer]:
    """sshd, running and answering. Raises `PeerMissing`."""
    program = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        raise PeerMissing("there is no sshd: sudo apt-get install openssh-server")
    with work_folder() as folder, _login_user() as (user, note):
        folder.chmod(0o755)  # the login user's authorized_keys are read from here
        port = free_port()
        _write_keys(folder, port)
        _write_config(folder, port, user)
        process = await asyncio.create_subprocess_exec(
            program, "-D", "-e", "-f", str(folder / "sshd_config"), stderr=subprocess.DEVNULL
        )
        try:
            server = SshServer(
                port, user, folder / "key", folder / "known_hosts", _version(program), note
            )
            await _answering(process, server)
            yield server
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()


@contextmanager
def _login_user() -> Iterator[tuple[str, str]]:
    """A user with /bin/sh made for the occasion by root, else the one who runs the bench."""
    if os.geteuid() != 0:
        name = getpass.getuser()
        yield name, f"login shell {pwd.getpwnam(name).pw_shell}: for /bin/sh, run as root"
        return
    _remove_user()
    # The password "*" fits nothing; with useradd's own "!" sshd holds the account for locked.
    subprocess.run(["useradd", "-m", "-s", "/bin/sh", "-p", "*", USER], check=True)
    try:
        yield USER, ""
    finally:
        _remove_user()


def _remove_user() -> None:
    try:
        pwd.getpwnam(USER)
    except KeyError:
        return
    subprocess.run(["userdel", "-r", "-f", USER], check=True, stderr=subprocess.DEVNULL)


def _write_keys(folder: Path, port: int) -> None:
    host, login = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(2))
    for name, key in (("host_key", host), ("key", login)):
        key.write_private_key(str(folder / name))
        (folder / name).chmod(0o600)
    login.write_public_key(str(folder / "authorized_keys"))
    (folder / "authorized_keys").chmod(0o644)
    public = host.export_public_key().decode()
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {public}", encoding="utf-8")


def _write_config(folder: Path, port: int, user: str) -> None:
    Path("/run/sshd").mkdir(mode=0o755, exist_ok=True) if os.geteuid() == 0 else None
    lines = [
        f"Port {port}",
        "ListenAddress 127.0.0.1",
        f"HostKey {folder / 'host_key'}",
        f"AuthorizedKeysFile {folder / 'authorized_keys'}",
        f"PidFile {folder / 'pid'}",
        f"AllowUsers {user}",
        "PasswordAuthentication no",
        "StrictModes no",  # the keys lie in a folder of the bench, not in the user's home
        "UsePAM no",
        f"Ciphers {CIPHER}",
    ]
    (folder / "sshd_config").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _version(program: str) -> str:
    shown = subprocess.run([program, "-V"], capture_output=True, text=True, check=False)
    lines = [line for line in shown.stderr.splitlines() if line.startswith("OpenSSH")]
    return lines[0].partition(",")[0] if lines else "OpenSSH"


async def _answering(process: asyncio.subprocess.Process, server: SshServer) -> None:
    async with asyncio.timeout(20):
        while process.returncode is None:
            try:
                connection = await server.connect()
            except OSError:
                await asyncio.sleep(0.05)
                continue
            async with connection:
                await connection.run("true", check=True)
            return
    raise PeerMissing(f"sshd ended at once, with exit status {process.returncode}")
