"""The provider of tests/provider, from outside: started, told who is there, and signed in at."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin

import httpx

CLIENT_ID, CLIENT_SECRET = "stillfixed", "a secret of both sides"
PASSWORD = "correct horse battery"
PYTHON = Path(sys.prefix) / "provider" / "bin" / "python"
SCRIPT = Path(__file__).parents[1] / "provider" / "serve.py"


@dataclass(frozen=True)
class Provider:
    issuer: str
    process: "subprocess.Popen[str]"

    def add(self, name: str, *groups: str, called: str = "") -> None:
        self._do(do="add", name=name, password=PASSWORD, groups=groups, called=called or name)

    def add_client(self, client_id: str, *, is_named: bool = True) -> None:
        """Not `is_named`: its ID tokens do not say whom they are for."""
        self._do(do="add_client", client_id=client_id, is_named=is_named)

    def remove_group(self, group: str) -> None:
        self._do(do="remove_group", group=group)

    def _do(self, **asked: object) -> None:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "done\n"

    async def sign_in(self, url: str, name: str) -> str:
        """Do at the provider what somebody does who was sent to `url`: sign in and agree. Gives
        the address that their browser is sent to in the end."""
        async with httpx.AsyncClient() as browser:
            response = await browser.get(url)
            for _ in range(12):
                if response.is_redirect:
                    wanted = urljoin(str(response.url), response.headers["location"])
                    if not wanted.startswith(self.issuer):
                        return wanted
                    response = await browser.get(wanted)
                else:
                    form = {"login": name, "password": PASSWORD, "answer": "accept"}
                    for field in re.findall(r"<input[^>]*csrf_token[^>]*>", response.text):
                        form["csrf_token"] = re.findall(r'value="([^"]*)"', field)[0]
                    response = await browser.post(response.url, data=form)
        raise AssertionError(f"{response.status_code} at {response.url}: {response.text[:2000]}")


@contextmanager
def running_provider(redirect_uri: str) -> Iterator[Provider]:
    assert PYTHON.exists(), "The provider of the tests is not installed: run scripts/setup.sh"
    command = [PYTHON, SCRIPT, redirect_uri, CLIENT_SECRET]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        try:
            provider = Provider(process.stdout.readline().strip(), process)
            provider.add_client(CLIENT_ID)
            yield provider
        finally:
            process.kill()
