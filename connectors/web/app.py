"""The app: one FastAPI for the API and the page, put together from its parts."""

from fastapi import FastAPI

from stillfixed.connectors.web.api.install import install as install_api
from stillfixed.connectors.web.desk import Desk


def create_app(desk: Desk) -> FastAPI:
    """`desk` is what every part works with; whoever made it also closes it, after the app."""
    app = FastAPI(title="stillfixed", openapi_url="/api/openapi.json", docs_url="/api/docs")
    app.state.desk = desk
    install_api(app)
    return app
