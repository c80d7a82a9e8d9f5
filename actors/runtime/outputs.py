"""Outputs of runs for judging: those just captured in memory, older ones from the log."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence

from stillfixed.actors.log.contract import EventLog
from stillfixed.actors.session.events import OutputCaptured, OutputsRemoved, SessionEvent
from stillfixed.actors.session.requests import RunOutput
from stillfixed.actors.session.state import JUDGED_BYTES, RunSeen, State

OUTPUT_SHOWN_BYTES = JUDGED_BYTES
"""How much of one run's output a result or transcript carries; the log keeps the rest."""

KEPT_RUNS = 8
"""Outputs kept in memory by one live session, each at most `JUDGED_BYTES` long."""


class Outputs:
    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._kept: OrderedDict[str, RunOutput] = OrderedDict()

    def keep(self, run: str, output: RunOutput, *, room: int = KEPT_RUNS) -> None:
        self._kept[run] = output
        self._kept.move_to_end(run)
        while len(self._kept) > room:
            self._kept.popitem(last=False)

    def in_memory(self, runs: tuple[str, ...]) -> dict[str, RunOutput]:
        return {run: self._kept[run] for run in runs if run in self._kept}

    async def load(self, state: State, runs: tuple[str, ...]) -> None:
        """Bring outputs of checks' runs into memory, as far as they are not."""
        # A runbook asks for two runs a check, more than are kept otherwise.
        room = max(KEPT_RUNS, len(runs))
        for run in runs:
            output = self._kept.get(run)
            if output is None:
                seen = next(filter(None, (c.seen(run) for c in state.checks.values())), None)
                output = await judged_output(self._log, seen) if seen else RunOutput()
            self.keep(run, output, room=room)


async def judged_output(log: EventLog, seen: RunSeen) -> RunOutput:
    """The output of a run as far as it is judged, from the log."""
    chunks = {piece.chunk: await log.chunk(piece.chunk) for piece in seen.pieces or ()}
    return put_together(seen, chunks)


def put_together(seen: RunSeen, chunks: Mapping[str, bytes]) -> RunOutput:
    """The output of a run as far as it is judged, from the bytes of its pieces."""
    pieces: dict[str, list[bytes]] = {"stdout": [], "stderr": []}
    for piece in seen.pieces or ():
        pieces[piece.output].append(chunks[piece.chunk])
    return RunOutput(b"".join(pieces["stdout"]), b"".join(pieces["stderr"]))


def not_removed(events: Sequence[SessionEvent]) -> Sequence[SessionEvent]:
    """The events after the last removal of outputs: chunks that earlier ones name may be gone."""
    for number in range(len(events), 0, -1):
        if isinstance(events[number - 1], OutputsRemoved):
            return events[number:]
    return events


async def shown_chunks(
    log: EventLog, events: Iterable[SessionEvent], *, only: str | None = None
) -> dict[str, bytes]:
    """The chunks of outputs among events, of one run or all, to `OUTPUT_SHOWN_BYTES` a run; not
    of those that were removed since."""
    return {name: await log.chunk(name) for name in shown_ids(events, only=only)}


def shown_ids(events: Iterable[SessionEvent], *, only: str | None = None) -> list[str]:
    """The ids of those chunks, each once."""
    ids: dict[str, None] = {}
    taken_bytes: dict[str, int] = {}
    for event in not_removed(list(events)):
        if not isinstance(event, OutputCaptured) or (only and event.run != only):
            continue
        taken_bytes[event.run] = taken_bytes.get(event.run, 0) + event.size_bytes
        if taken_bytes[event.run] <= OUTPUT_SHOWN_BYTES:
            ids[event.chunk] = None
    return list(ids)
