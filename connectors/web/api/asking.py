"""What the API's routes share: request ids, rights, and JSON as bytes.

Guarantee: a request id is the person's own. The same key from two people is two requests, so nobody
gets the answer to another's.
"""

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Header
from starlette.responses import Response

from stillfixed.actors.errors import NotAllowed
from stillfixed.actors.session.state import Heading
from stillfixed.connectors.web.desk import Desk, SignedIn, heading_for
from stillfixed.connectors.web.identity import Action, Person


def api_router(tag: str) -> APIRouter:
    """Its operations are called as their functions are."""
    return APIRouter(tags=[tag], generate_unique_id_function=lambda route: route.name)


_APART = "\x1f"


def _request_id(
    person: SignedIn,
    key: Annotated[
        str | None,
        Header(
            alias="Idempotency-Key",
            min_length=1,
            max_length=200,
            pattern=r"^[\x20-\x7e]+$",
            description="The request id: the same request with the same key is carried out once, "
            "and answers the same again.",
        ),
    ] = None,
) -> str | None:
    return f"{person.name}{_APART}{key}" if key is not None else None


RequestId = Annotated[str | None, Depends(_request_id)]


def own_key(person: Person, request_id: str | None) -> str | None:
    """The key that this person sent; None where the request was not theirs, or not over HTTP."""
    name, apart, key = (request_id or "").rpartition(_APART)
    return key if apart and name == person.name else None


async def heading_for_any(
    desk: Desk, person: Person, actions: tuple[Action, ...], session: str
) -> Heading:
    """As `heading_for`, with any one of `actions`."""
    heading = await heading_for(desk, person, "read", session)
    if not any(person.may(one, client=heading.client, team=heading.team) for one in actions):
        raise NotAllowed(
            f"{person.name} may not {' or '.join(actions)} sessions of {heading.client}."
        )
    return heading


class Json(Response):
    """JSON by msgspec, or bytes that are JSON already."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        return content if isinstance(content, bytes) else msgspec.json.encode(content)
