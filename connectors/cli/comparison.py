"""A check before and after in two steps: the values behind the verdict, the two outputs. Pure.

One way to show it, for checks of a session and for cases of a file.
"""

from collections.abc import Iterator, Sequence

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.text import Text

from stillfixed.actors.session.history import Comparison
from stillfixed.actors.verdicts import Judgement, Run, fold
from stillfixed.actors.verdicts.align import CONTEXT_LINES
from stillfixed.actors.verdicts.model import FieldChange, Verdict
from stillfixed.connectors.cli.render import (
    Beside,
    bullet,
    command_on,
    disagreement,
    ending,
    missing_output,
    standing,
)
from stillfixed.connectors.cli.sides import Sides, Titles
from stillfixed.connectors.cli.text import clock, moment, plain, span
from stillfixed.connectors.cli.values import ValuesTable


class ComparisonView:
    """A check of a session. `full` folds nothing and shortens nothing."""

    def __init__(self, comparison: Comparison, *, full: bool = False) -> None:
        self._comparison = comparison
        self._full = full

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        c = self._comparison
        yield Beside(Text.assemble(standing(c.standing), "  "), command_on(c.command, c.endpoint))
        yield Text(f"  {_times(c)}", style="dim")
        if c.expect:
            yield Text(f"  healthy means: {plain(c.expect)}")
        if c.override and c.judged:
            yield Beside("  - ", disagreement(c.override, c.judged))
        if c.standing == "not_rerun" and c.after:
            yield bullet(f"A change followed {c.after.run}: run the check again.")
        yield from values(
            c.fields, c.judged, c.reasons, left_out=c.fields_left_out, full=self._full
        )
        yield Sides(c.rows(full=self._full), _titles(c), one_sided=c.after is None, full=self._full)
        for run in (c.before, c.after):
            if run and (note := missing_output(run)):
                yield Text.assemble(f"  {run.run}: ", note)


class JudgementView:
    """Two runs that were judged without a session; `head` names them, `notes` say more."""

    def __init__(
        self, head: Text, judgement: Judgement, *, notes: Sequence[str] = (), full: bool = False
    ) -> None:
        self._head = head
        self._judgement = judgement
        self._notes = notes
        self._full = full

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        j = self._judgement
        yield Beside(Text.assemble(standing(j.verdict), "  "), self._head)
        for note in self._notes:
            yield Text(f"  {plain(note)}", style="dim")
        yield from values(j.fields, j.verdict, j.reasons, full=self._full)
        titles = Titles(f"before: {_status(j.before)}", f"after: {_status(j.after)}")
        rows = fold(j.lines, None if self._full else CONTEXT_LINES)
        yield Sides(rows, titles, full=self._full)


def values(
    fields: Sequence[FieldChange],
    verdict: Verdict | None,
    reasons: Sequence[str],
    *,
    left_out: int = 0,
    full: bool = False,
) -> Iterator[RenderableType]:
    """The small table; the judge's sentences too where no value in it has the whole's verdict."""
    if not any(change.verdict == verdict for change in fields):
        yield from (bullet(reason) for reason in reasons)
    yield ValuesTable(fields, left_out=left_out, full=full)


def _titles(c: Comparison) -> Titles:
    after = "after: not run again" if c.standing == "not_rerun" else "nothing changed since"
    if c.after:
        after = f"after: {c.after.run}, {ending(c.after)}"
    return Titles(f"before: {c.before.run}, {ending(c.before)}", after)


def _times(c: Comparison) -> str:
    if c.after is None:
        return moment(c.before.started_at)
    first, second = c.before.started_at, c.after.started_at
    same_day = first.astimezone().date() == second.astimezone().date()
    later = clock(second) if same_day else moment(second)
    return f"{moment(first)} → {later}, {span((second - first).total_seconds())} later"


def _status(run: Run) -> str:
    return "cut off" if run.exit_status is None else f"exit {run.exit_status}"
