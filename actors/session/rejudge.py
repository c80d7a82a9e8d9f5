"""What today's judge says of runs that were judged before, beside what was said then. Pure.

Nothing here makes events: a verdict that was recorded stays the one that the gate went by. Two
steps, so that a long history needs the outputs of one pair of runs at a time: `stored_verdicts`
reads the events, `rejudge` sets one of them beside today's verdict.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec
from msgspec.structs import replace

from stillfixed.actors.session import events as e
from stillfixed.actors.session.checks import judge_runs
from stillfixed.actors.session.requests import RunOutput
from stillfixed.actors.session.state import Override, RunSeen, State, check_key, evolve
from stillfixed.actors.verdicts.model import JUDGE_VERSION, Platform, Verdict


class StoredVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """A verdict of the history with what it was given on: the two runs, and the expectation in
    force. `version` is that of its event."""

    version: int
    event: e.CheckVerified
    before: RunSeen
    after: RunSeen
    platform: Platform
    expect: str | None = None
    override: Override | None = None


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """A verdict of the judge of one version."""

    judge: str
    verdict: Verdict
    reasons: tuple[str, ...] = ()


class Rejudgement(msgspec.Struct, frozen=True, kw_only=True):
    """One stored verdict, `then`, beside today's, `now`, on run `verification` after `baseline`.
    `override` is what a dispatcher said in place of `then`."""

    version: int
    at: datetime
    endpoint: str
    command: str
    baseline: str
    verification: str
    then: Said
    now: Said
    expect: str | None = None
    override: Override | None = None

    @property
    def differs(self) -> bool:
        return self.now.verdict != self.then.verdict


def stored_verdicts(events: Iterable[e.SessionEvent]) -> tuple[StoredVerdict, ...]:
    """Every verdict of a history, given from its first event on, in its order."""
    state = State()
    seen: dict[str, RunSeen] = {}
    found: list[StoredVerdict] = []
    newest: dict[str, int] = {}
    for version, event in enumerate(events, start=1):
        state = evolve(state, event)
        seen.update(state.finished)
        match event:
            case e.CheckVerified(verification=run):
                newest[run] = len(found)
                found.append(
                    StoredVerdict(
                        version=version,
                        event=event,
                        before=seen[event.baseline],
                        after=seen[run],
                        platform=state.endpoints[event.endpoint].platform,
                        expect=state.expectations.get(check_key(event.endpoint, event.check)),
                    )
                )
            case e.VerdictOverridden(verification=run) if run in newest:
                override = Override(event.verdict, event.reason, event.by, event.at)
                found[newest[run]] = replace(found[newest[run]], override=override)
            case _:
                pass
    return tuple(found)


def rejudge(stored: StoredVerdict, outputs: Mapping[str, RunOutput]) -> Rejudgement:
    """One stored verdict beside today's; `outputs` are those of its two runs."""
    event = stored.event
    today = judge_runs(
        stored.before,
        stored.after,
        expect=stored.expect,
        platform=stored.platform,
        outputs=outputs,
    )
    return Rejudgement(
        version=stored.version,
        at=event.at,
        endpoint=event.endpoint,
        command=stored.after.command,
        baseline=event.baseline,
        verification=event.verification,
        then=Said(judge=event.judge, verdict=event.verdict, reasons=event.reasons),
        now=Said(judge=JUDGE_VERSION, verdict=today.verdict, reasons=today.reasons),
        expect=stored.expect,
        override=stored.override,
    )
