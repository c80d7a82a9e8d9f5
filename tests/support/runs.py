"""Running one command on an endpoint and keeping what came back."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass, field

from stillfixed.actors.runtime.endpoints import Endpoint, Limits, Outcome, StreamName


@dataclass
class Got:
    """A sink that keeps everything; `first` is set when output begins to arrive."""

    stdout: bytes = b""
    stderr: bytes = b""
    first: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, stream: StreamName, data: bytes) -> None:
        if stream == "stdout":
            self.stdout += data
        else:
            self.stderr += data
        self.first.set()


async def at_once() -> None:
    """A `before_send` with nothing to wait for."""


async def run(
    endpoint: Endpoint,
    command: str,
    *,
    got: Got | None = None,
    limits: Limits | None = None,
    before_send: Awaitable[None] | None = None,
) -> tuple[Outcome, Got]:
    got = got or Got()
    outcome = await endpoint.run(
        command, sink=got, limits=limits or Limits(), before_send=before_send or at_once()
    )
    return outcome, got
