"""Errors as RFC 9457 problem details, for every path under /api: `application/problem+json`.

Guarantee: an answer that is not a success is a problem with a `code` of `actors/errors.py`, from
which a client makes the same error again; what the host did not expect says nothing of its insides.
"""

import logging
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

import msgspec
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, Response

from stillfixed.actors import errors

MEDIA_TYPE = "application/problem+json"
TRY_AGAIN_SECONDS = 1

logger = logging.getLogger(__name__)
Handler = Callable[[Request, Any], Response | Awaitable[Response]]

_STATUS: dict[type[errors.StillfixedError], int] = {
    errors.NotSignedIn: 401,
    errors.NotAllowed: 403,
    errors.UnknownSession: 404,
    errors.UnknownPerson: 404,
    errors.TooManyTries: 429,
    errors.RequestRefused: 409,
    errors.PolicyError: 422,
    errors.RunbookError: 422,
    errors.TicketImportError: 422,
    errors.QueryError: 422,
    errors.EndpointError: 502,
}
"""The status of an error is that of its nearest class here; 503 if it is retryable, else 500."""


class Fault(BaseModel):
    """One thing that is wrong with a request. `where`: body, query, path or header, and the way to
    the field in it."""

    where: list[str | int]
    detail: str


class Problem(BaseModel):
    """An error. `code` names its class in Python; `retryable`: the same request with the same
    `Idempotency-Key` may succeed later, and is not carried out twice."""

    type: str = Field(examples=["urn:stillfixed:error:not_your_session"])
    title: str = Field(examples=["Conflict"])
    status: int = Field(ge=400, le=599)
    detail: str
    instance: str
    code: str = Field(examples=["not_your_session"])
    retryable: bool = False
    faults: list[Fault] = []


def status_of(error: errors.StillfixedError) -> int:
    if error.retryable:
        return 503
    return next((_STATUS[cls] for cls in type(error).__mro__ if cls in _STATUS), 500)


def problem(
    request: Request,
    status: int,
    detail: str,
    *,
    code: str,
    retryable: bool = False,
    faults: list[Fault] | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    body = Problem(
        type=f"urn:stillfixed:error:{code}",
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        instance=request.url.path,
        code=code,
        retryable=retryable,
        faults=faults or [],
    )
    sent = dict(headers or {})
    if status == 401:
        sent["WWW-Authenticate"] = "Bearer"
    if retryable:
        sent["Retry-After"] = str(TRY_AGAIN_SECONDS)
    return Response(
        msgspec.json.encode(body.model_dump()), status, headers=sent, media_type=MEDIA_TYPE
    )


def of_error(request: Request, error: errors.StillfixedError) -> Response:
    return problem(
        request,
        status_of(error),
        error.message,
        code=error.code,
        retryable=error.retryable,
    )


def of_validation(request: Request, error: RequestValidationError) -> Response:
    faults = [Fault(where=list(one["loc"]), detail=one["msg"]) for one in error.errors()]
    told = "; ".join(f"{'.'.join(map(str, one.where))}: {one.detail}" for one in faults)
    detail = f"The request cannot be understood. {told}. See /api/openapi.json."
    return problem(request, 422, detail, code=errors.RequestRefused.code, faults=faults)


def of_http(request: Request, error: HTTPException) -> Response:
    detail = str(error.detail)
    if detail == HTTPStatus(error.status_code).phrase:
        said = "nothing is" if error.status_code == 404 else f"{request.method} is not possible"
        detail = f"{detail}: {said} at {request.url.path}. See /api/openapi.json."
    headers = dict(error.headers or {})
    code = errors.RequestRefused.code if error.status_code < 500 else errors.StillfixedError.code
    return problem(request, error.status_code, detail, code=code, headers=headers)


def of_surprise(request: Request, error: Exception) -> Response:
    """The server's log has the error itself, written by who catches it."""
    detail = "The host failed in a way it did not expect. Its log says how."
    return problem(request, 500, detail, code=errors.StillfixedError.code)


def install(app: FastAPI) -> None:
    """Answer errors under /api with problems; elsewhere as the app did before this was called."""
    answering: dict[type[Exception], Callable[[Request, Any], Response]] = {
        errors.StillfixedError: of_error,
        RequestValidationError: of_validation,
        HTTPException: of_http,
        Exception: of_surprise,
    }
    # A page may have an answer of its own to one of our errors: it comes before that to all.
    special = [kind for kind in app.exception_handlers if isinstance(kind, type)]
    for kind in special:
        if issubclass(kind, errors.StillfixedError):
            answering[kind] = of_error
    for kind, answer in answering.items():
        _under_api(app, kind, answer)


def _under_api(
    app: FastAPI, kind: type[Exception], answer: Callable[[Request, Any], Response]
) -> None:
    elsewhere: Handler | None = app.exception_handlers.get(kind)

    async def handle(request: Request, error: Exception) -> Response:
        if request.url.path == "/api" or request.url.path.startswith("/api/"):
            return answer(request, error)
        if elsewhere is None:
            status = status_of(error) if isinstance(error, errors.StillfixedError) else 500
            return PlainTextResponse(
                str(error) if status < 500 else "Internal Server Error", status
            )
        found = elsewhere(request, error)
        return found if isinstance(found, Response) else await found

    app.add_exception_handler(kind, handle)
