"""Signing in at a real provider of OpenID Connect, which runs beside the tests."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from fastapi import FastAPI

from stillfixed import Settings, connect_async
from stillfixed.actors.errors import AccessError
from stillfixed.connectors.web.app import create_app
from stillfixed.connectors.web.desk import Desk
from stillfixed.connectors.web.people.accounts import now_utc
from stillfixed.connectors.web.people.claims import (
    Rule,
    SingleSignOnSettings,
    grants_of,
    read_single_sign_on,
)
from stillfixed.connectors.web.people.local import LocalPeople
from stillfixed.connectors.web.people.single_sign_on import SingleSignOn
from tests.support.people import CARLA, a
from tests.support.provider import CLIENT_ID, CLIENT_SECRET, Provider, running_provider

HOST = "http://desk.example"
RULES = (
    Rule(value="field", role="technician", clients=("Acme",), teams=("blue",)),
    Rule(value="desk", role="dispatcher", clients=("*",)),
)


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with running_provider(f"{HOST}/sign-in/answer") as provider:
        provider.add("ana", "field")
        provider.add("dora", "desk")
        provider.add("guest")
        provider.add("mallory", "mallorys", called="carla")
        yield provider


def settings_for(provider: Provider, **more: object) -> SingleSignOnSettings:
    return SingleSignOnSettings.model_validate(
        {
            "issuer": provider.issuer,
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "name": "Acme ID",
            "scopes": ("openid", "profile", "email", "groups"),
            "rules": RULES,
            **more,
        }
    )


@pytest.fixture
async def people(tmp_path: Path) -> AsyncIterator[LocalPeople]:
    people = LocalPeople(tmp_path)
    yield people
    await people.close()


@pytest.fixture
async def app(tmp_path: Path, people: LocalPeople, provider: Provider) -> AsyncIterator[FastAPI]:
    async with await connect_async(Settings(data=tmp_path, read_only=True)) as client:
        yield create_app(Desk(client, people), single_sign_on=SingleSignOn(settings_for(provider)))


def browser(app: FastAPI) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url=HOST)


async def sign_in(
    client: httpx.AsyncClient, provider: Provider, name: str, next: str = "/"
) -> httpx.Response:
    begun = await client.get("/sign-in/elsewhere", params={"next": next})
    assert begun.status_code == 303, begun.text
    return await client.get(await provider.sign_in(begun.headers["location"], name))


async def test_who_signs_in_there_is_signed_in_here(
    app: FastAPI, people: LocalPeople, provider: Provider
) -> None:
    """Added at their first time, with the rights that their groups give, and led on."""
    async with browser(app) as client:
        assert "Sign in with Acme ID" in (await client.get("/sign-in")).text
        done = await sign_in(client, provider, "ana", "/account?x=1")
        assert (done.status_code, done.headers["location"]) == (303, "/account?x=1")
        assert "technician for Acme, team blue" in (await client.get("/account")).text
    account = people.accounts.person("ana")
    assert account.signs_in_elsewhere
    assert [one.source for one in account.given] == ["single sign-on"]
    assert {one.via for one in people.accounts.changes(person="ana")} == {"single sign-on"}


async def test_the_request_has_pkce_state_and_nonce(app: FastAPI) -> None:
    """What must stay with the browser is in no address."""
    async with browser(app) as client:
        begun = await client.get("/sign-in/elsewhere")
        asked = parse_qs(urlsplit(begun.headers["location"]).query)
        assert asked["response_type"] == ["code"]
        assert asked["code_challenge_method"] == ["S256"]
        assert len(asked["state"][0]) >= 20
        assert len(asked["nonce"][0]) >= 20
        assert "code_verifier" not in asked
        cookie = begun.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "Max-Age=600" in cookie


async def test_an_answer_counts_only_in_the_browser_that_began(
    app: FastAPI, people: LocalPeople, provider: Provider
) -> None:
    """And only once."""
    async with browser(app) as one, browser(app) as other:
        begun = await one.get("/sign-in/elsewhere")
        back = await provider.sign_in(begun.headers["location"], "ana")
        assert (await other.get(back)).status_code == 403
        await other.get("/sign-in/elsewhere")  # with a sign-in of its own under way
        refused = await other.get(back)
        assert refused.status_code == 403
        assert "not to the sign-in that this browser began" in refused.text
        assert "stillfixed" not in other.cookies
        flow = one.cookies["stillfixed-flow"]
        assert (await one.get(back)).status_code == 303
        assert (await one.get(back)).status_code == 403
        one.cookies.set("stillfixed-flow", flow, domain="desk.example")
        assert (await one.get(back)).status_code == 502  # the provider gives a code once
    assert len(people.credentials.sign_ins("ana")) == 1


@pytest.mark.parametrize("change", ["nonce", "code_verifier", "audience", "iss", "error"])
async def test_an_answer_that_is_not_for_this_sign_in_is_refused(
    app: FastAPI, people: LocalPeople, provider: Provider, change: str
) -> None:
    """A token for another sign-in, another host or nobody signs nobody in."""
    provider.add_client(change, is_named=change != "audience")
    app.state.single_sign_on = SingleSignOn(settings_for(provider, client_id=change))
    async with browser(app) as client:
        begun = await client.get("/sign-in/elsewhere")
        flow = bytes.fromhex(client.cookies["stillfixed-flow"])
        back = await provider.sign_in(begun.headers["location"], "ana")
        if change in ("nonce", "code_verifier"):
            value = parse_qs(urlsplit(begun.headers["location"]).query)["nonce"][0]
            if change == "code_verifier":
                value = flow.decode().split('"code_verifier":"')[1].split('"')[0]
            forged = flow.replace(value.encode(), value[::-1].encode()).hex()
            client.cookies.set("stillfixed-flow", forged, domain="desk.example")
        elif change == "iss":
            back = back.replace("&iss=http", "&iss=https")
        elif change == "error":
            back = back.replace("?code=", "?error=access_denied&was=")
        refused = await client.get(back)
        assert refused.status_code in (403, 502)
        assert "stillfixed" not in client.cookies
    assert people.accounts.people() == []


async def test_a_name_that_is_somebodys_here_goes_to_nobody_else(
    app: FastAPI, people: LocalPeople, provider: Provider
) -> None:
    """Whoever can choose what the provider calls them cannot become somebody."""
    people.accounts.add("carla", [a("operator")], CARLA, password_hash="hash")
    async with browser(app) as client:
        refused = await sign_in(client, provider, "mallory")
        assert refused.status_code == 403
        assert "carla is somebody here already" in refused.text
        assert "stillfixed" not in client.cookies
    assert not people.accounts.person("carla").signs_in_elsewhere


async def test_somebody_added_without_a_password_is_bound_at_their_first_sign_in(
    app: FastAPI, people: LocalPeople, provider: Provider
) -> None:
    """An operator's own grants stay beside those of the claims."""
    people.accounts.add("guest", [a("manager", "Acme")], CARLA)
    async with browser(app) as client:
        assert (await sign_in(client, provider, "guest")).status_code == 303
    assert people.accounts.person("guest").grants == (a("manager", "Acme"),)


async def test_who_has_no_right_here_is_not_added(
    app: FastAPI, people: LocalPeople, provider: Provider
) -> None:
    """And is told whom to ask."""
    async with browser(app) as client:
        refused = await sign_in(client, provider, "guest")
        assert refused.status_code == 403
        assert "Ask an operator" in refused.text
    assert people.accounts.called("guest") is None


async def test_who_was_removed_does_not_come_back_by_signing_in(
    app: FastAPI, people: LocalPeople, provider: Provider
) -> None:
    """Whatever the provider's groups still say."""
    async with browser(app) as client:
        await sign_in(client, provider, "ana")
        people.accounts.remove("ana", CARLA)
        assert (await client.get("/account")).status_code == 401
        refused = await sign_in(client, provider, "ana")
        assert refused.status_code == 403
        assert "was removed" in refused.text


async def test_rights_follow_the_claims_of_the_newest_sign_in(
    app: FastAPI, people: LocalPeople, provider: Provider
) -> None:
    """A group that one has left gives nothing any more, to tokens neither."""
    provider.add("tom", "field", "leaving")
    settings = settings_for(
        provider, rules=(Rule(value="leaving", role="operator", clients=("*",)), *RULES)
    )
    app.state.single_sign_on = SingleSignOn(settings)
    async with browser(app) as client:
        await sign_in(client, provider, "tom")
        assert len(people.accounts.person("tom").given) == 2
        secret, _ = people.credentials.make_token(
            "tom", "x", CARLA, expires_at=now_utc().replace(year=now_utc().year + 1)
        )
        provider.remove_group("leaving")
        await sign_in(client, provider, "tom")
    assert [one.role for one in people.accounts.person("tom").grants] == ["technician"]
    credential = people.credentials.of_token(secret)
    assert credential is not None
    assert not credential.person.granting("operate")
    assert people.accounts.changes(person="tom")[0].what == "grant revoked"


async def test_a_provider_that_does_not_answer_is_said(people: LocalPeople, app: FastAPI) -> None:
    """Passwords still work meanwhile; nothing of the insides is shown."""
    app.state.single_sign_on = SingleSignOn(
        SingleSignOnSettings(
            issuer="http://127.0.0.1:9",
            client_id="x",
            client_secret="y",
            name="Acme ID",  # type: ignore[arg-type]
        )
    )
    async with browser(app) as client:
        refused = await client.get("/sign-in/elsewhere")
        assert refused.status_code == 502
        assert "Acme ID could not sign you in" in refused.text
        assert "Password" in refused.text


async def test_without_a_provider_there_is_no_such_way_in(
    tmp_path: Path, people: LocalPeople
) -> None:
    """Nor a button for it."""
    async with (
        await connect_async(Settings(data=tmp_path, read_only=True)) as client,
        browser(create_app(Desk(client, people))) as one,
    ):
        assert (await one.get("/sign-in/elsewhere")).status_code == 403
        assert (await one.get("/sign-in/answer")).status_code == 403
        assert "elsewhere" not in (await one.get("/sign-in")).text


# -- settings ------------------------------------------------------------------------------------
def test_rules_take_a_claim_that_is_a_word_or_a_list() -> None:
    """And nothing else; an absent claim gives nothing."""
    settings = SingleSignOnSettings(
        issuer="https://id.example",
        client_id="x",
        client_secret="y",
        rules=RULES,  # type: ignore[arg-type]
    )
    assert grants_of(settings, {"groups": ["field", "x"]}) == (
        a("technician", "Acme", teams=("blue",)),
    )
    assert grants_of(settings, {"groups": "desk"}) == (a("dispatcher"),)
    for claims in (
        {},
        {"groups": None},
        {"groups": {"field": 1}},
        {"groups": [["field"]]},
        {"groups": "fieldx"},
    ):
        assert grants_of(settings, claims) == ()


def test_a_settings_file_is_read_with_its_secret_beside_it(tmp_path: Path) -> None:
    """So that the file itself can be shown."""
    (tmp_path / "secret").write_text("hush\n")
    path = tmp_path / "single-sign-on.toml"
    path.write_text(
        'issuer = "https://id.example"\nclient_id = "x"\nclient_secret_file = "secret"\n'
        '[[rules]]\nvalue = "field"\nrole = "technician"\nclients = ["Acme"]\n'
    )
    settings = read_single_sign_on(path)
    assert settings.client_secret.get_secret_value() == "hush"
    assert "hush" not in repr(settings)
    assert settings.rules[0].clients == ("Acme",)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('issuer = "http://id.example"\nclient_id = "x"\nclient_secret = "y"', "https"),
        ('issuer = "https://id.example"\nclient_id = "x"', "client_secret"),
        ('issuer = "https://id.example"\nclient_id = "x"\nclient_secret_file = "none"', "none"),
        ("issuer = ", "cannot be used"),
        (
            'issuer = "https://id.example"\nclient_id = "x"\nclient_secret = "hush"\n'
            'scopes = ["x"]',
            "openid",
        ),
        (
            'issuer = "https://id.example"\nclient_id = "x"\nclient_secret = "hush"\n'
            '[[rules]]\nvalue = "a"\nrole = "boss"\nclients = ["*"]',
            "rules.0.role",
        ),
    ],
)
def test_a_settings_file_that_cannot_be_used_names_what_is_wrong(
    tmp_path: Path, text: str, said: str
) -> None:
    """And shows no secret."""
    path = tmp_path / "single-sign-on.toml"
    path.write_text(text)
    with pytest.raises(AccessError, match=said) as raised:
        read_single_sign_on(path)
    assert "hush" not in raised.value.message
