"""Output as it becomes durable, for whoever waits for a run: read from its history."""

from collections.abc import Callable, Sequence
from typing import Literal

from stillfixed.actors.backend import Histories
from stillfixed.actors.log.contract import Recorded
from stillfixed.actors.session import events as e

OnOutput = Callable[[Literal["stdout", "stderr"], bytes], None]


class LiveOutput:
    """The output of the run that one request starts, shown as it becomes durable."""

    def __init__(
        self,
        histories: Histories,
        session: str,
        position: int,
        request_id: str,
        on_output: OnOutput,
    ) -> None:
        self._histories = histories
        self._session = session
        self._position = position
        self._request_id = request_id
        self._on_output = on_output
        self._run: str | None = None

    @classmethod
    async def begin(
        cls, histories: Histories, session: str, request_id: str, on_output: OnOutput
    ) -> "LiveOutput":
        """Before the request is made, so that nothing comes before it."""
        position = await histories.newest_position()
        return cls(histories, session, position, request_id, on_output)

    async def follow(self) -> None:
        """Until cancelled."""
        async for batch in self._histories.follow(self._position, session=self._session):
            await self._show(batch)

    async def catch_up(self) -> None:
        """Show what is durable and was not shown yet."""
        while batch := await self._histories.read_feed(self._position, session=self._session):
            await self._show(batch)

    async def _show(self, batch: Sequence[Recorded]) -> None:
        for record in batch:
            match e.decode(record.data):
                case e.RunStarted(run=run) if record.request_id == self._request_id:
                    self._run = run
                case e.OutputCaptured() as piece if piece.run == self._run:
                    chunks = await self._histories.chunks(self._session, [piece.chunk])
                    self._on_output(piece.output, chunks[piece.chunk])
                case _:
                    pass
            # Only now: what is cancelled before this is shown by `catch_up`.
            self._position = record.position
