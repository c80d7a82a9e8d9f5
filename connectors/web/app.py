"""The app: one FastAPI for the API and the page, put together from its parts."""

from fastapi import FastAPI

from stillfixed.connectors.web.desk import Desk
from stillfixed.connectors.web.operating import routes as operating
from stillfixed.connectors.web.operating.operations import Operations


def create_app(desk: Desk, operations: Operations | None = None) -> FastAPI:
    """`desk` is what every part works with; whoever made it also closes it, after the app.
    `operations` is what operators look at; without it the app is never ready."""
    app = FastAPI(title="stillfixed", openapi_url="/api/openapi.json", docs_url="/api/docs")
    app.state.desk = desk
    app.state.operations = operations
    app.include_router(operating.router)
    return app
