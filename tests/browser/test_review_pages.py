"""The dispatcher's and the manager's pages in a real browser: reviews by keyboard alone, and every
page for those who do not see it, do not point, or hold a phone."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from stillfixed import Settings
from stillfixed.actors.log import open_log
from stillfixed.actors.log.contract import EventLog
from stillfixed.actors.session.state import Heading
from stillfixed.projections import views, views_folder
from stillfixed.projections.publishing import copies
from tests.browser.conftest import SignIn, WebHost
from tests.support import closing, made

PAGES = ("/queue", "/queue/n-00101", "/sample", "/manager", "/policies", "/monitors", "/sessions")
REVIEWS = 10


def _in_log(data: Path, doing):  # type: ignore[no-untyped-def]
    """The result of an async function of the host's log. Playwright has a loop in this thread."""

    async def run():  # type: ignore[no-untyped-def]
        log = await open_log(f"sqlite:///{data / 'stillfixed.db'}")
        try:
            return await doing(log)
        finally:
            await log.close()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, run()).result()


@pytest.fixture(scope="module")
def desk(web_host: WebHost) -> list[str]:
    """Closed sessions, some that wait and are never decided here, and ten for a dispatcher."""

    async def write(log: EventLog) -> list[str]:
        await made.write(log, 200, first=1000)
        published = Settings(data=web_host.data)
        while not copies(views_folder(published)):  # noqa: ASYNC110 a file sets no event
            await asyncio.sleep(0.05)
        with views(published) as read:
            await asyncio.to_thread(read.wait_for, await log.newest_position())
        ten = await closing.write(log, REVIEWS, name="k", verdict="fixed")
        await closing.write(log, 3, name="n", first=100)
        return ten

    return _in_log(web_host.data, write)  # type: ignore[no-any-return]


def test_ten_reviews_in_a_row_by_keyboard_alone(
    sign_in: SignIn, web_host: WebHost, desk: list[str]
) -> None:
    """Enter opens the oldest; c and r decide, and each time the next one opens by itself."""
    page = sign_in("dora")
    page.goto("/queue")
    expect(page.locator("[data-row]").first).to_be_focused()
    page.keyboard.press("Enter")
    for number, session in enumerate(desk):
        page.wait_for_url(f"**/queue/{session}*")
        expect(page.get_by_role("heading", name="Proof")).to_be_visible()
        if number % 3 == 2:
            page.keyboard.press("r")
            page.keyboard.type("Show that it prints: c, j and k are letters here.")
            page.keyboard.press("Enter")
        else:
            page.keyboard.press("c")
    page.wait_for_url("**/queue/n-*")

    async def statuses(log: EventLog) -> list[str]:
        found = [await log.stream(name) for name in desk]
        return [msgspec.json.decode(one.heading, type=Heading).status for one in found if one]

    told = _in_log(web_host.data, statuses)
    assert told == ["open" if number % 3 == 2 else "closed" for number in range(REVIEWS)]
    page.keyboard.press("q")
    page.wait_for_url("**/queue")
    for session in desk:
        expect(page.locator(f'a[href="/queue/{session}"]')).to_have_count(0)


def test_no_page_has_a_serious_fault_for_assistive_technology(
    sign_in: SignIn, desk: list[str]
) -> None:
    """axe-core finds nothing serious, in the light on a phone, where nothing has to be scrolled
    sideways, nor in the dark on a desk; and nothing offends the Content-Security-Policy."""
    page = sign_in("mona")
    faults: list[object] = []
    page.on("console", lambda message: faults.append(message.text))
    for path in PAGES:
        page.set_viewport_size({"width": 390, "height": 800})
        page.emulate_media(color_scheme="light")
        page.goto(path)
        if page.evaluate("document.documentElement.scrollWidth") > 390:
            faults.append((path, "is wider than a phone"))
        page.evaluate("document.querySelectorAll('details').forEach((one) => (one.open = true))")
        faults += _serious(page, path)
        page.set_viewport_size({"width": 1280, "height": 900})
        page.emulate_media(color_scheme="dark")
        faults += _serious(page, path, {"runOnly": ["color-contrast"]})
    assert faults == []


def _serious(page: Page, path: str, options: dict[str, list[str]] | None = None) -> list[object]:
    found = Axe().run(page, options=options).response["violations"]
    return [
        (path, one["id"], [node["html"] for node in one["nodes"]])
        for one in found
        if one["impact"] in ("serious", "critical")
    ]


def test_a_review_can_be_decided_without_javascript(
    sign_in: SignIn, web_host: WebHost, desk: list[str]
) -> None:
    """Every decision is a form."""

    async def write(log: EventLog) -> list[str]:
        return await closing.write(log, 1, name="a", first=200, verdict="fixed")

    [session] = _in_log(web_host.data, write)
    page = sign_in("dora", java_script_enabled=False)
    page.goto(f"/queue/{session}")
    page.get_by_label("what is missing?").fill("A test page, please.")
    page.get_by_role("button", name="Send back").click()
    expect(page.get_by_role("status")).to_have_text("Sent back to the technician.")
    page.goto(f"/queue/{session}")
    expect(page.get_by_text("No closure waits here.")).to_be_visible()
    expect(page.get_by_text("A test page, please.").first).to_be_visible()
