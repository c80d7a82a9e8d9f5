"""The app under uvicorn: how it begins, and how it ends under open requests and streams."""

import asyncio
import socket
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI
from fastapi.responses import StreamingResponse

from stillfixed.actors.errors import HostUnavailable
from stillfixed.connectors.web.serving import WebServer, listen


class Served:
    """An app with an endless event stream and a request that waits to be released."""

    def __init__(self) -> None:
        self.app = FastAPI()
        self.release = asyncio.Event()
        self.asked = asyncio.Event()
        self.app.get("/stream")(self.stream)
        self.app.get("/slow")(self.slow)

    async def stream(self) -> StreamingResponse:
        async def events() -> AsyncIterator[str]:
            yield "id: 1\ndata: first\n\n"
            await asyncio.Event().wait()

        return StreamingResponse(events(), media_type="text/event-stream")

    async def slow(self) -> str:
        self.asked.set()
        await self.release.wait()
        return "done"


async def started(served: Served) -> WebServer:
    server = WebServer(served.app, listen("127.0.0.1", 0))
    await server.start()
    return server


async def test_an_event_stream_ends_whole_when_the_server_stops() -> None:
    """Its reader sees the end of a response, not a broken connection, and comes back later."""
    server = await started(Served())
    async with (
        httpx.AsyncClient(base_url=server.address) as client,
        client.stream("GET", "/stream") as response,
    ):
        lines = response.aiter_lines()
        assert await anext(lines) == "id: 1"
        server.begin_to_stop()
        assert [line async for line in lines] == ["data: first", ""]
    await asyncio.wait_for(server.stopped(30.0), 10.0)


async def test_a_request_under_way_is_answered_and_no_new_one_is_taken() -> None:
    """Stopping waits for what was asked before."""
    served = Served()
    server = await started(served)
    async with httpx.AsyncClient(base_url=server.address) as client:
        answer = asyncio.create_task(client.get("/slow"))
        await served.asked.wait()
        server.begin_to_stop()
        stopped = asyncio.create_task(server.stopped(30.0))
        async with httpx.AsyncClient(base_url=server.address) as other:
            while True:  # until the listening socket is closed
                try:
                    await asyncio.wait_for(other.get("/slow"), 0.2)
                except httpx.ConnectError:
                    break
                except TimeoutError:
                    continue
        served.release.set()
        assert (await answer).json() == "done"
    await stopped


async def test_a_request_that_takes_too_long_is_dropped() -> None:
    """A host that was told to end does end."""
    served = Served()
    server = await started(served)
    async with httpx.AsyncClient(base_url=server.address) as client:
        answer = asyncio.create_task(client.get("/slow"))
        await served.asked.wait()
        await server.stopped(0.1)
        with pytest.raises(httpx.HTTPError):
            (await answer).raise_for_status()


def test_a_taken_port_is_an_error_that_says_what_to_do() -> None:
    """With the port's number and the options to choose."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(HostUnavailable, match=rf"Port {port} of 127.0.0.1 is taken.*--listen"):
            listen("127.0.0.1", port)
