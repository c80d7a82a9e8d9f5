"""What people bring into the app: their routes, the guards around all routes, and where somebody
goes who is not signed in."""

from urllib.parse import urlencode

from fastapi import FastAPI, Request
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from stillfixed.actors.errors import NotSignedIn, StillfixedError
from stillfixed.connectors.web.api.problems import of_error
from stillfixed.connectors.web.desk import Desk
from stillfixed.connectors.web.guards import (
    SameSite,
    SecurityHeaders,
    SizeLimit,
    WatchedStreams,
)
from stillfixed.connectors.web.identity import Person
from stillfixed.connectors.web.people import api, pages, single_sign_on
from stillfixed.connectors.web.people.local import LocalPeople
from stillfixed.connectors.web.people.single_sign_on import SingleSignOn


def install(app: FastAPI, desk: Desk, single: SingleSignOn | None = None) -> None:
    """`single`: the provider where people sign in, if there is one."""
    app.state.single_sign_on = single
    for router in (api.router, pages.router, single_sign_on.router):
        app.include_router(router)
    app.add_exception_handler(NotSignedIn, _to_sign_in)
    people = desk.people

    async def ask(request: HTTPConnection) -> Person | None:
        if isinstance(people, LocalPeople):  # an open page alone is no use of a sign-in
            credential = people.look(request)
            return credential.person if credential else None
        return await people.who(Request(request.scope))

    # The last added is the outermost.
    app.add_middleware(WatchedStreams, ask=ask)
    app.add_middleware(SameSite)
    # FastAPI's own limit answers in plain text, and from outside of the headers.
    app.add_middleware(SizeLimit)
    app.add_middleware(SecurityHeaders)


async def _to_sign_in(request: Request, error: Exception) -> Response:
    """A page's reader signs in and comes back to it; everything else is told."""
    assert isinstance(error, StillfixedError)
    if request.url.path.startswith("/api/"):
        return of_error(request, error)
    if request.method == "GET" and "text/html" in request.headers.get("accept", ""):
        wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(f"/sign-in?{urlencode({'next': wanted})}", 303)
    return PlainTextResponse(error.message, 401, {"WWW-Authenticate": "Bearer"})
