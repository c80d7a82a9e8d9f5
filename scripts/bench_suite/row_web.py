"""Bench row: the session host and its page, beside asyncssh and beside uvicorn with files.

Fair because the host is `stillfixed host` as it is started by anybody, a process of its own with
its views and its people; whoever asks is signed in by cookie; and each peer takes turns with it in
the same minute. The peers only do the part that is compared: asyncssh runs the command and forgets
it, uvicorn sends the bytes of a file and knows nobody.
"""

import asyncio
import time
from collections.abc import Iterable
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import median, quantiles

from scripts.bench_suite import web_browser
from scripts.bench_suite.harness import PeakMemory, installed, rss_bytes, until, work_folder
from scripts.bench_suite.table import Figure, Target
from scripts.bench_suite.web_clients import Asking, OpenPage, requests_a_second
from scripts.bench_suite.web_host import DISPATCHER, TECHNICIAN, Server, hosting, static_serving
from scripts.bench_suite.web_sessions import Written
from stillfixed import Settings
from stillfixed.actors.log import open_log
from stillfixed.actors.log.contract import Chunk
from stillfixed.projections import views_folder
from stillfixed.projections.worker import Worker
from tests.support import closing

LONG = "s-long"
RUNS = 200
RUNS_A_SECOND = 20
MIB = 2**20


async def measure(quick: bool) -> list[Figure]:
    with work_folder() as folder:
        waiting = 500 if quick else 10_000
        await _write(folder, waiting)
        async with hosting(folder) as server:
            figures = await web_browser.measure(server, folder, presses=5 if quick else 30)
            figures += await _transcripts(server, folder, seconds=0.5 if quick else 3)
            figures.append(await _queue(server, waiting, times=5 if quick else 50))
    with work_folder() as folder:
        pages, sessions, seconds = (100, 20, 3) if quick else (1_000, 50, 20)
        return figures + await _watchers(folder, pages, sessions, seconds)


async def _write(folder: Path, waiting: int) -> None:
    """The history that the host begins with, and its views."""
    settings = Settings(data=folder)
    log = await open_log(settings.log_url)
    await closing.write(log, waiting)
    session = Written(log, LONG)
    await session.open_durably()
    await session.write_runs(RUNS)
    worker = await Worker.start(log, views_folder(settings))
    await worker.catch_up()
    await worker.publish()
    await worker.close()
    await log.close()


# -- reading what is there ------------------------------------------------------------------------
async def _transcripts(server: Server, folder: Path, seconds: float) -> list[Figure]:
    headers = server.headers(TECHNICIAN)
    files = folder / "static"
    files.mkdir()
    whole = {"json": f"/api/sessions/{LONG}/transcript", "page": f"/sessions/{LONG}"}
    async with Asking(server, headers) as asking:
        for name, path in whole.items():
            (files / name).write_bytes(await asking.get(path))
    figures = []
    async with static_serving(files) as peer:
        for name, path in whole.items():
            ours: list[float] = []
            theirs: list[float] = []
            for _ in range(3):
                ours.append(await requests_a_second(server, path, headers, seconds))
                theirs.append(await requests_a_second(peer, f"/{name}", {}, seconds))
            size = (files / name).stat().st_size / 1024
            what = "its JSON" if name == "json" else "its page's HTML, the newest entries"
            figures.append(
                Figure(
                    row="web",
                    what=f"a transcript of {RUNS} runs, {what} ({size:.0f} KiB)",
                    unit="/s",
                    ours=median(ours),
                    peer=median(theirs),
                    peer_name=f"the same bytes as a file, {installed('uvicorn')}",
                    targets=(Target("ratio", "at least", 0.5),),
                )
            )
    return figures


async def _queue(server: Server, waiting: int, times: int) -> Figure:
    taken = []
    async with Asking(server, server.headers(DISPATCHER)) as asking:
        for _ in range(times):
            started = time.perf_counter()
            page = await asking.get("/queue")
            taken.append(1e3 * (time.perf_counter() - started))
            assert page.count(b" data-row>") == 50, page[:1000]
    return Figure(
        row="web",
        what=f"the first page of a queue of {waiting:,}, median",
        unit="ms",
        ours=median(taken),
        targets=(Target("ours", "below", 100),),
        note=f"The slowest of {times}: {max(taken):.0f} ms.",
    )


# -- following what happens -----------------------------------------------------------------------
async def _watchers(folder: Path, pages: int, sessions: int, seconds: float) -> list[Figure]:
    """Runs are decided by the domain and appended to the log by this process, in the two commits of
    a run: 50 actors would fill a small machine before anything is served."""
    log = await open_log(Settings(data=folder).log_url)
    live = [Written(log, f"s-{number:02}") for number in range(sessions)]
    for session in live:
        await session.open_durably()
        await session.write_runs(5)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(log.close)
        server = await stack.enter_async_context(hosting(folder))
        before_bytes = rss_bytes(server.pid)
        memory = PeakMemory(server.pid)
        with memory:
            opened = [
                OpenPage(
                    live[number % sessions].session,
                    await stack.enter_async_context(Asking(server, server.headers(TECHNICIAN))),
                )
                for number in range(pages)
            ]
            for start in range(0, pages, 20):
                await asyncio.gather(*(page.open() for page in opened[start : start + 20]))
            following = [asyncio.create_task(page.follow()) for page in opened]
            commits = await _run_steadily(live, seconds)
            await _all_told(opened, commits)
        for task in following:
            task.cancel()
        await asyncio.gather(*following, return_exceptions=True)
    late = [1e3 * one for page in opened for one in _late(page, commits[page.session])]
    peak_bytes = before_bytes + memory.growth_bytes
    what = f"{pages:,} open pages on {sessions} live sessions, {RUNS_A_SECOND} runs a second"
    return [
        Figure(
            row="web",
            what=f"{what}: from a commit's begin to its arrival, 99th percentile",
            unit="ms",
            ours=quantiles(late, n=100)[98],
            targets=(Target("ours", "at most", 300),),
            note=f"Median {median(late):.0f} ms, of {len(late):,} arrivals. Runs are appended to"
            " the log as the runtime would, without its actors.",
        ),
        Figure(
            row="web",
            what="... the latest of all",
            unit="ms",
            ours=max(late),
            targets=(Target("ours", "at most", 300),),
        ),
        Figure(
            row="web",
            what="... memory of the serving process, at most",
            unit="MB",
            ours=peak_bytes / 1e6,
            targets=(Target("ours", "below", 500),),
            note=f"{before_bytes / 1e6:.0f} MB of it before the first page.",
        ),
    ]


Commits = dict[str, list[tuple[int, float]]]
"""By session: the position of the last event of each commit, and when it began."""


async def _run_steadily(live: list[Written], seconds: float) -> Commits:
    """A run begins every 1/20 s, in one session after the other, and ends half a second later."""
    commits: Commits = {session.session: [] for session in live}

    async def commit(session: Written, *chunks: Chunk) -> None:
        began = time.perf_counter()
        done = await session.append(*chunks)
        commits[session.session].append((done.position, began))

    async def run(session: Written) -> None:
        name = session.begin_run()
        await commit(session)
        await asyncio.sleep(0.5)
        await commit(session, session.end_run(name))

    begun = time.perf_counter()
    running: dict[str, asyncio.Task[None]] = {}
    for beat in range(int(seconds * RUNS_A_SECOND)):
        await asyncio.sleep(max(0.0, begun + beat / RUNS_A_SECOND - time.perf_counter()))
        session = live[beat % len(live)]
        if session.session in running:
            await running[session.session]
        running[session.session] = asyncio.create_task(run(session))
    await asyncio.gather(*running.values())
    return commits


async def _all_told(opened: list[OpenPage], commits: Commits) -> None:
    """Every page is told everything, or this raises: nothing may be missing."""
    last = {session: of[-1][0] for session, of in commits.items() if of}

    def is_told(page: OpenPage) -> bool:
        return page.session not in last or page.reached[-1:] >= [(last[page.session], 0.0)]

    await until(lambda: all(map(is_told, opened)))


def _late(page: OpenPage, commits: Iterable[tuple[int, float]]) -> list[float]:
    """Seconds from each commit's begin until the page was told everything up to it."""
    told = iter(page.reached)
    position, at = 0, 0.0
    late = []
    for committed, began in sorted(commits):
        while position < committed:
            position, at = next(told)
        late.append(at - began)
    return late
