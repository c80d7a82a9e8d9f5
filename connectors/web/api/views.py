"""Routes of the views: what managers and dispatchers decide on, as rows.

Guarantee: the views are asked on a connection that holds only the clients and teams for which the
person may measure (`projections/scoping.py`); no route filters by itself.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, TypeVar

from fastapi import Query
from starlette.exceptions import HTTPException
from starlette.responses import Response

from stillfixed.actors.errors import NotAllowed
from stillfixed.connectors.web.api import answers
from stillfixed.connectors.web.api.asking import Json, api_router
from stillfixed.connectors.web.desk import AtDesk, Desk, SignedIn
from stillfixed.connectors.web.identity import Person
from stillfixed.connectors.web.pages.reading import as_of, ask_views, rows
from stillfixed.projections.reading import Views

router = api_router("views")

FoundT = TypeVar("FoundT")
_NAMES = "SELECT view_name FROM duckdb_views() WHERE NOT internal ORDER BY ALL"
_ORDER = {"review_queue": "waiting_since, session", "audit": "position"}
"""What rows are ordered by; those of other views by all their columns."""


@router.get("/api/views", response_model=answers.Views)
async def list_views(person: SignedIn, desk: AtDesk) -> Response:
    """The views that there are, with their columns; docs/views.md says what they mean."""

    def question(found: Views) -> dict[str, Any]:
        names = [row["view_name"] for row in rows(found, _NAMES)]
        lines = [{"view": name, "columns": _columns(found, name)} for name in names]
        return {"views": lines, **_age(found)}

    return Json(await _asked(desk, person, question))


@router.get("/api/views/{view}", response_model=answers.Rows)
async def read_view(
    view: str,
    person: SignedIn,
    desk: AtDesk,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 1000,
    cursor: Annotated[
        str, Query(pattern="^[0-9]{1,9}$", description="`next` of the page before.")
    ] = "0",
) -> Response:
    """Rows of a view, of the clients and teams that you may measure. Pages that were read at
    different positions are of different moments: then rows may have moved between them."""
    start = int(cursor)

    def question(found: Views) -> dict[str, Any] | None:
        if view not in [row["view_name"] for row in rows(found, _NAMES)]:
            return None
        order = _ORDER.get(view, "ALL")
        page = rows(found, f'FROM "{view}" ORDER BY {order} LIMIT ? OFFSET ?', (limit + 1, start))
        return {
            "view": view,
            "columns": _columns(found, view),
            "rows": page[:limit],
            "next": str(start + limit) if len(page) > limit else None,
            **_age(found),
        }

    answer = await _asked(desk, person, question)
    if answer is None:
        raise HTTPException(404, f"There is no view {view}. GET /api/views lists them.")
    return Json(answer)


async def _asked(desk: Desk, person: Person, question: Callable[[Views], FoundT]) -> FoundT:
    if not person.granting("measure"):
        raise NotAllowed(f"{person.name} may not measure: views are for dispatchers and managers.")
    return await ask_views(desk, person, "measure", question)


def _columns(found: Views, view: str) -> list[str]:
    return found.sql(f'FROM "{view}" LIMIT 0').columns


def _age(found: Views) -> dict[str, int | datetime | None]:
    position, moment = as_of(found)
    return {"position": position, "data_until": moment}
