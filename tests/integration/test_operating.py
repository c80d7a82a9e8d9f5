"""What an operator sees of a host: readiness, numbers, traces and log lines, over real HTTP."""

import asyncio
import json
import logging
import os
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
import structlog
from fastapi import FastAPI
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from stillfixed import AsyncClient, Settings
from stillfixed.actors.errors import LogFull
from stillfixed.actors.log import append_to
from stillfixed.actors.log.sqlite import SqliteLog
from stillfixed.actors.runtime.cluster import Cluster
from stillfixed.actors.service import Service
from stillfixed.connectors.web.app import create_app
from stillfixed.connectors.web.desk import Desk
from stillfixed.connectors.web.identity import Grant, Person
from stillfixed.connectors.web.operating import logs
from stillfixed.connectors.web.operating.metrics import Metrics
from stillfixed.connectors.web.operating.observed import Observed
from stillfixed.connectors.web.operating.operations import Operations
from stillfixed.connectors.web.operating.traces import Observing
from stillfixed.connectors.web.serving import WebServer, listen
from stillfixed.connectors.web.settings import SettingsTable
from tests.support.web import KnownPeople

PLANTED = "hunter2-planted"
OLGA = Person(name="olga", grants=(Grant(role="operator", clients=("*",)),))
TINA = Person(name="tina", grants=(Grant(role="technician", clients=("*",)),))


class Running:
    """A host's parts, with spans kept in memory."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.spans = InMemorySpanExporter()
        self.provider = TracerProvider()
        self.provider.add_span_processor(SimpleSpanProcessor(self.spans))
        self.metrics = Metrics()
        self.observer = Observing(self.metrics, self.provider.get_tracer("test"))

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[httpx.AsyncClient]:
        self.service = service = await Service.start(self.settings, self.observer)
        table = SettingsTable(data=self.settings.data)
        self.operations = Operations(service, table, self.metrics, self.provider)
        client = AsyncClient(service)
        desk = Desk(client=client, people=KnownPeople({"olga": OLGA, "tina": TINA}))
        app = create_app(desk, self.operations)
        _add_routes(app, client)
        observed = Observed(app, self.metrics, self.operations.tracer)
        server = WebServer(observed, listen("127.0.0.1", 0))
        await server.start()
        self.operations.start()
        try:
            async with httpx.AsyncClient(base_url=server.address, timeout=60) as http:
                yield http
        finally:
            server.begin_to_stop()
            await self.operations.close()
            await service.drain()
            await server.stopped(5.0)
            await service.close()


def _add_routes(app: FastAPI, client: AsyncClient) -> None:
    """Ways to a session that need nobody signed in."""

    @app.post("/test/open")
    async def opened() -> str:
        session = await client.open(ticket="T-1", client="Acme", by="tina")
        await session.add_endpoint("here", kind="local")
        return session.id

    @app.post("/test/{session}/run")
    async def run(session: str) -> str:
        work = await client.session(session, by="tina")
        return (await work.run(f"echo {PLANTED}")).status

    @app.get("/test/failing")
    async def failing() -> None:
        raise RuntimeError(f"a fault that quotes {PLANTED}")


@pytest.fixture
def running(settings: Settings) -> Running:
    return Running(settings)


@pytest.mark.ray
async def test_one_trace_from_the_request_to_the_appends_and_their_numbers(
    ray_cluster: Cluster, running: Running
) -> None:
    """A caller's trace goes on through HTTP and Ray to each append; counters count it once."""
    caller = "0af7651916cd43dd8448eb211c80319c"
    async with running.serving() as http:
        session = (await http.post("/test/open")).json()
        running.spans.clear()
        named = {"traceparent": f"00-{caller}-b7ad6b7169203331-01", "x-request-id": "r-77"}
        ran = await http.post(f"/test/{session}/run", headers=named)
        assert (ran.json(), ran.headers["x-request-id"]) == ("exited", "r-77")
        numbers = (await http.get("/metrics")).text
        assert (await http.get("/ready")).json()["ray"] == {"state": "good", "reason": ""}

    spans = [
        s for s in running.spans.get_finished_spans() if f"{s.context.trace_id:032x}" == caller
    ]
    by_name = {span.name: span for span in spans}
    assert set(by_name) == {"POST /test/{session}/run", "session start_run", "session append"}
    request, asked = by_name["POST /test/{session}/run"], by_name["session start_run"]
    appends = [span for span in spans if span.name == "session append"]
    assert len(appends) >= 2  # the start, and the end with its output
    assert f"{request.parent.span_id:016x}" == "b7ad6b7169203331"
    assert asked.parent.span_id == request.context.span_id
    assert {span.parent.span_id for span in appends} == {asked.context.span_id}
    assert all(asked.start_time <= span.start_time <= asked.end_time for span in appends)
    assert PLANTED not in "".join(span.to_json() for span in spans)

    assert 'stillfixed_runs_total{outcome="exited_ok"} 1.0' in numbers
    assert 'stillfixed_sessions{status="open"} 1.0' in numbers
    assert "stillfixed_sessions_live 1.0" in numbers
    assert "stillfixed_sessions_asleep 0.0" in numbers
    assert "stillfixed_activation_seconds_count 1.0" in numbers
    assert re.search(
        r'http_request_seconds_count\{method="POST",route="/test/\{session\}/run",status="200"\} 1',
        numbers,
    )
    assert "Acme" not in numbers


@pytest.fixture
def reading(tmp_path: Path) -> Running:
    """A host's parts that start no Ray."""
    return Running(Settings(data=tmp_path, read_only=True))


async def test_a_host_that_cannot_write_says_so_and_is_not_ready(
    reading: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reason is for those who may know it; the status is for everybody."""

    async def full(*_: object, **__: object) -> str:
        raise LogFull("The log cannot grow.")

    async with reading.serving() as http:
        assert (await http.get("/health")).json() == {"status": "up"}
        monkeypatch.setattr(SqliteLog, "place", full)
        found = await http.get("/ready")
        assert found.status_code == 503
        assert found.json()["log"] == {"state": "failing", "reason": "The log cannot grow."}
        proxied = await http.get("/ready", headers={"x-forwarded-for": "203.0.113.7"})
        assert (proxied.status_code, proxied.json()) == (503, {"ready": False})


async def test_views_that_are_behind_do_not_make_a_host_unready(reading: Running) -> None:
    """Sessions go on without them; the reason is told."""
    async with reading.serving() as http:
        found = await http.get("/ready")
    assert found.status_code == 200
    assert found.json()["views"] == {"state": "behind", "reason": "No views are published yet."}


async def test_how_far_views_are_behind_is_told(reading: Running) -> None:
    """In events, and in seconds since what is published was published."""
    async with reading.serving() as http:
        for number in range(3):
            await append_to(reading.service.log, f"~x{number}", b'{"type":"x"}')
        copy = reading.settings.folder / "views" / "published" / "0001-000000000000001.duckdb"
        copy.parent.mkdir(parents=True)
        copy.touch()
        long_ago = time.time() - 1000
        os.utime(copy, (long_ago, long_ago))
        views = (await http.get("/ready")).json()["views"]
        numbers = (await http.get("/metrics")).text
    assert views["state"] == "behind"
    assert re.fullmatch(r"2 events behind the log, 100\d seconds old\.", views["reason"])
    assert "stillfixed_views_behind_events 2.0" in numbers
    assert re.search(r"stillfixed_views_lag_seconds 100\d\.", numbers)
    assert "stillfixed_log_position 3.0" in numbers


async def test_what_strangers_make_up_is_no_label_and_in_no_line(
    reading: Running, capfd: pytest.CaptureFixture[str], request: pytest.FixtureRequest
) -> None:
    """Methods, paths, ids of requests and of sessions."""
    request.addfinalizer(structlog.reset_defaults)
    request.addfinalizer(logging.getLogger("uvicorn").handlers.clear)
    logs.configure("console", "info")
    async with reading.serving() as http:
        await http.request("PLANTED", "/health")
        await http.get("/planted/planted")
        headers = {"x-request-id": "planted planted", "authorization": "Bearer olga"}
        answer = await http.post("/test/%1b[31mplanted/run", headers=headers)
        numbers = (await http.get("/metrics")).text
    assert "planted" not in answer.headers["x-request-id"]
    told = capfd.readouterr().err
    assert "/test/{session}/run" in told
    for text in (numbers, told):
        assert "planted" not in text.lower()
        assert "\x1b[31m" not in text


async def test_numbers_are_for_this_machine_and_for_operators(reading: Running) -> None:
    """Whoever comes through a proxy needs an operator's token."""
    through = {"x-forwarded-for": "203.0.113.7"}
    async with reading.serving() as http:
        assert (await http.get("/metrics")).status_code == 200
        for token, status in (("olga", 200), ("tina", None), ("nobody", None)):
            headers = {**through, "authorization": f"Bearer {token}"}
            answer = await http.get("/metrics", headers=headers)
            assert ("stillfixed_runs" in answer.text) == (status == 200), token
            assert (answer.status_code == 200) == (status == 200), token


async def test_a_request_is_one_line_that_quotes_nothing(
    reading: Running, capfd: pytest.CaptureFixture[str], request: pytest.FixtureRequest
) -> None:
    """A fault is told by its type and place, with the request's id; never by its text."""
    request.addfinalizer(structlog.reset_defaults)
    request.addfinalizer(logging.getLogger("uvicorn").handlers.clear)
    logs.configure("json", "info")
    async with reading.serving() as http:
        answer = await http.get(f"/test/failing?secret={PLANTED}", headers={"x-request-id": "q1"})
        assert answer.status_code == 500
        await http.get("/health")
    err = capfd.readouterr().err
    assert PLANTED not in err
    lines = [json.loads(line) for line in err.splitlines()]
    fault, answered = lines
    assert (fault["event"], fault["error"], fault["request_id"]) == (
        "request_failed",
        "RuntimeError",
        "q1",
    )
    assert fault["at"][-1].endswith("failing")
    assert (answered["route"], answered["status"]) == ("/test/failing", 500)
    assert (answered["level"], answered["request_id"]) == ("info", "q1")


async def test_many_who_ask_share_one_look(reading: Running) -> None:
    """A look writes to the log; a crowd of probes must not become a crowd of writes."""
    async with reading.serving() as http:
        looks = 0
        place = reading.service.log.place

        async def counted(*args: str, **kwargs: str | None) -> str:
            nonlocal looks
            looks += 1
            return await place(*args, **kwargs)

        reading.service.log.place = counted  # type: ignore[method-assign,assignment]
        await asyncio.gather(*(http.get("/ready") for _ in range(20)))
    assert looks == 1
