"""One host and one SSH server for all browser tests, one browser for a module of them; each test
has its own pages."""

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser.known_endpoints import OPTIONS
from tests.support.processes import kill_tree
from tests.support.sshd import Sshd

ANSWER_MS = 30_000
"""The machine may be busy: this only bounds how long a failing test waits."""


@dataclass
class WebHost:
    """The host as a process: `start`, `kill`, `start` again on the same port and data."""

    data: Path
    port: int
    options: dict[str, str]
    process: subprocess.Popen[str] | None = field(default=None)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        program = [sys.executable, "-m", "tests.browser.host_process", str(self.data)]
        environment = {key: value for key, value in os.environ.items() if key[:4] != "RAY_"}
        environment["PYTHONPATH"] = os.pathsep.join(sys.path)
        environment[OPTIONS] = json.dumps(self.options)
        self.process = subprocess.Popen(
            [*program, str(self.port)],
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
            start_new_session=True,
        )
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.strip() == "listening":
                return
        raise RuntimeError("The web host ended before it listened.")

    def kill(self) -> None:
        """The process, Ray and every session's actor at once, as a power cut would."""
        if self.process is not None:
            kill_tree(self.process.pid)
            self.process.wait()
            self.process = None


@pytest.fixture(scope="session")
def web_host(ssh_server: Sshd, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebHost]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    options = dict(ssh_server.spec().options)
    host = WebHost(tmp_path_factory.mktemp("web"), port, options)
    host.start()
    yield host
    host.kill()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """For one module: while it is open, Playwright's own event loop runs in this thread, where no
    other test could have one."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("No chromium here: get it with scripts/setup.sh or apt-get install chromium.")
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=program, args=arguments)
        expect.set_options(timeout=ANSWER_MS)
        yield browser
        browser.close()


SignIn = Callable[..., Page]


@pytest.fixture
def sign_in(browser: Browser, web_host: WebHost) -> Iterator[SignIn]:
    """`sign_in("tess")` is an empty page of a browser of hers; more words go to the context."""
    contexts: list[BrowserContext] = []

    def make(name: str, **options: object) -> Page:
        context = browser.new_context(base_url=web_host.url, **options)  # type: ignore[arg-type]
        context.set_default_timeout(ANSWER_MS)
        context.add_cookies([{"name": "token", "value": name, "url": web_host.url}])
        contexts.append(context)
        return context.new_page()

    yield make
    for context in contexts:
        context.close()
