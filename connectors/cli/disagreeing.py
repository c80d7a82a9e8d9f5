"""The verbs for verdicts that somebody doubts: a dispatcher overrides one, and today's judge is
asked about all of them. The judge's own verdicts stay in the history as they are."""

from collections.abc import Sequence
from typing import Annotated

import typer
from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from stillfixed.actors.session.rejudge import Rejudgement, Said
from stillfixed.actors.verdicts.model import Verdict
from stillfixed.connectors.cli import arguments as a
from stillfixed.connectors.cli import asjson, render
from stillfixed.connectors.cli.hosting import Common, verb
from stillfixed.connectors.cli.reading import READ
from stillfixed.connectors.cli.terminal import err, out
from stillfixed.connectors.cli.text import count, moment, plain


def add_to(app: typer.Typer) -> None:
    verb(app, "override", panel="Close")(override)
    verb(app, "rejudge", panel=READ, reads=True)(rejudge)


async def override(
    on: Common,
    session: a.SessionId,
    run: Annotated[
        str, typer.Argument(metavar="RUN", help="The check's latest run, as in r5: see `checks`.")
    ],
    verdict: Annotated[
        Verdict,
        typer.Argument(metavar="VERDICT", help="What it is instead."),
    ],
    reason: Annotated[str, typer.Argument(metavar="REASON", help="Why, in quotes.")],
) -> None:
    """As a dispatcher: put your verdict in place of the judge's, and say why.

    It counts until the check is run or judged again, or something is changed.
    """
    async with on.writing_session(session) as work:
        await work.override(run, verdict, reason)
    err().print(f"Recorded: the verdict of {run} is {verdict}.")


async def rejudge(on: Common, session: a.SessionId, as_json: a.AsJson = False) -> None:
    """Show what today's judge says beside every verdict that was recorded. Nothing is changed."""
    async with on.reading_session(session) as work:
        found = await work.rejudge()
    if as_json:
        print(asjson.dumps([asjson.rejudgement_json(one) for one in found]))
    elif found:
        out().print(RejudgedView(found))
    else:
        err().print("No verdict was given in this session.")


class RejudgedView:
    """Verdicts in the order of the history; `≠` marks those that today's judge would not give."""

    def __init__(self, found: Sequence[Rejudgement]) -> None:
        self._found = found

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for one in self._found:
            yield _head(one)
            yield Text.assemble("    then ", _said(one.then))
            if one.override:
                yield render.Beside(
                    "         ", render.disagreement(one.override, one.then.verdict)
                )
            yield Text.assemble("    now  ", _said(one.now))
            for reason in one.now.reasons:
                yield render.Beside("         - ", Text(plain(reason)))
        different = sum(one.differs for one in self._found)
        verb = "differs" if different == 1 else "differ"
        yield Text(
            f"{count(len(self._found), 'verdict')}, {different or 'none'} {verb}. "
            "The history is as it was.",
            style="dim",
        )


def _head(one: Rejudgement) -> Text:
    mark = ("≠", "bold yellow") if one.differs else ("=", "dim")
    return Text.assemble(
        mark,
        f" {one.verification} beside {one.baseline}  ",
        render.command_on(one.command, one.endpoint),
        (f"  {moment(one.at)}", "dim"),
    )


def _said(said: Said) -> Text:
    return Text.assemble(render.standing(said.verdict), (f"  judge {plain(said.judge)}", "dim"))
