"""A session's connections to its endpoints: made when first needed, kept, made again when lost."""

import asyncio
from collections.abc import Callable

from stillfixed.actors.errors import EndpointError
from stillfixed.actors.runtime.endpoints import Endpoint, EndpointSpec, OpenEndpoint


class Connections:
    """`connected` and `lost` are told once for each connection made and each found gone."""

    def __init__(
        self,
        open_endpoint: OpenEndpoint,
        *,
        connected: Callable[[str, str], None],
        lost: Callable[[str, str], None],
    ) -> None:
        self._open_endpoint = open_endpoint
        self._connected = connected
        self._lost = lost
        self._open: dict[str, asyncio.Task[Endpoint]] = {}

    async def get(self, spec: EndpointSpec) -> Endpoint:
        """The open connection to an endpoint. Raises `EndpointError` if there can be none."""
        task = self._open.get(spec.name)
        if task is not None and task.done() and not _usable(task):
            if not task.cancelled() and task.exception() is None:
                self.drop(spec.name, "The connection was gone when it was needed again.")
            self._open.pop(spec.name, None)
            task = None
        if task is None:
            task = asyncio.create_task(self._connect(spec))
            self._open[spec.name] = task
        return await asyncio.shield(task)

    async def _connect(self, spec: EndpointSpec) -> Endpoint:
        endpoint = await self._open_endpoint(spec)
        self._connected(spec.name, endpoint.identity)
        return endpoint

    def drop(self, name: str, reason: str) -> None:
        """Forget a connection that is known to be gone."""
        if self._open.pop(name, None) is not None:
            self._lost(name, reason)

    async def close(self) -> None:
        tasks = list(self._open.values())
        self._open.clear()
        for task in tasks:
            task.cancel()
            try:
                endpoint = await task
            except (asyncio.CancelledError, EndpointError):
                continue
            await endpoint.close()


def _usable(task: asyncio.Task[Endpoint]) -> bool:
    return not task.cancelled() and task.exception() is None and task.result().is_open
