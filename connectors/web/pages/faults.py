"""What a page says when something is refused, is not there, or fails. The API has its own answers
(api/problems), and they share the status of each error."""

from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, Response

from stillfixed.actors.errors import StillfixedError
from stillfixed.connectors.web.api.problems import status_of
from stillfixed.connectors.web.templating import page


def install(app: FastAPI) -> None:
    """Before the API's own, which leave every other path to these."""
    app.add_exception_handler(StillfixedError, _of_error)
    app.add_exception_handler(HTTPException, _of_http)
    app.add_exception_handler(RequestValidationError, _of_validation)


async def _of_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, StillfixedError)
    return await _answer(request, status_of(error), str(error))


async def _of_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    said = "There is no such page." if error.status_code == 404 else error.detail
    return await _answer(request, error.status_code, said)


async def _of_validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    faults = "; ".join(f"{fault['loc'][-1]}: {fault['msg']}" for fault in error.errors())
    return await _answer(request, 422, f"That address or form cannot be used: {faults}.")


async def _answer(request: Request, status: int, words: str) -> Response:
    """A page for who reads pages, a line for everything else."""
    if "text/html" not in request.headers.get("accept", ""):
        return PlainTextResponse(words, status_code=status)
    try:
        person = await request.app.state.desk.people.who(request)
    except StillfixedError:
        person = None
    title = "You are not signed in" if status == 401 else HTTPStatus(status).phrase
    return page(request, "fault.html", person=person, status=status, title=title, words=words)
