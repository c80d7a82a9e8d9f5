"""An endpoint that answers from a script, for tests of the runtime with a virtual clock."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass, field

from stillfixed.actors.errors import EndpointUnreachable
from stillfixed.actors.runtime.endpoints import Endpoint, EndpointSpec, Limits, Outcome, Sink


@dataclass
class Script:
    """What the endpoint does next. `sent` counts every command that really left, by text; `left`
    is set when one has; `hold` makes commands wait until it is set."""

    exit_status: int = 0
    stdout: bytes = b""
    unreachable: bool = False
    lost: bool = False
    hold: asyncio.Event | None = None
    left: asyncio.Event = field(default_factory=asyncio.Event)
    sent: dict[str, int] = field(default_factory=dict)

    async def open(self, spec: EndpointSpec) -> Endpoint:
        if self.unreachable:
            raise EndpointUnreachable(f"{spec.name} does not answer. Check that it is on.")
        return ScriptedEndpoint(self)


class ScriptedEndpoint:
    identity = "scripted"

    def __init__(self, script: Script) -> None:
        self._script = script
        self.is_open = True

    async def run(
        self, command: str, *, sink: Sink, limits: Limits, before_send: Awaitable[None]
    ) -> Outcome:
        await before_send
        script = self._script
        script.sent[command] = script.sent.get(command, 0) + 1
        script.left.set()
        if script.hold is not None:
            await script.hold.wait()
        if script.lost:
            self.is_open = False
            return Outcome(end="lost", detail="The connection was lost.")
        if script.stdout:
            await sink("stdout", script.stdout)
        return Outcome(
            end="exited", exit_status=script.exit_status, stdout_bytes=len(script.stdout)
        )

    async def close(self) -> None:
        self.is_open = False
