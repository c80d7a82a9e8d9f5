"""Connectors, endpoints: what went wrong on the way to a machine, and what to do about it.

Guarantee: `Attempt.error` and `setup_error` have an answer for every exception.
"""

import socket

import asyncssh

from stillfixed.actors.errors import (
    EndpointError,
    EndpointUnreachable,
    HostKeyRefused,
    LoginRefused,
)
from stillfixed.connectors.endpoints.ssh_host_keys import HostKeys


def setup_error(name: str, error: Exception) -> EndpointError:
    """What was wrong before anything was sent: the SSH config, a key file, `known_hosts`."""
    match error:
        case EndpointError():
            return EndpointError(f"{name}: {error.message}")
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
        self, name: str, host: str, port: int, user: str, keys: HostKeys, way: str = ""
    ) -> None:
        """`way` is the option of `ssh` that names the way there, if it is not a direct one."""
        self._name = name
        self._host = host
        self._port = port
        self._user = user
        self._keys = keys
        self._accept = keys.accept_command(host, port, user, way)
        self._offered: asyncssh.SSHKey | None = None

    def unknown_key(self, key: asyncssh.SSHKey) -> None:
        """The server showed `key`, which is not accepted for it."""
        self._offered = key

    def error(self, error: Exception) -> EndpointError:
        """What to tell the caller about an exception of connecting."""
        where = f"{self._name}: {self._host} port {self._port}"
        match error:
            case EndpointError():
                return error
            case asyncssh.HostKeyNotVerifiable():
                return self._host_key_refused(error)
            case asyncssh.KeyExchangeFailed() if "host key" in _text(error).lower():
                return self._no_common_kind(error)
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

    def _no_common_kind(self, error: Exception) -> EndpointError:
        where = f"{self._name}: {self._host} port {self._port}"
        return EndpointUnreachable(
            f"{where} has no host key of a kind that is accepted here ({_text(error)})."
            " Check HostKeyAlgorithms in your SSH config, and which keys the server has."
        )

    def _host_key_refused(self, error: Exception) -> HostKeyRefused:
        where = f"{self._name}: {self._host} port {self._port}"
        key = self._offered
        if "revoked" in str(error):
            return HostKeyRefused(
                f"{where} shows a host key that is marked as revoked. Do not log in;"
                " ask whoever runs the machine."
            )
        if key is None:
            return HostKeyRefused(
                f"{where}: the host certificate is not accepted ({_text(error)}). Correct the"
                f" @cert-authority line in {self._keys.new_keys}, or accept the key: {self._accept}"
            )
        shown = f"the host key {key.get_fingerprint()}"
        if self._keys.known:
            return HostKeyRefused(
                f"{where} shows {shown}, which is not the one accepted before: it changed."
                " Find out why, as someone may be in between. If the new key is right: "
                f"{self._keys.forget_command} && {self._accept}"
            )
        return HostKeyRefused(
            f"{where} shows {shown}, which is not known yet."
            f" Compare it with the machine's own. If it is right: {self._accept}"
        )


def _text(error: Exception) -> str:
    return (str(error) or type(error).__name__).rstrip(".")
