"""A world of two clients for trying every endpoint as everybody: who asks, whose it is, what came.

Acme's things are an asker's own; Globex's are foreign, and say so in every name.
"""

import asyncio
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any, get_args
from urllib.parse import urlencode

import msgspec
from fastapi import FastAPI

from stillfixed import Settings, connect_async
from stillfixed.actors.log import open_log
from stillfixed.actors.log.contract import Append
from stillfixed.actors.session import events as e
from stillfixed.actors.session import requests as r
from stillfixed.actors.session.state import heading
from stillfixed.connectors.web.app import create_app
from stillfixed.connectors.web.desk import Desk as WebDesk
from stillfixed.connectors.web.identity import Role
from stillfixed.connectors.web.people import passwords
from stillfixed.connectors.web.people.local import LocalPeople
from stillfixed.projections import views_folder
from tests.support.desk import Desk
from tests.support.people import CARLA, PASSWORD, a
from tests.support.views import made

OWN, FOREIGN = "Acme", "Globex"
SECRETS = ("Globex", "T-FOREIGN", "vault9", "gina")
"""What nobody without rights at Globex may find in any answer."""
POLICY = """
[[policy]]
name = "all"
mode = "observe"
"""


@dataclass(frozen=True)
class Asker:
    """Somebody with one role, for Acme or for every client; or nobody; or with no grant."""

    name: str
    role: Role | None
    is_wide: bool = False

    def reaches(self, client: str) -> bool:
        return self.is_wide or (self.role is not None and client == OWN)


NOBODY = Asker("", None)
ASKERS = (
    NOBODY,
    Asker("without a grant", None),
    *(Asker(f"{role} of one", role) for role in get_args(Role)),
    *(Asker(f"{role} of every", role, is_wide=True) for role in get_args(Role)),
)


@dataclass(frozen=True)
class Ask:
    """What is sent beside the path; `{…}` in values are filled as in the path."""

    body: Mapping[str, Any] | None = None
    form: Mapping[str, str] | None = None
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    status: int
    text: str


class World:
    """The app over a log of two clients, without hosts: what would be written is refused as read
    only once it is allowed."""

    def __init__(self, folder: Path) -> None:
        self._runner = asyncio.Runner()
        self._numbers = count(1)
        self._runner.run(self._open(folder))

    async def _open(self, folder: Path) -> None:
        self.log = await open_log(Settings(data=folder).log_url)
        for client, ticket, by, host in (
            (OWN, "T-OWN", "tess", "web1"),
            (FOREIGN, "T-FOREIGN", "gina", "vault9"),
        ):
            for name in ("open", "closed"):
                await self._write(name, client, f"{ticket}-{name}", by, host)
        views = await made(self.log, views_folder(Settings(data=folder)))
        sql = "SELECT ticket, closed_at FROM closed_tickets"
        closed = views.query(sql).to_pylist()
        self.closed_at = {row["ticket"]: f"{row['closed_at'].isoformat()}Z" for row in closed}
        views.close()
        self.people = LocalPeople(folder)
        self.client = await connect_async(Settings(data=folder, read_only=True))
        self.app = create_app(WebDesk(self.client, self.people))
        stored = passwords.hashed(PASSWORD)
        self.tokens: dict[str, str] = {}
        for asker in ASKERS[1:]:
            grants = (
                [] if asker.role is None else [a(asker.role, *(() if asker.is_wide else (OWN,)))]
            )
            self.people.accounts.add(asker.name, grants, CARLA, password_hash=stored)
            self.tokens[asker.name] = self._token(asker.name)[0]

    async def _write(self, name: str, client: str, ticket: str, by: str, host: str) -> None:
        desk = Desk()
        desk.ask(r.OpenSession(by=by, ticket=ticket, client=client, team=f"team {client}"))
        desk.ask(r.AddEndpoint(by=by, endpoint=host, kind="ssh", address="", platform="posix"))
        run = desk.start(f"cat /etc/{host}", by=by)
        desk.finish(run)
        desk.ask(r.Annotate(by=by, kind="cannot_verify", text=f"of {host}"))
        if name == "closed":
            desk.ask(r.AcceptAnnotation(by="dora", annotation="n1"))
            desk.close(by=by)
        head = heading(desk.state)
        session = _session(client, name)
        claim = await self.log.claim(session)
        events = tuple(e.encode(event) for event in desk.log)
        append = Append(stream=session, epoch=claim.epoch, expected_version=0, events=events,
                        heading=msgspec.json.encode(head))  # fmt: skip
        await self.log.append(append)

    def _token(self, owner: str) -> tuple[str, str]:
        expires = self.people.now().replace(year=self.people.now().year + 1)
        secret, token = self.people.credentials.make_token(owner, "test", CARLA, expires_at=expires)
        return secret, token.id

    # -- what an ask is about --------------------------------------------------------------------
    def things(self, asker: Asker, client: str, *, made: bool) -> dict[str, str]:
        """What stands for the names in a path, of a client; `made` for this ask: a person, and
        tokens."""
        ticket = ("T-OWN" if client == OWN else "T-FOREIGN") + "-closed"
        things = {
            "session": _session(client, "open"),
            "client": client,
            "ticket": ticket,
            "closed_at": self.closed_at[ticket],
            "run": "r1",
            "output": "stdout",
            "action": "close",
            "monitor": "m1",
            "annotation": "n1",
            "view": "review_queue",
            "sign_in": "b-0",
            "password": PASSWORD,
        }
        if made:
            person = f"amy {_in_letters(next(self._numbers))}"  # says nothing of whose she is
            account = self.people.accounts.add(person, [a("technician", client)], CARLA)
            own = asker.name if client == OWN and asker.name else person
            things |= {
                "name": person,
                "grant": str(account.given[0].id),
                "token": self._token(own)[1],
                "persons_token": self._token(person)[1],
            }
        return things

    def ask(self, method: str, path: str, ask: Ask, asker: Asker, client: str) -> Answer:
        asked = f"{path} {ask}"
        is_made = any(f"{{{name}" in asked for name in ("name", "grant", "token", "persons_token"))
        things = self.things(asker, client, made=is_made)
        headers = {"host": "desk.example", **ask.headers}
        content = b""
        if ask.body is not None:
            content = json.dumps(_filled(ask.body, things)).encode()
            headers["content-type"] = "application/json"
        elif ask.form is not None:
            content = urlencode(_filled(ask.form, things)).encode()
            headers["content-type"] = "application/x-www-form-urlencoded"
        if asker.name:
            headers["authorization"] = f"Bearer {self.tokens[asker.name]}"
        headers["content-length"] = str(len(content))
        query = urlencode(_filled(ask.query, things))
        return self._runner.run(
            asyncio.wait_for(
                _asked(self.app, method, path.format(**things), query, headers, content), 60
            )
        )

    def close(self) -> None:
        async def end() -> None:
            await self.app.state.desk.hub.close()
            await self.client.close()
            await self.people.close()
            await self.log.close()

        self._runner.run(end())
        self._runner.close()


async def _asked(
    app: FastAPI, method: str, path: str, query: str, headers: Mapping[str, str], content: bytes
) -> Answer:
    """Straight to the app. Of a stream, the answer is its beginning."""
    over = asyncio.Event()
    bodies = [content]
    status, is_stream, got = 0, False, bytearray()

    async def receive() -> dict[str, Any]:
        if bodies:
            return {"type": "http.request", "body": bodies.pop(), "more_body": False}
        await over.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        nonlocal status, is_stream
        if message["type"] == "http.response.start":
            status = message["status"]
            is_stream = any(b"text/event-stream" in value for _, value in message["headers"])
        else:
            got.extend(message.get("body", b""))
            if is_stream:
                over.set()

    scope = {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "method": method,
        "path": path, "raw_path": path.encode(), "query_string": query.encode(), "scheme": "http",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("198.51.100.7", 1), "server": ("desk.example", 80), "root_path": "",
        "http_version": "1.1",
    }  # fmt: skip
    await app(scope, receive, send)
    return Answer(status, got.decode(errors="replace"))


def endpoints(app: FastAPI) -> Iterator[str]:
    """Every method and path of the app, as "GET /queue"; a mount as "MOUNT /static"."""

    def walk(routes: Any) -> Iterator[Any]:
        for route in routes:
            included = getattr(route, "original_router", None)
            if included is None:
                yield route
            else:
                assert not route.include_context.prefix
                yield from walk(included.routes)

    for route in walk(app.routes):
        for method in sorted((getattr(route, "methods", None) or {"MOUNT"}) - {"HEAD"}):
            yield f"{method} {route.path}"


def _filled(values: Mapping[str, Any], things: Mapping[str, str]) -> dict[str, Any]:
    return {
        key: value.format(**things) if isinstance(value, str) and "{" in value else value
        for key, value in values.items()
    }


def _session(client: str, name: str) -> str:
    """An id that says nothing of whose session it is."""
    return f"s-{sha256(f'{client} {name}'.encode()).hexdigest()[:12]}"


def _in_letters(number: int) -> str:
    """A number whose names are not taken for each other."""
    return "".join("abcdefghjk"[int(digit)] for digit in str(number))
