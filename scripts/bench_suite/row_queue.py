"""Bench row: the dispatcher's queue, 10,000 closures that wait: its first page, a page from the
middle, and the same for a dispatcher of one team, over HTTP on loopback."""

import time
from datetime import UTC, datetime
from statistics import median, quantiles

import httpx

from scripts.bench_suite.harness import work_folder
from scripts.bench_suite.table import Figure, Target
from stillfixed import Settings, connect_async
from stillfixed.actors.log.sqlite import SqliteLog
from stillfixed.connectors.web.app import create_app
from stillfixed.connectors.web.desk import Desk
from stillfixed.connectors.web.identity import EVERY, Grant, Person
from stillfixed.connectors.web.pages.waiting import Place
from tests.support import closing, views
from tests.support.made import START
from tests.support.web import KnownPeople, serving

CLOSURES = 10_000
TEAM = "field"


async def measure(quick: bool) -> list[Figure]:
    closures, rounds = (500, 5) if quick else (CLOSURES, 100)
    with work_folder() as folder:
        settings = Settings(data=folder, read_only=True)
        log = await SqliteLog.open(settings.log_file)
        names = await closing.write(log, closures)
        (await views.made(log, folder / "views")).close()
        await log.close()
        everyone, one_team = (
            Person(name=name, grants=(Grant(role="dispatcher", clients=(EVERY,), teams=teams),))
            for name, teams in (("dora", (EVERY,)), ("dan", (TEAM,)))
        )
        people = KnownPeople({person.name: person for person in (everyone, one_team)})
        middle = Place(_waits_since(closures // 2), names[closures // 2])
        async with (
            await connect_async(settings) as client,
            serving(create_app(Desk(client, people))) as url,
        ):
            found = {
                f"the first page of {closures:,} closures": await _times(url, "dora", "", rounds),
                "... a page from the middle": await _times(url, "dora", str(middle), rounds),
                "... the first page, of one team": await _times(url, "dan", "", rounds),
            }
    return [figure for what, times in found.items() for figure in _figures(what, times)]


def _waits_since(number: int) -> datetime:
    return datetime.fromtimestamp(START.timestamp() + number * 25.2 * 60, UTC)


async def _times(url: str, person: str, after: str, rounds: int) -> list[float]:
    """Milliseconds from the request to the whole page."""
    times = []
    headers = {"Authorization": f"Bearer {person}"}
    async with httpx.AsyncClient(base_url=url, headers=headers) as http:
        for _ in range(rounds + 3):
            began = time.perf_counter()
            page = await http.get("/queue", params={"after": after} if after else None)
            times.append((time.perf_counter() - began) * 1000)
            assert page.status_code == 200, page.text
            assert page.text.count("data-row") == 50
    return times[3:]  # the first open the copy of the views, once for each that is published


def _figures(what: str, times: list[float]) -> list[Figure]:
    target = (Target("ours", "at most", 100),)
    slow = quantiles(times, n=20)[-1]
    return [
        Figure(row="queue", what=f"{what}, median", unit="ms", ours=median(times), targets=target),
        Figure(row="queue", what="... 95 of 100 within", unit="ms", ours=slow, targets=target),
    ]
