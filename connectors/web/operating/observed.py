"""Around the whole app: each request has an id, a span, a time that is counted, and one line.

Guarantee: pure ASGI, it holds no body and changes none. An error that no handler took ends here,
after it was told; its client has seen a plain 500.
"""

import re
import secrets
import time
from contextlib import AbstractContextManager, nullcontext

import structlog
from opentelemetry.propagate import extract
from opentelemetry.trace import INVALID_SPAN, Span, SpanKind, Status, StatusCode, Tracer
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from stillfixed.connectors.web.operating.logs import told
from stillfixed.connectors.web.operating.metrics import Metrics

log = structlog.get_logger("stillfixed.http")

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_SESSION = re.compile(r"[A-Za-z0-9._-]{1,64}")
_QUIET = ("/health", "/ready", "/metrics", "/static/")


class Observed:
    def __init__(self, app: ASGIApp, metrics: Metrics, tracer: Tracer) -> None:
        self._app = app
        self._metrics = metrics
        self._tracer = tracer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers: dict[bytes, bytes] = dict(scope["headers"])
        given = headers.get(b"x-request-id", b"")
        request_id = given.decode() if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
        carrier = {
            name: headers[name.encode()].decode("latin-1")
            for name in ("traceparent", "tracestate")
            if name.encode() in headers
        }
        status = 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                named = (b"x-request-id", request_id.encode())
                message = {**message, "headers": [*message.get("headers", ()), named]}
            await send(message)

        began = time.perf_counter()
        # What a stranger may make up is neither a label nor in a line.
        method = scope["method"] if scope["method"] in _METHODS else "other"
        with (
            structlog.contextvars.bound_contextvars(request_id=request_id),
            self._span(scope["path"], method, carrier) as span,
        ):
            try:
                await self._app(scope, receive, sending)
            except Exception as error:
                status = status or 500
                log.error("request_failed", **told(error), **_whose(scope))
            finally:
                seconds = time.perf_counter() - began
                route = _route(scope)
                span.update_name(f"{method} {route}")
                span.set_attribute("http.request.method", method)
                span.set_attribute("http.route", route)
                span.set_attribute("http.response.status_code", status)
                if status >= 500:
                    span.set_status(Status(StatusCode.ERROR))
                self._metrics.requests.labels(route, method, str(status)).observe(seconds)
                say = log.debug if route.startswith(_QUIET) else log.info
                say(
                    "request",
                    method=method,
                    route=route,
                    status=status,
                    milliseconds=round(seconds * 1000, 1),
                    **_whose(scope),
                )

    def _span(
        self, path: str, method: str, carrier: dict[str, str]
    ) -> AbstractContextManager[Span]:
        if path.startswith(_QUIET):  # asked every few seconds, and nobody's work
            return nullcontext(INVALID_SPAN)
        return self._tracer.start_as_current_span(
            method, context=extract(carrier), kind=SpanKind.SERVER, record_exception=False
        )


def _route(scope: Scope) -> str:
    """The pattern, not the path: of those there are few, and they hold no names."""
    path = getattr(scope.get("route"), "path", None)
    if path:
        return str(path)
    return "/static/" if scope["path"].startswith("/static/") else "none"


def _whose(scope: Scope) -> dict[str, str]:
    """Who asks and about which session, as far as the app found out."""
    found = {}
    person = scope.get("state", {}).get("person")
    if person:
        found["person"] = str(person)
    session = str(scope.get("path_params", {}).get("session", ""))
    if _SESSION.fullmatch(session):
        found["session"] = session
    return found
