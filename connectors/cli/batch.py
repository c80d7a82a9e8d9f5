"""The judge for batches: cases in JSON Lines, one answer a line, and how right it was.

One case is in memory at a time. A line that is no case is reported with its number, and the rest
goes on. Cases that carry labels end with a score on stderr.
"""

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_args

import msgspec
import typer
from rich.table import Table
from rich.text import Text

from stillfixed.actors.verdicts import (
    Effect,
    Judgement,
    Platform,
    Run,
    Verdict,
    effect_of,
    judge,
    same_check,
)
from stillfixed.connectors.cli.arguments import Full
from stillfixed.connectors.cli.comparison import JudgementView
from stillfixed.connectors.cli.terminal import ERROR, bar, carry_out, complain, err, out
from stillfixed.connectors.cli.text import count, plain

Case = TypeVar("Case")
PANEL = "Judge without a session"
LINE_LIMIT_BYTES = 16 * 1024 * 1024
"""A longer line is no case: it is cut into pieces that are reported."""

Cases = Annotated[
    Path,
    typer.Argument(metavar="FILE", help="Cases in JSON Lines; - reads them from stdin."),
]


class VerdictCase(msgspec.Struct, frozen=True):
    """Two captured runs of one command; `verdict` is the label, if there is one."""

    id: str
    platform: Platform
    command: str
    before: Run
    after: Run
    expect: str | None = None
    verdict: Verdict | None = None


class EffectCase(msgspec.Struct, frozen=True):
    id: str
    platform: Platform
    command: str
    effect: Effect | None = None


class SameCase(msgspec.Struct, frozen=True):
    id: str
    platform: Platform
    a: str
    b: str
    same: bool | None = None


class Score:
    """How often which answer was given where which one was right."""

    def __init__(self, answers: tuple[str, ...], worst: str) -> None:
        self.answers = answers
        self.worst = worst
        self.seen: Counter[tuple[str, str]] = Counter()

    def add(self, label: str, answer: str) -> None:
        self.seen[label, answer] += 1

    @property
    def total(self) -> int:
        return self.seen.total()

    @property
    def right(self) -> int:
        return sum(self.seen[answer, answer] for answer in self.answers)

    @property
    def wrongly_worst(self) -> int:
        """How often the answer that must not be wrong was given wrongly."""
        return sum(n for (label, got), n in self.seen.items() if got == self.worst != label)

    def table(self) -> Table:
        table = Table("label", *self.answers, box=None, pad_edge=False)
        for label in self.answers:
            counts = [self.seen[label, answer] for answer in self.answers]
            table.add_row(label, *(str(count) if count else "·" for count in counts))
        return table

    def sentence(self) -> str:
        return (
            f"{self.right} of {self.total} right ({self.right / self.total:.1%}); "
            f"{self.worst!r} said wrongly: {self.wrongly_worst}"
        )


def add_to(app: typer.Typer) -> None:
    """The three verbs."""

    @app.command("judge", rich_help_panel=PANEL)
    def judge_file(
        file: Cases,
        show: Annotated[
            str,
            typer.Option("--show", metavar="ID", help="Show this case alone, side by side."),
        ] = "",
        full: Full = False,
    ) -> None:
        """Judge cases: two runs of a command each. Prints id, verdict and reasons of each."""
        if show:
            raise typer.Exit(carry_out(_show(file, show, full=full)))
        score = Score(get_args(Verdict), "fixed")
        raise typer.Exit(carry_out(_answer_all(file, VerdictCase, _judged, score)))

    @app.command("effects", rich_help_panel=PANEL)
    def effects_file(file: Cases) -> None:
        """Tell what commands do: reads, changes or unknown."""
        score = Score(get_args(Effect), "reads")
        raise typer.Exit(carry_out(_answer_all(file, EffectCase, _effect, score)))

    @app.command("same", rich_help_panel=PANEL)
    def same_file(file: Cases) -> None:
        """Tell whether two commands are the same check."""
        score = Score(("same", "not same"), "same")
        raise typer.Exit(carry_out(_answer_all(file, SameCase, _same, score)))


async def _show(file: Path, wanted: str, *, full: bool) -> int:
    """One case in two steps: the values behind its verdict, then both outputs."""
    decoder = msgspec.json.Decoder(VerdictCase)
    bad = 0
    for number, line in _lines(file):
        try:
            case = decoder.decode(line)
        except msgspec.DecodeError:
            bad += 1
            continue
        if case.id != wanted:
            continue
        try:
            found = _judgement(case)
        except ValueError as error:
            complain(f"{file}, line {number} cannot be judged: {error}")
            return ERROR
        head = Text.assemble((plain(case.command), "bold"), f" ({case.platform})")
        notes = [f"healthy means: {case.expect}"] if case.expect else []
        notes += [f"the label says {case.verdict}"] if case.verdict else []
        out().print(JudgementView(head, found, notes=notes, full=full))
        return 0
    left_out = f" ({count(bad, 'line')} could not be read)" if bad else ""
    complain(f"{file} has no case {wanted}{left_out}.")
    return ERROR


Answered = tuple[dict[str, Any], str | None, str]
"""What is printed, the label if there is one, and the answer."""


def _judgement(case: VerdictCase) -> Judgement:
    return judge(case.command, case.before, case.after, expect=case.expect, platform=case.platform)


def _judged(case: VerdictCase) -> Answered:
    found = _judgement(case)
    shown = {"id": case.id, "verdict": found.verdict, "reasons": found.reasons}
    return shown, case.verdict, found.verdict


def _effect(case: EffectCase) -> Answered:
    found = effect_of(case.command, case.platform)
    return {"id": case.id, "effect": found}, case.effect, found


def _same(case: SameCase) -> Answered:
    words = {True: "same", False: "not same", None: None}
    found = same_check(case.a, case.b, case.platform)
    return {"id": case.id, "same": found}, words[case.same], "same" if found else "not same"


async def _answer_all(
    file: Path, kind: type[Case], answer: Callable[[Case], Answered], score: Score
) -> int:
    """Answer every line; the exit status. A coroutine only to end as the other verbs do."""
    decoder = msgspec.json.Decoder(kind)
    bad = 0
    for number, line in _lines(file):
        try:
            shown, label, said = answer(decoder.decode(line))
        except (msgspec.DecodeError, ValueError) as error:
            complain(f"{file}, line {number} is no case and was left out: {error}")
            bad += 1
            continue
        sys.stdout.write(msgspec.json.encode(shown).decode() + "\n")
        if label is not None:
            score.add(label, said)
    if score.total:
        err().print(score.table())
        err().print(score.sentence())
    return ERROR if bad else 0


def _lines(file: Path) -> Iterator[tuple[int, bytes]]:
    """Lines with their numbers, and a bar on the terminal that shows how far they are."""
    piped = str(file) == "-"
    size = None if piped or not file.is_file() else file.stat().st_size
    with bar() as progress, nullcontext(sys.stdin.buffer) if piped else file.open("rb") as source:
        task = progress.add_task(file.name, total=size)
        for number, line in enumerate(iter(lambda: source.readline(LINE_LIMIT_BYTES), b""), 1):
            progress.advance(task, len(line))
            if line.strip():
                yield number, line
