"""Routes of runs and of what they printed: as a record, as bytes, and as the pieces events name.

Guarantee: a piece of output is given to whoever may read a session that has it, and to nobody who
only knows its content: the same bytes have the same id in every session.
"""

import base64
from collections import OrderedDict
from typing import Annotated, Literal

from fastapi import Query, Request
from pydantic import Field
from starlette.exceptions import HTTPException
from starlette.responses import Response, StreamingResponse

from stillfixed.actors.errors import RequestRefused
from stillfixed.actors.log.contract import EventLog
from stillfixed.actors.runtime.outputs import not_removed, shown_chunks
from stillfixed.actors.session import events as e
from stillfixed.actors.session.history import run_records
from stillfixed.connectors.cli.asjson import run_json
from stillfixed.connectors.web.api import answers
from stillfixed.connectors.web.api.acts import SESSION
from stillfixed.connectors.web.api.asking import Json, api_router
from stillfixed.connectors.web.desk import AtDesk, SignedIn, heading_for

router = api_router("reading sessions")

CHUNKS_AT_ONCE = 64
CHUNKS_AT_ONCE_BYTES = 8 * 1024 * 1024
KNOWN_SESSIONS = 64
ChunkId = Annotated[str, Field(pattern="^[0-9a-f]{32}$")]


@router.get(f"{SESSION}/runs/{{run}}", response_model=answers.Run)
async def read_run(session: str, run: str, person: SignedIn, desk: AtDesk) -> Response:
    """One run as it is now; of one that is going, what it has said so far."""
    await heading_for(desk, person, "read", session)
    log = desk.client.log
    events = [e.decode(record.data) for record in await log.read(session)]
    found = run_records(events, await shown_chunks(log, events, only=run)).get(run)
    if found is None:
        raise HTTPException(404, _no_run(session, run))
    return Json(run_json(found))


@router.get(
    f"{SESSION}/runs/{{run}}/output",
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": {}}}},
)
async def read_output(
    session: str,
    run: str,
    person: SignedIn,
    desk: AtDesk,
    stream: Literal["stdout", "stderr"] = "stdout",
) -> Response:
    """All bytes of an output, exactly as they came, however long it is."""
    await heading_for(desk, person, "read", session)
    events = [e.decode(record.data) for record in await desk.client.log.read(session)]
    if not any(isinstance(event, e.RunStarted) and event.run == run for event in events):
        raise HTTPException(404, _no_run(session, run))
    kept = not_removed(events)
    if not any(isinstance(event, e.RunStarted) and event.run == run for event in kept):
        raise RequestRefused(
            f"The outputs of session {session} were removed by a rule of retention. Its history "
            "says when, by whom and under which."
        )
    pieces = [
        event.chunk
        for event in kept
        if isinstance(event, e.OutputCaptured) and (event.run, event.output) == (run, stream)
    ]
    # A download, never a page: what an endpoint printed is not ours to show as HTML.
    headers = {
        "Content-Disposition": "attachment",
        "X-Content-Type-Options": "nosniff",
    }
    bodies = (await desk.client.log.chunk(name) for name in pieces)
    return StreamingResponse(bodies, media_type="application/octet-stream", headers=headers)


@router.get(f"{SESSION}/chunks", response_model=answers.Chunks)
async def read_chunks(
    session: str,
    request: Request,
    ids: Annotated[list[ChunkId], Query(alias="id", max_length=CHUNKS_AT_ONCE)],
    person: SignedIn,
    desk: AtDesk,
) -> Response:
    """Pieces of output by their ids, as events name them, in base64. Those that do not fit into
    one answer are left out of it: ask again for the rest."""
    await heading_for(desk, person, "read", session)
    of_session = await _captured(request).ids(desk.client.log, session)
    if foreign := [name for name in ids if name not in of_session]:
        raise RequestRefused(f"Session {session} has no output {foreign[0]}.")
    found: dict[str, str] = {}
    size_bytes = 0
    for name in dict.fromkeys(ids):
        data = await desk.client.log.chunk(name)
        size_bytes += len(data)
        if found and size_bytes > CHUNKS_AT_ONCE_BYTES:
            break
        found[name] = base64.b64encode(data).decode()
    return Json({"chunks": found})


class _Captured:
    """The ids of a session's pieces of output, read once and then only what is new."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, tuple[int, set[str]]] = OrderedDict()

    async def ids(self, log: EventLog, session: str) -> set[str]:
        version, ids = self._known.pop(session, (0, set()))
        for record in await log.read(session, after_version=version):
            event = e.decode(record.data)
            version = record.version
            match event:
                case e.OutputCaptured(chunk=chunk):
                    ids.add(chunk)
                case e.OutputsRemoved():
                    ids.clear()
                case _:
                    pass
        self._known[session] = (version, ids)
        while len(self._known) > KNOWN_SESSIONS:
            self._known.popitem(last=False)
        return ids


def _captured(request: Request) -> _Captured:
    state = request.app.state
    if not hasattr(state, "captured_outputs"):
        state.captured_outputs = _Captured()
    found: _Captured = state.captured_outputs
    return found


def _no_run(session: str, run: str) -> str:
    return f"Session {session} has no run {run}. Its transcript names its runs."
