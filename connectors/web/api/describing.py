"""The API's description, OpenAPI 3.1: what FastAPI makes of the routes, and what it cannot know.

That is: every answer that is no success is a problem; a token or the page's cookie is needed; and
an event is one of the types that sessions store, whose shapes are msgspec's.
"""

from typing import Any

import msgspec
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from stillfixed.actors.session.events import SessionEvent
from stillfixed.connectors.web.api.problems import MEDIA_TYPE, Problem

PROBLEMS = {
    "400": "The body is no text.",
    "401": "Nobody is signed in, or the token is no longer good.",
    "403": "You may not do this here.",
    "404": "It does not exist, or you may not know that it does.",
    "409": "It cannot be done as asked; asking again changes nothing.",
    "413": "The body is too long.",
    "422": "The request, a policy or a runbook cannot be understood.",
    "429": "Too many tries. Wait as long as `Retry-After` says.",
    "502": "The endpoint could not be reached or used.",
    "503": "Ask again later with the same `Idempotency-Key`: it is not carried out twice.",
}
ABOUT = """\
Sessions, their histories and what is decided on them. Times are ISO 8601 in UTC.

**Signing in**: `Authorization: Bearer TOKEN`. **Once**: every POST takes an `Idempotency-Key`; the
same request with the same key is carried out once and answers the same again. **Errors** are RFC
9457 problem details with a `code`. **Lists** have a `next` cursor. **Events** are pages of JSON, or
with `Accept: text/event-stream` a stream that resumes by `Last-Event-ID` or `after`. docs/api.md
has examples.
"""
_REF = "#/components/schemas/{name}"


def describe(app: FastAPI) -> None:
    """Have the app describe what is under /api."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _described(app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _described(app: FastAPI) -> dict[str, Any]:
    found = get_openapi(
        title="stillfixed",
        version="1",
        openapi_version="3.1.0",
        description=ABOUT,
        routes=app.routes,
    )
    found["paths"] = {
        path: item for path, item in found["paths"].items() if path.startswith("/api/")
    }
    schemas: dict[str, Any] = found.setdefault("components", {}).setdefault("schemas", {})
    schemas.update(_problem_schemas())
    _add_events(schemas)
    found["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    found["security"] = [{"token": []}]
    for item in found["paths"].values():
        for operation in item.values():
            for status, about in PROBLEMS.items():
                operation["responses"][status] = {
                    "description": about,
                    "content": {MEDIA_TYPE: {"schema": {"$ref": _REF.format(name="Problem")}}},
                }
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    return found


def _problem_schemas() -> dict[str, Any]:
    schema = Problem.model_json_schema(ref_template=_REF.replace("{name}", "{model}"))
    return {**schema.pop("$defs", {}), "Problem": schema}


def _add_events(schemas: dict[str, Any]) -> None:
    (event,), parts = msgspec.json.schema_components([SessionEvent], ref_template=_REF)
    # Names of ours come first: an event is never called as an answer is.
    schemas.update({name: part for name, part in parts.items() if name not in schemas})
    schemas["Event"] = event
    schemas["Recorded"]["properties"]["event"] = {"$ref": _REF.format(name="Event")}
