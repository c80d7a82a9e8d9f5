"""Where somebody begins: at the work of their role."""

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from stillfixed.connectors.web.desk import SignedIn
from stillfixed.connectors.web.identity import Action

router = APIRouter(include_in_schema=False)

_BEGIN: tuple[tuple[Action, str], ...] = (
    ("review", "/queue"),
    ("work", "/sessions"),
    ("measure", "/manager"),
)


@router.get("/")
async def landing(person: SignedIn) -> Response:
    """A dispatcher's queue, a technician's sessions, a manager's figures; else the account."""
    for action, path in _BEGIN:
        if person.granting(action):
            return RedirectResponse(path, 303)
    return RedirectResponse("/account", 303)
