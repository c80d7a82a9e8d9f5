"""The app: one FastAPI for the API and the page, put together from its parts."""

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from stillfixed.connectors.web.desk import Desk
from stillfixed.connectors.web.pages import session
from stillfixed.connectors.web.people import installed as people
from stillfixed.connectors.web.templating import STATIC


def create_app(desk: Desk) -> FastAPI:
    """`desk` is what every part works with; whoever made it also closes it, after the app."""
    app = FastAPI(title="stillfixed", openapi_url="/api/openapi.json", docs_url="/api/docs")
    app.state.desk = desk
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.include_router(session.router)
    people.install(app, desk)
    return app
