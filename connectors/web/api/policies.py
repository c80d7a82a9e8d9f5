"""Routes of the policies in force."""

from starlette.responses import Response

from stillfixed.actors.errors import NotAllowed
from stillfixed.actors.runtime.policies import newest
from stillfixed.connectors.web.api import answers, bodies
from stillfixed.connectors.web.api.asking import Json, RequestId, api_router
from stillfixed.connectors.web.desk import AtDesk, SignedIn
from stillfixed.connectors.web.identity import EVERY, Action, Person

router = api_router("policies")


@router.get("/api/policies", response_model=answers.PoliciesInForce)
async def read_policies(person: SignedIn, desk: AtDesk) -> Response:
    """The policy file in force, who adopted it and when. It names clients and teams: for those who
    measure or govern all of them."""
    if not (_everywhere(person, "measure") or _everywhere(person, "govern")):
        raise NotAllowed(f"{person.name} may not read policies: they are of every client and team.")
    found = await newest(desk.client.log)
    if found is None:
        return Json({"text": "", "by": None, "at": None})
    return Json({"text": found.text, "by": found.by, "at": found.at})


@router.post("/api/policies", response_model=answers.Done)
async def adopt_policies(
    body: bodies.NewPolicies, request_id: RequestId, person: SignedIn, desk: AtDesk
) -> Response:
    """Put a policy file in force from now on, for every session: it needs the right to govern all
    clients and teams. The same text again changes nothing."""
    if not _everywhere(person, "govern"):
        raise NotAllowed(
            f"{person.name} may not adopt policies: they are for every client and team."
        )
    await desk.client.backend.adopt_policies(body.text, by=person.name, source=body.source)
    return Json({"id": ""})


def _everywhere(person: Person, action: Action) -> bool:
    return any(EVERY in grant.clients and EVERY in grant.teams for grant in person.granting(action))
