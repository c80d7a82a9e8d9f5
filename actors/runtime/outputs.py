"""Outputs of runs for judging: those just captured in memory, older ones from the log."""

from collections import OrderedDict

from stillfixed.actors.log.contract import EventLog
from stillfixed.actors.session.requests import RunOutput
from stillfixed.actors.session.state import RunSeen, State

KEPT_RUNS = 8
"""Outputs kept in memory by one live session, each at most `JUDGED_BYTES` long."""


class Outputs:
    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._kept: OrderedDict[str, RunOutput] = OrderedDict()

    def keep(self, run: str, output: RunOutput) -> None:
        self._kept[run] = output
        self._kept.move_to_end(run)
        while len(self._kept) > KEPT_RUNS:
            self._kept.popitem(last=False)

    def in_memory(self, runs: tuple[str, ...]) -> dict[str, RunOutput]:
        return {run: self._kept[run] for run in runs if run in self._kept}

    async def load(self, state: State, runs: tuple[str, ...]) -> None:
        """Bring outputs of checks' runs into memory, as far as they are not."""
        for run in runs:
            if run not in self._kept:
                seen = _find(state, run)
                self.keep(run, await self._read(seen) if seen else RunOutput())

    async def _read(self, seen: RunSeen) -> RunOutput:
        pieces: dict[str, list[bytes]] = {"stdout": [], "stderr": []}
        for piece in seen.pieces or ():
            pieces[piece.output].append(await self._log.chunk(piece.chunk))
        return RunOutput(b"".join(pieces["stdout"]), b"".join(pieces["stderr"]))


def _find(state: State, run: str) -> RunSeen | None:
    for check in state.checks.values():
        if check.baseline.run == run:
            return check.baseline
        if check.verification and check.verification.seen.run == run:
            return check.verification.seen
    return None
