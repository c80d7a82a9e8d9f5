"""Connectors, endpoints: one command on one SSH channel, the only place that goes under asyncssh.

Guarantee: every byte that arrived before the end is delivered, whatever happens to the connection
meanwhile, and at most `WINDOW_BYTES` of it wait in memory.

asyncssh's own channel opens and sends the command in one step, lets the server send more by itself,
throws away what waits when the connection goes, and keeps only the low byte of an exit status. This
subclass changes these four things, using names private to asyncssh; a test names them all, so that
a new asyncssh that moves one says so.
"""

import asyncio
from collections.abc import Mapping

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
    """Open it, then `send` the command; `give_back` what the sink has taken."""

    def __init__(self, connection: asyncssh.SSHClientConnection) -> None:
        loop = asyncio.get_running_loop()
        connection._update_recv_pktlen(PACKET_BYTES)
        super().__init__(connection, loop, "strict", None, "strict", WINDOW_BYTES, PACKET_BYTES)
        self._taken_bytes = 0
        self.accepted: bool | None = None

    async def open(self, session: "ExecSession") -> None:
        """Raises `asyncssh.ChannelOpenError`: the server refuses, or the connection is gone."""
        await self._open(b"session")
        self._session = session
        self._recv_paused = False

    def send(self, command: bytes, environment: Mapping[bytes, bytes]) -> None:
        """Send the command and the end of its input; the answer comes later, if at all.

        The server says nothing of the variables, and ignores those it does not accept.
        """
        for name, value in environment.items():
            self._send_request(b"env", String(name), String(value))
        answer = asyncio.get_running_loop().create_future()
        answer.add_done_callback(self._answered)
        self._request_waiters.append(answer)
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
