"""Connectors, endpoints: the host keys that are accepted, and the files that hold them.

Guarantee: a file that does not exist counts as empty, as for `ssh`; no setting accepts a key that
is in no file.
"""

import shlex
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import asyncssh
from asyncssh.public_key import (
    get_default_certificate_algs,
    get_default_public_key_algs,
    get_public_key_algs,
)

from stillfixed.actors.errors import EndpointError

DEFAULT_PORT = 22
USER_FILES = ("~/.ssh/known_hosts", "~/.ssh/known_hosts2")
GLOBAL_FILES = ("/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2")


def files_of_config(config: asyncssh.config.SSHConfig) -> list[str]:
    """The files that `ssh` looks into, the one for new keys first.

    `UserKnownHostsFile none` and `/dev/null` are used to turn the check off, which they do not do
    here: they stand for the default files.
    """
    users = _given(config, "UserKnownHostsFile")
    return [*(users or USER_FILES), *(_given(config, "GlobalKnownHostsFile") or GLOBAL_FILES)]


def _given(config: asyncssh.config.SSHConfig, option: str) -> list[str]:
    files = config.get(option)
    return [file for file in files if file != "/dev/null"] if isinstance(files, list) else []


@dataclass(frozen=True)
class HostKeys:
    """What one host is checked against. `name` is what its key is looked up by, in the form of the
    files; `port` is None where such a name has no port."""

    host: str
    port: int | None
    name: str
    new_keys: str
    accepted: asyncssh.SSHKnownHosts
    by_file: dict[str, asyncssh.SSHKnownHosts]

    @classmethod
    def read(cls, files: list[str], host: str, port: int, alias: str | None) -> "HostKeys":
        """Raises `EndpointError` for a file that cannot be understood, OSError for one that may
        not be read."""
        there = [file for file in files if Path(file).expanduser().is_file()]
        by_file = {file: _read([file]) for file in there}
        port_of_entry = None if port == DEFAULT_PORT else port
        name = alias or (host if port_of_entry is None else f"[{host}]:{port}")
        return cls(alias or host, port_of_entry, name, files[0], _read(there), by_file)

    def algorithms(self, more: str) -> list[str]:
        """All kinds of key to ask a server for, those it is known by first, as `ssh` does; and
        those that `more` names, patterns with commas between.

        asyncssh by itself asks only for those, and a server whose key is of another kind now would
        end the connection instead of showing it.
        """
        keys, authorities, *_ = self.accepted.match(self.host, "", self.port)
        known = [algorithm for key in keys for algorithm in key.sig_algorithms]
        certificates = get_default_certificate_algs() if authorities else []
        named = [
            algorithm
            for algorithm in get_public_key_algs()
            if any(fnmatchcase(algorithm.decode(), pattern) for pattern in more.split(","))
        ]
        every = [*certificates, *known, *get_default_public_key_algs(), *named]
        return [algorithm.decode() for algorithm in dict.fromkeys(every)]

    @property
    def known(self) -> bool:
        """Whether any key is accepted for exactly this name, which has the port in it."""
        return any(self._knows(keys) for keys in self.by_file.values())

    def _knows(self, keys: asyncssh.SSHKnownHosts) -> bool:
        accepted, *_ = keys.match(self.name, "", None)
        return bool(accepted)

    @property
    def forget_command(self) -> str:
        """What removes the keys that are accepted for this name now."""
        files = [file for file, keys in self.by_file.items() if self._knows(keys)]
        name = shlex.quote(self.name)
        return " && ".join(f"ssh-keygen -R {name} -f {_quoted(file)}" for file in files)

    def accept_command(self, host: str, port: int, user: str, way: str = "") -> str:
        """What accepts the key that the server shows, into the first of the files.

        `way` is the option of `ssh` that leads to a server that cannot be reached from here.
        """
        file, folder = _quoted(self.new_keys), Path(self.new_keys).parent
        make = "" if folder.expanduser().is_dir() else f"mkdir -p {_quoted(str(folder))} && "
        if way:
            to = f"{shlex.quote(user)}@{shlex.quote(host)}"
            option = shlex.quote(f'UserKnownHostsFile="{self.new_keys}"')
            return f"{make}ssh -o {option} {way} -p {port} {to}"
        scan = f"ssh-keyscan -p {port} {shlex.quote(host)}"
        if self.name not in (host, f"[{host}]:{port}"):
            scan += f" | sed 's/^[^# ]* /{shlex.quote(self.name)} /'"
        return f"{make}{scan} >> {file}"


def _read(files: list[str]) -> asyncssh.SSHKnownHosts:
    if not files:
        return asyncssh.import_known_hosts("")
    try:
        return asyncssh.read_known_hosts(files)
    except ValueError as error:
        raise EndpointError(
            f"The known host keys in {files[0]} cannot be read: {error}. Correct that line."
        ) from error


def _quoted(file: str) -> str:
    """For a shell, which still has to see a ~ at the start."""
    return f"~/{shlex.quote(file[2:])}" if file.startswith("~/") else shlex.quote(file)
