"""Bench: sessions as the runtime would have written them: the domain's own decisions, with outputs,
in the two commits that a run has.
"""

from msgspec import json

from stillfixed.actors.log.contract import Append, Appended, Chunk, EventLog
from stillfixed.actors.session import events as e
from stillfixed.actors.session.state import fold, heading
from tests.support.desk import Desk

CHECKS = ("systemctl status postfix", "df -h /var", "ss -ltn", "cat /var/lib/app/state")


class Written(Desk):
    """One session, decided here and appended to a log."""

    def __init__(self, log: EventLog, session: str) -> None:
        super().__init__()
        self.session = session
        self._log = log
        self._version = 0
        self._runs = 0

    async def open_durably(self) -> Appended:
        self.open()
        return await self.append()

    async def append(self, *chunks: Chunk) -> Appended:
        """What was decided since, in one commit."""
        entry = Append(
            stream=self.session,
            epoch=None,
            expected_version=self._version,
            events=tuple(map(e.encode, self.log[self._version :])),
            chunks=chunks,
            heading=json.encode(heading(self.state)),
        )
        done = await self._log.append(entry)
        self._version = done.version
        return done

    def begin_run(self) -> str:
        """The next check; every fifth run is a change, after which the checks are run again."""
        self._runs += 1
        step = self._runs % 5
        command = CHECKS[step - 1] if step else f"systemctl restart app-{self._runs}"
        return self.start(command)

    def end_run(self, run: str) -> Chunk:
        """With some ten lines of output, which differ from run to run."""
        lines = [
            f"unit-{line}.service  loaded  {'active' if line % 7 else 'failed'}  pid {run}{line}"
            for line in range(10)
        ]
        chunk = Chunk.of("\n".join([*lines, f"end of {run} in {self.session}", ""]).encode())
        captured = e.OutputCaptured(
            at=self.now, by="ana", run=run, output="stdout", chunk=chunk.id,
            size_bytes=len(chunk.data),
        )  # fmt: skip
        self.state = fold(self.state, [captured])
        self.log.append(captured)
        self.finish(run, stdout=chunk.data.decode())
        return chunk

    async def write_runs(self, count: int) -> None:
        for _ in range(count):
            chunk = self.end_run(self.begin_run())
            await self.append(chunk)
