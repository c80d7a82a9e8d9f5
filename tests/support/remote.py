"""A client whose calls go over HTTP, each as the person that its `by` names."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from stillfixed import AsyncClient
from stillfixed.actors.runtime.actor import HostInfo
from stillfixed.actors.session import requests as r
from stillfixed.connectors.web.app import create_app
from stillfixed.connectors.web.desk import Desk
from stillfixed.connectors.web.identity import EVERY, Grant, Person, Role
from stillfixed.connectors.web.remote import RemoteHost
from tests.support.web import KnownPeople, serving

PEOPLE: dict[str, tuple[Role, ...]] = {
    "ana": ("technician", "dispatcher"),  # both, so that four eyes refuse her, not her role
    "bob": ("technician",),
    "dora": ("dispatcher",),
    "eve": ("dispatcher",),
    "mona": ("manager",),
    "otto": ("operator",),
}


def person(name: str, *roles: Role, clients: tuple[str, ...] = (EVERY,)) -> Person:
    return Person(name=name, grants=tuple(Grant(role=role, clients=clients) for role in roles))


def everyone(*more: Person) -> KnownPeople:
    """A person of each name in `PEOPLE`, for all clients, and `more`; the name is the token."""
    known = [person(name, *roles) for name, roles in PEOPLE.items()]
    return KnownPeople({one.name: one for one in (*known, *more)})


class EachByToken:
    """A backend that asks the host with the token of whoever asks, and reads as `ana`."""

    def __init__(self, hosts: dict[str, RemoteHost]) -> None:
        self._hosts = hosts
        self.clock = hosts["ana"].clock
        self.histories = hosts["ana"].histories

    async def open(self, request: r.OpenSession, request_id: str | None = None) -> str:
        return await self._hosts[request.by].open(request, request_id)

    async def ask(
        self, session: str, request: r.PersonRequest, request_id: str | None = None
    ) -> r.SessionAnswer:
        return await self._hosts[request.by].ask(session, request, request_id)

    async def host_of(self, session: str) -> HostInfo | None:
        return await self._hosts["otto"].host_of(session)

    async def adopt_policies(self, text: str, *, by: str, source: str) -> None:
        await self._hosts[by].adopt_policies(text, by=by, source=source)

    async def close(self) -> None:
        for host in self._hosts.values():
            await host.close()


@asynccontextmanager
async def served(embedded: AsyncClient, people: KnownPeople | None = None) -> AsyncIterator[str]:
    """The address of a host that serves an embedded client."""
    desk = Desk(embedded, people or everyone())
    async with serving(create_app(desk)) as address:
        try:
            yield address
        finally:
            await desk.hub.close()  # a server waits for its open answers


@asynccontextmanager
async def over_http(embedded: AsyncClient) -> AsyncIterator[AsyncClient]:
    """A remote client of a host that serves an embedded one."""
    async with served(embedded) as address:
        hosts = {name: await RemoteHost.connect(address, token=name) for name in PEOPLE}
        async with AsyncClient(EachByToken(hosts)) as client:
            yield client
