"""Connectors, endpoints: from a name to a logged-in SSH connection.

Guarantee: every error that connecting can raise comes out as an `EndpointError` with what to do.
"""

import asyncio
import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncssh
from asyncssh.misc import encode_env, lookup_env

from stillfixed.actors.errors import EndpointError, EndpointUnreachable
from stillfixed.actors.runtime.endpoints import EndpointSpec
from stillfixed.connectors.endpoints.ssh_errors import Attempt, setup_error
from stillfixed.connectors.endpoints.ssh_host_keys import HostKeys, files_of_config

OPTIONS = ("known_hosts", "identity_file", "config_file", "connect_seconds", "keepalive_seconds")
CONNECT_SECONDS = 15.0
KEEPALIVE_SECONDS = 15.0
KEEPALIVES_MISSED = 3
QUICK_CIPHERS_FIRST = "^aes128-gcm@openssh.com,aes256-gcm@openssh.com"
"""Before asyncssh's own order, which begins with ChaCha20: with AES in the processor these take
less than half of its time, a byte and a packet. The user's `Ciphers` come before ours."""

_PLACE = re.compile(r"(?:\[(?P<v6>[^\]\s]+)\]|(?P<host>[^:/\s\[\]]+))(?::(?P<port>\d{1,5}))?")


@dataclass(frozen=True)
class Address:
    host: str
    user: str | None
    port: int | None


@dataclass(frozen=True)
class Login:
    """`environment` is what the SSH config has each command get, if the server allows it."""

    connection: asyncssh.SSHClientConnection
    environment: dict[bytes, bytes]


@dataclass(frozen=True)
class Through:
    """The last jump host, logged in to; `way` names it and those before it, as ProxyJump does."""

    connection: asyncssh.SSHClientConnection
    way: str


def parse_address(text: str, name: str) -> Address:
    """`user@host:port`, user and port optional; an IPv6 address in brackets if a port follows."""
    user, at, place = text.rpartition("@")
    if place.count(":") > 1 and "[" not in place:
        place = f"[{place}]"
    match = _PLACE.fullmatch(place)
    port = int(match["port"]) if match is not None and match["port"] else None
    if match is None or bool(at) != bool(user) or port == 0 or (port or 1) > 65535:
        raise EndpointError(
            f"{name}: {text!r} is not an SSH address. Write an alias of your SSH config,"
            " or user@host:port with user and port optional."
        )
    return Address(match["v6"] or match["host"], user or None, port)


async def connect(spec: EndpointSpec) -> Login:
    """Log in, through jump hosts where the SSH config has them."""
    address = parse_address(spec.address, spec.name)
    settings = _settings(spec)
    limit_seconds = _seconds(spec, "connect_seconds", CONNECT_SECONDS)
    try:
        async with asyncio.timeout(limit_seconds):
            return await _connect(spec.name, address, settings)
    except TimeoutError as error:
        raise EndpointUnreachable(
            f"{spec.name}: {spec.address} was not logged in to within {limit_seconds:g} seconds."
            " Check that it is on and that a firewall lets you through."
        ) from error


def _settings(spec: EndpointSpec) -> dict[str, Any]:
    unknown = sorted(spec.options.keys() - set(OPTIONS))
    if unknown:
        raise EndpointError(
            f"{spec.name}: an SSH endpoint has no option {unknown[0]!r}."
            f" There are: {', '.join(OPTIONS)}."
        )
    settings: dict[str, Any] = {
        "keepalive_interval": _seconds(spec, "keepalive_seconds", KEEPALIVE_SECONDS),
        "keepalive_count_max": KEEPALIVES_MISSED,
        # Half-open logins end by themselves; the limit that a caller sees is in `connect`.
        "login_timeout": _seconds(spec, "connect_seconds", CONNECT_SECONDS),
    }
    if "known_hosts" in spec.options:
        settings["known_hosts"] = [_file(spec, "known_hosts", may_be_missing=True)]
    if "identity_file" in spec.options:
        settings["client_keys"] = [_file(spec, "identity_file")]
    if "config_file" in spec.options:
        settings["config"] = [_file(spec, "config_file")]
    return settings


def _file(spec: EndpointSpec, option: str, *, may_be_missing: bool = False) -> str:
    path = Path(spec.options[option]).expanduser()
    if not path.is_file() and (path.exists() or not may_be_missing):
        raise EndpointError(
            f"{spec.name}: the option {option} names {path}, which is not a file."
            " Correct the path, or remove the option."
        )
    return str(path)


def _seconds(spec: EndpointSpec, option: str, default_seconds: float) -> float:
    text = spec.options.get(option, str(default_seconds))
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise EndpointError(
            f"{spec.name}: the option {option} is {text!r}. Give a number of seconds above 0."
        )
    return seconds


async def _connect(
    name: str,
    address: Address,
    settings: dict[str, Any],
    through: Through | None = None,
    via: frozenset[str] = frozenset(),
) -> Login:
    """`via` holds the hosts on the way that asked for this one as their jump host."""
    settings = settings | {
        "host": address.host,
        "port": () if address.port is None else address.port,
        "username": () if address.user is None else address.user,
    }
    try:
        options = await asyncssh.SSHClientConnectionOptions.construct(**settings)
        files = settings.get("known_hosts") or files_of_config(options.config)
        keys = await asyncio.to_thread(
            HostKeys.read, files, options.host, options.port, options.host_key_alias
        )
        environment = _environment(options)
    except Exception as error:
        if through is not None:
            through.connection.close()
        raise setup_error(name, error) from error
    if through is None and isinstance(options.tunnel, str):
        for jump in options.tunnel.split(","):
            hop = parse_address(jump.strip(), name)
            if hop.host not in via | {address.host}:
                way = f"{through.way},{jump.strip()}" if through else jump.strip()
                login = await _connect(name, hop, _shared(settings), through, via | {address.host})
                through = Through(login.connection, way)
    attempt = Attempt(
        name, options.host, options.port, options.username, keys, _way(options, through)
    )
    settings |= {"known_hosts": keys.accepted, "tunnel": through and through.connection}
    kinds = str(options.config.get("HostKeyAlgorithms", "+"))
    if kinds.startswith("+"):
        settings["server_host_key_algs"] = keys.algorithms(kinds[1:])
    if not options.config.get("Ciphers"):
        settings["encryption_algs"] = QUICK_CIPHERS_FIRST
    return Login(await _log_in(settings, attempt, through), environment)


def _environment(options: asyncssh.SSHClientConnectionOptions) -> dict[bytes, bytes]:
    """SendEnv and SetEnv, the latter stronger."""
    return dict(lookup_env(options.send_env or ())) | dict(encode_env(options.env or {}))


async def _log_in(
    settings: dict[str, Any], attempt: Attempt, through: Through | None
) -> asyncssh.SSHClientConnection:
    try:
        connection = await asyncssh.connect(client_factory=lambda: _Client(attempt), **settings)
    except BaseException as error:
        if through is not None:
            through.connection.close()
        if isinstance(error, Exception):
            raise attempt.error(error) from error
        raise
    if through is not None:
        connection.set_tunnel(through.connection)
    return connection


def _way(options: asyncssh.SSHClientConnectionOptions, through: Through | None) -> str:
    """The option of `ssh` that goes the same way."""
    if through is not None:
        return f"-J {shlex.quote(through.way)}"
    if options.proxy_command:
        return f"-o {shlex.quote('ProxyCommand=' + shlex.join(options.proxy_command))}"
    return ""


def _shared(settings: dict[str, Any]) -> dict[str, Any]:
    """What a jump host has in common with the host behind it."""
    return {key: settings[key] for key in settings.keys() - {"host", "port", "username"}}


class _Client(asyncssh.SSHClient):
    """Asked by asyncssh about a host key that is not among the accepted ones. Never accepts."""

    def __init__(self, attempt: Attempt) -> None:
        self._attempt = attempt

    def validate_host_public_key(
        self, host: str, addr: str, port: int, key: asyncssh.SSHKey
    ) -> bool:
        self._attempt.unknown_key(key)
        return False
