"""What the terminal shows of runs, checks and closures, for the verbs and the shell alike. Pure.

Everything reads without colour: verdicts carry a symbol, changed lines a mark. Given a width, the
two outputs of a check stand side by side in it; nothing is cut without saying so.
"""

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from re import findall

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.segment import Segment
from rich.text import Text

from stillfixed.actors.session.gate import needs_rerun
from stillfixed.actors.session.history import Comparison, RunRecord, Standing
from stillfixed.actors.session.requests import ClosureAnswer
from stillfixed.actors.session.state import Check, Override, State
from stillfixed.actors.verdicts.model import AlignedLine, Verdict
from stillfixed.connectors.cli.text import clock, count, moment, plain, span

STANDINGS: dict[Standing, tuple[str, str, str]] = {
    "fixed": ("✓", "FIXED", "bold green"),
    "healthy": ("✓", "HEALTHY", "green"),
    "still_failing": ("✗", "STILL FAILING", "bold red"),
    "regressed": ("✗", "REGRESSED", "bold red"),
    "inconclusive": ("?", "INCONCLUSIVE", "bold yellow"),
    "not_rerun": ("!", "NOT RUN AGAIN", "bold yellow"),
    "baseline_only": ("·", "BASELINE", "dim"),
}
"""Symbol, words and style of each verdict."""

CONTEXT_LINES = 3
FOLD_FROM_LINES = 2 * CONTEXT_LINES + 3
ROWS_SHOWN = 120
LINE_CHARS_SHOWN = 400
WORDS_COMPARED_CHARS = 400


def standing(value: Standing) -> Text:
    symbol, words, style = STANDINGS[value]
    return Text(f"{symbol} {words}", style=style)


def disagreement(override: Override, judged: Verdict) -> Text:
    """What a dispatcher said in place of the judge, and the judge's verdict beside it."""
    return Text.assemble(
        (plain(override.by), "bold"),
        " says ",
        standing(override.verdict),
        ", the judge said ",
        standing(judged),
        plain(f": {override.reason}"),
    )


def command_on(command: str, endpoint: str) -> Text:
    return Text.assemble((plain(command), "bold"), (f" on {plain(endpoint)}", ""))


# -- runs ---------------------------------------------------------------------------------------
def ending(run: RunRecord) -> str:
    """How a run ended, in words: `exit 0 in 0.2 s`."""
    took = f" in {span((run.ended_at - run.started_at).total_seconds())}" if run.ended_at else ""
    match run.status:
        case "running":
            return "still going"
        case "exited":
            return f"exit {run.exit_status}{took}"
        case "signalled":
            return f"ended by signal {run.signal or '?'}{took}"
        case "timed_out":
            return f"ended at its time limit{took}"
        case "cancelled":
            return f"cancelled{took}"
        case "not_sent":
            return f"not sent: {plain(run.reason)}"
        case "interrupted":
            return f"interrupted, outcome unknown: {plain(run.reason)}"


def run_line(run: RunRecord, *, with_verdict: bool = True) -> Text:
    """The line under a run's output: how it ended, and what that means. Without a verdict where the
    whole comparison follows."""
    good = run.ok or run.status == "running"
    line = Text(ending(run), style="dim" if good else "yellow")
    line.append(f" · {run.run}", style="dim")
    if run.verdict and not with_verdict:
        return line
    if run.verdict:
        line.append(" · ").append_text(standing(run.verdict))
        line.append(f" beside {run.baseline}", style="dim")
        if run.override:
            line.append(f" · overridden by {plain(run.override.by)}: ")
            line.append_text(standing(run.override.verdict))
    elif run.health == "fault":
        line.append(" · ").append("shows a fault", style="yellow")
        line.append(f": {plain(run.reasons[0])}" if run.reasons else "")
    elif run.health == "healthy":
        line.append(" · looks healthy", style="dim")
        line.append(f": {plain(run.reasons[0])}" if run.reasons else "", style="dim")
    elif run.health == "unclear" and run.reasons:
        line.append(f" · {plain(run.reasons[0])}", style="dim")
    elif run.status == "exited" and run.effect == "changes":
        line.append(" · a change", style="dim")
    elif run.status == "exited" and run.effect == "unknown":
        line.append(" · may have changed something, so it counts as a change", style="dim")
    return line


def missing_output(run: RunRecord) -> Text | None:
    """Says what of the output is not shown or not kept; None if all is there."""
    parts = []
    if run.cut:
        shown = len(run.stdout) + len(run.stderr)
        parts.append(f"only the first {count(shown, 'byte')} are shown; the log has the rest")
    if run.dropped_bytes:
        parts.append(f"{count(run.dropped_bytes, 'byte')} after the output limit were not kept")
    return Text("; ".join(parts), style="yellow") if parts else None


# -- gaps and closures --------------------------------------------------------------------------
def gaps(state: State) -> list[Check]:
    """Checks that a change has followed and that were not run again, faults first."""
    found = [check for check in state.checks.values() if needs_rerun(state, check)]
    return sorted(found, key=lambda check: check.health != "fault")


def gap_count(checks: Sequence[Check]) -> str:
    return f"{count(len(checks), 'check')} not run again since the last change"


def gap_hint(checks: Sequence[Check], *, shown: int = 3) -> RenderableType:
    if len(checks) == 1:
        return Text.assemble(("! ", "yellow"), gap_count(checks), ": ", _gap(checks[0]))
    lines = [Text.assemble(("! ", "yellow"), gap_count(checks), ":")]
    lines += [Text.assemble("    ", _gap(check)) for check in checks[:shown]]
    if len(checks) > shown:
        lines.append(Text(f"    and {len(checks) - shown} more"))
    return Group(*lines)


def _gap(check: Check) -> Text:
    line = command_on(check.command, check.endpoint)
    return line.append(" (it showed a fault)", style="yellow") if check.health == "fault" else line


def closure(answer: ClosureAnswer, session: str) -> RenderableType:
    policy = f"policy {answer.policy}, mode {answer.mode}"
    match answer.result:
        case "granted":
            head = Text.assemble(("✓ CLOSURE GRANTED", "bold green"), f" ({policy})")
            if answer.reasons:
                head.append("\nThe policy will refuse this once it is enforced:")
        case "awaiting_confirmation":
            head = Text.assemble(
                ("… WAITS FOR A DISPATCHER", "bold yellow"),
                f" ({policy})\nConfirm with: stillfixed confirm {session}",
            )
        case "refused":
            head = Text.assemble(("✗ CLOSURE REFUSED", "bold red"), f" ({policy})")
    said = [*answer.reasons, *answer.overrides]
    return Group(head, *(bullet(text) for text in said))


def bullet(text: str) -> RenderableType:
    return Beside("  - ", Text(plain(text)))


class Beside:
    """Something with a lead before its first line; further lines stand under its first word. Unlike
    a table it ends no line with spaces."""

    def __init__(self, lead: str | Text, body: RenderableType) -> None:
        self._lead = Text(lead) if isinstance(lead, str) else lead
        self._body = body

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        indent = self._lead.cell_len
        inner = options.update(width=max(20, options.max_width - indent))
        for number, line in enumerate(console.render_lines(self._body, inner, pad=False)):
            if number == 0:
                yield from self._lead.render(console)
            elif any(segment.text.strip() for segment in line):
                yield Segment(" " * indent)
            yield from line
            yield Segment.line()


# -- a check before and after -------------------------------------------------------------------
class ComparisonView:
    """A check with both sides. `full` folds nothing and shows every row."""

    def __init__(self, comparison: Comparison, *, full: bool = False) -> None:
        self._comparison = comparison
        self._full = full

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        c = self._comparison
        yield Text.assemble(standing(c.standing), "  ", command_on(c.command, c.endpoint))
        yield Text(f"  {self._times()}", style="dim")
        if c.expect:
            yield Text(f"  healthy means: {plain(c.expect)}")
        if c.override and c.judged:
            yield Beside("  - ", disagreement(c.override, c.judged))
        for reason in c.reasons:
            yield bullet(reason)
        if c.standing == "not_rerun" and c.after:
            yield bullet(f"A change followed {c.after.run}: run the check again.")
        yield from _Columns(c, console, options.max_width, self._full).rows()

    def _times(self) -> str:
        before, after = self._comparison.before, self._comparison.after
        if after is None:
            return moment(before.started_at)
        same_day = before.started_at.astimezone().date() == after.started_at.astimezone().date()
        later = clock(after.started_at) if same_day else moment(after.started_at)
        apart = span((after.started_at - before.started_at).total_seconds())
        return f"{moment(before.started_at)} → {later}, {apart} later"


class _Columns:
    """The two outputs in two columns. A row is mark, line number, bar and text, on each side."""

    def __init__(self, comparison: Comparison, console: Console, width: int, full: bool) -> None:
        self._comparison = comparison
        self._console = console
        self._full = full
        self._lines = _without_last_empty(comparison.lines)
        numbers = [line.before_number or line.after_number or 0 for line in self._lines]
        self._digits = max(2, len(str(max(numbers, default=0))))
        self._deciding = any(line.deciding for line in self._lines)
        self._side = max(24, (width - 2 - 2) // 2)
        self._text = self._side - len(self._gutter(" ", 1, False))

    def rows(self) -> Iterator[Text]:
        c = self._comparison
        before = f"before: {c.before.run}, {ending(c.before)}"
        after = "after: not run again" if c.standing == "not_rerun" else "nothing changed since"
        if c.after:
            after = f"after: {c.after.run}, {ending(c.after)}"
        yield self._row(Text(before, style="dim italic"), Text(after, style="dim italic"))
        if c.after is None:
            yield from self._one_sided()
        elif not self._lines:
            yield self._row(Text("(no output)", style="dim"), Text("(no output)", style="dim"))
        else:
            yield from self._both_sides()
        for run in (c.before, c.after):
            if run and (note := missing_output(run)):
                yield Text.assemble(f"  {run.run}: ", note)
        if self._deciding:
            yield Text("  * this line decided", style="dim")

    def _one_sided(self) -> Iterator[Text]:
        shown = len(self._lines) if self._full else 2 * CONTEXT_LINES
        for line in self._lines[:shown]:
            texts = self._wrap(line.before or "", "", None)
            for at, text in enumerate(texts):
                gutter = self._gutter(" ", line.before_number if at == 0 else None, False)
                yield self._row(Text.assemble((gutter, "dim"), text), Text())
        if len(self._lines) > shown:
            yield Text(f"    … {count(len(self._lines) - shown, 'line')} more …", style="dim")

    def _both_sides(self) -> Iterator[Text]:
        shown = 0
        for line in self._folded():
            if isinstance(line, int):
                yield Text(f"    … {count(line, 'line')} the same …", style="dim")
                continue
            rows = self._line(line)
            shown += len(rows)
            if shown > ROWS_SHOWN and not self._full:
                yield Text(
                    "    … and more: stillfixed checks SESSION --full shows all …", style="dim"
                )
                return
            yield from rows

    def _folded(self) -> Iterator[AlignedLine | int]:
        """The lines, with long unchanged stretches as their number of lines."""
        lines, start = self._lines, 0
        while start < len(lines):
            end = start
            while end < len(lines) and lines[end].kind == "same" and not lines[end].deciding:
                end += 1
            head = CONTEXT_LINES if start > 0 else 0
            tail = CONTEXT_LINES if end < len(lines) else 0
            if start == 0 and end == len(lines):
                head = CONTEXT_LINES
            if end - start >= FOLD_FROM_LINES and not self._full:
                yield from lines[start : start + head]
                yield end - start - head - tail
                yield from lines[end - tail : end]
            else:
                yield from lines[start:end]
            if end < len(lines):
                yield lines[end]
            start = end + 1

    def _line(self, line: AlignedLine) -> list[Text]:
        left_mark, right_mark, left_style, right_style = {
            "same": (" ", " ", "", ""),
            "changed": ("~", "~", "red", "green"),
            "removed": ("-", " ", "red", ""),
            "added": (" ", "+", "", "green"),
        }[line.kind]
        changed = _changed_words(line) if line.kind == "changed" else (None, None)
        left = self._wrap(line.before, left_style, changed[0])
        right = self._wrap(line.after, right_style, changed[1])
        rows = []
        for at in range(max(len(left), len(right))):
            sides = []
            for texts, mark, number, style in (
                (left, left_mark, line.before_number, left_style),
                (right, right_mark, line.after_number, right_style),
            ):
                if at >= len(texts):
                    sides.append(Text())
                    continue
                shown = number if at == 0 else None
                gutter = self._gutter(mark, shown, line.deciding and at == 0)
                sides.append(Text.assemble((gutter, style or "dim"), texts[at]))
            rows.append(self._row(*sides))
        return rows

    def _gutter(self, mark: str, number: int | None, deciding: bool) -> str:
        star = ("*" if deciding else " ") if self._deciding else ""
        return f"{mark}{star} {number if number is not None else '':>{self._digits}} │ "

    def _row(self, left: Text, right: Text) -> Text:
        left.truncate(self._side, overflow="ellipsis", pad=True)
        right.truncate(self._side, overflow="ellipsis")
        row = Text.assemble("  ", left, "  ", right, no_wrap=True, overflow="ignore")
        row.rstrip()
        return row

    def _wrap(self, line: str | None, style: str, bold: list[tuple[int, int]] | None) -> list[Text]:
        """A line as rows of the column's width; None has none. `bold` are stretches to stress."""
        if line is None:
            return []
        text = Text(plain(line), style=style)
        for start, end in bold or ():
            text.stylize("bold underline", start, end)
        if len(text) > LINE_CHARS_SHOWN and not self._full:
            hidden = count(len(text) - LINE_CHARS_SHOWN, "character")
            text = text[:LINE_CHARS_SHOWN].append(f" … {hidden} more", style="dim")
        return list(text.wrap(self._console, self._text, overflow="fold")) or [Text()]


def _without_last_empty(lines: tuple[AlignedLine, ...]) -> tuple[AlignedLine, ...]:
    """The lines without what is only the end of the last one."""
    if lines and not lines[-1].before and not lines[-1].after:
        return lines[:-1]
    return lines


def _changed_words(
    line: AlignedLine,
) -> tuple[list[tuple[int, int]] | None, list[tuple[int, int]] | None]:
    """Where the words of a changed line differ, on each side; None where it would not help."""
    before, after = plain(line.before or ""), plain(line.after or "")
    if max(len(before), len(after)) > WORDS_COMPARED_CHARS:
        return None, None
    words = r"\w+|\s+|[^\w\s]"
    left, right = findall(words, before), findall(words, after)
    matcher = SequenceMatcher(None, left, right, autojunk=False)
    if matcher.ratio() < 0.3:
        return None, None
    starts_left, starts_right = _starts(left), _starts(right)
    removed, added = [], []
    for kind, i1, i2, j1, j2 in matcher.get_opcodes():
        if kind != "equal":
            removed.append((starts_left[i1], starts_left[i2]))
            added.append((starts_right[j1], starts_right[j2]))
    return removed, added


def _starts(words: list[str]) -> list[int]:
    starts = [0]
    for word in words:
        starts.append(starts[-1] + len(word))
    return starts
