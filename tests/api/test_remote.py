"""The remote backend on a wire that misbehaves."""

import asyncio
import json
from collections.abc import Callable

import httpx
import pytest

from stillfixed.actors import errors
from stillfixed.actors.log.contract import Recorded
from stillfixed.actors.session import requests as r
from stillfixed.connectors.web import remote
from stillfixed.connectors.web.remote import RemoteHost

NOTE = r.Annotate(by="ana", kind="note", text="x")
Answers = Callable[[httpx.Request], httpx.Response]


def problem(status: int, code: str, *, retryable: bool = False) -> httpx.Response:
    body = {"code": code, "detail": f"{code}.", "status": status, "retryable": retryable}
    return httpx.Response(status, json=body)


async def host(answers: Answers) -> RemoteHost:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/api/me":
            return httpx.Response(200, json={"name": "ana", "grants": []})
        return answers(request)

    http = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    return await RemoteHost.connect("http://host.example", token="t", http=http)


async def test_a_request_keeps_its_id_over_every_try(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not answered, answered by a proxy, refused for now, and then carried out."""
    monkeypatch.setattr(remote, "PAUSE_SECONDS", 0)
    keys: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        keys.append(request.headers["Idempotency-Key"])
        match len(keys):
            case 1:
                raise httpx.ReadError("gone")
            case 2:
                return httpx.Response(502, text="<h1>Bad gateway</h1>")
            case 3:
                return problem(503, "log_busy", retryable=True)
            case _:
                return httpx.Response(201, json={"id": "n1"})

    asked = await host(answer)
    assert await asked.ask("s-1", NOTE) == r.Done(id="n1")
    assert len(keys) == 4
    assert len(set(keys)) == 1
    await asked.ask("s-1", NOTE, "mine")
    assert keys[-1] == "mine"


async def test_it_gives_up_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """With an error that says what to do, and that it may be asked again."""
    monkeypatch.setattr(remote, "GIVE_UP_SECONDS", 0)

    def answer(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    asked = await host(answer)
    with pytest.raises(errors.SessionUnavailable, match=r"host\.example.*same request id"):
        await asked.ask("s-1", NOTE)


@pytest.mark.parametrize("kind", errors.BY_CODE.values(), ids=lambda kind: kind.code)
async def test_an_error_comes_back_as_its_class(
    kind: type[errors.StillfixedError], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With its words."""
    monkeypatch.setattr(remote, "GIVE_UP_SECONDS", 0)
    asked = await host(lambda _: problem(409, kind.code))
    with pytest.raises(errors.StillfixedError, match=rf"^{kind.code}\.$") as caught:
        await asked.ask("s-1", NOTE)
    assert type(caught.value) is kind


async def test_what_is_no_host_of_ours_is_said() -> None:
    """A web site at the address, for one."""
    asked = await host(lambda _: httpx.Response(404, text="<h1>Not found</h1>"))
    with pytest.raises(errors.HostUnavailable, match="answered 404, not as a host does"):
        await asked.ask("s-1", NOTE)


async def test_a_stream_that_breaks_goes_on_where_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever was cut off is sent again, and nothing is given twice."""
    monkeypatch.setattr(remote, "PAUSE_SECONDS", 0)
    asked_after: list[int] = []

    class Broken(httpx.AsyncByteStream):
        async def __aiter__(self):  # type: ignore[no-untyped-def]
            after = asked_after[-1]
            yield _frame(after + 1)
            yield _frame(after + 2)[:-9]
            raise httpx.ReadError("gone")

    def answer(request: httpx.Request) -> httpx.Response:
        asked_after.append(int(request.url.params["after"]))
        headers = {"content-type": "text/event-stream"}
        return httpx.Response(200, headers=headers, stream=Broken())

    asked = await host(answer)
    found: list[Recorded] = []
    async with asyncio.timeout(10):
        async for batch in asked.histories.follow(0, session="s-1"):
            found += batch
            if len(found) == 3:
                break
    assert [one.position for one in found] == [1, 2, 3]
    assert asked_after == [0, 1, 2]


async def test_a_stream_that_may_not_be_read_is_an_error_not_a_wait() -> None:
    """Trying again would not help."""
    asked = await host(lambda _: problem(404, "unknown_session"))
    with pytest.raises(errors.UnknownSession):
        await anext(aiter(asked.histories.follow(0, session="s-1")))


async def test_outputs_are_asked_for_until_all_are_there() -> None:
    """A host answers with as many as fit."""
    asked_for: list[list[str]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        ids = request.url.params.get_list("id")
        asked_for.append(ids)
        return httpx.Response(200, json={"chunks": {ids[0]: "eA=="}})

    asked = await host(answer)
    found = await asked.histories.chunks("s-1", ["a", "b", "a", "c"])
    assert found == {"a": b"x", "b": b"x", "c": b"x"}
    assert asked_for == [["a", "b", "c"], ["b", "c"], ["c"]]


async def test_a_name_cannot_leave_its_place_in_a_path() -> None:
    """Whatever characters an id has."""
    paths: list[bytes] = []

    def answer(request: httpx.Request) -> httpx.Response:
        paths.append(request.url.raw_path)
        return httpx.Response(200, json={"id": ""})

    asked = await host(answer)
    await asked.ask("../../x?y#z", r.CancelRun(by="ana", run=".."))
    assert paths == [b"/api/sessions/%2E%2E%2F%2E%2E%2Fx%3Fy%23z/runs/%2E%2E/cancel"]


def _frame(position: int) -> bytes:
    event = {"type": "closure_requested", "at": "2026-11-02T12:00:00Z", "by": "ana"}
    sent = {
        "position": position,
        "session": "s-1",
        "version": position,
        "request_id": None,
        "event": event,
    }
    return f"id: {position}\ndata: {json.dumps(sent)}\n\n".encode()
