"""What every part of the app works with, and the two questions each route asks first: who is it,
and may they."""

from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Protocol

from fastapi import Depends, Request

from stillfixed.actors.client_async import AsyncClient
from stillfixed.actors.errors import NotAllowed, NotSignedIn, UnknownSession
from stillfixed.actors.runtime.clock import Clock
from stillfixed.actors.runtime.policies import PolicyBook
from stillfixed.actors.service import Service
from stillfixed.actors.session.state import Heading
from stillfixed.connectors.web.background import Background
from stillfixed.connectors.web.feeds import Feeds
from stillfixed.connectors.web.hub import Hub
from stillfixed.connectors.web.identity import Action, Person


class People(Protocol):
    """Who a request comes from."""

    async def who(self, request: Request) -> Person | None:
        """By its cookie or its token; None where it has neither, or one that is no longer good."""
        ...


@dataclass(frozen=True)
class Desk:
    client: AsyncClient
    people: People

    @cached_property
    def policies(self) -> PolicyBook:
        """The policies in force."""
        return PolicyBook(self.client.log, self.clock)

    @property
    def clock(self) -> Clock:
        return self.client.backend.clock

    @property
    def service(self) -> Service:
        """This host's log, clock and settings."""
        service = self.client.backend
        assert isinstance(service, Service), "a desk stands on an embedded client"
        return service

    @cached_property
    def hub(self) -> Hub:
        """The one follower of the log. Whoever serves the app closes it, before the server ends:
        a server waits for its open answers."""
        return Hub(self.client.log)

    @cached_property
    def feeds(self) -> Feeds:
        """Sessions as their pages show them."""
        return Feeds(self.client.log, self.hub)

    @cached_property
    def background(self) -> Background:
        """What goes on after an answer was given."""
        return Background()


def desk_of(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


AtDesk = Annotated[Desk, Depends(desk_of)]


async def signed_in(request: Request, desk: AtDesk) -> Person:
    """Raises `NotSignedIn`."""
    person = await desk.people.who(request)
    if person is None:
        raise NotSignedIn("You are not signed in. Sign in, or send a token that is still good.")
    request.state.person = person.name  # for the host's own log lines
    return person


SignedIn = Annotated[Person, Depends(signed_in)]


async def heading_for(desk: Desk, person: Person, action: Action, session: str) -> Heading:
    """The heading of a session on which `person` may do `action`. A session that they may not even
    read does not exist for them: `UnknownSession`. Otherwise `NotAllowed`."""
    unknown = UnknownSession(f"No session {session}.")
    try:
        info = await desk.client.session_info(session)
    except UnknownSession:
        raise unknown from None
    client, team = info.heading.client, info.heading.team
    if not person.may("read", client=client, team=team):
        raise unknown
    if not person.may(action, client=client, team=team):
        raise NotAllowed(f"{person.name} may not {action} sessions of {client}.")
    return info.heading
