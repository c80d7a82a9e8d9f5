"""A host over HTTP in a thread of its own, for tests that only speak to it."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import httpx
from anyio.from_thread import start_blocking_portal

from stillfixed import Settings
from stillfixed.actors.client_async import connect_async
from tests.support.remote import everyone, person, served


class Api:
    """Requests as one person: the name is the token."""

    def __init__(self, address: str, http: httpx.Client, settings: Settings) -> None:
        self.address = address
        self.settings = settings
        self._http = http

    def request(
        self, method: str, path: str, *, by: str | None = "ana", key: str | None = None, **more: Any
    ) -> httpx.Response:
        headers = dict(more.pop("headers", {}))
        if by is not None:
            headers["Authorization"] = f"Bearer {by}"
        if key is not None:
            headers["Idempotency-Key"] = key
        return self._http.request(method, path, headers=headers, **more)

    def get(self, path: str, **more: Any) -> httpx.Response:
        return self.request("GET", path, **more)

    def post(self, path: str, body: object = None, **more: Any) -> httpx.Response:
        return self.request("POST", path, json=body if body is not None else {}, **more)

    def open(self, *, client: str = "Acme", by: str = "ana", **more: str) -> str:
        """The path of a new session with a local endpoint."""
        answer = self.post("/api/sessions", {"ticket": "T-1", "client": client, **more}, by=by)
        assert answer.status_code == 201, answer.text
        path = answer.headers["Location"]
        added = self.post(f"{path}/endpoints", {"endpoint": "here", "kind": "local"}, by=by)
        assert added.status_code == 201, added.text
        return str(path)

    def run(self, path: str, command: str, *, by: str = "ana") -> dict[str, Any]:
        answer = self.post(f"{path}/runs", {"command": command}, by=by)
        assert answer.status_code == 200, answer.text
        run: dict[str, Any] = answer.json()
        return run


@contextmanager
def hosting(settings: Settings) -> Iterator[Api]:
    """Everybody of `tests/support/remote.py`, four people of one client each, and `root`,
    who may do everything."""
    with (
        start_blocking_portal("asyncio") as portal,
        portal.wrap_async_context_manager(_hosting(settings)) as address,
        httpx.Client(base_url=address, timeout=30) as http,
    ):
        yield Api(address, http, settings)


@asynccontextmanager
async def _hosting(settings: Settings) -> AsyncIterator[str]:
    people = everyone(
        person("acme-ana", "technician", clients=("Acme",)),
        person("acme-dora", "dispatcher", clients=("Acme",)),
        person("globex-gil", "technician", "dispatcher", clients=("Globex",)),
        person("globex-mona", "manager", clients=("Globex",)),
        person("root", "technician", "dispatcher", "manager", "operator"),
    )
    async with await connect_async(settings) as client, served(client, people) as address:
        yield address
