"""Any sequence of requests, repeats and crashes gives one history, and each request one answer.

A real host on a real log, a scripted endpoint, a virtual clock. A crash drops the host without a
word, as kill -9 does; the next host claims the sessions again.
"""

import asyncio
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from stillfixed.actors.log.contract import EventLog
from stillfixed.actors.log.sqlite import SqliteLog
from stillfixed.actors.runtime.host import HostSettings, SessionHost
from stillfixed.actors.runtime.messages import MOVED, Envelope
from stillfixed.actors.session import events as e
from stillfixed.actors.session import requests as r
from stillfixed.actors.session.gate import is_current
from stillfixed.actors.session.gate import rule as gate
from stillfixed.actors.session.history import build
from stillfixed.actors.session.policy import BUILT_IN
from stillfixed.actors.session.state import State, check_key, evolve, fold
from stillfixed.actors.verdicts.model import Verdict
from tests.support.clock import VirtualClock
from tests.support.scripted import Script
from tests.support.views import contents, folded

PEOPLE = st.sampled_from(["ana", "bob", "dora"])
CHECKS = st.sampled_from(["systemctl is-active nginx", "curl -f http://127.0.0.1/health"])
CHANGES = st.sampled_from(["systemctl restart nginx", "./vendor-tool"])
SESSION = "s-1"
RUNBOOK = """\
name = "web"
title = "Web"
platforms = ["posix"]

[[check]]
command = "systemctl is-active nginx"
expect = "stdout == active"
why = "It runs."

[[check]]
command = "curl -f http://127.0.0.1/health"
why = "It answers."
"""


class SessionMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory()
        self.clock = VirtualClock()
        self.script = Script()
        self.log: EventLog = self.wait(SqliteLog.open(Path(self.folder.name) / "log.db"))
        self.hosts = 0
        self.asked: list[tuple[str, r.PersonRequest, r.SessionAnswer]] = []
        self.unanswered = 0
        self.host = self.new_host()
        self.ask(r.OpenSession(by="ana", ticket="T-1", client="Acme"))
        self.ask(r.AddEndpoint(by="ana", endpoint="web1", kind="x", address="", platform="posix"))

    def wait(self, work: Any) -> Any:
        return self.runner.run(work)

    def new_host(self) -> SessionHost:
        self.hosts += 1
        name = f"host-{self.hosts}"
        placed = self.wait(self.log.holder(SESSION))
        assert self.wait(self.log.place(SESSION, name, instead_of=placed)) == name

        async def make() -> SessionHost:
            return SessionHost(
                name,
                log=self.log,
                clock=self.clock,
                open_endpoint=self.script.open,
                settings=HostSettings(idle_seconds=1e9),
            )

        return self.wait(make())

    def ask(self, request: r.PersonRequest, request_id: str | None = None) -> r.SessionAnswer:
        request_id = request_id or f"q{len(self.asked) + self.unanswered}"
        self.clock.advance(1)
        [answer] = self.wait(self.host.serve([Envelope(SESSION, SESSION, request_id, request)]))
        self.asked.append((request_id, request, answer))
        return answer

    # -- what people do --------------------------------------------------------------------------
    @rule(by=PEOPLE, command=st.one_of(CHECKS, CHANGES), status=st.sampled_from([0, 1, 3, 127]))
    def run(self, by: str, command: str, status: int) -> None:
        self.script.exit_status = status
        self.script.stdout = b"active\n" if status == 0 else b"failed\n"
        self.ask(r.StartRun(by=by, command=command))

    @rule(
        command=CHECKS,
        before=st.sampled_from([0, 3]),
        after=st.sampled_from([0, 3]),
        says=st.sampled_from([None, *get_args(Verdict)]),
    )
    def verify(self, command: str, before: int, after: int, says: Verdict | None) -> None:
        """What single steps seldom add up to: a check, a change, the check again, a doubt."""
        by = fold(State(), self.events()).technician
        self.run(by, command, before)
        self.run(by, "systemctl restart nginx", 0)
        self.run(by, command, after)
        if says:
            self.override("dan", -1, says, "I saw it.")

    @rule(by=PEOPLE, command=st.one_of(CHECKS, CHANGES))
    def run_on_a_dead_endpoint(self, by: str, command: str) -> None:
        self.script.lost = True
        self.ask(r.StartRun(by=by, command=command))
        self.script.lost = False

    @rule(by=PEOPLE, kind=st.sampled_from(["note", "verification", "cannot_verify"]))
    def annotate(self, by: str, kind: Any) -> None:
        self.ask(r.Annotate(by=by, kind=kind, text="Words."))

    @rule(by=PEOPLE, annotation=st.sampled_from(["n1", "n2", "n3"]))
    def accept(self, by: str, annotation: str) -> None:
        self.ask(r.AcceptAnnotation(by=by, annotation=annotation))

    @rule(by=PEOPLE, command=CHECKS, expect=st.sampled_from(["exit_status == 0", "stdout == x"]))
    def state_expectation(self, by: str, command: str, expect: str) -> None:
        self.ask(r.StateExpectation(by=by, command=command, expect=expect))

    @rule(
        by=st.sampled_from(["ana", "dora", "dan"]),
        which=st.sampled_from([-1, -1, -2, 0]),
        verdict=st.sampled_from(get_args(Verdict)),
        reason=st.sampled_from(["I saw it.", "I saw it.", " "]),
    )
    def override(self, by: str, which: int, verdict: Verdict, reason: str) -> None:
        """Of the newest verdict, mostly; of the one before, or of a run that has none."""
        judged = [x.verification for x in self.events() if isinstance(x, e.CheckVerified)]
        run = ["r1", "r1", *judged][which]
        self.ask(r.OverrideVerdict(by=by, run=run, verdict=verdict, reason=reason))

    @rule(by=PEOPLE)
    def load_runbook(self, by: str) -> None:
        """What was judged by another expectation is judged again by the runbook's."""
        self.ask(r.LoadRunbook(by=by, text=RUNBOOK))

    @rule(by=PEOPLE)
    def declare_change(self, by: str) -> None:
        self.ask(r.DeclareChange(by=by, text="Plugged it in."))

    @rule(by=PEOPLE)
    def take_over(self, by: str) -> None:
        self.ask(r.HandOver(by=by))

    @rule(by=PEOPLE)
    def request_closure(self, by: str) -> None:
        self.ask(r.RequestClosure(by=by))

    @rule(by=PEOPLE)
    def record_callback(self, by: str) -> None:
        self.ask(r.RecordCallback(by=by, kind="reopened"))

    @rule(by=PEOPLE, command=CHECKS)
    def monitor(self, by: str, command: str) -> None:
        now = self.clock.now()
        self.ask(
            r.StartMonitor(
                by=by,
                command=command,
                first_at=now + timedelta(seconds=30),
                every_seconds=60,
                until=now + timedelta(minutes=5),
            )
        )

    @rule(rings=st.integers(1, 3))
    def timers_ring(self, rings: int) -> None:
        """Every due timer rings, some of them again."""
        self.clock.advance(61)
        for timer in self.wait(self.log.due_timers(self.clock.now())):
            request = r.FireTimer(by="stillfixed", monitor=timer.name, due_at=timer.due_at)
            for _ in range(rings):
                self.ask(request, f"timer:{timer.name}:{timer.due_at.isoformat()}")

    # -- what goes wrong -------------------------------------------------------------------------
    @rule()
    def crash(self) -> None:
        self.host = self.new_host()

    @rule(by=PEOPLE, command=st.one_of(CHECKS, CHANGES))
    def crash_in_the_middle_of_a_run(self, by: str, command: str) -> None:
        """The command has left; nobody will hear its end. It must not be sent again."""
        request_id = f"crash{len(self.asked)}"
        envelope = Envelope(SESSION, SESSION, request_id, r.StartRun(by=by, command=command))
        self.script.hold = asyncio.Event()
        self.script.left = asyncio.Event()

        async def until_sent_or_refused() -> None:
            serving = asyncio.ensure_future(self.host.serve([envelope]))
            left = asyncio.ensure_future(self.script.left.wait())
            await asyncio.wait([serving, left], return_when=asyncio.FIRST_COMPLETED)
            left.cancel()

        self.wait(until_sent_or_refused())
        self.script.hold = None
        self.host = self.new_host()
        sent = dict(self.script.sent)
        answer = self.ask(envelope.request, request_id)
        assert self.script.sent == sent
        if isinstance(answer, r.RunEnded):
            run, events = answer.record.run, self.events()
            ended = [x for x in events if isinstance(x, e.RunInterrupted) and x.run == run]
            assert len(ended) == 1

    @precondition(lambda self: self.asked)
    @rule(data=st.data())
    def repeat(self, data: st.DataObject) -> None:
        """The same request id again: the same answer, and nothing happens."""
        request_id, request, answer = data.draw(st.sampled_from(self.asked))
        before = len(self.events())
        assert self.ask(request, request_id) == answer
        assert len(self.events()) == before

    @rule()
    def ask_the_host_before(self) -> None:
        """A host that was replaced answers nothing any more."""
        old, self.host = self.host, self.new_host()
        self.ask(r.HandOver(by="ana"))
        before = len(self.events())
        envelope = Envelope(
            SESSION, SESSION, f"old{len(self.asked)}", r.Annotate(by="ana", kind="note", text="x")
        )
        [answer] = self.wait(old.serve([envelope]))
        assert isinstance(answer, r.Refused)
        assert answer.code == MOVED
        assert len(self.events()) == before

    # -- what always holds -----------------------------------------------------------------------
    def events(self) -> list[e.SessionEvent]:
        return [e.decode(record.data) for record in self.wait(self.log.read(SESSION))]

    @invariant()
    def the_history_folds_to_the_live_state(self) -> None:
        live = self.host._live.get(SESSION)
        if live is not None and not live.busy:
            state = State()
            for event in self.events():
                state = evolve(state, event)
            assert state == live.journal.state

    @invariant()
    def no_grant_without_proof(self) -> None:
        state = State()
        for event in self.events():
            if isinstance(event, e.ClosureGranted):
                assert gate(state, BUILT_IN, event.at).granted
                assert event.evidence
            state = evolve(state, event)

    @invariant()
    def an_override_is_by_another_of_a_verdict_in_force(self) -> None:
        """And counts, until the check is judged again or a change follows, and no longer."""
        state = State()
        for event in self.events():
            before, state = state, evolve(state, event)
            if not isinstance(event, e.VerdictOverridden):
                for check in state.checks.values():
                    v = check.verification
                    if v and v.override:
                        assert v in [c.verification for c in before.checks.values()]
                continue
            [check] = [
                check
                for check in before.checks.values()
                if check.verification and check.verification.seen.run == event.verification
            ]
            assert check.verification
            assert is_current(before, check)
            assert event.replaces == check.verification.in_force != event.verdict
            assert event.by not in before.worked
            assert event.reason.strip()
            after = state.checks[check_key(event.endpoint, event.check)].verification
            assert after is not None
            assert (after.verdict, after.reasons, after.in_force) == (
                check.verification.verdict,
                check.verification.reasons,
                event.verdict,
            )

    @invariant()
    def every_run_has_at_most_one_end(self) -> None:
        ends = [
            event.run
            for event in self.events()
            if isinstance(event, e.RunFinished | e.RunNotSent | e.RunInterrupted)
        ]
        assert len(ends) == len(set(ends))

    def the_views_agree(self) -> None:
        """The views say of every check what the session's own fold says, however the feed is cut
        into batches."""
        records = self.wait(self.log.read_feed(0))
        folder = Path(self.folder.name)
        whole = folded(folder / "whole.duckdb", records, len(records))
        pieces = folded(folder / "pieces.duckdb", records, 30)
        assert contents(whole) == contents(pieces)
        transcript = build(SESSION, [(r.version, e.decode(r.data)) for r in records], {})
        expected = {
            (c.endpoint, c.command, c.standing, c.before.run, c.after.run if c.after else None)
            for c in transcript.comparisons
        }
        columns = "endpoint, command, standing, baseline, verification"
        found = whole._db.execute(f"SELECT {columns} FROM check_results").fetchall()
        assert set(found) == expected
        [(status,)] = whole._db.execute("SELECT status FROM session_states").fetchall()
        assert status == transcript.state.status
        for store in (whole, pieces):
            store.close()

    def teardown(self) -> None:
        self.the_views_agree()
        self.wait(self.log.close())
        self.runner.close()
        self.folder.cleanup()


SessionMachine.TestCase.settings = settings(
    max_examples=25,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestSessionMachine = SessionMachine.TestCase
