"""The web app of a running host, with everything around it: people, numbers, traces, log lines."""

import asyncio
import gc
from socket import socket

from opentelemetry.trace import TracerProvider

from stillfixed.actors.client_async import AsyncClient
from stillfixed.actors.runbooks import shipped
from stillfixed.actors.runtime.measuring import Observer
from stillfixed.actors.service import Service
from stillfixed.connectors.web.app import create_app
from stillfixed.connectors.web.desk import Desk
from stillfixed.connectors.web.operating import traces
from stillfixed.connectors.web.operating.metrics import Metrics
from stillfixed.connectors.web.operating.observed import Observed
from stillfixed.connectors.web.operating.operations import Operations
from stillfixed.connectors.web.people.claims import read_single_sign_on
from stillfixed.connectors.web.people.local import LocalPeople
from stillfixed.connectors.web.people.settings import PeopleSettings
from stillfixed.connectors.web.people.single_sign_on import SingleSignOn
from stillfixed.connectors.web.serving import WebServer
from stillfixed.connectors.web.settings import SettingsTable

ANSWERS_SECONDS = 5.0
"""What requests under way have after the runs are over."""


class WebHost:
    """In this order: made, `Service.start` with its `observer`, `start`, `begin_to_stop`,
    `Service.drain`, `stopped`, `Service.close`."""

    def __init__(
        self, table: SettingsTable, listening: socket, spans: TracerProvider | None = None
    ) -> None:
        """Raises `SettingsError`, and `AccessError` for a provider that cannot be used."""
        self._table = table
        self._listening = listening
        self._spans = spans or traces.provider(table)
        self._metrics = Metrics()
        self._operations: Operations | None = None
        self._server: WebServer | None = None
        self._people: LocalPeople | None = None
        self._single_sign_on = (
            SingleSignOn(read_single_sign_on(table.single_sign_on))
            if table.single_sign_on is not None
            else None
        )
        self.observer: Observer = traces.Observing(
            self._metrics, self._spans.get_tracer(traces.NAME)
        )

    async def start(self, service: Service) -> list[str]:
        """Serve. What to tell whoever started the host."""
        operations = Operations(service, self._table, self._metrics, self._spans)
        people = self._people = self._open_people(service)
        desk = Desk(client=AsyncClient(service), people=people)
        app = create_app(desk, operations, self._single_sign_on)
        observed = Observed(app, self._metrics, operations.tracer)
        await asyncio.to_thread(_make_ready)
        self._server = WebServer(observed, self._listening)
        await self._server.start()
        operations.start()
        self._operations = operations
        said = [f"Web page: {self._server.address}"]
        if not people.accounts.people():
            said.append("Nobody can sign in yet: stillfixed people add NAME --role operator")
        return said

    def _open_people(self, service: Service) -> LocalPeople:
        table = self._table
        settings = PeopleSettings(
            cookie_idle_seconds=table.cookie_idle_seconds,
            cookie_absolute_seconds=table.cookie_absolute_seconds,
            token_limit_seconds=table.token_limit_seconds,
        )
        return LocalPeople(service.settings.folder, settings)

    def begin_to_stop(self) -> None:
        """Take no new connection, end event streams; requests under way go on."""
        if self._operations is not None:
            self._operations.ending = True
        if self._server is not None:
            self._server.begin_to_stop()

    async def stopped(self) -> None:
        if self._operations is not None:
            await self._operations.close()
        if self._server is not None:
            await self._server.stopped(ANSWERS_SECONDS)
        else:
            self._listening.close()
        if self._people is not None:
            await self._people.close()
        traces.shut_down(self._spans)


def _make_ready() -> None:
    """Read now what the first page would wait for. What is in memory then stays: to look for
    garbage in it again and again would stop all open pages for some 300 ms each time."""
    shipped()
    gc.collect()
    gc.freeze()
