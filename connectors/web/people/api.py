"""The API about people: oneself, one's tokens, and for operators everybody."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request

from stillfixed.actors.errors import NotSignedIn
from stillfixed.connectors.web.desk import SignedIn
from stillfixed.connectors.web.people import models as m
from stillfixed.connectors.web.people.local import local_people
from stillfixed.connectors.web.people.managing import Counter

router = APIRouter(prefix="/api", tags=["people"])


async def counter(request: Request, person: SignedIn) -> Counter:
    people = local_people(request)
    credential = await people.credential(request)
    if credential is None:  # taken back since `person` was asked for
        raise NotSignedIn("You are not signed in any more.")
    is_api = request.url.path.startswith("/api/")
    return Counter(people, credential, "api" if is_api else "page")


AtCounter = Annotated[Counter, Depends(counter)]


@router.get("/me")
async def me(person: SignedIn) -> m.MeModel:
    """Who I am, and what this token or cookie allows."""
    return m.MeModel.of(person)


# -- tokens -------------------------------------------------------------------------------------
@router.get("/tokens")
async def tokens(counter: AtCounter, owner: str | None = None) -> m.TokensModel:
    """My tokens, or as an operator those of `owner`; those that are good no more too."""
    return m.TokensModel(tokens=[m.TokenModel.of(one) for one in counter.tokens(owner)])


@router.post("/tokens", status_code=201)
async def make_token(counter: AtCounter, new: m.NewToken) -> m.MadeToken:
    """A token of my own. Its secret is in this answer and nowhere else."""
    grants = None if new.grants is None else [one.grant() for one in new.grants]
    made = await counter.make_token(new.label, seconds=new.expires_in_seconds, grants=grants)
    return m.MadeToken.of_made(*made)


@router.delete("/tokens/{token}")
async def revoke_token(counter: AtCounter, token: str) -> m.TokenModel:
    """Mine, or as an operator somebody's. It counts at once; again it changes nothing."""
    return m.TokenModel.of(await counter.revoke_token(token))


# -- people, for operators ----------------------------------------------------------------------
@router.get("/people")
async def people(counter: AtCounter) -> m.PeopleModel:
    """Everybody of whom the operator may see a grant."""
    return m.PeopleModel(people=[m.PersonModel.of(one) for one in counter.everybody()])


@router.post("/people", status_code=201)
async def add(counter: AtCounter, new: m.NewPerson) -> m.PersonModel:
    """A new person. A name that could be taken for somebody else's is refused."""
    password = new.password.get_secret_value() if new.password else None
    grants = [one.grant() for one in new.grants]
    return m.PersonModel.of(await counter.add(new.name, grants, password, returning=new.returning))


@router.get("/people/{name}")
async def person(counter: AtCounter, name: str) -> m.PersonModel:
    """One person."""
    return m.PersonModel.of(counter.person(name))


@router.delete("/people/{name}", status_code=204)
async def remove(counter: AtCounter, name: str) -> None:
    """They have no right, token or sign-in any more; the name stays theirs."""
    await counter.remove(name)


@router.post("/people/{name}/grants", status_code=201)
async def grant(counter: AtCounter, name: str, new: m.GrantModel) -> m.PersonModel:
    """Give a person a role for some clients and teams."""
    return m.PersonModel.of(await counter.grant(name, new.grant()))


@router.delete("/people/{name}/grants/{grant}")
async def revoke(counter: AtCounter, name: str, grant: int) -> m.PersonModel:
    """Take one grant back. It counts at once, for tokens too."""
    return m.PersonModel.of(await counter.revoke(name, grant))


@router.put("/people/{name}/password")
async def reset_password(counter: AtCounter, name: str, new: m.NewPassword) -> m.MadeUpPassword:
    """Give a person a new password, which signs them out everywhere."""
    given = new.password.get_secret_value() if new.password else None
    return m.MadeUpPassword(password=await counter.reset_password(name, given))


@router.get("/changes")
async def changes(
    counter: AtCounter,
    person: str = "",
    before: Annotated[int | None, Query(ge=1, lt=2**62)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> m.ChangesModel:
    """Who changed which right when, the newest first."""
    found = counter.changes(before=before, person=person, limit=limit)
    older = found[-1].number if len(found) == limit else None
    return m.ChangesModel(changes=[m.ChangeModel.of(one) for one in found], before=older)
