"""Signing in and out, and one's own account: password, API tokens, browsers that are signed in."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from stillfixed.actors.errors import NotSignedIn, StillfixedError, TooManyTries
from stillfixed.connectors.web.desk import SignedIn
from stillfixed.connectors.web.people.api import AtCounter
from stillfixed.connectors.web.people.cookies import (
    cookie,
    leave,
    local_path,
    set_cookie,
    welcome,
)
from stillfixed.connectors.web.people.local import local_people
from stillfixed.connectors.web.people.passwords import LEAST_CHARS
from stillfixed.connectors.web.people.records import Token
from stillfixed.connectors.web.people.rights import in_words, narrowed
from stillfixed.connectors.web.people.single_sign_on import SingleSignOn
from stillfixed.connectors.web.templating import Notice, page

router = APIRouter(include_in_schema=False)

DAYS = (1, 7, 30, 90, 365)

Text = Annotated[str, Form()]


# -- signing in ---------------------------------------------------------------------------------
@router.get("/sign-in")
async def sign_in_page(request: Request, next: str = "/") -> Response:
    return _sign_in(request, next)


@router.post("/sign-in")
async def sign_in(
    request: Request, name: Text = "", password: Text = "", next: Text = "/"
) -> Response:
    people = local_people(request)
    try:
        signed_in = await people.sign_in(
            name,
            password,
            address=address_of(request),
            familiar=cookie(request, "familiar"),
            browser=request.headers.get("user-agent", ""),
        )
    except NotSignedIn as error:
        return _sign_in(request, next, name=name, said=error.message, status=401)
    except TooManyTries as error:
        return _sign_in(request, next, name=name, said=error.message, status=429)
    return await welcome(request, people, signed_in, next)


@router.post("/sign-out")
async def sign_out(request: Request) -> Response:
    """Also for who is signed out already."""
    leave(request, local_people(request))
    response = RedirectResponse("/sign-in", 303)
    set_cookie(request, response, "", "", 0)
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


def _sign_in(
    request: Request, next: str, *, name: str = "", said: str = "", status: int = 200
) -> Response:
    single: SingleSignOn | None = getattr(request.app.state, "single_sign_on", None)
    return page(
        request, "sign_in.html", person=None, status=status, name=name, next=local_path(next),
        said=said, elsewhere=single.name if single else "",
    )  # fmt: skip


def address_of(request: Request) -> str:
    return request.client.host if request.client else "unknown"


# -- one's account ------------------------------------------------------------------------------
@router.get("/account")
async def account_page(request: Request, person: SignedIn) -> Response:
    return _account(request, person)


@router.post("/account/tokens")
async def make_token(
    request: Request,
    person: SignedIn,
    counter: AtCounter,
    label: Text = "",
    days: Annotated[int, Form(ge=1, le=3660)] = 90,
    scope: Annotated[tuple[int, ...], Form()] = (),
) -> Response:
    """`scope`: which of one's grants, by their place on the page; none: all, as they will be."""
    grants = [person.grants[i] for i in scope if 0 <= i < len(person.grants)] if scope else None
    try:
        secret, token = await counter.make_token(label, seconds=days * 86400, grants=grants)
    except StillfixedError as error:
        return _account(request, person, Notice(error.message, "bad"), status=409)
    return _account(request, person, secret=secret, made=token)


@router.post("/account/tokens/{token}/revoke")
async def revoke_token(person: SignedIn, counter: AtCounter, token: str) -> Response:
    await counter.revoke_token(token)
    return RedirectResponse("/account#tokens", 303)


@router.post("/account/browsers/{sign_in}/sign-out")
async def end_browser(person: SignedIn, counter: AtCounter, sign_in: str) -> Response:
    await counter.sign_out(sign_in)
    return RedirectResponse("/account#browsers", 303)


@router.post("/account/password")
async def change_password(
    request: Request,
    person: SignedIn,
    counter: AtCounter,
    old: Text = "",
    new: Text = "",
    again: Text = "",
) -> Response:
    if new != again:
        notice = Notice("The new password was not the same both times.", "bad")
        return _account(request, person, notice, status=409)
    try:
        await counter.change_password(old, new, address=address_of(request))
    except StillfixedError as error:
        return _account(request, person, Notice(error.message, "bad"), status=409)
    return _account(
        request, person, Notice("The password is changed; other browsers are signed out.", "good")
    )


def _account(
    request: Request,
    person: SignedIn,
    notice: Notice | None = None,
    *,
    secret: str = "",
    made: Token | None = None,
    status: int = 200,
) -> Response:
    people = local_people(request)
    credential = people.look(request)
    now = people.now()
    tokens = people.credentials.tokens(person.name)
    return page(
        request,
        "account.html",
        person=person,
        notice=notice,
        status=status,
        grants=[in_words(one) for one in person.grants],
        tokens=[one for one in tokens if one.is_good(now)],
        past_tokens=[one for one in tokens if not one.is_good(now)][:10],
        browsers=people.credentials.sign_ins(person.name),
        this_browser=credential.id if credential else "",
        has_password=people.accounts.password_hash(person.name) is not None,
        may_now=lambda token: (
            [in_words(one) for one in narrowed(token.grants, person.grants)]
            if token.grants is not None
            else ["all that you may"]
        ),
        days=DAYS,
        least_chars=LEAST_CHARS,
        secret=secret,
        made=made,
    )
