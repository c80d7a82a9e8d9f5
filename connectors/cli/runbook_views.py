"""What the terminal shows of runbooks: lists, one, progress, and where its checks stand. Pure."""

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from stillfixed.actors.runbooks.running import CheckRun
from stillfixed.actors.session.events import RunbookLoaded
from stillfixed.actors.session.required import gap
from stillfixed.actors.session.runbook import Runbook
from stillfixed.actors.session.state import State
from stillfixed.connectors.cli import render
from stillfixed.connectors.cli.text import count, plain

DIGEST_CHARS_SHOWN = 12


def table(found: list[Runbook]) -> Table:
    grid = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    grid.add_column("runbook", no_wrap=True)
    for column in ("for", "checks", "categories", "asks for"):
        grid.add_column(column, overflow="fold", justify="right" if column == "checks" else "left")
    for book in found:
        grid.add_row(
            book.name,
            book.title,
            str(len(book.check)),
            ", ".join(book.categories),
            ", ".join(book.parameters),
        )
    return grid


def whole(book: Runbook, digest: str) -> RenderableType:
    """A runbook as it is written, ready to read."""
    head = Text.assemble(
        (plain(book.name), "bold"),
        f"  {plain(book.title)}\n",
        (f"{', '.join(book.platforms)} · for {', '.join(book.categories) or 'any'}", "dim"),
        (f" · digest {digest[:DIGEST_CHARS_SHOWN]}", "dim"),
    )
    shown: list[RenderableType] = [head]
    for name, parameter in book.parameters.items():
        default = f" (else {parameter.default})" if parameter.default is not None else ""
        shown.append(Text(plain(f"  {{{name}}} {parameter.ask}{default}")))
    for number, check in enumerate(book.check, start=1):
        body = Text.assemble((plain(check.command), "bold"))
        if check.platform and len(book.platforms) > 1:
            body.append(f"  {check.platform}", "dim")
        if check.expect:
            body.append(f"\nhealthy means: {plain(check.expect)}")
        body.append(f"\n{plain(check.why)}", "dim")
        shown.append(render.Beside(f"{number:>3}  ", body))
    return Group(*shown)


def loaded_line(book: RunbookLoaded) -> Text:
    values = "".join(f", {name} = {value}" for name, value in book.parameters.items())
    return Text(
        plain(
            f"Loaded {book.runbook} on {book.endpoint}: {count(len(book.checks), 'check')}{values}"
        ),
        style="dim",
    )


def check_line(told: CheckRun) -> RenderableType:
    """`2/5 $ command` before a check runs; how it stands after it."""
    lead = f"{told.number}/{told.total} "
    if told.record is None:
        return render.Beside(lead, Text.assemble("$ ", (plain(told.check.command), "bold")))
    record = told.record
    lines: list[RenderableType] = [render.run_line(record)]
    if record.verdict not in (None, "fixed", "healthy"):
        lines += [render.bullet(reason) for reason in record.reasons[:2]]
    lines.append(Text(plain(told.check.why), style="dim"))
    return render.Beside(" " * len(lead), Group(*lines))


def outcome(book: RunbookLoaded, state: State, ran: int) -> RenderableType:
    """How many of the checks are done, and what the others lack."""
    lacking = [
        (number, lacks)
        for number, check in enumerate(book.checks, start=1)
        if (lacks := gap(state, book, check))
    ]
    total = len(book.checks)
    good = total - len(lacking)
    mark = ("✓ ", "bold green") if not lacking else ("! ", "yellow")
    line = Text.assemble(mark, f"{book.runbook} on {plain(book.endpoint)}: {good} of {total} good")
    for number, lacks in lacking:
        line.append(f"; {number} {lacks}")
    if ran < total:
        line.append(f". Ended after {ran}: the rest was not run", "yellow")
    return line


def standing(book: RunbookLoaded, state: State) -> RenderableType:
    """A loaded runbook and where each of its checks stands."""
    shown: list[RenderableType] = [outcome(book, state, len(book.checks))]
    for number, check in enumerate(book.checks, start=1):
        lacks = gap(state, book, check)
        mark = Text.assemble(f"  {number}/{len(book.checks)} ", "✓ " if lacks is None else "! ")
        line = Text(plain(check.command))
        shown.append(render.Beside(mark, line.append(f"  {lacks}", "yellow") if lacks else line))
    return Group(*shown)
