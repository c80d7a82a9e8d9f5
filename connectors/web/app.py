"""The app: one FastAPI for the API and the page, put together from its parts."""

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from stillfixed.connectors.web.api.install import install as install_api
from stillfixed.connectors.web.desk import Desk
from stillfixed.connectors.web.guards import REQUEST_LIMIT_BYTES
from stillfixed.connectors.web.pages import (
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


def create_app(desk: Desk, single: SingleSignOn | None = None) -> FastAPI:
    """`desk` is what every part works with; whoever made it also closes it, after the app.
    `single`: the provider where people sign in, if there is one."""
    app = FastAPI(
        title="stillfixed",
        openapi_url="/api/openapi.json",
        docs_url=None,  # those pages load scripts from elsewhere, which the policy forbids
        redoc_url=None,
        max_body_size=REQUEST_LIMIT_BYTES,
    )
    app.state.desk = desk
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    for part in (session, sessions, queue, review, sample, manager, policies, monitors):
        app.include_router(part.router)
    install_people(app, desk, single)
    install_api(app)
    return app
