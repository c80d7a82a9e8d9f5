"""Pages from templates: one Jinja environment, always escaping, and what every page is given.

Guarantee: text from endpoints and people reaches a page through `shown` or `html_of` (stream/text),
so that it stays text; a template that forgets still escapes it.
"""

import secrets
from pathlib import Path
from typing import NamedTuple

from fastapi import Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from stillfixed.actors.session.masking import said
from stillfixed.connectors.cli.render import ending
from stillfixed.connectors.cli.text import clock, count, day, moment, span
from stillfixed.connectors.web.identity import Action, Person
from stillfixed.connectors.web.stream.text import html_of, shown, sign, words

_HERE = Path(__file__).parent
TEMPLATES = _HERE / "templates"
STATIC = _HERE / "static"


class NavEntry(NamedTuple):
    path: str
    name: str
    needs: Action


_NAV = (
    NavEntry("/sessions", "Sessions", "read"),
    NavEntry("/queue", "Queue", "review"),
    NavEntry("/sample", "Sample", "review"),
    NavEntry("/manager", "Manager", "measure"),
    NavEntry("/policies", "Policies", "govern"),
    NavEntry("/monitors", "Monitors", "read"),
)


def pages_for(person: Person) -> tuple[NavEntry, ...]:
    """What the bar offers a person: the pages that some grant of theirs opens."""
    return tuple(entry for entry in _NAV if person.granting(entry.needs))


def fresh_id() -> str:
    """A request id for one form of one page: sent twice, it is carried out once."""
    return secrets.token_hex(8)


environment = Environment(
    loader=FileSystemLoader(TEMPLATES),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
environment.globals.update(
    pages_for=pages_for,
    sign=sign,
    words=words,
    count=count,
    ending=ending,
    fresh_id=fresh_id,
    masked=said,
)
environment.filters.update(
    clock=clock, moment=moment, day=day, span=span, shown=shown, rich=html_of
)


class Notice(NamedTuple):
    """Something said at the head of a page; `kind` is good, bad, warn or empty."""

    text: str
    kind: str = ""


def page(
    request: Request,
    template: str,
    *,
    person: Person | None,
    notice: Notice | None = None,
    status: int = 200,
    **context: object,
) -> HTMLResponse:
    """A whole page. Every template may use `person`, `notice` and `path`."""
    html = environment.get_template(template).render(
        person=person, notice=notice, path=request.url.path, **context
    )
    return HTMLResponse(html, status_code=status, headers={"Cache-Control": "no-store"})
