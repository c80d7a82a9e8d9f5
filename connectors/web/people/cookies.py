"""The cookies of signing in, and where one goes on afterwards.

Guarantee: no script reads them, no other site sends them along with what changes something, and
over HTTPS none but this host can set them.
"""

from urllib.parse import quote, urlsplit

from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse, Response

from stillfixed.connectors.web.people.local import LocalPeople, SignedInBrowser

FAMILIAR_SECONDS = 400 * 86400  # as long as browsers keep a cookie


def _full_name(request: HTTPConnection, name: str) -> str:
    prefix = "__Host-" if request.url.scheme == "https" else ""
    return f"{prefix}stillfixed-{name}" if name else f"{prefix}stillfixed"


def cookie(request: HTTPConnection, name: str = "") -> str:
    return request.cookies.get(_full_name(request, name), "")


def set_cookie(
    request: HTTPConnection, response: Response, name: str, value: str, seconds: int | None = None
) -> None:
    """`name` is "" for the sign-in itself; without `seconds` it lasts as long as the browser."""
    response.set_cookie(
        _full_name(request, name),
        value,
        max_age=seconds,
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",
    )


async def welcome(
    request: HTTPConnection, people: LocalPeople, signed_in: SignedInBrowser, next: str
) -> Response:
    """Go on where one wanted to go, with the cookies of the sign-in; an earlier one ends."""
    leave(request, people)
    response = RedirectResponse(local_path(next), 303)
    set_cookie(request, response, "", signed_in.secret)
    set_cookie(request, response, "familiar", signed_in.familiar, FAMILIAR_SECONDS)
    return response


def leave(request: HTTPConnection, people: LocalPeople) -> None:
    """End the sign-in that the request's cookie is of, if any."""
    credential = people.look(request)
    if credential and credential.kind == "cookie":
        people.credentials.sign_out(credential.person.name, credential.id)


def local_path(wanted: str) -> str:
    """Where to go on after signing in: a path of this host, and else its start."""
    try:
        parts = urlsplit(wanted)
    except ValueError:
        return "/"
    is_local = wanted.startswith("/") and not wanted.startswith(("//", "/\\"))
    if not is_local or parts.scheme or parts.netloc or not wanted.isprintable():
        return "/"
    return quote(wanted, safe="/?&=%#:+,;@!$'()*~")
