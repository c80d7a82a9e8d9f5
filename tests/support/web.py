"""The app on a real port of loopback, with people whose names are their tokens."""

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import uvicorn
from fastapi import FastAPI, Request

from stillfixed.connectors.web.identity import Person


class KnownPeople:
    """For tests of parts that do not sign in: the token, or the cookie `token`, is the name."""

    def __init__(self, people: Mapping[str, Person]) -> None:
        self.people = people

    async def who(self, request: Request) -> Person | None:
        header = request.headers.get("authorization", "").removeprefix("Bearer ")
        return self.people.get(header or request.cookies.get("token", ""))


@asynccontextmanager
async def serving(app: FastAPI) -> AsyncIterator[str]:
    """The address of the app while it is served in this loop."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="on"))
    task = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        await task
