"""One follower of a real log for all who watch."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from stillfixed.actors.log.contract import Append
from stillfixed.actors.log.sqlite import SqliteLog
from stillfixed.actors.session import events as e
from stillfixed.connectors.web import hub as hub_module
from stillfixed.connectors.web.hub import Hub
from tests.integration.test_web_feeds import START


@pytest.fixture
async def log(tmp_path: Path) -> AsyncIterator[SqliteLog]:
    log = await SqliteLog.open(tmp_path / "log.db")
    yield log
    await log.close()


async def note(log: SqliteLog, session: str, number: int, request_id: str | None = None) -> None:
    event = e.Annotated(at=START, by="ana", annotation=f"n{number}", kind="note", text="x")
    info = await log.stream(session)
    version = info.version if info else 0
    await log.append(
        Append(
            stream=session,
            epoch=None,
            expected_version=version,
            events=(e.encode(event),),
            request_id=request_id,
        )
    )


async def heard(hub: Hub, count: int, *, after: int = 0, session: str | None = None) -> list[str]:
    found: list[str] = []
    async with asyncio.timeout(20):
        async for batch in hub.watch(after=after, session=session):
            for one in batch:
                assert isinstance(one.event, e.Annotated)
                found.append(f"{one.session} {one.event.annotation}")
            if len(found) >= count:
                return found
    return found


async def test_everyone_hears_every_event_once_from_where_they_are(
    log: SqliteLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also those who begin long before what the hub still holds in memory."""
    monkeypatch.setattr(hub_module, "HELD_EVENTS", 4)
    hub = Hub(log)
    for number in range(10):
        await note(log, f"s-{number % 2}", number)
    all_of_them = [f"s-{number % 2} n{number}" for number in range(40)]
    watchers = [
        asyncio.create_task(heard(hub, 40)),
        asyncio.create_task(heard(hub, 35, after=5)),
        asyncio.create_task(heard(hub, 20, session="s-1")),
    ]
    for number in range(10, 40):
        await note(log, f"s-{number % 2}", number)
    assert await watchers[0] == all_of_them
    assert await watchers[1] == all_of_them[5:]
    assert await watchers[2] == all_of_them[1::2]
    assert await heard(hub, 40) == all_of_them
    await hub.close()


async def test_closing_the_hub_ends_every_watch(log: SqliteLog) -> None:
    """A server waits for its open answers before it ends."""
    hub = Hub(log)
    watcher = asyncio.create_task(heard(hub, 1))
    await hub.start()
    await asyncio.sleep(0)
    await hub.close()
    assert await watcher == []


async def test_one_who_goes_away_takes_nobody_along(log: SqliteLog) -> None:
    """Neither those who wait for the same, nor those who come after."""
    hub = Hub(log)
    goes, stays = (asyncio.create_task(heard(hub, 1, session="s-1")) for _ in range(2))
    await hub.start()
    await asyncio.sleep(0)
    goes.cancel()
    await asyncio.wait([goes])
    comes = asyncio.create_task(heard(hub, 1, session="s-1"))
    await asyncio.sleep(0)
    await note(log, "s-1", 1)
    assert await stays == await comes == ["s-1 n1"]
    await hub.close()
