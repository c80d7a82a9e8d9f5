"""Connectors, endpoints: what went wrong on the way to a machine, and what to do about it.

Guarantee: `Attempt.error` and `setup_error` have an answer for every exception.
"""

import shlex
import socket
from pathlib import Path

import asyncssh

from stillfixed.actors.errors import (
    EndpointError,
    EndpointUnreachable,
    HostKeyRefused,
    LoginRefused,
)

DEFAULT_PORT = 22
DEFAULT_KNOWN_HOSTS = "~/.ssh/known_hosts"


def setup_error(name: str, error: Exception) -> EndpointError:
    """What was wrong before anything was sent: the SSH config, a key file, `known_hosts`."""
    match error:
        case asyncssh.KeyEncryptionError():
            return LoginRefused(
                f"{name}: the private key cannot be decrypted ({error})."
                " Add it to your SSH agent with ssh-add."
            )
        case asyncssh.KeyImportError():
            return LoginRefused(
                f"{name}: the private key cannot be read ({error})."
                " If it has a passphrase, add it to your SSH agent with ssh-add."
            )
        case OSError(filename=str(path)):
            return EndpointError(
                f"{name}: {path} cannot be read ({error.strerror})."
                " Correct the path in your SSH config, or the rights of the file."
            )
    return EndpointError(
        f"{name}: the SSH settings cannot be used: {_text(error)}. Correct your SSH config."
    )


class Attempt:
    """One try to log in to one host, and what is learnt on the way for the error message."""

    def __init__(
        self, name: str, host: str, port: int, user: str, known_hosts: list[str] | bytes
    ) -> None:
        self._name = name
        self._host = host
        self._port = port
        self._user = user
        self._known_hosts = known_hosts
        self._offered: asyncssh.SSHKey | None = None
        self._changed = False

    def unknown_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> None:
        """The server showed `key`, which is not accepted for it."""
        self._offered = key
        known_hosts = self._known_hosts or str(Path(DEFAULT_KNOWN_HOSTS).expanduser())
        if self._known_hosts or Path(str(known_hosts)).is_file():
            port_of_entry = None if port == DEFAULT_PORT else port
            accepted, *_ = asyncssh.match_known_hosts(known_hosts, host, addr, port_of_entry)
            self._changed = bool(accepted)

    def error(self, error: Exception) -> EndpointError:
        """What to tell the caller about an exception of connecting."""
        where = f"{self._name}: {self._host} port {self._port}"
        match error:
            case EndpointError():
                return error
            case asyncssh.HostKeyNotVerifiable():
                return self._host_key_refused(error)
            case asyncssh.KeyExchangeFailed() if "host key" in _text(error).lower():
                return self._host_key_refused(error)
            case asyncssh.PermissionDenied() | asyncssh.IllegalUserName():
                return self._login_refused(error)
            case asyncssh.PasswordChangeRequired():
                return LoginRefused(
                    f"{where} wants a new password for {self._user} first."
                    f" Log in once with ssh and set it."
                )
            case asyncssh.DisconnectError() if "authentication" in error.reason.lower():
                return self._login_refused(error)
            case asyncssh.ChannelOpenError():
                return EndpointUnreachable(
                    f"{where} cannot be reached through the jump host: {error.reason}."
                    " Check the name and port as the jump host sees them."
                )
            case asyncssh.ConnectionLost():
                return EndpointUnreachable(
                    f"{where} closed the connection before the login was complete ({error.reason})."
                    " Check that an SSH server listens there and is not too busy."
                )
            case asyncssh.Error():
                return EndpointUnreachable(
                    f"{where} answered, but not in a way that could be used: {_text(error)}."
                    " Check that an SSH server listens there, and its version and settings."
                )
            case socket.gaierror():
                return EndpointUnreachable(
                    f"{self._name}: the host name {self._host} was not found."
                    " Check its spelling, and that your DNS or VPN knows it."
                )
            case ConnectionRefusedError():
                return EndpointUnreachable(
                    f"{where} refused the connection."
                    " Check the port, and that the SSH server is running."
                )
            case TimeoutError():
                return EndpointUnreachable(
                    f"{where} did not answer in time."
                    " Check that it is on and that a firewall lets you through."
                )
            case OSError():
                return EndpointUnreachable(
                    f"{where} cannot be reached: {error.strerror or _text(error)}."
                    " Check your network or VPN, and the address."
                )
        return setup_error(self._name, error)

    def _login_refused(self, error: Exception) -> LoginRefused:
        return LoginRefused(
            f"{self._name}: {self._host} port {self._port} does not let {self._user} log in"
            f" with any key offered ({_text(error)}). Check the user, add the key to your SSH agent"
            " or name it as identity_file, and its public half to authorized_keys there."
        )

    def _host_key_refused(self, error: Exception) -> HostKeyRefused:
        where = f"{self._name}: {self._host} port {self._port}"
        key = self._offered
        shown = f"the host key {key.get_fingerprint()}" if key is not None else "a host key"
        accept, forget = self._commands()
        if "revoked" in str(error):
            return HostKeyRefused(
                f"{where} shows a host key that is marked as revoked. Do not log in;"
                " ask whoever runs the machine."
            )
        if self._changed or isinstance(error, asyncssh.KeyExchangeFailed):
            return HostKeyRefused(
                f"{where} shows {shown}, which is not the one accepted before: it changed."
                " Find out why, as someone may be in between. If the new key is right: "
                f"{forget} && {accept}"
            )
        if key is None:
            return HostKeyRefused(
                f"{where}: the host certificate is not accepted ({_text(error)})."
                f" Correct the @cert-authority line in {self._file()}, or accept the key: {accept}"
            )
        return HostKeyRefused(
            f"{where} shows {shown}, which is not known yet."
            f" Compare it with the machine's own. If it is right: {accept}"
        )

    def _commands(self) -> tuple[str, str]:
        file, host = self._file(), shlex.quote(self._host)
        accept = f"ssh-keyscan -p {self._port} {host} >> {file}"
        entry = host if self._port == DEFAULT_PORT else f"'[{self._host}]:{self._port}'"
        where = "" if file == DEFAULT_KNOWN_HOSTS else f" -f {file}"
        return accept, f"ssh-keygen -R {entry}{where}"

    def _file(self) -> str:
        match self._known_hosts:
            case [str(file), *_]:
                return shlex.quote(file)
        return DEFAULT_KNOWN_HOSTS


def _text(error: Exception) -> str:
    return (str(error) or type(error).__name__).rstrip(".")
