"""Signing in at another provider, by OpenID Connect: code flow with PKCE, state and nonce.

Guarantee: a sign-in counts only in the browser that began it, once, within ten minutes, for an ID
token that the configured issuer signed for this host; a name that is somebody's here goes to no one
else; and the rights that claims give are those of the newest sign-in.

Authlib speaks the protocol. Its own keeping of state (a session signed with a secret of the app) is
not used: the browser that signs in keeps what only it must know, in a cookie for those ten minutes.
"""

import asyncio
import hmac
import logging
from collections.abc import Mapping
from typing import Any

import msgspec
from authlib.integrations.starlette_client import OAuth
from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from stillfixed.actors.errors import NotAllowed, NotSignedIn, StillfixedError
from stillfixed.connectors.web.people.accounts import Accounts
from stillfixed.connectors.web.people.claims import SingleSignOnSettings, grants_of
from stillfixed.connectors.web.people.cookies import cookie, local_path, set_cookie, welcome
from stillfixed.connectors.web.people.local import local_people
from stillfixed.connectors.web.people.records import Doer
from stillfixed.connectors.web.templating import page

FLOW_SECONDS = 600
ANSWER_WITHIN_SECONDS = 10.0
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512",
              "EdDSA", "Ed25519")  # fmt: skip
"""Signatures with a public key; "none" and shared secrets are refused, whatever a provider says."""

logger = logging.getLogger(__name__)
router = APIRouter(include_in_schema=False)


class Flow(msgspec.Struct, frozen=True, kw_only=True):
    """What the browser keeps of a sign-in under way."""

    state: str
    nonce: str
    code_verifier: str
    next: str


class SingleSignOn:
    """One provider. `app.state.single_sign_on`, where there is one."""

    def __init__(self, settings: SingleSignOnSettings) -> None:
        self.settings = settings
        self.name = settings.name
        self._client: Any = OAuth().register(
            "provider",
            client_id=settings.client_id,
            client_secret=settings.client_secret.get_secret_value(),
            server_metadata_url=f"{settings.issuer.rstrip('/')}/.well-known/openid-configuration",
            client_kwargs={
                "scope": " ".join(settings.scopes),
                "code_challenge_method": "S256",
                "timeout": ANSWER_WITHIN_SECONDS,
            },
        )

    async def begin(self, redirect_uri: str, next: str) -> tuple[str, Flow]:
        """Where to send the browser, and what it has to bring back."""
        await self._metadata()
        made = await self._client.create_authorization_url(redirect_uri)
        flow = Flow(
            state=made["state"], nonce=made["nonce"], code_verifier=made["code_verifier"], next=next
        )
        return str(made["url"]), flow

    async def claims(
        self, answer: Mapping[str, str], flow: Flow, redirect_uri: str
    ) -> dict[str, object]:
        """Who came back, as the provider says. Raises `NotSignedIn`."""
        if not hmac.compare_digest(answer.get("state", "").encode(), flow.state.encode()):
            raise NotSignedIn("This answer is not to the sign-in that this browser began.")
        if answer.get("iss", self.settings.issuer) != self.settings.issuer:
            raise NotSignedIn("This answer comes from another provider than was asked.")
        if "code" not in answer:
            raise NotSignedIn(f"{self.name} did not sign you in. Try again, or ask its operator.")
        await self._metadata()
        token = await self._client.fetch_access_token(
            redirect_uri=redirect_uri, code=answer["code"], code_verifier=flow.code_verifier
        )
        claims = await self._client.parse_id_token(
            token,
            nonce=flow.nonce,
            claims_options={  # whom a token is for is only looked at if asked
                "iss": {"essential": True, "value": self.settings.issuer},
                "aud": {"essential": True, "value": self.settings.client_id},
            },
        )
        if claims is None:
            raise NotSignedIn(f"{self.name} answered without an ID token.")
        return {**await self._more(token, str(claims["sub"])), **claims}

    async def _metadata(self) -> dict[str, Any]:
        metadata: dict[str, Any] = await self._client.load_server_metadata()
        if metadata.get("issuer") != self.settings.issuer:
            raise NotSignedIn(f"{self.settings.issuer} says that it is another issuer.")
        known = metadata.get("id_token_signing_alg_values_supported") or ["RS256"]
        metadata["id_token_signing_alg_values_supported"] = [
            name for name in known if name in ALGORITHMS
        ]
        return metadata

    async def _more(self, token: Mapping[str, object], subject: str) -> dict[str, object]:
        """What the provider tells about the same subject when asked. The ID token goes first."""
        if "userinfo_endpoint" not in self._client.server_metadata or "access_token" not in token:
            return {}
        told = dict(await self._client.userinfo(token=token))
        return told if told.get("sub") == subject else {}


def recognise(
    accounts: Accounts, settings: SingleSignOnSettings, claims: Mapping[str, object]
) -> str:
    """The name of who has signed in there, added or bound at their first time; their rights are
    what the claims give now. Raises `NotAllowed`."""
    issuer, subject = settings.issuer, str(claims["sub"])
    grants = grants_of(settings, claims)
    name = accounts.known_as(issuer, subject)
    doer = Doer(settings.name, "single sign-on")
    if name is None:
        said = claims.get(settings.name_claim)
        if not isinstance(said, str) or not said:
            raise NotAllowed(f"{settings.name} does not say what you are called here.")
        account = accounts.called(said)
        if account is None:
            if not grants or not settings.adds_people:
                raise NotAllowed(
                    f"{said} is known at {settings.name}, and has no right on this host. Ask an "
                    "operator of it."
                )
            account = accounts.add(said, (), doer)
        elif account.has_password or account.signs_in_elsewhere:
            raise NotAllowed(
                f"{account.name} is somebody here already, who does not sign in as you do. Ask an "
                "operator of this host."
            )
        name = account.name
        accounts.bind(name, issuer, subject, doer)
    account = accounts.person(name)
    if account.removed_at is not None:
        raise NotAllowed(f"{name} was removed from this host. Ask an operator of it.")
    accounts.set_claimed(name, grants, doer)
    return name


# -- routes -------------------------------------------------------------------------------------
@router.get("/sign-in/elsewhere")
async def begin(request: Request, next: str = "/") -> Response:
    single = _single(request)
    try:
        url, flow = await single.begin(_redirect_uri(request, single), local_path(next))
    except Exception as error:
        return _failed(request, single, error)
    response = RedirectResponse(url, 303)
    set_cookie(request, response, "flow", _pack(flow), FLOW_SECONDS)
    return response


@router.get("/sign-in/answer", name="single_sign_on_answer")
async def answer(request: Request) -> Response:
    single, people = _single(request), local_people(request)
    try:
        flow = _unpack(request)
        given = dict(request.query_params)
        claims = await single.claims(given, flow, _redirect_uri(request, single))
        name = await asyncio.to_thread(recognise, people.accounts, single.settings, claims)
        browser = request.headers.get("user-agent", "")
        signed_in = await people.admit(name, browser=browser)
    except Exception as error:  # a provider may answer anything
        response = _failed(request, single, error)
    else:
        response = await welcome(request, people, signed_in, flow.next)
    set_cookie(request, response, "flow", "", 0)
    return response


def _single(request: Request) -> SingleSignOn:
    single: SingleSignOn | None = getattr(request.app.state, "single_sign_on", None)
    if single is None:
        raise NotAllowed("Nobody signs in elsewhere on this host: no provider is set.")
    return single


def _redirect_uri(request: Request, single: SingleSignOn) -> str:
    """What the provider knows this host's answer page by."""
    if single.settings.public_url:
        return f"{single.settings.public_url.rstrip('/')}/sign-in/answer"
    return str(request.url_for("single_sign_on_answer"))


def _failed(request: Request, single: SingleSignOn, error: Exception) -> Response:
    if isinstance(error, StillfixedError):
        said, status = error.message, 403
    else:  # what exactly is for the log: it may name parts of the provider's answer
        logger.warning("sign-in at %s failed: %r", single.name, error)
        said, status = f"{single.name} could not sign you in. Try again in a while.", 502
    return page(
        request, "sign_in.html", person=None, status=status, name="", next="/", said=said,
        elsewhere=single.name,
    )  # fmt: skip


def _pack(flow: Flow) -> str:
    return msgspec.json.encode(flow).hex()


def _unpack(request: Request) -> Flow:
    try:
        return msgspec.json.decode(bytes.fromhex(cookie(request, "flow")), type=Flow)
    except (ValueError, msgspec.MsgspecError):
        raise NotSignedIn(
            "This browser has no sign-in under way, or it took too long. Begin again."
        ) from None
