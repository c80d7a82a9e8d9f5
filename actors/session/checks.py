"""Decisions about runs and checks: the baseline kept by itself, the verdict the moment a check is
run again. See the head of `state.py` for what before and after mean."""

from collections.abc import Mapping
from datetime import datetime

from stillfixed.actors.secrets import unnumbered
from stillfixed.actors.session import events as e
from stillfixed.actors.session import requests as r
from stillfixed.actors.session.decision import Decision, refuse
from stillfixed.actors.session.state import Check, RunSeen, State, check_key, evolve
from stillfixed.actors.verdicts import (
    Judgement,
    canonical,
    effect_of,
    examine,
    judge,
    parse_expectation,
)
from stillfixed.actors.verdicts.model import JUDGE_VERSION, Finding, Platform, Run
from stillfixed.actors.verdicts.summary import stored

COMMAND_LIMIT_BYTES = 128 * 1024 - 1
"""Linux gives one argument of a program this much, and every SSH server hands a command to a shell
as one argument. A longer command would fail on the endpoint in ways that differ by system."""


# -- starting and stopping ---------------------------------------------------------------------
def start_run(state: State, request: r.StartRun, context: r.Context) -> Decision:
    endpoint = resolve_endpoint(state, request.endpoint)
    if isinstance(endpoint, Decision):
        return endpoint
    if refusal := bad_command(request.command):
        return refusal
    if request.time_limit_seconds <= 0 or request.output_limit_bytes < 0:
        return refuse(
            "refused", "A run's time limit must be above 0 s and its output limit not below 0."
        )
    started = run_started(
        state, endpoint, request.command, by=request.by, at=context.now, monitor=None
    )
    return Decision((started,), r.RunAnswer(run=started.run))


def run_started(
    state: State, endpoint: str, command: str, *, by: str, at: datetime, monitor: str | None
) -> e.RunStarted:
    platform = state.endpoints[endpoint].platform
    effect = effect_of(command, platform)
    return e.RunStarted(
        at=at,
        by=by,
        run=f"r{state.runs + 1}",
        endpoint=endpoint,
        command=command,
        effect=effect,
        check=check_of(command, platform) if effect == "reads" else None,
        monitor=monitor,
    )


def check_of(command: str, platform: Platform) -> str:
    """Which check a reading command is. With another password it asks the same question."""
    return canonical(unnumbered(command), platform)


def cancel_run(state: State, request: r.CancelRun) -> Decision:
    """Accepted for any run in flight; the runtime ends the command, which ends the run."""
    if request.run not in state.running:
        return refuse("refused", f"Run {request.run} is not going. Nothing was cancelled.")
    return Decision((), r.Done(id=request.run))


def give_up_run(state: State, request: r.GiveUpRun, context: r.Context) -> Decision:
    if request.run not in state.running:
        return Decision((), r.Done())
    kind = e.RunInterrupted if request.sent else e.RunNotSent
    event = kind(at=context.now, by=request.by, run=request.run, reason=request.reason)
    return Decision((event,), r.Done(id=request.run))


def resolve_endpoint(state: State, name: str) -> str | Decision:
    """The endpoint meant by `name`; empty means the only one there is."""
    known = ", ".join(state.endpoints) or "none yet"
    if name in state.endpoints:
        return name
    if name:
        return refuse("refused", f"The session has no endpoint named {name} (it has: {known}).")
    if len(state.endpoints) == 1:
        return next(iter(state.endpoints))
    return refuse("refused", f"Say which endpoint (the session has: {known}).")


def bad_command(command: str) -> Decision | None:
    size_bytes = len(command.encode("utf-8", "surrogatepass"))
    if not command.strip():
        return refuse("refused", "The command is empty. Nothing was sent.")
    if "\0" in command:
        return refuse("refused", "The command contains a NUL character. Nothing was sent.")
    if size_bytes > COMMAND_LIMIT_BYTES:
        return refuse(
            "refused",
            f"The command has {size_bytes:,} bytes; {COMMAND_LIMIT_BYTES:,} is the most that a "
            "shell takes. Copy it to the endpoint as a script and run that. Nothing was sent.",
        )
    return None


# -- finishing and judging ---------------------------------------------------------------------
def finish_run(state: State, request: r.FinishRun, context: r.Context) -> Decision:
    if request.run not in state.running:
        return Decision((), r.Done())
    started = state.running[request.run].started
    finished = e.RunFinished(
        at=context.now,
        by=started.by,
        run=request.run,
        end=request.end,
        exit_status=request.exit_status,
        signal=request.signal,
        stdout_bytes=request.stdout_bytes,
        stderr_bytes=request.stderr_bytes,
        dropped_bytes=request.dropped_bytes,
    )
    if started.check is None:
        return Decision((finished,), r.RunAnswer(run=request.run))
    after = evolve(state, finished)
    judged = _judge_run(after, started, after.finished[request.run], context)
    return Decision((finished, judged), r.RunAnswer(run=request.run))


def _judge_run(
    state: State, started: e.RunStarted, seen: RunSeen, context: r.Context
) -> e.CheckObserved | e.CheckVerified:
    assert started.check is not None
    key = check_key(started.endpoint, started.check)
    known = state.checks.get(key)
    expect = state.expectations.get(key)
    if known is not None and seen.level > known.baseline.level and seen.level == state.level:
        return _verified(state, known, seen, expect, context, at=context.now, by=started.by)
    counts = seen.level == state.level
    finding = _examine(state, started.endpoint, seen, expect, context)
    reasons = finding.reasons
    if not counts:
        reasons = ("A change ran at the same time, so this run is neither before nor after it.",)
    elif known is not None and known.health == "fault" and finding.health == "healthy":
        reasons = (
            *reasons,
            f"Run {known.baseline.run} showed a fault, and nothing was changed in this session "
            "since. If something was changed elsewhere, declare it and run the check again.",
        )
    return e.CheckObserved(
        at=context.now,
        by=started.by,
        endpoint=started.endpoint,
        check=started.check,
        run=seen.run,
        health=finding.health if counts else "unclear",
        reasons=reasons,
        judge=JUDGE_VERSION,
        counts=counts,
    )


def _verified(
    state: State,
    check: Check,
    seen: RunSeen,
    expect: str | None,
    context: r.Context,
    *,
    at: datetime,
    by: str,
) -> e.CheckVerified:
    # The two sides must be two runs: a run beside itself would always pass.
    assert seen.run != check.baseline.run
    judgement = judge_runs(
        check.baseline,
        seen,
        expect=expect,
        platform=state.endpoints[check.endpoint].platform,
        outputs=context.outputs,
    )
    alone = _examine(state, check.endpoint, seen, expect, context)
    fields, left_out = stored(judgement.fields)
    return e.CheckVerified(
        at=at,
        by=by,
        endpoint=check.endpoint,
        check=check.check,
        baseline=check.baseline.run,
        verification=seen.run,
        verdict=judgement.verdict,
        reasons=judgement.reasons,
        judge=JUDGE_VERSION,
        health=alone.health,
        fields=fields,
        fields_left_out=left_out,
    )


def judge_runs(
    before: RunSeen,
    after: RunSeen,
    *,
    expect: str | None,
    platform: Platform,
    outputs: Mapping[str, r.RunOutput],
) -> Judgement:
    """What the judge says of two runs of one check, whose outputs are in `outputs`."""
    first, second = judged_run(before, outputs), judged_run(after, outputs)
    if first is None or second is None:
        return Judgement(verdict="inconclusive", reasons=(_NOT_JUDGED,))
    return judge(after.command, first, second, expect=expect, platform=platform)


def _examine(
    state: State, endpoint: str, seen: RunSeen, expect: str | None, context: r.Context
) -> Finding:
    run = judged_run(seen, context.outputs)
    if run is None:
        return Finding("unclear", (_NOT_JUDGED,))
    platform = state.endpoints[endpoint].platform
    return examine(seen.command, run, expect=expect, platform=platform)


_NOT_JUDGED = "The output is too long to judge. Narrow the check to what matters and run it again."


def judged_run(seen: RunSeen, outputs: Mapping[str, r.RunOutput]) -> Run | None:
    """A run as the judge reads it; None where its output is too long to judge."""
    if seen.pieces is None:
        return None
    output = outputs[seen.run]
    return Run(
        output.stdout.decode("utf-8", "replace"),
        output.stderr.decode("utf-8", "replace"),
        seen.exit_status,
    )


# -- expectations ------------------------------------------------------------------------------
def state_expectation(state: State, request: r.StateExpectation, context: r.Context) -> Decision:
    """Recorded, and what was judged without it is judged again."""
    endpoint = resolve_endpoint(state, request.endpoint)
    if isinstance(endpoint, Decision):
        return endpoint
    if refusal := bad_command(request.command):
        return refusal
    try:
        parse_expectation(request.expect)
    except ValueError as error:
        return refuse("refused", f"The expectation cannot be used: {error}")
    platform = state.endpoints[endpoint].platform
    if effect_of(request.command, platform) != "reads":
        return refuse("refused", f"`{request.command}` may change something: it is no check.")
    check = check_of(request.command, platform)
    stated = e.ExpectationStated(
        at=context.now,
        by=request.by,
        endpoint=endpoint,
        check=check,
        command=request.command,
        expect=request.expect,
    )
    events: list[e.SessionEvent] = [stated]
    if known := state.checks.get(check_key(endpoint, check)):
        events += judged_again(state, known, request.expect, by=request.by, context=context)
    return Decision(tuple(events), r.Done())


def judged_again(
    state: State, known: Check, expect: str, *, by: str, context: r.Context
) -> list[e.SessionEvent]:
    """What a check's baseline and verification are by a new expectation."""
    finding = _examine(state, known.endpoint, known.baseline, expect, context)
    observed = e.CheckObserved(
        at=context.now,
        by=by,
        endpoint=known.endpoint,
        check=known.check,
        run=known.baseline.run,
        health=finding.health,
        reasons=finding.reasons,
        judge=JUDGE_VERSION,
    )
    if known.verification is None:
        return [observed]
    seen = known.verification.seen
    verified = _verified(state, known, seen, expect, context, at=context.now, by=by)
    return [observed, verified]


def evidence_needed(state: State, request: r.FinishRun | r.StateExpectation) -> tuple[str, ...]:
    """Runs whose output is wanted: of the check's baseline, and of the run to set beside it."""
    if isinstance(request, r.FinishRun):
        flight = state.running.get(request.run)
        if flight is None or flight.started.check is None:
            return ()
        known = state.checks.get(check_key(flight.started.endpoint, flight.started.check))
        return (known.baseline.run, request.run) if known else (request.run,)
    endpoint = resolve_endpoint(state, request.endpoint)
    if isinstance(endpoint, Decision):
        return ()
    check = check_of(request.command, state.endpoints[endpoint].platform)
    known = state.checks.get(check_key(endpoint, check))
    return runs_of(known) if known else ()


def runs_of(check: Check) -> tuple[str, ...]:
    """The runs that a check is judged by."""
    return tuple(dict.fromkeys((check.baseline.run, check.last.run)))
