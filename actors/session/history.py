"""A session's history as people read it: one entry a fact, runs with their output, checks with both
sides. Pure: built from recorded events and the bytes of their chunks.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Literal

import msgspec

from stillfixed.actors.session import events as e
from stillfixed.actors.session.gate import is_current, needs_rerun
from stillfixed.actors.session.state import (
    Check,
    Override,
    State,
    check_key,
    fold,
    with_runbook,
)
from stillfixed.actors.verdicts import side_by_side
from stillfixed.actors.verdicts.align import CONTEXT_LINES
from stillfixed.actors.verdicts.align import fold as folded
from stillfixed.actors.verdicts.model import (
    AlignedLine,
    Effect,
    FieldChange,
    Health,
    Row,
    Run,
    Verdict,
)

RunStatus = Literal["running", "not_sent", "interrupted"] | e.RunEnd
Standing = Verdict | Literal["not_rerun", "baseline_only"]
"""A check's verdict if it is current; `not_rerun` if a change came after its last run;
`baseline_only` if nothing was changed since its first."""


class RunbookPlace(msgspec.Struct, frozen=True):
    """Check `number` of `total` (from 1) of the runbook with it that was loaded last."""

    name: str
    number: int
    total: int


class OutputRemoval(msgspec.Struct, frozen=True):
    """By whom, when and under which rule of retention an output was removed."""

    by: str
    at: datetime
    rule: str
    days: int


class RunRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One run with everything that came back. `stdout` and `stderr` are the bytes as captured,
    up to the reader's limit: `cut` says that there was more than is here, and `removed` that it is
    not in the log any more, either.

    `health` is what this run alone shows; `verdict` and `baseline` are set when it was judged
    beside an earlier run. `reasons` are the judge's for whichever of the two it gave; `fields` are
    the values behind the verdict, worst first, and `fields_left_out` more were not kept; `override`
    is what a dispatcher said in place of the verdict. `masked` counts, by kind, the secrets that
    stand as masks in the command and the output; `stdout_bytes` and `stderr_bytes` are those that
    the endpoint sent, before masking.
    """

    run: str
    by: str
    endpoint: str
    command: str
    effect: Effect
    started_at: datetime
    status: RunStatus = "running"
    ended_at: datetime | None = None
    monitor: str | None = None
    exit_status: int | None = None
    signal: str | None = None
    stdout: bytes = b""
    stderr: bytes = b""
    stdout_bytes: int = 0
    stderr_bytes: int = 0
    dropped_bytes: int = 0
    cut: bool = False
    removed: OutputRemoval | None = None
    reason: str = ""
    health: Health | None = None
    verdict: Verdict | None = None
    baseline: str | None = None
    reasons: tuple[str, ...] = ()
    fields: tuple[FieldChange, ...] = ()
    fields_left_out: int = 0
    override: Override | None = None
    runbook: RunbookPlace | None = None
    masked: dict[str, int] = {}

    @property
    def judged_run(self) -> Run:
        """As the judge reads it."""
        return Run(self.text, self.error_text, self.exit_status)

    @property
    def text(self) -> str:
        """stdout as text; broken UTF-8 is shown as U+FFFD, and kept as it was in `stdout`."""
        return self.stdout.decode("utf-8", "replace")

    @property
    def error_text(self) -> str:
        return self.stderr.decode("utf-8", "replace")

    @property
    def ok(self) -> bool:
        return self.status == "exited" and self.exit_status == 0


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """A check before and after. `after` is None where it was not run again. `standing` goes by the
    verdict in force; `judged`, `reasons` and `override` are the judge's and the person's part."""

    endpoint: str
    command: str
    standing: Standing
    before: RunRecord
    after: RunRecord | None = None
    reasons: tuple[str, ...] = ()
    expect: str | None = None

    @property
    def judged(self) -> Verdict | None:
        """The judge's verdict, overridden or not."""
        return self.after.verdict if self.after else None

    @property
    def override(self) -> Override | None:
        return self.after.override if self.after else None

    @property
    def fields(self) -> tuple[FieldChange, ...]:
        """The values behind the judge's verdict, worst first."""
        return self.after.fields if self.after else ()

    @property
    def fields_left_out(self) -> int:
        return self.after.fields_left_out if self.after else 0

    @property
    def lines(self) -> tuple[AlignedLine, ...]:
        """The two outputs side by side, stdout and then stderr; a missing side is empty."""
        after = self.after.judged_run if self.after else None
        return side_by_side(self.before.judged_run, after, self.fields, self.judged)

    def rows(self, *, full: bool = False) -> tuple[Row, ...]:
        """What of the lines people and programs are shown; `full` folds nothing."""
        return folded(self.lines, None if full else CONTEXT_LINES)


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One fact of the stream. A run's end and output are with its start, in `run`."""

    version: int
    at: datetime
    by: str
    event: e.SessionEvent
    run: RunRecord | None = None


class Transcript(msgspec.Struct, frozen=True, kw_only=True):
    session: str
    state: State
    entries: tuple[Entry, ...]
    runs: dict[str, RunRecord]

    @property
    def comparisons(self) -> tuple[Comparison, ...]:
        """Every check of the session, those that showed a fault first."""
        checks = sorted(self.state.checks.values(), key=lambda check: check.health != "fault")
        return tuple(self.compare(check) for check in checks)

    def compare(self, check: Check) -> Comparison:
        verification = check.verification
        before = self.runs[check.baseline.run]
        return Comparison(
            endpoint=check.endpoint,
            command=check.command,
            standing=standing_of(self.state, check),
            before=before,
            after=self.runs[verification.seen.run] if verification else None,
            reasons=verification.reasons if verification else before.reasons,
            expect=self.state.expectations.get(check_key(check.endpoint, check.check)),
        )

    def comparison_of(self, run: str) -> Comparison | None:
        """The comparison whose newer side is this run."""
        for check in self.state.checks.values():
            if check.verification and check.verification.seen.run == run:
                return self.compare(check)
        return None


def standing_of(state: State, check: Check) -> Standing:
    """How a check of the session stands now."""
    if check.verification is not None and is_current(state, check):
        return check.verification.in_force
    return "not_rerun" if needs_rerun(state, check) else "baseline_only"


_FOLDED_INTO_RUNS = (
    e.OutputCaptured,
    e.RunFinished,
    e.RunNotSent,
    e.RunInterrupted,
    e.CheckObserved,
    e.CheckVerified,
)


def build(
    session: str,
    events: Iterable[tuple[int, e.SessionEvent]],
    chunks: Mapping[str, bytes],
) -> Transcript:
    """A transcript from (version, event) pairs from version 1 on. Chunks that are not in `chunks`
    are left out of the outputs, and their run says that it is cut."""
    numbered = list(events)
    runs = run_records((event for _, event in numbered), chunks)
    entries = tuple(
        Entry(
            version=version,
            at=event.at,
            by=event.by,
            event=event,
            run=runs[event.run] if isinstance(event, e.RunStarted) else None,
        )
        for version, event in numbered
        if not isinstance(event, _FOLDED_INTO_RUNS)
    )
    state = fold(State(), [event for _, event in numbered])
    return Transcript(session=session, state=state, entries=entries, runs=runs)


def run_records(
    events: Iterable[e.SessionEvent], chunks: Mapping[str, bytes]
) -> dict[str, RunRecord]:
    """Runs whose start is among the events, by id, with whatever else is said of them there."""
    runs: dict[str, RunRecord] = {}
    outputs: dict[tuple[str, str], list[bytes]] = {}
    captured: set[str] = set()
    books: dict[str, e.RunbookLoaded] = {}
    for event in events:
        match event:
            case e.RunbookLoaded():
                books = with_runbook(books, event)
            case e.RunStarted():
                runs[event.run] = _started(event, place_of(event, books))
            case e.OutputCaptured(run=run) if run in runs:
                captured.add(run)
                runs[run] = with_masked(runs[run], event.masked)
                piece = chunks.get(event.chunk)
                if piece is None:
                    runs[run] = msgspec.structs.replace(runs[run], cut=True)
                else:
                    outputs.setdefault((run, event.output), []).append(piece)
            case e.RunFinished(run=run) | e.RunNotSent(run=run) | e.RunInterrupted(run=run) if (
                run in runs
            ):
                runs[run] = _ended(runs[run], event)
            case e.CheckObserved(run=run) if run in runs:
                runs[run] = msgspec.structs.replace(
                    runs[run], health=event.health, reasons=event.reasons
                )
            case e.CheckVerified(verification=run) if run in runs:
                runs[run] = msgspec.structs.replace(
                    runs[run],
                    verdict=event.verdict,
                    baseline=event.baseline,
                    reasons=event.reasons,
                    fields=event.fields,
                    fields_left_out=event.fields_left_out,
                    override=None,
                )
            case e.OutputsRemoved():
                runs.update(_without_outputs(runs, captured, event))
                outputs.clear()
            case e.VerdictOverridden(verification=run) if run in runs:
                runs[run] = msgspec.structs.replace(
                    runs[run],
                    override=Override(event.verdict, event.reason, event.by, event.at),
                )
            case _:
                pass
    return {
        name: msgspec.structs.replace(
            run,
            stdout=b"".join(outputs.get((name, "stdout"), ())),
            stderr=b"".join(outputs.get((name, "stderr"), ())),
        )
        for name, run in runs.items()
    }


def with_masked(run: RunRecord, masked: Mapping[str, int]) -> RunRecord:
    if not masked:
        return run
    return msgspec.structs.replace(run, masked=dict(Counter(run.masked) + Counter(masked)))


def _removal(event: e.OutputsRemoved) -> OutputRemoval:
    return OutputRemoval(event.by, event.at, event.rule, event.days)


def _without_outputs(
    runs: Mapping[str, RunRecord], captured: set[str], event: e.OutputsRemoved
) -> dict[str, RunRecord]:
    """The runs that lost an output; of those that had none, nothing is missing."""
    return {
        name: msgspec.structs.replace(run, cut=True, removed=_removal(event))
        for name, run in runs.items()
        if name in captured
    }


def until_judged(events: Sequence[e.SessionEvent], run: str) -> Sequence[e.SessionEvent]:
    """The events up to the run's first judgement: the run as it ended, whatever was said of it
    later."""
    for number, event in enumerate(events, start=1):
        match event:
            case e.CheckObserved(run=name) | e.CheckVerified(verification=name) if name == run:
                return events[:number]
            case _:
                pass
    return events


def place_of(started: e.RunStarted, runbooks: Mapping[str, e.RunbookLoaded]) -> RunbookPlace | None:
    """Which check of the runbooks loaded then a run is."""
    for book in reversed(list(runbooks.values())):
        for number, check in enumerate(book.checks, start=1):
            if (book.endpoint, check.check) == (started.endpoint, started.check):
                return RunbookPlace(book.runbook, number, len(book.checks))
    return None


def _started(event: e.RunStarted, place: RunbookPlace | None) -> RunRecord:
    return RunRecord(
        run=event.run,
        by=event.by,
        endpoint=event.endpoint,
        command=event.command,
        effect=event.effect,
        started_at=event.at,
        monitor=event.monitor,
        runbook=place,
        masked=event.masked,
    )


def _ended(run: RunRecord, event: e.RunFinished | e.RunNotSent | e.RunInterrupted) -> RunRecord:
    if not isinstance(event, e.RunFinished):
        status: RunStatus = "not_sent" if isinstance(event, e.RunNotSent) else "interrupted"
        return msgspec.structs.replace(run, status=status, ended_at=event.at, reason=event.reason)
    return msgspec.structs.replace(
        run,
        status=event.end,
        ended_at=event.at,
        exit_status=event.exit_status,
        signal=event.signal,
        stdout_bytes=event.stdout_bytes,
        stderr_bytes=event.stderr_bytes,
        dropped_bytes=event.dropped_bytes,
    )


def run_record(
    events: Iterable[e.SessionEvent],
    run: str,
    *,
    stdout: bytes,
    stderr: bytes,
    cut: bool,
    masked: Mapping[str, int],
    runbook: RunbookPlace | None,
) -> RunRecord:
    """One run from its own events (its outputs' left out, their removal not), what is kept of its
    output and masked in it, and its place in a runbook."""
    told = list(events)
    record = with_masked(run_records(told, {})[run], masked)
    for event in told:
        if isinstance(event, e.OutputsRemoved):
            record = msgspec.structs.replace(record, removed=_removal(event))
    return msgspec.structs.replace(record, stdout=stdout, stderr=stderr, cut=cut, runbook=runbook)
