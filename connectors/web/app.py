"""The app: one FastAPI for the API and the page, put together from its parts."""

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from stillfixed.connectors.web.api.install import install as install_api
from stillfixed.connectors.web.desk import Desk
from stillfixed.connectors.web.operating import routes as operating
from stillfixed.connectors.web.operating.operations import Operations
from stillfixed.connectors.web.pages import (
    faults,
    landing,
    manager,
    monitors,
    policies,
    queue,
    review,
    sample,
    session,
    sessions,
)
from stillfixed.connectors.web.people.installed import install as install_people
from stillfixed.connectors.web.people.single_sign_on import SingleSignOn
from stillfixed.connectors.web.templating import STATIC


def create_app(
    desk: Desk, operations: Operations | None = None, single_sign_on: SingleSignOn | None = None
) -> FastAPI:
    """`desk` is what every part works with; whoever made it also closes it, after the app.
    `operations` is what operators look at; without it the app is never ready. `single_sign_on` is
    the provider where people sign in too."""
    app = FastAPI(
        title="stillfixed",
        openapi_url="/api/openapi.json",
        docs_url=None,  # those pages load scripts from elsewhere, which the policy forbids
        redoc_url=None,
    )
    app.state.desk = desk
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    for part in (landing, session, sessions, queue, review, sample, manager, policies, monitors):
        app.include_router(part.router)
    faults.install(app)
    install_people(app, desk, single_sign_on)
    install_api(app)
    app.state.operations = operations
    app.include_router(operating.router)
    return app
