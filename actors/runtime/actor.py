"""The Ray actor: one process that hosts sessions. All it does is carry bytes to a `SessionHost`.

It is started blank, so that some can be kept warm; the first request tells it whom it serves.
"""

import asyncio
import importlib
import os
from typing import Any

import msgspec

from stillfixed.actors.errors import StillfixedError
from stillfixed.actors.log import open_log
from stillfixed.actors.runtime.clock import SystemClock
from stillfixed.actors.runtime.host import HostSettings, SessionHost
from stillfixed.actors.runtime.measuring import Measured
from stillfixed.actors.runtime.messages import Reply, decode_batch, encode_replies
from stillfixed.actors.session.requests import Refused


class HostConfig(msgspec.Struct, frozen=True, kw_only=True):
    """All a host needs to know, in one value that travels to its process.

    `log_url` as for `open_log`; `endpoints` the import path of an `OpenEndpoint`, module:function.
    """

    log_url: str
    endpoints: str
    settings: HostSettings = HostSettings()


class HostInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A process that hosts `sessions` of the log at `log_url`; a remote host does not tell it."""

    name: str
    pid: int
    sessions: list[str]
    log_url: str = ""


class SessionActor:
    def __init__(self, name: str, config: bytes) -> None:
        self._name = name
        self._config = msgspec.json.decode(config, type=HostConfig)
        self._starting: asyncio.Task[SessionHost] | None = None

    async def serve(self, batch: bytes) -> bytes:
        envelopes = decode_batch(batch)
        try:
            host = await self._host()
        except StillfixedError as error:
            refused = Refused(code=error.code, message=error.message, retryable=error.retryable)
            return encode_replies([Reply(refused)] * len(envelopes))
        measured: list[list[Measured]] = [[] for _ in envelopes]
        answers = await host.serve(envelopes, measured)
        return encode_replies([Reply(*told) for told in zip(answers, measured, strict=True)])

    async def info(self) -> bytes:
        host = await self._host()
        return msgspec.json.encode(
            HostInfo(
                name=self._name,
                pid=os.getpid(),
                sessions=host.sessions,
                log_url=self._config.log_url,
            )
        )

    async def drain(self, finish_seconds: float = 0.0) -> None:
        """Let all sessions go in order; see `SessionHost.drain`. The process may be ended when this
        returns."""
        await (await self._host()).drain(finish_seconds=finish_seconds)

    async def retire(self) -> None:
        """Drain and end this process."""
        import ray

        await self.drain()
        ray.actor.exit_actor()  # type: ignore[no-untyped-call]

    async def _host(self) -> SessionHost:
        if self._starting is None:
            self._starting = asyncio.create_task(self._start())
        return await asyncio.shield(self._starting)

    async def _start(self) -> SessionHost:
        module, _, function = self._config.endpoints.partition(":")
        return SessionHost(
            self._name,
            log=await open_log(self._config.log_url),
            clock=SystemClock(),
            open_endpoint=getattr(importlib.import_module(module), function),
            settings=self._config.settings,
            emptied=self._retire_soon,
        )

    def _retire_soon(self) -> None:
        import ray

        handle: Any = ray.get_runtime_context().current_actor
        handle.retire.remote()
