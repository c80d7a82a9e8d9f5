"""`/health`, `/ready` and `/metrics`, for those who watch the host.

Anybody may ask whether it is up and ready. Why it is not, and the numbers, are for whoever asks on
this machine itself, not through a proxy, and for people who may operate it.
"""

import ipaddress
from collections.abc import Mapping

import msgspec
from fastapi import APIRouter, Request, Response

from stillfixed.actors.errors import NotAllowed
from stillfixed.connectors.web.desk import AtDesk, Desk, signed_in
from stillfixed.connectors.web.operating.operations import Operations

router = APIRouter(tags=["operating"])

PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"
_FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-proto", "x-real-ip", "via")


@router.get("/health", summary="Whether the process is up")
async def health() -> dict[str, str]:
    return {"status": "up"}


@router.get("/ready", summary="Whether the host can take work; 503 where it cannot")
async def ready(request: Request, desk: AtDesk) -> Response:
    operations: Operations | None = request.app.state.operations
    if operations is None:
        return _json({"ready": False}, 503)
    found = await operations.ready()
    told = msgspec.to_builtins(found) if await _may_look(request, desk) else {}
    return _json({"ready": found.ready, **told}, 200 if found.ready else 503)


@router.get("/metrics", summary="Numbers for Prometheus")
async def metrics(request: Request, desk: AtDesk) -> Response:
    if not await _may_look(request, desk):
        person = await signed_in(request, desk)
        raise NotAllowed(f"{person.name} may not operate this host.")
    operations: Operations | None = request.app.state.operations
    if operations is None:
        return Response(status_code=503)
    return Response(await operations.numbers(), media_type=PROMETHEUS)


async def _may_look(request: Request, desk: Desk) -> bool:
    if _is_here(request):
        return True
    person = await desk.people.who(request)
    return person is not None and bool(person.granting("operate"))


def _is_here(request: Request) -> bool:
    """Whether the request began on this machine. A proxy here brings those of others."""
    if request.client is None or any(name in request.headers for name in _FORWARDED):
        return False
    try:
        return ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False


def _json(told: Mapping[str, object], status: int) -> Response:
    body = msgspec.json.encode(told)
    headers = {"cache-control": "no-store"}
    return Response(body, status, headers, media_type="application/json")
