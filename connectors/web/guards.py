"""What stands around every route: headers, sizes, other sites' requests, and open streams.

Guarantees: an answer of this host runs no script and loads nothing that is not its own; a body over
the limit is not read; what a cookie allows, another site cannot ask for; and a stream ends as soon
as whoever reads it may less, or other things, than when it began.
"""

from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from anyio import CancelScope
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection, Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from stillfixed.actors.errors import (
    NotAllowed,
    RequestRefused,
    StillfixedError,
)
from stillfixed.connectors.web.api.problems import problem
from stillfixed.connectors.web.identity import Person
from stillfixed.connectors.web.people.local import COOKIES

REQUEST_LIMIT_BYTES = 1024 * 1024
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",  # with no-referrer a browser would send Origin: null
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_HSTS = "max-age=31536000"


class SecurityHeaders:
    """Sets them on every answer; nothing is kept by caches unless the route says so."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers[name] = value
                if scope["scheme"] == "https":
                    headers["strict-transport-security"] = _HSTS
                headers.setdefault("cache-control", "no-store")
            await send(message)

        await self._app(scope, receive, with_headers)


class SizeLimit:
    """Reads a body whole before the route is called, up to the limit."""

    def __init__(self, app: ASGIApp, limit_bytes: int = REQUEST_LIMIT_BYTES) -> None:
        self._app = app
        self._limit_bytes = limit_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            headers = Headers(scope=scope)
            said = headers.get("content-length", "")
            if said.isdecimal() and int(said) > self._limit_bytes:
                await self._refuse(scope, receive, send)
                return
            if said not in ("", "0") or "transfer-encoding" in headers:
                body = await self._read(receive)
                if body is None:
                    await self._refuse(scope, receive, send)
                    return
                receive = _replay(body, receive)
        await self._app(scope, receive, send)

    async def _read(self, receive: Receive) -> bytes | None:
        body = bytearray()
        while True:
            message = await receive()
            body += message.get("body", b"")
            if len(body) > self._limit_bytes:
                return None
            if not message.get("more_body", False):
                return bytes(body)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        limit = f"{self._limit_bytes // 1024} KiB"
        error = RequestRefused(f"The request is larger than {limit}. Send less at a time.")
        await refusal(scope, error, 413)(scope, receive, send)


def _replay(body: bytes, receive: Receive) -> Receive:
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


class SameSite:
    """Refuses what another site makes a browser ask for. Browsers say where a request comes from
    (`Sec-Fetch-Site`, `Origin`); programs with a token need not, since only a cookie is sent
    without being asked for."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and is_foreign(HTTPConnection(scope), scope["method"]):
            error = NotAllowed(
                "This request does not come from a page of this host, so it was not carried out. "
                "Open the page here and try again, or send a token instead of a cookie."
            )
            await refusal(scope, error, 403)(scope, receive, send)
            return
        await self._app(scope, receive, send)


def is_foreign(request: HTTPConnection, method: str) -> bool:
    """Whether a request changes something and does not say that a page of this host made it."""
    headers = request.headers
    if method in SAFE_METHODS or "authorization" in headers:
        return False
    if (site := headers.get("sec-fetch-site")) is not None:
        return site != "same-origin"
    if (origin := headers.get("origin")) is not None:
        return urlsplit(origin).netloc != headers.get("host")
    return any(name in request.cookies for name in COOKIES)


Ask = Callable[[HTTPConnection], Awaitable[Person | None]]


class WatchedStreams:
    """Before each piece of an event stream: is its reader still who they were? If not it ends, and
    the client, which comes back for the rest, is asked anew."""

    def __init__(self, app: ASGIApp, ask: Ask) -> None:
        self._app = app
        self._ask = ask

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = HTTPConnection(scope)
        is_stream = has_ended = False
        reader: Person | None = None

        async def watched(message: Message) -> None:
            nonlocal is_stream, has_ended, reader
            if has_ended:
                return
            if message["type"] == "http.response.start":
                kind = Headers(raw=message["headers"]).get("content-type", "")
                is_stream = kind.startswith("text/event-stream")
                reader = await self._ask(request) if is_stream else None
            elif is_stream and message.get("more_body") and await self._ask(request) != reader:
                has_ended = True
                message = {"type": "http.response.body", "body": b"", "more_body": False}
            await send(message)
            if has_ended:
                # The route is ended where it waits for what comes next, and tidies up there.
                route.cancel()

        with CancelScope() as route:
            await self._app(scope, receive, watched)


def refusal(scope: Scope, error: StillfixedError, status: int) -> Response:
    """The answer of what stands before the routes: a problem for the API, a line of text else."""
    if scope["path"].startswith("/api/"):
        return problem(Request(scope), status, error.message, code=error.code)
    return PlainTextResponse(error.message, status)
