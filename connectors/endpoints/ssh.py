"""Connectors, endpoints: machines reached over SSH.

Guarantee: the host key is always checked, of jump hosts too; an error means that the command was
not sent; whatever happens after it was sent is an `Outcome`.

`~/.ssh/config`, the files of known hosts, the default keys and the agent are used as `ssh` does;
`/etc/ssh/ssh_config` is not read. SendEnv and SetEnv of the config go with every command. A config
that names no file of known hosts, or `none` or `/dev/null` to be left unchecked, means the default
files; a file that does not exist is empty.

Options of an endpoint, all optional:

    known_hosts         file of accepted host keys         as ssh has it
    identity_file       private key to log in with         as ssh has it
    config_file         file to read for ~/.ssh/config     ~/.ssh/config
    connect_seconds     limit from name to logged in       15
    keepalive_seconds   pause between signs of life; the   15
                        connection is lost after 3 missed

Ending a command early is best effort: the server gets a TERM signal for it and then the close of
its channel. OpenSSH before 7.9, and OpenSSH for a root login, ignore the signal: the command goes
on until it next writes, and until then keeps one of the connection's MaxSessions (10 by default).
"""

import asyncio
from collections.abc import Awaitable

import asyncssh

from stillfixed.actors.errors import ConnectionLost, EndpointError
from stillfixed.actors.runtime.endpoints import EndpointSpec, Limits, Outcome, Sink
from stillfixed.actors.verdicts.model import Platform
from stillfixed.connectors.endpoints.output import Output
from stillfixed.connectors.endpoints.shells import wire_line
from stillfixed.connectors.endpoints.ssh_channel import Channels, ExecChannel, ExecSession
from stillfixed.connectors.endpoints.ssh_login import Login, connect
from stillfixed.connectors.endpoints.waiting import discard

COMMAND_BYTES = 256 * 1024 - 1024
"""OpenSSH drops the connection for a packet over 256 KiB; a command travels in one packet."""


async def open_ssh(spec: EndpointSpec) -> "SshEndpoint":
    """Connect and log in. Raises an `EndpointError` that says what to do."""
    login = await connect(spec)
    return SshEndpoint(spec.name, login, spec.platform)


class SshEndpoint:
    def __init__(self, name: str, login: Login, platform: Platform) -> None:
        self._name = name
        self._connection = login.connection
        self._environment = login.environment
        self._platform = platform
        # Network devices often allow one session a connection.
        self._channels = Channels(login.connection, ahead=platform != "network")

    @property
    def identity(self) -> str:
        about = self._connection.get_extra_info
        key = self._connection.get_server_host_key()
        fingerprint = key.get_fingerprint() if key is not None else "no host key"
        return f"{about('host')}:{about('port')} {fingerprint}"

    @property
    def is_open(self) -> bool:
        return not self._connection.is_closed()

    async def close(self) -> None:
        """Runs in flight end as lost."""
        self._connection.close()
        await self._connection.wait_closed()

    async def run(
        self, command: str, *, sink: Sink, limits: Limits, before_send: Awaitable[None]
    ) -> Outcome:
        try:
            line = wire_line(command, self._platform).encode()
            _check_size(line, self._name)
            channel = await self._channel()
        except BaseException:
            discard(before_send)
            raise
        # The channel is open before the permission to send is there, so that the network and the
        # disk work at the same time.
        run = _Run(self._name, channel, sink, limits)
        try:
            await before_send
            run.send(line, self._environment)
            self._channels.open_next()
            return await run.wait(self._platform)
        finally:
            run.close()

    async def _channel(self) -> ExecChannel:
        try:
            return await self._channels.take()
        except asyncssh.ChannelOpenError as error:
            if self._connection.is_closed():
                raise ConnectionLost(_gone(self._name)) from error
            raise EndpointError(
                f"{self._name}: the server opens no further session on this connection"
                f" ({error.reason}). Wait for another run to end, or raise MaxSessions there. A"
                " command that was told to end and still runs there counts, too: close this"
                " endpoint and open it again to be rid of it."
            ) from error


class _Run:
    """One command on its channel."""

    def __init__(self, name: str, channel: ExecChannel, sink: Sink, limits: Limits) -> None:
        self._name = name
        self._limits = limits
        self._channel = channel
        self._output = Output(sink, limits.output_bytes, channel.give_back)
        self._session = ExecSession(self._output)
        channel.attach(self._session)
        self._timed_out = False
        self._closing = False

    def send(self, line: bytes, environment: dict[bytes, bytes]) -> None:
        if self._session.closed:
            raise ConnectionLost(_gone(self._name))
        self._channel.send(line, environment)

    async def wait(self, platform: Platform) -> Outcome:
        loop = asyncio.get_running_loop()
        timer = loop.call_later(self._limits.time_seconds, self._time_out)
        try:
            await self._output.deliver()
        finally:
            timer.cancel()
        return self._outcome(platform)

    def _time_out(self) -> None:
        self._timed_out = True
        self.close()
        self._output.finish()

    def close(self) -> None:
        """End the command if it still runs: TERM, then no channel."""
        if self._session.closed or self._closing:
            return
        self._closing = True
        self._channel.terminate()
        self._channel.abort()

    def _outcome(self, platform: Platform) -> Outcome:
        session, channel = self._session, self._channel
        if session.exit_status is not None:
            unsure = "" if session.saw_end_of_output or session.loss is None else _INCOMPLETE
            return self._output.outcome("exited", exit_status=session.exit_status, detail=unsure)
        if session.exit_signal is not None:
            return self._output.outcome("signalled", signal=session.exit_signal)
        if self._timed_out:
            limit = f"The time limit of {self._limits.time_seconds:g} seconds. {_STILL_RUNNING}"
            return self._output.outcome("timed_out", detail=limit)
        if channel.accepted is False and session.loss is None:
            raise EndpointError(
                f"{self._name}: the server refused to run the command, and did not start it."
                " Its settings allow this login no commands of its own."
            )
        if session.loss is None and platform == "network":
            return self._output.outcome("exited", detail="The device tells no exit status.")
        return self._output.outcome("lost", detail=_loss(session.loss))


def _check_size(line: bytes, name: str) -> None:
    if len(line) > COMMAND_BYTES:
        raise EndpointError(
            f"{name}: the command was not sent: it is {len(line):,} bytes, and OpenSSH takes at"
            f" most {COMMAND_BYTES:,}. Put it in a script on the endpoint and run that."
        )


_STILL_RUNNING = "The command was told to end, and may still run there."
_INCOMPLETE = "The connection was lost after the exit status: output may be missing."


def _loss(error: Exception | None) -> str:
    if error is None:
        return "The server closed the channel without telling how the command ended."
    return f"The connection was lost: {error}."


def _gone(name: str) -> str:
    return f"{name}: the connection was gone before the command was sent. Run it again."
