"""The port through which a session reaches an endpoint. Connectors implement it.

The runtime knows an endpoint's opener only by its import path ("package.module:function"), so that
this room imports nothing from the edges.
"""

from collections.abc import Awaitable, Callable
from typing import Literal, Protocol

from msgspec import Struct

from stillfixed.actors.session.requests import OUTPUT_LIMIT_BYTES, TIME_LIMIT_SECONDS
from stillfixed.actors.verdicts.model import Platform

StreamName = Literal["stdout", "stderr"]
End = Literal["exited", "signalled", "timed_out", "cancelled", "lost"]


class EndpointSpec(Struct, frozen=True, kw_only=True):
    """Where commands of one endpoint go. Holds no secret: keys and agents stay where they are.

    `address` for kind ssh: an alias of the user's ssh config, or `user@host:port` with user and
    port optional; for kind local it is ignored. `options` are the connector's, documented there.
    """

    name: str
    kind: str = "ssh"
    address: str = ""
    platform: Platform = "posix"
    options: dict[str, str] = {}


class Limits(Struct, frozen=True, kw_only=True):
    """`output_bytes` bounds what is passed to the sink (stdout and stderr together); what comes
    after is read, counted and dropped."""

    time_seconds: float = TIME_LIMIT_SECONDS
    output_bytes: int = OUTPUT_LIMIT_BYTES


class Outcome(Struct, frozen=True, kw_only=True):
    """How a run ended. `exit_status` is known only where end is `exited`. `lost`: the connection
    went away in the middle, and nobody knows what the command did.

    `stdout_bytes` and `stderr_bytes` count everything received, dropped bytes included.
    """

    end: End
    exit_status: int | None = None
    signal: str | None = None
    stdout_bytes: int = 0
    stderr_bytes: int = 0
    dropped_bytes: int = 0
    detail: str = ""


Sink = Callable[[StreamName, bytes], Awaitable[None]]
"""Receives output exactly as it came. Awaiting it is the back-pressure."""


class Endpoint(Protocol):
    """An open connection to one endpoint; runs may overlap, each on a channel of its own."""

    @property
    def identity(self) -> str:
        """Who answered, for the history: host, port and host key fingerprint; or the local host."""
        ...

    async def run(
        self, command: str, *, sink: Sink, limits: Limits, before_send: Awaitable[None]
    ) -> Outcome:
        """Run one command to its end.

        `before_send` is awaited just before the command leaves and at the latest possible moment
        (it resolves when RunStarted is durable); if it raises, nothing is sent and the error
        propagates. Raises an `EndpointError` only when the command certainly was not sent; after
        that every ending is an `Outcome`. Cancelling the task that runs this ends the command
        (best effort, signal then channel close) and raises CancelledError.
        """
        ...

    @property
    def is_open(self) -> bool: ...

    async def close(self) -> None: ...


class OpenEndpoint(Protocol):
    async def __call__(self, spec: EndpointSpec) -> Endpoint:
        """Connect, or raise an `EndpointError` that says what to do."""
        ...
