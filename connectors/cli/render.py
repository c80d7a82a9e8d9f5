"""What the terminal shows of runs, checks and closures, for the verbs and the shell alike. Pure.

Everything reads without colour: verdicts carry a symbol, changed lines a mark. Given a width, the
two outputs of a check stand side by side in it; nothing is cut without saying so.
"""

from collections.abc import Sequence

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.segment import Segment
from rich.text import Text

from stillfixed.actors.session.gate import needs_rerun
from stillfixed.actors.session.history import RunRecord, Standing
from stillfixed.actors.session.masking import said
from stillfixed.actors.session.requests import ClosureAnswer
from stillfixed.actors.session.state import Check, Override, State
from stillfixed.actors.verdicts.model import Verdict
from stillfixed.connectors.cli.text import count, plain, span

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
    if run.masked:
        line.append(f" · masked {said(run.masked)}", style="dim")
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
    if run.removed:
        when, rule = run.removed.at, run.removed.rule
        parts.append(plain(f"the output was removed on {when:%Y-%m-%d} under the rule {rule}"))
    elif run.cut:
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
            yield from _without_last_spaces(line)
            yield Segment.line()


def _without_last_spaces(line: list[Segment]) -> list[Segment]:
    """Where a sentence is broken, a space is left at the end."""
    if not line:
        return line
    text, style, control = line[-1]
    return [*line[:-1], Segment(text.rstrip(" "), style, control)]
