"""A session's domain driven by hand: decide, fold, and a clock that moves a second a step."""

from datetime import UTC, datetime, timedelta

from stillfixed.actors.session import events as e
from stillfixed.actors.session import requests as r
from stillfixed.actors.session.decide import decide
from stillfixed.actors.session.policy import Policy
from stillfixed.actors.session.state import JUDGED_BYTES, State, fold

START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


class Desk:
    """`log` holds every event that happened; `policy` is in force for closures."""

    def __init__(self, policy: Policy | None = None) -> None:
        self.state = State()
        self.log: list[e.SessionEvent] = []
        self.now = START
        self.policy = policy
        self.outputs: dict[str, r.RunOutput] = {}

    def ask(self, request: r.SessionRequest) -> r.SessionAnswer:
        self.now += timedelta(seconds=1)
        context = r.Context(self.now, self.policy, self.outputs)
        decision = decide(self.state, request, context)
        self.state = fold(self.state, decision.events)
        self.log.extend(decision.events)
        return decision.answer

    def open(self, by: str = "ana") -> "Desk":
        self.ask(r.OpenSession(by=by, ticket="T-1", client="Acme", team="field"))
        self.ask(r.AddEndpoint(by=by, endpoint="web1", kind="ssh", address="", platform="posix"))
        return self

    def start(self, command: str, *, by: str = "ana", endpoint: str = "") -> str:
        answer = self.ask(r.StartRun(by=by, command=command, endpoint=endpoint))
        assert isinstance(answer, r.RunAnswer), answer
        return answer.run

    def finish(self, run: str, exit_status: int = 0, stdout: str = "", stderr: str = "") -> None:
        self.outputs[run] = r.RunOutput(stdout.encode(), stderr.encode())
        request = r.FinishRun(by="ana", run=run, end="exited", exit_status=exit_status)
        self.ask(request)

    def flood(self, run: str) -> None:
        """More output of a run than is judged."""
        pieces: list[e.SessionEvent] = [
            e.OutputCaptured(
                at=self.now, by="ana", run=run, output="stdout", chunk=f"c{number}",
                size_bytes=JUDGED_BYTES // 2,
            )
            for number in range(3)
        ]  # fmt: skip
        self.state = fold(self.state, pieces)
        self.log += pieces

    def run(self, command: str, exit_status: int = 0, stdout: str = "", **more: str) -> str:
        run = self.start(command, **more)
        self.finish(run, exit_status, stdout)
        return run

    def close(self, by: str = "ana") -> r.ClosureAnswer:
        answer = self.ask(r.RequestClosure(by=by))
        assert isinstance(answer, r.ClosureAnswer), answer
        return answer

    def last(self, kind: type[e.SessionEvent]) -> e.SessionEvent:
        return next(event for event in reversed(self.log) if isinstance(event, kind))
