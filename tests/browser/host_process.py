"""The web host as a process of its own, to be killed and started again: DATA_FOLDER PORT.

People are known by a cookie, `token`, that is their name; see `PEOPLE`.
"""

import asyncio
import socket
import sys
from pathlib import Path

import uvicorn

from stillfixed import Settings, connect_async
from stillfixed.connectors.web.app import create_app
from stillfixed.connectors.web.desk import Desk
from stillfixed.connectors.web.identity import EVERY, Grant, Person
from tests.support.web import KnownPeople

PEOPLE = {
    "tess": Person(name="tess", grants=(Grant(role="technician", clients=("Acme",)),)),
    "tom": Person(name="tom", grants=(Grant(role="technician", clients=("Acme",)),)),
    "dora": Person(name="dora", grants=(Grant(role="dispatcher", clients=(EVERY,)),)),
    "mona": Person(
        name="mona",
        grants=(
            Grant(role="dispatcher", clients=(EVERY,)),
            Grant(role="manager", clients=(EVERY,)),
        ),
    ),
    "nobody": Person(name="nobody", grants=(Grant(role="technician", clients=("Other",)),)),
}
CSP = "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"


async def main() -> None:
    data, port = Path(sys.argv[1]), int(sys.argv[2])
    settings = Settings(
        data=data, warm_hosts=1, endpoints="tests.browser.known_endpoints:open_known"
    )
    async with await connect_async(settings) as client:
        app = create_app(Desk(client, KnownPeople(PEOPLE)))

        @app.middleware("http")
        async def strict(request, call_next):  # type: ignore[no-untyped-def]
            response = await call_next(request)
            response.headers["Content-Security-Policy"] = CSP
            return response

        listening = socket.create_server(("127.0.0.1", port), reuse_port=False)
        config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1)
        print("listening", flush=True)
        await uvicorn.Server(config).serve(sockets=[listening])


asyncio.run(main())
