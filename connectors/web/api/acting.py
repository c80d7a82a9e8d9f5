"""Routes that ask something of a session, made from the table in `acts.py`."""

import asyncio
import inspect
import re
import secrets
from collections.abc import Coroutine
from typing import Annotated, Any

from fastapi import Header, Path
from starlette.responses import Response

from stillfixed.actors.errors import LogError, NotAllowed, RequestRefused
from stillfixed.actors.session import events as e
from stillfixed.actors.session import requests as r
from stillfixed.connectors.cli.asjson import closure_json, run_json
from stillfixed.connectors.web.api import answers, bodies
from stillfixed.connectors.web.api.acts import ACTS, BY_REQUEST, SESSION, Act
from stillfixed.connectors.web.api.asking import Json, RequestId, api_router, heading_for_any
from stillfixed.connectors.web.desk import AtDesk, Desk, SignedIn
from stillfixed.connectors.web.identity import Person

router = api_router("asking sessions")

_NAMES = re.compile(r"(?<=[a-z])(?=[A-Z])")
_SHAPES: dict[type[r.Answer], type[answers.Shape]] = {
    r.Done: answers.Done,
    r.RunEnded: answers.Run,
    r.ClosureAnswer: answers.Closure,
}


@router.post("/api/sessions", status_code=201, response_model=answers.Opened)
async def open_session(
    body: bodies.NewSession, request_id: RequestId, person: SignedIn, desk: AtDesk
) -> Response:
    """Open a session for a ticket; you are its technician."""
    if not person.may("work", client=body.client, team=body.team):
        raise NotAllowed(f"{person.name} may not work for {body.client}.")
    session = await desk.client.open(by=person.name, request_id=request_id, **body.model_dump())
    location = {"Location": f"/api/sessions/{session.id}"}
    return Json({"session": session.id}, 201, headers=location)


@router.post(
    f"{SESSION}/runs",
    response_model=answers.Run,
    responses={202: {"model": answers.RunBegun}},
)
async def start_run(
    session: str,
    body: bodies.NewRun,
    request_id: RequestId,
    person: SignedIn,
    desk: AtDesk,
    prefer: Annotated[
        str,
        Header(description="`respond-async`: answer 202 as soon as the run's start is durable."),
    ] = "",
) -> Response:
    """Run a command to its end. One that fails, times out or is interrupted is a result, not an
    error: look at `status` and `exit_status`. A caller that goes away leaves the command going."""
    request_id = request_id or secrets.token_hex(8)
    asked = _ask(desk, person, BY_REQUEST[r.StartRun], session, body, request_id)
    if "respond-async" not in [part.strip() for part in prefer.lower().split(",")]:
        return await asked
    return await _begun(desk, session, asked, request_id)


async def _ask(
    desk: Desk,
    person: Person,
    act: Act,
    session: str,
    body: bodies.Body,
    request_id: str | None,
    **named: str,
) -> Response:
    await heading_for_any(desk, person, act.rights, session)
    fields = body.model_dump()
    if act.request is r.StartMonitor and fields["first_at"] is None:
        fields["first_at"] = desk.clock.now()
    request: Any = act.request(by=person.name, **fields, **named)
    handle = await desk.client.session(session, by=person.name)
    answer = await handle.ask(request, request_id)
    if not isinstance(answer, act.answers):
        raise RequestRefused(
            "This Idempotency-Key was used before, for another request. Use a new one."
        )
    match answer:
        case r.RunEnded():
            return Json(run_json(answer.record))
        case r.ClosureAnswer():
            return Json(closure_json(answer))
        case _:
            return Json({"id": getattr(answer, "id", "")}, 201 if act.makes else 200)


async def _begun(
    desk: Desk, session: str, asked: Coroutine[Any, Any, Response], request_id: str
) -> Response:
    """202 once the run's start is durable; the whole answer if that comes first."""
    after = await desk.client.newest_position()
    answering = desk.background.start(asked, f"A run in session {session}")
    starting = asyncio.create_task(_start_of(desk, session, after, request_id))
    await asyncio.wait({answering, starting}, return_when=asyncio.FIRST_COMPLETED)
    starting.cancel()
    if answering.done():
        return answering.result()
    name = starting.result()
    headers = {
        "Location": f"/api/sessions/{session}/runs/{name}",
        "Preference-Applied": "respond-async",
    }
    return Json({"run": name}, 202, headers=headers)


async def _start_of(desk: Desk, session: str, after: int, request_id: str) -> str:
    """The run that a request starts or has started, as soon as it is durable."""
    log = desk.client.log
    earlier = await log.answer(session, request_id)
    if earlier is not None and isinstance(answer := r.decode_answer(earlier), r.RunAnswer):
        return answer.run
    async for batch in log.follow(after, stream=session):
        for record in batch:
            if record.request_id == request_id:
                event = e.decode(record.data)
                if isinstance(event, e.RunStarted):
                    return event.run
    raise LogError("The log was closed while the run was being started. Ask again.")


def _add_route(act: Act) -> None:
    async def ask(
        session: str,
        request_id: str | None,
        person: Person,
        desk: Desk,
        body: bodies.Body,
        named: str = "",
    ) -> Response:
        names = {act.names: named} if act.names else {}
        return await _ask(desk, person, act, session, body, request_id, **names)

    # FastAPI reads what a route takes from its signature, and here that comes from the table.
    taken: dict[str, Any] = {
        "session": str,
        "request_id": RequestId,
        "person": SignedIn,
        "desk": AtDesk,
        "body": act.body,
    }
    if act.names:
        taken["named"] = Annotated[str, Path(alias=act.names)]
    empty = inspect.Parameter.empty
    ask.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [
            inspect.Parameter(
                name,
                inspect.Parameter.KEYWORD_ONLY,
                annotation=kind,
                default=bodies.Nothing() if kind is bodies.Nothing else empty,
            )
            for name, kind in taken.items()
        ]
    )
    router.add_api_route(
        SESSION + act.path,
        ask,
        methods=["POST"],
        name=_NAMES.sub("_", act.request.__name__).lower(),
        summary=act.title,
        description=f"{act.title}. Needs the right to {' or to '.join(act.rights)}.",
        status_code=201 if act.makes else 200,
        response_model=_SHAPES[act.answers],
    )


for _act in ACTS:
    if _act.request is not r.StartRun:
        _add_route(_act)
