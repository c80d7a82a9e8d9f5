"""The app under uvicorn, in the event loop of the process that hosts the sessions.

Guarantee: `begin_to_stop` takes no new connection and ends every event stream whole, so that its
reader comes back with its last position; requests under way are answered until `stopped` gives up.
"""

import asyncio
import errno
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from stillfixed.actors.errors import HostUnavailable

DEFAULT_PORT = 8311
BACKLOG = 2048


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens. Raises `HostUnavailable` where that is not possible, and says why."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        match error.errno:
            case errno.EADDRINUSE:
                why = (
                    f"Port {port} of {host} is taken by another process. Choose another with "
                    "--listen HOST:PORT, or leave the page out with --no-web."
                )
            case errno.EACCES:
                why = f"This user may not listen on port {port}. Choose one above 1023."
            case _:
                why = f"Cannot listen on {host}:{port}: {error.strerror or error}."
        raise HostUnavailable(why) from None


def address_of(listening: socket.socket) -> str:
    """As a browser takes it."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class WebServer:
    """Started when `start` returns. `address` is where it listens."""

    def __init__(self, app: ASGIApp, listening: socket.socket) -> None:
        self.address = address_of(listening)
        self._listening = listening
        self._streams = EndingStreams(app)
        config = uvicorn.Config(
            self._streams,
            lifespan="on",
            log_config=None,  # who serves decides what is logged, and how
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=None,  # `stopped` has the limit
        )
        self._server = _Server(config)
        self._serving: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._serving = asyncio.create_task(self._server.serve(sockets=[self._listening]))
        while not self._server.started:  # it sets no event
            if self._serving.done():
                self._serving.result()
                raise HostUnavailable(f"The web app at {self.address} did not start.")
            await asyncio.sleep(0.01)

    def begin_to_stop(self) -> None:
        self._server.should_exit = True
        self._streams.end()

    async def stopped(self, limit_seconds: float) -> None:
        """Wait until the requests under way are answered; after the limit they are dropped."""
        if self._serving is None:
            self._listening.close()
            return
        self.begin_to_stop()
        done, _ = await asyncio.wait([self._serving], timeout=limit_seconds)
        if not done:
            self._server.drop_all()
            await asyncio.wait([self._serving])
        self._serving.result()


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are the host's: it has more to end than this server."""
        yield

    def drop_all(self) -> None:
        self.force_exit = True
        for task in list(self.server_state.tasks):
            task.cancel()


class EndingStreams:
    """Lets a server end the responses that would never end by themselves: event streams. To the
    app it looks as if the reader had gone; the reader sees a whole response."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._open: set[asyncio.Event] = set()
        self._ended = False

    def end(self) -> None:
        self._ended = True
        for over in self._open:
            over.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        over = asyncio.Event()
        """Set when this response is a stream, and streams shall end."""
        whole = asked_whole = False

        async def sending(message: Message) -> None:
            nonlocal whole
            if message["type"] == "http.response.start" and _is_stream(message):
                self._open.add(over)
                if self._ended:
                    over.set()
            elif message["type"] == "http.response.body" and not message.get("more_body"):
                whole = True
            await send(message)

        async def receiving() -> Message:
            nonlocal asked_whole
            if not asked_whole:
                message = await receive()
                asked_whole = not message.get("more_body", False)
                return message
            return await _first(receive, over)  # to learn whether the reader has gone

        try:
            await self._app(scope, receiving, sending)
            if over in self._open and not whole:
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            self._open.discard(over)


def _is_stream(start: Message) -> bool:
    return any(
        name.lower() == b"content-type" and value.startswith(b"text/event-stream")
        for name, value in start.get("headers", ())
    )


async def _first(receive: Receive, over: asyncio.Event) -> Message:
    receiving = asyncio.ensure_future(receive())
    ending = asyncio.ensure_future(over.wait())
    try:
        await asyncio.wait({receiving, ending}, return_when=asyncio.FIRST_COMPLETED)
        return receiving.result() if receiving.done() else {"type": "http.disconnect"}
    finally:
        receiving.cancel()
        ending.cancel()
