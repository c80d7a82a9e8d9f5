"""Bench rows: durable requests, many callers and one, beside workerd.

Fair because in both a request of 300 bytes goes to one of 64 durable objects of one tenant, which
share a process (ours: isolation `client`), and its answer comes only when the row is on stable
storage; callers are 64 asyncio tasks in this process, each waiting for its answer before it asks
again. Ours does more with a request: it keeps the request id, so that a repeat is answered and not
carried out again. workerd is asked over kept-alive HTTP connections, one a caller, which is how its
objects are reached from outside; its caller here needs a small part of a core, shown in the note.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from statistics import median

from scripts.bench_suite import workerd
from scripts.bench_suite.harness import PeerMissing, take_turns
from scripts.bench_suite.ours import open_session, stillfixed_running
from scripts.bench_suite.table import Figure, Target

CALLERS = 64
TEXT = "x" * 300

Ask = Callable[[int], Awaitable[object]]
"""One request of caller number n to its own object."""


async def measure(quick: bool) -> list[Figure]:
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(stillfixed_running("client"))
        sessions = [await open_session(client, f"T-{number}") for number in range(CALLERS)]

        async def ours(number: int) -> None:
            await sessions[number].message(TEXT)

        sides: list[Ask] = [ours]
        missing, name = "", ""
        try:
            name = workerd.version()
            sides.append(await _peer(stack))
        except PeerMissing as reason:
            missing = str(reason)
        return [
            await _many(sides, name, missing, quick),
            await _alone(sides, name, missing, quick),
        ]


async def _peer(stack: AsyncExitStack) -> Ask:
    server = await stack.enter_async_context(workerd.serving())
    callers = [await server.caller() for _ in range(CALLERS)]
    for caller in callers:
        stack.callback(caller.close)
    body = TEXT.encode()

    async def peer(number: int) -> None:
        await callers[number].append(f"session-{number}", body)

    return peer


async def _many(sides: list[Ask], name: str, missing: str, quick: bool) -> Figure:
    rounds, seconds = (1, 2.0) if quick else (3, 10.0)
    for ask in sides:
        await _load(ask, min(2.0, seconds))  # warm-up
    loads = [[await _load(ask, seconds) for ask in sides] for _ in range(rounds)]
    rates = [median(load[side][0] for load in loads) for side in range(len(sides))]
    cores = [median(load[side][1] for load in loads) for side in range(len(sides))]
    return Figure(
        row="requests",
        what=f"durable requests, {CALLERS} callers on {CALLERS} sessions",
        unit="/s",
        ours=rates[0],
        peer=rates[1] if len(rates) > 1 else None,
        peer_name=name,
        targets=(Target("ratio", "at least", 5),),
        missing=missing,
        note="the callers' process used "
        + " and ".join(
            f"{used:.0%} of a core asking {whom}"
            for used, whom in zip(cores, ("ours", "the peer"), strict=False)
        ),
    )


async def _load(ask: Ask, seconds: float) -> tuple[float, float]:
    """All callers at once for some seconds: requests a second, and cores used by this process."""
    started, cpu_started = time.perf_counter(), time.process_time()
    answered = 0

    async def caller(number: int) -> None:
        nonlocal answered
        while time.perf_counter() - started < seconds:
            await ask(number)
            answered += 1

    await asyncio.gather(*(caller(number) for number in range(CALLERS)))
    took = time.perf_counter() - started
    return answered / took, (time.process_time() - cpu_started) / took


async def _alone(sides: list[Ask], name: str, missing: str, quick: bool) -> Figure:
    turns = [lambda ask=ask: ask(0) for ask in sides]
    rounds = 2 if quick else 10
    seconds = await take_turns(*turns, rounds=rounds, calls=100, warm_up=50)
    return Figure(
        row="requests",
        what="durable request, one caller alone, median",
        unit="ms",
        ours=seconds[0] * 1e3,
        peer=seconds[1] * 1e3 if len(seconds) > 1 else None,
        peer_name=name,
        targets=(Target("ratio", "at most", 2.5),),
        missing=missing,
    )
