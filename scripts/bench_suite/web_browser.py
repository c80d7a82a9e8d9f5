"""Bench: from a key press in a real browser to a command's first output on the session's page.

Both moments are the browser's own: when the key went down, and when the stream first holds output
of an entry that was not there before. The peer's time begins before the command is sent and ends
with the first bytes.
"""

import os
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median

import asyncssh
from playwright.async_api import Browser, Page, async_playwright

from scripts.bench_suite import ssh_server
from scripts.bench_suite.harness import PeerMissing, installed
from scripts.bench_suite.table import Figure, Target
from scripts.bench_suite.web_host import TECHNICIAN, Server
from stillfixed import Settings, connect_async

COMMAND = "date +%N"
WHAT = "from a key press to a durable command's first output on the page, median"
WATCH = """() => {
  const stream = document.getElementById("stream");
  const newest = () => [...stream.querySelectorAll(".entry.run")].pop();
  const before = Number(newest()?.dataset.version ?? 0);
  let pressed = null;
  document.addEventListener("keydown", (event) => { pressed = event.timeStamp; },
    { capture: true, once: true });
  window.taken = new Promise((resolve) => {
    new MutationObserver((_, observer) => {
      const entry = newest();
      if (!entry || Number(entry.dataset.version) <= before) return;
      if (!entry.querySelector(".terminal")?.textContent.trim()) return;
      observer.disconnect();
      resolve(performance.now() - pressed);
    }).observe(stream, { childList: true, subtree: true, characterData: true });
  });
}"""
ENDED = "() => !document.querySelector('.entry.going')"


async def measure(server: Server, folder: Path, presses: int) -> list[Figure]:
    try:
        ours, theirs, note = await _take_turns(server, folder, presses)
    except PeerMissing as reason:
        return [Figure(row="web", what=WHAT, unit="ms", missing=str(reason))]
    return [
        Figure(
            row="web",
            what=WHAT,
            unit="ms",
            ours=median(ours),
            peer=median(theirs),
            peer_name=f"{installed('asyncssh')}, the same command",
            note=note,
        ),
        Figure(
            row="web",
            what="... more than the peer",
            unit="ms",
            ours=median(ours) - median(theirs),
            targets=(Target("ours", "at most", 50),),
        ),
    ]


async def _take_turns(
    server: Server, folder: Path, presses: int
) -> tuple[list[float], list[float], str]:
    """Milliseconds of each side, and what is not as it should be."""
    ours: list[float] = []
    theirs: list[float] = []
    async with (
        ssh_server.serving() as sshd,
        await sshd.connect() as connection,
        _session_page(server, folder, sshd) as page,
    ):
        line = page.get_by_label("Command or message")
        for number in range(-3, presses):  # the first are not counted
            await line.fill(COMMAND)
            await page.evaluate(WATCH)
            await line.press("Enter")
            taken: float = await page.evaluate("window.taken")
            await page.wait_for_function(ENDED)
            peer = await _first_output(connection)
            if number >= 0:
                ours.append(taken)
                theirs.append(peer)
    return ours, theirs, sshd.note


async def _first_output(connection: asyncssh.SSHClientConnection) -> float:
    started = time.perf_counter()
    async with connection.create_process(COMMAND, encoding=None) as process:
        assert await process.stdout.read(1024)
        taken = time.perf_counter() - started
        await process.wait()
    return 1e3 * taken


@asynccontextmanager
async def _session_page(
    server: Server, folder: Path, sshd: ssh_server.SshServer
) -> AsyncIterator[Page]:
    """The page of a new session, whose process runs and whose endpoint is connected."""
    async with await connect_async(Settings(data=folder)) as client:
        session = await client.open(ticket="T-1", client="Acme", by=TECHNICIAN)
        await session.add_endpoint("bench", sshd.address, options=sshd.options)
        first = await session.run("true")
        assert first.exit_status == 0, f"the first run ended as {first.status}: {first.reason}"
    async with _browser() as browser:
        context = await browser.new_context(base_url=server.url)
        cookie = server.cookies[TECHNICIAN]
        await context.add_cookies([{"name": "stillfixed", "value": cookie, "url": server.url}])
        page = await context.new_page()
        await page.goto(f"/sessions/{session.id}")
        yield page


@asynccontextmanager
async def _browser() -> AsyncIterator[Browser]:
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        raise PeerMissing("there is no Chromium: scripts/setup.sh gets it")
    async with async_playwright() as playwright:
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = await playwright.chromium.launch(executable_path=program, args=arguments)
        try:
            yield browser
        finally:
            await browser.close()
