"""One host and one SSH server for all browser tests, one browser for a module of them; each test
has its own pages."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    expect,
    sync_playwright,
)

from stillfixed.connectors.web.identity import EVERY, Grant
from stillfixed.connectors.web.people import passwords
from stillfixed.connectors.web.people.accounts import Accounts
from stillfixed.connectors.web.people.credentials import Credentials
from stillfixed.connectors.web.people.database import FILE_NAME, Database
from stillfixed.connectors.web.people.local import COOKIES
from stillfixed.connectors.web.people.records import Doer
from tests.browser.known_endpoints import OPTIONS
from tests.support.processes import kill_tree
from tests.support.sshd import Sshd

TESTS = Doer("tests", "command line")
ANSWER_MS = 30_000
"""The machine may be busy: this only bounds how long a failing test waits."""


PASSWORD = "a long one, made up for tess"
GRANTS = {
    "tess": [Grant(role="technician", clients=("Acme",))],
    "tom": [Grant(role="technician", clients=("Acme",))],
    "dora": [Grant(role="dispatcher", clients=(EVERY,))],
    "mona": [Grant(role=role, clients=(EVERY,)) for role in ("dispatcher", "manager")],
    "nobody": [Grant(role="technician", clients=("Other",))],
}


@dataclass
class WebHost:
    """`stillfixed host` as a process: `start`, `kill`, `start` again on the same port and data."""

    data: Path
    port: int
    options: dict[str, str]
    process: subprocess.Popen[str] | None = field(default=None)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        program = [sys.executable, "-u", "-m", "stillfixed.connectors.cli", "host"]
        program += ["--data", str(self.data), "--listen", f"127.0.0.1:{self.port}"]
        program += ["--set", "endpoints=tests.browser.known_endpoints:open_known"]
        environment = {key: value for key, value in os.environ.items() if key[:4] != "RAY_"}
        environment["PYTHONPATH"] = os.pathsep.join(sys.path)
        environment[OPTIONS] = json.dumps(self.options)
        said = self.data / "host.txt"
        with said.open("w") as told:
            self.process = subprocess.Popen(
                program, stdout=told, stderr=told, env=environment, start_new_session=True
            )
        while "Web page: " not in said.read_text():  # a file sets no event
            if self.process.poll() is not None:
                raise RuntimeError(f"The host ended before it served: {said.read_text()}")
            time.sleep(0.05)

    def add_people(self) -> None:
        """Those of the tests; tess alone has a password."""
        with closing(Database(self.data / FILE_NAME)) as database:
            for name, grants in GRANTS.items():
                hashed = passwords.hashed(PASSWORD) if name == "tess" else None
                Accounts(database).add(name, grants, TESTS, password_hash=hashed)

    def cookie_of(self, name: str) -> dict[str, str]:
        """As a browser has it that signed in as somebody."""
        with closing(Database(self.data / FILE_NAME)) as database:
            secret, _ = Credentials(database).sign_in(name, "a test's browser")
        return {"name": COOKIES[0], "value": secret, "url": self.url}

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
    host.add_people()
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
    """`sign_in("tess")` is an empty page of a browser of hers, `sign_in("")` of nobody's; more
    words go to the context."""
    contexts: list[BrowserContext] = []

    def make(name: str, **options: object) -> Page:
        context = browser.new_context(base_url=web_host.url, **options)  # type: ignore[arg-type]
        context.set_default_timeout(ANSWER_MS)
        if name:
            context.add_cookies([web_host.cookie_of(name)])
        contexts.append(context)
        return context.new_page()

    yield make
    for context in contexts:
        context.close()
