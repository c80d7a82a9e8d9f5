"""Signing in, the account page, the API of people, and the guards, through the app itself."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from starlette.responses import StreamingResponse

from stillfixed import Settings, connect_async
from stillfixed.connectors.web.app import create_app
from stillfixed.connectors.web.desk import Desk
from stillfixed.connectors.web.people import passwords
from stillfixed.connectors.web.people.cookies import local_path
from stillfixed.connectors.web.people.local import LocalPeople
from tests.support.people import CARLA, PASSWORD, Hands, a, cheap_passwords, people_of

HOST = "http://desk.example"
OWN = {"origin": HOST}
cheap_passwords()


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
async def people(tmp_path: Path, hands: Hands) -> AsyncIterator[LocalPeople]:
    people = people_of(tmp_path, hands)
    people.accounts.add(
        "ana", [a("technician", "Acme")], CARLA, password_hash=passwords.hashed(PASSWORD)
    )
    people.accounts.add("carla", [a("operator")], CARLA, password_hash=passwords.hashed(PASSWORD))
    yield people
    await people.close()


@pytest.fixture
async def app(tmp_path: Path, people: LocalPeople) -> AsyncIterator[FastAPI]:
    async with await connect_async(Settings(data=tmp_path, read_only=True)) as client:
        yield create_app(Desk(client, people))


def browser(app: FastAPI, address: str = "198.51.100.7") -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=(address, 1))
    return httpx.AsyncClient(transport=transport, base_url=HOST)


async def sign_in(
    client: httpx.AsyncClient, name: str = "ana", password: str = PASSWORD, **more: str
) -> httpx.Response:
    form = {"name": name, "password": password, **more}
    return await client.post("/sign-in", data=form, headers=OWN)


def token_of(people: LocalPeople, name: str) -> dict[str, str]:
    secret, _ = people.credentials.make_token(
        name, "test", CARLA, expires_at=people.now().replace(year=2027)
    )
    return {"authorization": f"Bearer {secret}"}


# -- signing in ----------------------------------------------------------------------------------
async def test_who_signs_in_goes_on_where_they_wanted_to_go(app: FastAPI) -> None:
    """A page asked for without signing in leads there and back."""
    async with browser(app) as client:
        asked = await client.get("/account?x=1", headers={"accept": "text/html"})
        assert (asked.status_code, asked.headers["location"]) == (
            303,
            "/sign-in?next=%2Faccount%3Fx%3D1",
        )
        form = await client.get(asked.headers["location"])
        assert 'name="next" value="/account?x=1"' in form.text
        done = await sign_in(client, next="/account?x=1")
        assert (done.status_code, done.headers["location"]) == (303, "/account?x=1")
        assert "technician for Acme" in (await client.get("/account")).text


async def test_the_cookie_is_kept_from_scripts_and_other_sites(app: FastAPI) -> None:
    """Over HTTPS nobody else can set it, and it never travels in the open."""
    async with browser(app) as client:
        plain = (await sign_in(client)).headers.get_list("set-cookie")
        client.base_url = httpx.URL("https://desk.example")
        form = {"name": "ana", "password": PASSWORD}
        headers = {"origin": "https://desk.example"}
        safe = (await client.post("/sign-in", data=form, headers=headers)).headers.get_list(
            "set-cookie"
        )
    for cookie in plain + safe:
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
        assert "Path=/" in cookie
    assert all("Secure" in one and one.startswith("__Host-") for one in safe)
    assert not any("Max-Age" in one for one in plain if one.startswith("stillfixed="))


@pytest.mark.parametrize(("name", "password"), [("ana", "wrong"), ("nobody", PASSWORD), ("", "")])
async def test_a_wrong_name_and_a_wrong_password_read_the_same(
    app: FastAPI, name: str, password: str
) -> None:
    """Who guesses does not learn who is here."""
    async with browser(app) as client:
        refused = await sign_in(client, name, password)
        assert refused.status_code == 401
        assert "The name or the password is wrong." in refused.text
        assert not client.cookies


async def test_signing_in_again_ends_the_earlier_sign_in(app: FastAPI, people: LocalPeople) -> None:
    """A cookie that somebody planted beforehand is worth nothing afterwards."""
    async with browser(app) as client:
        await sign_in(client)
        earlier = client.cookies["stillfixed"]
        await sign_in(client)
        assert client.cookies["stillfixed"] != earlier
        assert people.credentials.of_cookie(earlier) is None
        assert len(people.credentials.sign_ins("ana")) == 1


async def test_signing_out_ends_the_sign_in_itself(app: FastAPI, people: LocalPeople) -> None:
    """Not only the cookie of this browser."""
    async with browser(app) as client:
        await sign_in(client)
        cookie = client.cookies["stillfixed"]
        out = await client.post("/sign-out", headers=OWN)
        assert out.headers["location"] == "/sign-in"
        assert "stillfixed" not in client.cookies
        assert people.credentials.of_cookie(cookie) is None


@pytest.mark.parametrize(
    "elsewhere",
    ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "",
     "/\t/evil.example", "\\\\evil.example", "http:evil", "/a\r\nSet-Cookie: x=1", "//[", "evil"],
)  # fmt: skip
def test_signing_in_never_leads_to_another_site(elsewhere: str) -> None:
    """Whatever a link says."""
    assert local_path(elsewhere) == "/"


def test_a_path_of_this_host_stays_as_it_is() -> None:
    """With what it asks for."""
    assert local_path("/sessions/s-1?before=3#r2") == "/sessions/s-1?before=3#r2"


# -- wrong tries ---------------------------------------------------------------------------------
async def test_guessing_is_slowed_and_does_not_lock_the_owner_out(app: FastAPI) -> None:
    """From one address five tries; the owner, elsewhere, signs in meanwhile."""
    async with browser(app, "203.0.113.9") as stranger:
        for _ in range(5):
            assert (await sign_in(stranger, password="guess")).status_code == 401
        refused = await sign_in(stranger)  # the right one would not help either
        assert refused.status_code == 429
        assert "Wait" in refused.text
    async with browser(app) as owner:
        assert (await sign_in(owner)).status_code == 303


async def test_guessing_from_everywhere_leaves_the_owners_browser_alone(app: FastAPI) -> None:
    """The account is closed to strangers for a while, not to where its owner signed in before."""
    async with browser(app) as owner:
        await sign_in(owner)
        await owner.post("/sign-out", headers=OWN)
        for number in range(8):
            async with browser(app, f"203.0.113.{number}") as stranger:
                for _ in range(4):
                    last = await sign_in(stranger, password="guess")
        assert last.status_code == 429
        assert (await sign_in(owner)).status_code == 303


async def test_one_address_cannot_try_many_names(app: FastAPI) -> None:
    """Also where no name is tried often; a /64 of IPv6 is one address."""
    async with browser(app, "2001:db8:1:2::1") as stranger:
        for number in range(30):
            assert (await sign_in(stranger, f"name{number}", "guess")).status_code == 401
    async with browser(app, "2001:db8:1:2:ffff::9") as stranger:
        assert (await sign_in(stranger)).status_code == 429


async def test_an_office_of_people_who_know_their_passwords_is_not_slowed(app: FastAPI) -> None:
    """Only wrong tries count."""
    for _ in range(35):
        async with browser(app) as client:
            assert (await sign_in(client)).status_code == 303


async def test_many_tries_at_once_are_counted_before_the_first_is_answered(app: FastAPI) -> None:
    """Nobody gets more guesses by being quick."""
    async with browser(app, "203.0.113.9") as stranger:
        answers = await asyncio.gather(*(sign_in(stranger, password="guess") for _ in range(12)))
    assert sorted(one.status_code for one in answers) == [401] * 5 + [429] * 7


# -- other sites ---------------------------------------------------------------------------------
FOREIGN = [
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"origin": "https://evil.example"},
    {"origin": "null"},
    {},
]


@pytest.mark.parametrize("headers", FOREIGN)
async def test_another_site_cannot_use_the_cookie(
    app: FastAPI, people: LocalPeople, headers: dict[str, str]
) -> None:
    """Nor can who says nothing of where the request comes from."""
    async with browser(app) as client:
        await sign_in(client)
        made = await client.post("/account/tokens", data={"label": "x"}, headers=headers)
        assert made.status_code == 403
        assert "another" not in made.text
        assert people.credentials.tokens() == []
        out = await client.post("/sign-out", headers=headers)
        assert out.status_code == 403


@pytest.mark.parametrize("headers", FOREIGN[:-1])
async def test_another_site_cannot_sign_somebody_in(app: FastAPI, headers: dict[str, str]) -> None:
    """As the attacker, to see what they write."""
    async with browser(app) as client:
        form = {"name": "ana", "password": PASSWORD}
        assert (await client.post("/sign-in", data=form, headers=headers)).status_code == 403


async def test_a_program_with_a_token_needs_no_origin_and_gets_no_cookie_rights(
    app: FastAPI, people: LocalPeople
) -> None:
    """A request with a bad token is refused even where the cookie would do."""
    async with browser(app) as client:
        assert (await client.get("/api/me", headers=token_of(people, "ana"))).status_code == 200
        made = await client.post(
            "/api/tokens", json={"label": "x"}, headers=token_of(people, "ana")
        )
        assert made.status_code == 201
        await sign_in(client)
        for header in ("Bearer wrong", "Bearer", "Basic YW5hOmFuYQ==", ""):
            headers = {"authorization": header, "sec-fetch-site": "cross-site"}
            refused = await client.post("/api/tokens", json={"label": "x"}, headers=headers)
            assert refused.status_code == 401
            assert refused.headers["www-authenticate"] == "Bearer"


# -- every answer --------------------------------------------------------------------------------
async def test_every_answer_forbids_foreign_code_and_frames(app: FastAPI) -> None:
    """Pages, API, files, refusals and what is not there."""
    async with browser(app) as client:
        for path in ("/sign-in", "/api/me", "/static/app.css", "/nowhere", "/account"):
            headers = (await client.get(path)).headers
            policy = headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "frame-ancestors 'none'" in policy
            assert "unsafe" not in policy
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "same-origin"
            assert "strict-transport-security" not in headers
        assert (await client.get("/sign-in")).headers["cache-control"] == "no-store"
        client.base_url = httpx.URL("https://desk.example")
        assert "strict-transport-security" in (await client.get("/sign-in")).headers


async def test_the_pages_have_no_inline_script_or_style(app: FastAPI) -> None:
    """The policy would forbid them."""
    async with browser(app) as client:
        await sign_in(client)
        for path in ("/sign-in", "/account"):
            html = (await client.get(path)).text
            assert not re.search(r"<style|<script(?![^>]*\bsrc=)|\sstyle=|\son\w+=", html)


async def test_a_body_over_the_limit_is_not_read(app: FastAPI, people: LocalPeople) -> None:
    """Whether it says its size or comes in pieces without end."""
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 64 << 20:
            sent += 1 << 16
            yield b" " * (1 << 16)

    headers = {**token_of(people, "ana"), "content-type": "application/json"}
    async with browser(app) as client:
        said = await client.post("/api/tokens", content=b" " * (1 << 20) + b"x", headers=headers)
        pieces = await client.post("/api/tokens", content=endless(), headers=headers)
        fits = await client.post(
            "/api/tokens", content=b'{"label": "x"}' + b" " * 9999, headers=headers
        )
    assert said.status_code == pieces.status_code == 413
    assert said.json()["code"] == pieces.json()["code"] == "refused"
    assert sent < 4 << 20
    assert fits.status_code == 201


# -- open streams --------------------------------------------------------------------------------
@pytest.mark.parametrize("taken_back", ["token", "grant", "person"])
async def test_a_stream_ends_when_its_reader_may_less(
    app: FastAPI, people: LocalPeople, taken_back: str
) -> None:
    """What becomes durable after that is not sent."""
    go_on, has_ended = asyncio.Event(), asyncio.Event()

    async def pieces() -> AsyncIterator[bytes]:
        try:
            yield b"data: one\n\n"
            await go_on.wait()
            yield b"data: two\n\n"
            await asyncio.Event().wait()
        finally:
            has_ended.set()

    @app.get("/stream")
    async def stream() -> StreamingResponse:
        return StreamingResponse(pieces(), media_type="text/event-stream")

    secret = token_of(people, "ana")["authorization"].encode()
    got: list[bytes] = []

    async def send(message: dict[str, object]) -> None:
        body = message.get("body")
        if isinstance(body, bytes) and body:
            got.append(body)
            if taken_back == "token":
                people.credentials.revoke_token(people.credentials.tokens("ana")[0].id, CARLA)
            elif taken_back == "grant":
                people.accounts.revoke("ana", people.accounts.person("ana").given[0].id, CARLA)
            else:
                people.accounts.remove("ana", CARLA)
            go_on.set()

    async def receive() -> dict[str, object]:
        await asyncio.Event().wait()
        raise AssertionError

    scope = {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "method": "GET",
        "path": "/stream", "raw_path": b"/stream", "query_string": b"", "scheme": "http",
        "headers": [(b"host", b"desk.example"), (b"authorization", secret)],
        "client": ("198.51.100.7", 1), "server": ("desk.example", 80), "root_path": "",
        "http_version": "1.1",
    }  # fmt: skip
    await app(scope, receive, send)  # type: ignore[arg-type]
    assert got == [b"data: one\n\n"]
    await asyncio.wait_for(has_ended.wait(), 10)


# -- the account page ----------------------------------------------------------------------------
async def test_a_token_is_shown_once_and_works_until_revoked(
    app: FastAPI, people: LocalPeople
) -> None:
    """Made, used and revoked on the page."""
    async with browser(app) as client:
        await sign_in(client)
        made = await client.post("/account/tokens", data={"label": "night"}, headers=OWN)
        found = re.search(r'id="secret">(sft_[\w-]+)<', made.text)
        assert found
        headers = {"authorization": f"Bearer {found[1]}"}
        assert (await client.get("/api/me", headers=headers)).json()["name"] == "ana"
        page = (await client.get("/account")).text
        assert found[1] not in page
        assert "night" in page
        token = people.credentials.tokens("ana")[0].id
        await client.post(f"/account/tokens/{token}/revoke", headers=OWN)
        assert (await client.get("/api/me", headers=headers)).status_code == 401


async def test_a_changed_password_signs_the_other_browsers_out(
    app: FastAPI, people: LocalPeople
) -> None:
    """This one stays; the old password is needed."""
    async with browser(app) as one, browser(app) as other:
        for client in (one, other):
            await sign_in(client)
        new = "a wholly other thing"
        wrong = {"old": "guess", "new": new, "again": new}
        assert (
            "not your password"
            in (await one.post("/account/password", data=wrong, headers=OWN)).text
        )
        right = {"old": PASSWORD, "new": new, "again": new}
        assert (await one.post("/account/password", data=right, headers=OWN)).status_code == 200
        assert (await one.get("/account")).status_code == 200
        assert (await other.get("/account")).status_code == 401
        assert (await sign_in(other)).status_code == 401
        assert (await sign_in(other, password=new)).status_code == 303


async def test_a_name_is_text_on_the_page(app: FastAPI, people: LocalPeople) -> None:
    """Whatever a browser calls itself, and whatever is typed as a name."""
    async with browser(app) as client:
        client.headers["user-agent"] = "<script>alert(1)</script>"
        refused = await sign_in(client, '"><script>alert(1)</script>')
        assert "<script>alert" not in refused.text
        await sign_in(client)
        assert "<script>alert" not in (await client.get("/account")).text


# -- the API of people ---------------------------------------------------------------------------
async def test_an_operator_adds_people_grants_and_revokes(
    app: FastAPI, people: LocalPeople
) -> None:
    """And the record says by whom, and which way."""
    async with browser(app) as client:
        client.headers.update(token_of(people, "carla"))
        grant = {"role": "technician", "clients": ["Acme"], "teams": ["blue"]}
        new = {"name": "bob", "grants": [grant], "password": PASSWORD}
        added = await client.post("/api/people", json=new)
        assert added.status_code == 201, added.text
        assert added.json()["grants"][0]["clients"] == ["Acme"]
        more = await client.post(
            "/api/people/bob/grants", json={"role": "manager", "clients": ["*"]}
        )
        given = more.json()["grants"][1]["id"]
        assert (await client.delete(f"/api/people/bob/grants/{given}")).status_code == 200
        made_up = (await client.put("/api/people/bob/password", json={})).json()["password"]
        assert (await sign_in(client, "bob", made_up)).status_code == 303
        assert (await client.delete("/api/people/bob")).status_code == 204
        assert (await client.get("/api/people/bob")).status_code == 404
        changes = (await client.get("/api/changes", params={"person": "bob"})).json()["changes"]
        assert {(one["by"], one["via"]) for one in changes} == {("carla", "api")}
        assert [one["what"] for one in changes] == [
            "removed", "password changed", "grant revoked", "granted", "granted", "added",
        ]  # fmt: skip
        assert PASSWORD not in str(changes)


async def test_an_operator_of_some_clients_stays_within_them(
    app: FastAPI, people: LocalPeople
) -> None:
    """Gives no more, decides about nobody with more, and sees no more."""
    people.accounts.add("otto", [a("operator", "Acme")], CARLA)
    people.accounts.add("gina", [a("technician", "Globex")], CARLA)
    people.accounts.add("both", [a("technician", "Globex"), a("technician", "Acme")], CARLA)
    async with browser(app) as client:
        client.headers.update(token_of(people, "otto"))
        for wide in ({"clients": ["*"]}, {"clients": ["Globex"]}, {"clients": ["Acme", "Globex"]}):
            grant = {"role": "technician", **wide}
            assert (await client.post("/api/people/otto/grants", json=grant)).status_code == 403
            new = {"name": "new", "grants": [grant]}
            assert (await client.post("/api/people", json=new)).status_code == 403
        assert (await client.get("/api/people/gina")).status_code == 404
        for path in ("/api/people/gina", "/api/people/gina/password"):
            verb = client.delete(path) if path.endswith("gina") else client.put(path, json={})
            assert (await verb).status_code == 404
        assert (await client.put("/api/people/both/password", json={})).status_code == 403
        assert (await client.delete("/api/people/carla")).status_code in (403, 404)
        globex = people.accounts.person("both").given[0].id
        assert (await client.delete(f"/api/people/both/grants/{globex}")).status_code == 404
        seen = (await client.get("/api/people")).text
        assert "both" in seen
        assert "Globex" not in seen
        assert "gina" not in seen
        assert (await client.get("/api/changes")).status_code == 403
        own = {"role": "dispatcher", "clients": ["Acme"]}
        assert (await client.post("/api/people/ana/grants", json=own)).status_code == 201


async def test_a_token_makes_none_that_can_do_more_or_lasts_longer(
    app: FastAPI, people: LocalPeople
) -> None:
    """A token that leaks does not outlive itself."""
    people.accounts.grant("ana", a("dispatcher", "Acme"), CARLA)
    secret, token = people.credentials.make_token(
        "ana", "narrow", CARLA, expires_at=people.now().replace(day=3),
        grants=[a("technician", "Acme")],
    )  # fmt: skip
    async with browser(app) as client:
        client.headers["authorization"] = f"Bearer {secret}"
        wide = {"label": "x", "grants": [{"role": "dispatcher", "clients": ["Acme"]}]}
        assert (await client.post("/api/tokens", json=wide)).status_code == 403
        made = (await client.post("/api/tokens", json={"label": "x"})).json()
        assert [one["role"] for one in made["grants"]] == ["technician"]
        assert people.credentials.token(made["id"]).expires_at == token.expires_at
        assert "secret" not in (await client.get("/api/tokens")).text
        other = {"old": PASSWORD, "new": "a wholly other thing", "again": "a wholly other thing"}
        await client.post("/account/password", data=other)
        assert await people.is_password("ana", PASSWORD, address="x")


async def test_nobody_sees_or_revokes_the_tokens_of_others(
    app: FastAPI, people: LocalPeople
) -> None:
    """But an operator, whose it is to revoke them."""
    anas = token_of(people, "ana")
    people.accounts.add("eve", [a("technician", "Acme")], CARLA)
    token = people.credentials.tokens("ana")[0].id
    async with browser(app) as client:
        client.headers.update(token_of(people, "eve"))
        assert (await client.get("/api/tokens", params={"owner": "ana"})).status_code == 403
        assert (await client.delete(f"/api/tokens/{token}")).status_code == 404
        client.headers.update(token_of(people, "carla"))
        assert token in (await client.get("/api/tokens", params={"owner": "ana"})).text
        assert (await client.delete(f"/api/tokens/{token}")).status_code == 200
        assert (await client.get("/api/me", headers=anas)).status_code == 401
    by = people.accounts.changes(person="ana")[0]
    assert (by.what, by.by) == ("token revoked", "carla")


@pytest.mark.parametrize("password", ["short", "aaaaaaaaaaaaaaaa", "bobbobbobbob1", "x" * 300])
async def test_a_password_easily_guessed_is_refused(
    app: FastAPI, people: LocalPeople, password: str
) -> None:
    """With what to do instead, and nothing is added."""
    async with browser(app) as client:
        client.headers.update(token_of(people, "carla"))
        new = {"name": "bob", "password": password}
        refused = await client.post("/api/people", json=new)
        assert refused.status_code in (409, 422)
        assert password not in refused.text
        assert people.accounts.called("bob") is None


async def test_uses_are_written_down_now_and_then(
    app: FastAPI, people: LocalPeople, hands: Hands
) -> None:
    """So that one sees which tokens nobody needs."""
    headers = token_of(people, "ana")
    async with browser(app) as client:
        for _ in range(3):
            await client.get("/api/me", headers=headers)
    await asyncio.gather(*people._noting)
    assert people.credentials.tokens("ana")[0].used_at == hands()
