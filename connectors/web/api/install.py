"""The API, put into an app."""

from fastapi import FastAPI

from stillfixed.connectors.web.api import (
    acting,
    events,
    outputs,
    policies,
    problems,
    reading,
    views,
)
from stillfixed.connectors.web.api.describing import describe


def install(app: FastAPI) -> None:
    """After whatever answers errors of the pages: under /api errors are problems from here on."""
    for part in (acting, reading, outputs, events, policies, views):
        app.include_router(part.router)
    problems.install(app)
    describe(app)
