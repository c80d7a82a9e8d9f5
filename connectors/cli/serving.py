"""`stillfixed host`: the sessions of a data folder, their views and the web app, in one process.

However it is asked to end, it ends in order: no new connection, event streams end, runs end by
themselves or are recorded as cancelled, those who wait for them have their answers, the log is
closed last.
"""

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stillfixed.actors.errors import StillfixedError
from stillfixed.actors.hostfile import already_runs, running_host
from stillfixed.actors.service import Service, Settings
from stillfixed.connectors.cli.hosting import Common, verb
from stillfixed.connectors.cli.terminal import complain, end_on_signals, err, waiting

if TYPE_CHECKING:
    from socket import socket

    from stillfixed.connectors.web.settings import SettingsTable

Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        envvar="STILLFIXED_CONFIG",
        metavar="FILE",
        help="A settings file, instead of stillfixed.toml in the data folder.",
    ),
]
Chosen = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="Any other setting, as often as need be."),
]


def add_to(app: typer.Typer, *, panel: str) -> None:
    verb(app, "host", panel=panel)(host)


async def host(
    on: Common,
    listen: Annotated[
        str,
        typer.Option(
            "--listen",
            metavar="HOST:PORT",
            help="Where the web page and the API are.",
            show_default="127.0.0.1:8311",
        ),
    ] = "",
    no_web: Annotated[bool, typer.Option("--no-web", help="No web page and no API.")] = False,
    config: Config = None,
    chosen: Chosen = None,
) -> None:
    """Serve the data folder until Ctrl-C: other commands join it, monitors go on, and people work
    in the web page."""
    # Here, because the web libraries take a while to import and other verbs do not need them.
    from stillfixed.connectors.web.serving import listen as listen_on
    from stillfixed.connectors.web.settings import pairs

    given = pairs(chosen or []) | ({"listen": listen} if listen else {})
    table = on.table(given | ({"web": False} if no_web else {}), config=config)
    settings = table.embedded(serving=table.web)
    running = running_host(settings.folder)
    if running is not None:
        raise already_runs(settings.folder, running)
    # First, so that a taken port is told before Ray is started.
    listening = listen_on(table.host, table.port) if table.web else None
    await _be_host(table, settings, listening)


async def _be_host(table: "SettingsTable", settings: Settings, listening: "socket | None") -> None:
    from stillfixed.connectors.web.hosted import WebHost
    from stillfixed.connectors.web.operating import logs
    from stillfixed.connectors.web.operating.retaining import keep_retention

    logs.configure(table.log_format, table.log_level)
    web = WebHost(table, listening) if listening is not None else None
    async with waiting("Starting the host …"):
        service = await Service.start(settings, web.observer if web is not None else None)
    end_on_signals()
    beside = [
        asyncio.create_task(_keep_views(settings)),
        asyncio.create_task(keep_retention(service.log, table)),
    ]
    try:
        service.publish()
        said = [f"Host for {settings.folder}. Ctrl-C ends it."]
        if web is not None:
            said += await web.start(service)
        err().print("\n".join(said), soft_wrap=True)
        with suppress(asyncio.CancelledError):  # to be ended is how a host ends well
            await asyncio.Event().wait()
    finally:
        async with waiting("Letting the sessions go …"):
            if web is not None:
                web.begin_to_stop()
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)
            await service.drain(finish_seconds=table.finish_seconds)
            if web is not None:
                await web.stopped()
            await service.close()
        err().print("The host has ended. Everything is in the log.")


async def _keep_views(settings: Settings) -> None:
    """The views are made beside the sessions, and the sessions go on without them."""
    from stillfixed.projections.hosting import keep_views

    try:
        await keep_views(settings)
    except StillfixedError as error:
        complain(error.message)
