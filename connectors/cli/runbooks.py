"""Runbooks from the terminal: the lists, one's own checked, and all checks of one run at once.

`runbooks`, `runbooks show` and `runbooks check` read files only. `runbook` works in a session; the
shell's `/runbook` does the same with the functions here.
"""

import shlex
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Annotated, NamedTuple

import typer
from rich.console import RenderableType
from rich.text import Text

from stillfixed.actors.client_async import AsyncSession
from stillfixed.actors.errors import RequestRefused
from stillfixed.actors.runbooks import is_path, runbook_text, shipped
from stillfixed.actors.runbooks.running import each_check, loaded_runbook
from stillfixed.actors.session.events import RunbookLoaded
from stillfixed.actors.session.history import RunRecord
from stillfixed.actors.session.runbook import Runbook, digest_of
from stillfixed.actors.session.runbook_file import parse_runbook
from stillfixed.actors.session.state import State, runbook_key
from stillfixed.connectors.cli import arguments as a
from stillfixed.connectors.cli import asjson
from stillfixed.connectors.cli import runbook_views as views
from stillfixed.connectors.cli.hosting import Common, verb
from stillfixed.connectors.cli.running import run_to_end
from stillfixed.connectors.cli.terminal import ERROR, UsageError, carry_out, err, out
from stillfixed.connectors.cli.text import count

Ask = Callable[[str], Awaitable[str]]
"""Puts a question to the person at the terminal."""

Name = Annotated[str, typer.Argument(metavar="RUNBOOK", help="Its name, or the path of a file.")]


def add_to(app: typer.Typer, *, work: str, read: str) -> None:
    """Add the verbs, to the panels `work` and `read` of the help."""
    lists = typer.Typer(help="List the runbooks; show one; check one's own.", no_args_is_help=False)
    lists.callback(invoke_without_command=True)(_list)
    lists.command("show")(_show)
    lists.command("check")(_check)
    app.add_typer(lists, name="runbooks", rich_help_panel=read)
    verb(app, "runbook", panel=work)(runbook)


# -- files ----------------------------------------------------------------------------------------
def _list(
    context: typer.Context,
    category: Annotated[
        str,
        typer.Option(
            "--category", metavar="CATEGORY", help="Only those for tickets of this category."
        ),
    ] = "",
) -> None:
    """List the runbooks that come with stillfixed."""

    async def work() -> None:
        found = [book for book in shipped().values() if not category or book.fits(category)]
        if found:
            out().print(views.table(found))
        else:
            err().print(f"No runbook is for category {category}.")

    if context.invoked_subcommand is None:
        raise typer.Exit(carry_out(work()))


def _show(name: Name) -> None:
    """Show a runbook: its checks, what healthy means for each, and why it is asked."""

    async def work() -> None:
        text, source = runbook_text(name)
        out().print(views.whole(parse_runbook(text, source=source), digest_of(text)))

    raise typer.Exit(carry_out(work()))


def _check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A runbook file, in TOML.")],
) -> None:
    """Say whether a runbook of your own can be used, and where not."""

    async def work() -> None:
        text, source = runbook_text(file)
        book = parse_runbook(text, source=source)
        out().print(
            f"{book.name} can be used: {count(len(book.check), 'check')}, digest "
            f"{digest_of(text)[: views.DIGEST_CHARS_SHOWN]}.",
            soft_wrap=True,
        )
        if book.name in shipped() and digest_of(runbook_text(book.name).text) != digest_of(text):
            err().print("A shipped runbook has the same name: give it another, or tell them apart.")

    raise typer.Exit(carry_out(work()))


# -- in a session ---------------------------------------------------------------------------------
async def runbook(
    on: Common,
    session: a.SessionId,
    runbook: Annotated[
        str,
        typer.Argument(
            metavar="RUNBOOK",
            help="Its name, or the path of a file; else the one that is loaded.",
            show_default=False,
        ),
    ] = "",
    endpoint: a.OnEndpoint = "",
    given: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="A value that the runbook asks for."),
    ] = None,
    load_only: Annotated[
        bool, typer.Option("--load-only", help="Load it and run nothing.")
    ] = False,
    as_json: a.AsJson = False,
) -> int:
    """Run all checks of a runbook, which is loaded first where it is not.

    Run it before the fix and again after it: each of its checks is verified then.
    """
    values = parameters(given or [])
    async with on.reading_session(session) as work:
        load = await to_load(await work.state(), runbook, endpoint, values, ask_if_person())
    async with on.writing_session(session) as work:
        if load is not None:
            name = await work.load_runbook(
                runbook, endpoint=load.endpoint, parameters=load.parameters
            )
            book = loaded_runbook(await work.state(), name, load.endpoint)
            err().print(views.loaded_line(book))
        else:
            book = loaded_runbook(await work.state(), name_of(runbook), endpoint)
        if load_only:
            return 0
        show = (lambda _: None) if as_json else out().print
        records = await run_all(work, book, show)
    if as_json:
        print(asjson.dumps([asjson.run_json(record) for record in records]))
    else:
        err().print(Text(f"Side by side: stillfixed checks {session}", style="dim"))
    return 0 if len(records) == len(book.checks) else ERROR


class Load(NamedTuple):
    """Where a runbook is loaded, and its parameters' values."""

    endpoint: str
    parameters: dict[str, str]


async def to_load(
    state: State, name: str, endpoint: str, given: Mapping[str, str], ask: Ask | None
) -> Load | None:
    """How the runbook is to be loaded before its checks are run; None if it is loaded as it is
    wanted. `ask` is asked for values that are missing."""
    if not name:
        if given:
            raise UsageError("Name the runbook, too, that the values are for.")
        return None
    endpoint = _endpoint(state, endpoint)
    if not given and name not in shipped() and runbook_key(name, endpoint) in state.runbooks:
        return None  # one's own, by the name that its file gave it
    text, source = runbook_text(name)
    book = parse_runbook(text, source=source)
    loaded = state.runbooks.get(runbook_key(book.name, endpoint))
    if loaded is not None and not given and loaded.digest == digest_of(text):
        return None
    earlier = loaded.parameters if loaded is not None else {}
    values = {**{n: v for n, v in earlier.items() if n in book.parameters}, **given}
    if ask is not None:
        for missing in book.missing(state.endpoints[endpoint].platform, values):
            values[missing] = await ask(f"{book.parameters[missing].ask} ({missing}): ")
    return Load(endpoint, values)


def _endpoint(state: State, name: str) -> str:
    if name in state.endpoints:
        return name
    if not name and len(state.endpoints) == 1:
        return next(iter(state.endpoints))
    known = ", ".join(state.endpoints) or "none yet"
    wrong = f"has no endpoint named {name}" if name else "needs to know which endpoint"
    raise RequestRefused(f"The session {wrong} (it has: {known}).")


def suited(state: State, endpoint: str) -> list[Runbook]:
    """The shipped runbooks for the ticket's category, else for the endpoint's platform."""
    category = state.opened.category if state.opened else ""
    known = state.endpoints.get(endpoint)
    usable = [b for b in shipped().values() if known is None or b.checks_for(known.platform)]
    return [book for book in usable if book.fits(category)] or usable


def name_of(runbook: str) -> str:
    """The name of a runbook that is meant by its name or its file."""
    if not is_path(runbook):
        return runbook
    text, source = runbook_text(runbook)
    return parse_runbook(text, source=source).name


def parameters(pairs: list[str]) -> dict[str, str]:
    """`printer=HP-2F` and so on. A value may be empty here: the runbook says whether it may."""
    split = [pair.partition("=") for pair in pairs]
    for name, equals, _ in split:
        if not (name and equals):
            raise UsageError(f"{name!r} is no value for a runbook. Write it as name=value.")
    return {name: value for name, _, value in split}


def words(line: str) -> list[str]:
    """A typed line as words: quotes hold a value with blanks together, backslashes are kept."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=False)
    lexer.whitespace_split, lexer.escape, lexer.commenters = True, "", ""
    try:
        return list(lexer)
    except ValueError:
        raise UsageError("A quote is open at the end of the line.") from None


def ask_if_person() -> Ask | None:
    return ask if sys.stdin.isatty() and sys.stdout.isatty() else None


async def ask(question: str) -> str:
    # Here, because it takes a while to import and few verbs need it.
    from stillfixed.connectors.cli.lines import answer_to

    try:
        return await answer_to(question)
    except KeyboardInterrupt:
        raise UsageError("No value was given, so nothing was loaded.") from None


async def run_all(
    session: AsyncSession, book: RunbookLoaded, show: Callable[[RenderableType], object]
) -> list[RunRecord]:
    """Run every check and show each as it goes. Ctrl-C cancels the one that is going, and ends."""

    async def run(command: str, number: int) -> RunRecord:
        return await run_to_end(
            session,
            command,
            endpoint=book.endpoint,
            on_output=lambda *_: None,
            said=lambda text: err().print(text),
        )

    records: list[RunRecord] = []
    async for told in each_check(book, run):
        show(views.check_line(told))
        if told.record is not None:
            records.append(told.record)
    show(views.outcome(book, await session.state(), len(records)))
    return records
