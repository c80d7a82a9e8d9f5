"""Connectors, endpoints: one command on one SSH channel; the only place that goes under asyncssh.

Guarantee: every byte that arrived before the end is delivered, whatever happens to the connection
meanwhile, and at most `WINDOW_BYTES` of it wait in memory.

asyncssh's own channel opens and sends the command in one step, lets the server send more by itself,
throws away what waits when the connection goes, and keeps only the low byte of an exit status. This
subclass changes these four things, using names private to asyncssh; a test names them all, so that
a new asyncssh that moves one says so.
"""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import asyncssh
from asyncssh.constants import MSG_CHANNEL_WINDOW_ADJUST
from asyncssh.packet import SSHPacket, String, UInt32

from stillfixed.connectors.endpoints.output import Output

WINDOW_BYTES = 4 * 1024 * 1024
"""How much output the server may send ahead of a busy sink."""

PACKET_BYTES = 64 * 1024
ADJUST_BYTES = WINDOW_BYTES // 2
"""Window is given back in steps of this size, as each step is a packet."""


class ExecChannel(asyncssh.SSHClientChannel[bytes]):
    """Open it, `attach` who listens, `send` the command; `give_back` what the sink has taken."""

    def __init__(self, connection: asyncssh.SSHClientConnection) -> None:
        loop = asyncio.get_running_loop()
        connection._update_recv_pktlen(PACKET_BYTES)
        super().__init__(connection, loop, "strict", None, "strict", WINDOW_BYTES, PACKET_BYTES)
        self._taken_bytes = 0
        self.accepted: bool | None = None

    async def open(self) -> None:
        """Raises `asyncssh.ChannelOpenError`: the server refuses, or the connection is gone."""
        await self._open(b"session")

    @property
    def is_ready(self) -> bool:
        return self._send_state == "open"

    def attach(self, session: "ExecSession") -> None:
        self._session = session
        self._recv_paused = False

    def send(self, command: bytes, environment: Mapping[bytes, bytes]) -> None:
        """Send the command and the end of its input; the answer comes later, if at all.

        The server says nothing of the variables, and ignores those it does not accept.
        """
        answer = asyncio.get_running_loop().create_future()
        answer.add_done_callback(self._answered)
        self._request_waiters.append(answer)
        with _one_write(self._conn):
            for name, value in environment.items():
                self._send_request(b"env", String(name), String(value))
            self._send_request(b"exec", String(command), want_reply=True)
            self.write_eof()

    def _answered(self, answer: "asyncio.Future[bool | None]") -> None:
        if answer.cancelled() or answer.exception() is not None:
            return
        self.accepted = answer.result()
        if self.accepted is False:
            self.close()

    def give_back(self, size_bytes: int) -> None:
        self._taken_bytes += size_bytes
        if self._taken_bytes >= ADJUST_BYTES and self._recv_state == "open":
            self.send_packet(MSG_CHANNEL_WINDOW_ADJUST, UInt32(self._taken_bytes))
            self._recv_window += self._taken_bytes
            self._taken_bytes = 0

    def _deliver_data(self, data: bytes, datatype: int | None) -> None:
        if self._session is not None:
            self._session.data_received(data, datatype)

    def _process_exit_status_request(self, packet: SSHPacket) -> bool:
        """All 32 bits: on Windows they carry codes like 3221225786."""
        status = packet.get_uint32()
        packet.check_end()
        self._session.exit_status_received(status)
        return True


@contextmanager
def _one_write(connection: asyncssh.SSHClientConnection) -> Iterator[None]:
    """What is sent inside leaves at once: asyncssh makes two packets of each, and each of them a
    write that wakes the server."""
    parts: list[bytes] = []
    connection._send = parts.append  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        del connection._send
        connection._send(b"".join(parts))


class Channels:
    """The channels of one connection. While a command runs the next one's channel is opened, so
    that it finds it ready; `ahead` False leaves that, for servers that count sessions narrowly."""

    def __init__(self, connection: asyncssh.SSHClientConnection, *, ahead: bool) -> None:
        self._connection = connection
        self._ahead = ahead
        self._next: asyncio.Task[ExecChannel | None] | None = None

    async def take(self) -> ExecChannel:
        """An open channel that nobody else has. Raises `asyncssh.ChannelOpenError`."""
        if self._next is not None:
            task, self._next = self._next, None
            channel = await task
            if channel is not None and channel.is_ready:
                return channel
        try:
            return await self._open()
        except asyncssh.ChannelOpenError:
            # OpenSSH frees a session only after it has answered what came with its close: a run
            # right after another may be refused for that, and the second answer is true.
            return await self._open()

    def open_next(self) -> None:
        if self._ahead and self._next is None:
            self._next = asyncio.create_task(self._try())

    async def _try(self) -> ExecChannel | None:
        try:
            return await self._open()
        except (asyncssh.ChannelOpenError, OSError):
            self._ahead = False  # no room for one more, or the connection is gone
            return None

    async def _open(self) -> ExecChannel:
        channel = ExecChannel(self._connection)
        await channel.open()
        return channel


class ExecSession(asyncssh.SSHClientSession[bytes]):
    """What asyncssh calls as things happen on the channel."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self.exit_status: int | None = None
        self.exit_signal: str | None = None
        self.saw_end_of_output = False
        self.loss: Exception | None = None
        self.closed = False

    def data_received(self, data: bytes, datatype: int | None) -> None:
        self._output.receive("stdout" if datatype is None else "stderr", data)

    def eof_received(self) -> bool:
        self.saw_end_of_output = True
        return False

    def exit_status_received(self, status: int) -> None:
        self.exit_status = status

    def exit_signal_received(self, signal: str, core_dumped: bool, msg: str, lang: str) -> None:
        self.exit_signal = signal

    def connection_lost(self, exc: Exception | None) -> None:
        self.loss = exc
        self.closed = True
        self._output.finish()
