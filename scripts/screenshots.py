"""Pictures of the pages: real sessions on a real SSH server, seen by a real browser."""

import asyncio
import os
import shutil
import sys
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from playwright.async_api import Browser, Page, async_playwright

sys.path.insert(0, str(Path(__file__).parents[1]))
from scripts.demo_parts import Server, Shop, ssh_server
from stillfixed import AsyncClient, AsyncSession, Settings, connect_async
from stillfixed.connectors.web.app import create_app
from stillfixed.connectors.web.desk import Desk
from stillfixed.connectors.web.identity import EVERY, Grant, Person
from stillfixed.projections import views_folder
from tests.support import closing, made, views
from tests.support.web import KnownPeople, serving

PICTURES = Path(__file__).parents[1] / "docs" / "pictures"
PEOPLE = {
    "ana": Person(name="ana", grants=(Grant(role="technician", clients=("Acme",)),)),
    "dora": Person(
        name="dora",
        grants=(
            Grant(role="dispatcher", clients=(EVERY,)),
            Grant(role="manager", clients=(EVERY,)),
        ),
    ),
}
DESK_DAYS = 90
MINUTES_BETWEEN = 25.2


class Look(NamedTuple):
    width: int = 1440
    height: int = 900
    dark: bool = False
    scale: int = 1


LOOKS = {"": Look(), "-dark": Look(dark=True), "-phone": Look(390, 844, scale=2)}
LONG = "printf 'a column that goes on %.0s' $(seq 12); echo; ls -l --full-time /etc | head -60"


async def opened(client: AsyncClient, server: Server, **words: str) -> AsyncSession:
    session = await client.open(client="Acme", team="field", by="ana", **words)
    await session.add_endpoint("web1", server.address, options=server.options)
    return session


async def with_a_gap(client: AsyncClient, server: Server, shop: Shop) -> AsyncSession:
    """Two faults seen, one fix made, one check not run again; closing was refused."""
    session = await opened(
        client, server, ticket="T-1042", title="The shop is down", category="web"
    )
    await session.message("Customer says the order page has shown an error since 8:40.")
    await session.run(shop.check)
    await session.run(f"ls -l {shop.folder}")
    await session.expect(f"cat {shop.folder}/jobs", "status == ok")
    await session.run(f"cat {shop.folder}/jobs")
    await session.run("df -h /")
    await session.run(shop.fix)
    await session.run(shop.check)
    await session.request_closure()
    await session.run(LONG)
    return session


async def healed(client: AsyncClient, server: Server, shop: Shop) -> AsyncSession:
    """The same, to the end."""
    session = await opened(client, server, ticket="T-1038", title="Night jobs fail", category="job")
    jobs = f"cat {shop.folder}/jobs"
    await session.expect(jobs, "status == ok")
    await session.run(jobs)
    await session.request_closure()
    await session.run(f"sed -i 's/failed/ok/' {shop.folder}/jobs")
    await session.run(jobs)
    await session.annotate("verification", "Started the night job by hand and saw both jobs end.")
    await session.request_closure()
    return session


async def a_desk(client: AsyncClient, data: Path) -> str:
    """Three months of closed tickets, and some that wait for a dispatcher; one of these."""
    made.START = datetime.now(UTC) - timedelta(days=DESK_DAYS)
    until_now = int(DESK_DAYS * 1440 / MINUTES_BETWEEN)
    await made.write(client.log, until_now - 1_000)
    waiting = await closing.write(client.log, 12, name="w", first=until_now - 15)
    (await views.made(client.log, views_folder(Settings(data=data)))).close()
    return waiting[0]


Prepare = Callable[[Page], Awaitable[None]]


async def nothing(page: Page) -> None:
    pass


async def show_comparison(page: Page) -> None:
    await page.locator(".compared").first.evaluate("one => one.scrollIntoView({block: 'center'})")


async def show_help(page: Page) -> None:
    await page.keyboard.press("Escape")
    await page.keyboard.press("?")


async def take(
    browser: Browser, url: str, file: Path, path: str, *, by: str, prepare: Prepare, look: Look
) -> None:
    """One page as one look shows it."""
    context = await browser.new_context(
        viewport={"width": look.width, "height": look.height},
        color_scheme="dark" if look.dark else "light",
        device_scale_factor=look.scale,
    )
    await context.add_cookies([{"name": "token", "value": by, "url": url}])
    page = await context.new_page()
    await page.goto(url + path)
    await prepare(page)
    await page.screenshot(path=file)
    await context.close()


async def main(folder: Path, *, every_look: bool) -> None:
    program = shutil.which("chromium")
    if program is None:
        sys.exit("No chromium here: pictures cannot be taken.")
    async with AsyncExitStack() as stack:
        work = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="web1-")))
        server = stack.enter_context(ssh_server(work / "ssh"))
        shop = stack.enter_context(Shop(work / "shop"))
        (shop.folder / "jobs").write_text(
            "job      nightly-export\nstatus   failed\nlast run 02:00\n"
        )
        client = await stack.enter_async_context(
            await connect_async(Settings(data=work / "data", warm_hosts=1))
        )
        gap = await with_a_gap(client, server, shop)
        done = await healed(client, server, shop)
        empty = await client.open(
            ticket="T-1043", client="Acme", team="field", by="ana", title="Printer offline"
        )
        waiting = await a_desk(client, work / "data")
        going = asyncio.create_task(gap.run("for n in 1 2 3; do echo step $n of 3; done; sleep 60"))
        await asyncio.sleep(1)
        desk = Desk(client, KnownPeople(PEOPLE))
        url = await stack.enter_async_context(serving(create_app(desk)))
        stack.push_async_callback(desk.hub.close)
        playwright = await stack.enter_async_context(async_playwright())
        browser = await playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox"] if os.geteuid() == 0 else []
        )
        stack.push_async_callback(browser.close)
        for name, path, by, prepare in (
            ("session", f"/sessions/{gap.id}", "ana", nothing),
            ("session-comparison", f"/sessions/{gap.id}", "ana", show_comparison),
            ("session-help", f"/sessions/{gap.id}", "ana", show_help),
            ("session-closed", f"/sessions/{done.id}", "ana", nothing),
            ("session-empty", f"/sessions/{empty.id}", "ana", nothing),
            ("session-new", "/new-session", "ana", nothing),
            ("sessions", "/sessions", "dora", nothing),
            ("queue", "/queue", "dora", nothing),
            ("review", f"/queue/{waiting}", "dora", nothing),
            ("sample", "/sample", "dora", nothing),
            ("manager", "/manager", "dora", nothing),
            ("policies", "/policies", "dora", nothing),
            ("monitors", "/monitors", "dora", nothing),
        ):
            for suffix, look in LOOKS.items():
                if suffix and not every_look and name != "session":
                    continue
                file = folder / f"{name}{suffix}.png"
                await take(browser, url, file, path, by=by, prepare=prepare, look=look)
            print(file, flush=True)
        for run in (await gap.state()).running:
            await gap.cancel(run)
        await going


if __name__ == "__main__":
    chosen = Path(sys.argv[1]) if len(sys.argv) > 1 else PICTURES
    chosen.mkdir(parents=True, exist_ok=True)
    asyncio.run(main(chosen, every_look=chosen != PICTURES))
