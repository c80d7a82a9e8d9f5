"""How a verb reaches its data folder: reading it, joining the host that serves it, or being one.

Reading starts nothing. Writing joins the folder's host where one runs (`stillfixed host`), and
starts Ray for itself otherwise, which takes some seconds and ends with the verb.
"""

import getpass
import inspect
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from stillfixed.actors.client_async import AsyncClient, AsyncSession, connect_async
from stillfixed.actors.errors import RequestRefused
from stillfixed.actors.hostfile import running_host
from stillfixed.actors.service import Settings
from stillfixed.connectors.cli.terminal import carry_out, end_on_signals, waiting

if TYPE_CHECKING:
    from stillfixed.connectors.web.settings import SettingsTable

COMMON = "Common options"

Data = Annotated[
    Path | None,
    typer.Option(
        "--data",
        envvar="STILLFIXED_DATA",
        metavar="DIR",
        help="The data folder. By default the user's.",
        rich_help_panel=COMMON,
    ),
]
Ray = Annotated[
    str | None,
    typer.Option(
        "--ray",
        metavar="ADDRESS",
        help="Join this Ray cluster instead of running here.",
        rich_help_panel=COMMON,
    ),
]
By = Annotated[
    str | None,
    typer.Option(
        "--by",
        envvar="STILLFIXED_BY",
        metavar="NAME",
        help="Who you are in the history. By default your user name on this machine.",
        rich_help_panel=COMMON,
    ),
]
Work = TypeVar("Work", bound=Callable[..., Coroutine[Any, Any, int | None]])


@dataclass(frozen=True)
class Common:
    """The options that every verb has."""

    data: Path | None = None
    ray: str | None = None
    by: str | None = None

    @property
    def person(self) -> str:
        if self.by is not None:
            return self.by
        try:
            return getpass.getuser()
        except (KeyError, OSError):
            raise RequestRefused("Your name is not known here. Say who asks, with --by.") from None

    def settings(self, *, read_only: bool = False) -> Settings:
        # A verb needs one host at most, so it keeps none warm.
        return Settings(data=self.data, ray_address=self.ray, read_only=read_only, warm_hosts=0)

    def table(
        self, given: Mapping[str, Any] | None = None, *, config: Path | None = None
    ) -> "SettingsTable":
        """All settings, these options and `given` first. Raises `SettingsError`."""
        from stillfixed.connectors.web.settings import load  # verbs that only read need it not

        options = {"data": self.data, "ray_address": self.ray}
        chosen = {name: value for name, value in options.items() if value is not None}
        return load({**chosen, **(given or {})}, config=config)

    @asynccontextmanager
    async def reading(self, *, may_begin: bool = False) -> AsyncIterator[AsyncClient]:
        """A client that reads the log and starts nothing. Without `may_begin` there must be one."""
        settings = self.settings(read_only=True)
        if not (may_begin or settings.log_file.exists()):
            raise RequestRefused(
                f"There are no sessions in {settings.folder} yet. `stillfixed open` begins the "
                "first; for those of another folder, say --data."
            )
        async with await connect_async(settings) as client:
            yield client

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncClient]:
        settings = self.table().embedded()
        async with waiting("Starting …"):
            client = await connect_async(settings)
        end_on_signals()
        try:
            yield client
        finally:
            async with waiting("Finishing …"):
                await client.close()

    @asynccontextmanager
    async def reading_session(self, session: str) -> AsyncIterator[AsyncSession]:
        async with self.reading() as client:
            yield await client.session(session, by=self.by or "")

    @asynccontextmanager
    async def writing_session(self, session: str) -> AsyncIterator[AsyncSession]:
        person = self.person
        async with self.reading() as client:  # a wrong id should not cost a start of Ray
            await client.session(session, by=person)
        async with self.writing() as client:
            yield await client.session(session, by=person)

    def is_hosted(self) -> bool:
        """Whether a host goes on for this data folder when this process ends."""
        return self.ray is not None or running_host(self.settings().folder) is not None


def verb(app: typer.Typer, name: str, *, panel: str, reads: bool = False) -> Callable[[Work], Work]:
    """Make `work` a verb of the command line. Its first parameter is filled from the common
    options, which are added to its own; what it returns is the exit status."""

    def register(work: Work) -> Work:
        signature = inspect.signature(work)
        own = [
            parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
            for parameter in list(signature.parameters.values())[1:]
        ]
        kinds: dict[str, Any] = {"data": Data} if reads else {"data": Data, "ray": Ray, "by": By}
        common = [
            inspect.Parameter(
                key, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation
            )
            for key, annotation in kinds.items()
        ]

        def command(**given: Any) -> None:
            chosen = Common(**{key: given.pop(key) for key in kinds})
            raise typer.Exit(carry_out(work(chosen, **given)))

        command.__doc__ = work.__doc__
        command.__signature__ = signature.replace(  # type: ignore[attr-defined]
            parameters=[*own, *common], return_annotation=None
        )
        command.__annotations__ = {p.name: p.annotation for p in [*own, *common]}
        app.command(name, rich_help_panel=panel)(command)
        return work

    return register
