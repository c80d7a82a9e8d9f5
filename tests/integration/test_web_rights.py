"""Every endpoint, asked by everybody about their own client and a foreign one, from one table.

A route that is not in the table fails the test, as does a line of the table without a route. In no
answer may anybody find what belongs to a client that they have no right to.
"""

from collections.abc import Callable, Iterator

import pytest

from stillfixed.connectors.web.identity import Action, Role
from tests.support.people import cheap_passwords
from tests.support.rights import (
    ASKERS,
    FOREIGN,
    NOBODY,
    OWN,
    POLICY,
    SECRETS,
    Answer,
    Ask,
    Asker,
    World,
    endpoints,
)

cheap_passwords()

MAY: dict[Role | None, set[Action]] = {
    None: set(),
    "technician": {"read", "work"},
    "dispatcher": {"read", "review", "measure"},
    "manager": {"read", "measure", "govern"},
    "operator": {"operate"},
}
ALLOWED = 0
Rule = Callable[[Asker, str], int]
"""What somebody gets about a client: `ALLOWED`, or the status that refuses them."""


def everybody(asker: Asker, client: str) -> int:
    """Without signing in."""
    return ALLOWED


def signed_in(asker: Asker, client: str) -> int:
    """Whoever is signed in; what it shows is their own."""
    return 401 if asker is NOBODY else ALLOWED


def own_token(asker: Asker, client: str) -> int:
    """One's own token; somebody else's is not there, but for the operator of its owner."""
    if asker is NOBODY or client == OWN:
        return signed_in(asker, client)
    return ALLOWED if asker.role == "operator" and asker.is_wide else 404


def token_of_person(asker: Asker, client: str) -> int:
    """Somebody else's token: for operators, who may revoke it."""
    if asker.role == "operator" and asker.reaches(client):
        return ALLOWED
    return 401 if asker is NOBODY else 404


def needs(*actions: Action) -> Rule:
    """Whoever may do one of these somewhere; what it shows is of where they may."""

    def rule(asker: Asker, client: str) -> int:
        if asker is NOBODY:
            return 401
        return ALLOWED if MAY[asker.role] & set(actions) else 403

    return rule


def everywhere(*actions: Action) -> Rule:
    """Whoever may do one of these for every client."""

    def rule(asker: Asker, client: str) -> int:
        allowed = needs(*actions)(asker, client)
        return allowed if allowed or asker.is_wide else 403

    return rule


def of_session(*actions: Action) -> Rule:
    """Whoever may do one of these in the session; it is not there for who may not read it."""

    def rule(asker: Asker, client: str) -> int:
        if asker is NOBODY:
            return 401
        if not asker.reaches(client) or "read" not in MAY[asker.role]:
            return 404
        return ALLOWED if MAY[asker.role] & set(actions) else 403

    return rule


def host_of_session(asker: Asker, client: str) -> int:
    """For operators, who read no sessions otherwise."""
    if asker.role == "operator" and asker.reaches(client):
        return ALLOWED
    return of_session()(asker, client)


def for_client(action: Action) -> Rule:
    """Whoever may do this for the client that is named."""

    def rule(asker: Asker, client: str) -> int:
        allowed = needs(action)(asker, client)
        return allowed if allowed or asker.reaches(client) else 403

    return rule


def of_measured(asker: Asker, client: str) -> int:
    """About something in the views: not there where one may not measure."""
    allowed = needs("measure")(asker, client)
    return allowed if allowed or asker.reaches(client) else 404


def of_person(asker: Asker, client: str) -> int:
    """For operators, about people whose grants they may see; the others are not there."""
    allowed = needs("operate")(asker, client)
    return allowed if allowed or asker.reaches(client) else 404


WORK = {"request_id": "q1"}
REVIEW = {"request_id": "q1", "place": ""}
STREAM = {"accept": "text/event-stream"}
GRANT = {"role": "technician", "clients": [OWN]}
SESSION = "/api/sessions/{session}"

TABLE: dict[str, tuple[Rule, Ask]] = {
    # -- for everybody
    "MOUNT /static": (everybody, Ask()),
    "GET /health": (everybody, Ask()),
    "GET /ready": (everybody, Ask()),
    "GET /api/openapi.json": (everybody, Ask()),
    "GET /sign-in": (everybody, Ask()),
    "POST /sign-in": (
        everybody, Ask(form={"name": "technician of one", "password": "{password}"})
    ),
    "POST /sign-out": (everybody, Ask()),
    # -- the host
    "GET /metrics": (needs("operate"), Ask()),
    # -- oneself
    "GET /": (signed_in, Ask()),
    "GET /account": (signed_in, Ask()),
    "POST /account/tokens": (signed_in, Ask(form={"label": "x"})),
    "POST /account/tokens/{token}/revoke": (own_token, Ask()),
    "POST /account/browsers/{sign_in}/sign-out": (signed_in, Ask()),
    "POST /account/password": (signed_in, Ask(form={"old": "x", "new": "y", "again": "y"})),
    "GET /api/me": (signed_in, Ask()),
    "GET /api/tokens": (signed_in, Ask()),
    "POST /api/tokens": (signed_in, Ask(body={"label": "x"})),
    "DELETE /api/tokens/{token}": (own_token, Ask()),
    # -- people
    "GET /api/people": (needs("operate"), Ask()),
    "POST /api/people": (needs("operate"), Ask(body={"name": "new {name}"})),
    "GET /api/people/{name}": (of_person, Ask()),
    "DELETE /api/people/{name}": (of_person, Ask()),
    "POST /api/people/{name}/grants": (of_person, Ask(body=GRANT)),
    "DELETE /api/people/{name}/grants/{grant}": (of_person, Ask()),
    "PUT /api/people/{name}/password": (of_person, Ask(body={})),
    "GET /api/changes": (everywhere("operate"), Ask()),
    # -- sessions, as pages
    "GET /sessions": (needs("read"), Ask()),
    "GET /new-session": (needs("work"), Ask()),
    "POST /new-session": (
        for_client("work"), Ask(form={"ticket": "T-1", "client": "{client}", **WORK})
    ),
    "GET /sessions/{session}": (of_session("read"), Ask()),
    "GET /sessions/{session}/older": (of_session("read"), Ask(query={"before": "3"})),
    "GET /sessions/{session}/live": (of_session("read"), Ask(query={"after": "0"})),
    "GET /sessions/{session}/runs/{run}": (of_session("read"), Ask()),
    "GET /sessions/{session}/runs/{run}/{output}": (of_session("read"), Ask()),
    "POST /sessions/{session}/type": (of_session("work"), Ask(form={"text": "/note x", **WORK})),
    "POST /sessions/{session}/{action}": (of_session("work"), Ask(form=WORK)),
    # -- reviews, figures and policies, as pages
    "GET /queue": (needs("review"), Ask()),
    "GET /queue/previous": (needs("review"), Ask()),
    "GET /queue/next": (needs("review"), Ask()),
    "GET /queue/{session}": (of_session("review"), Ask()),
    "POST /queue/{session}/confirm": (of_session("review"), Ask(form=REVIEW)),
    "POST /queue/{session}/send-back": (of_session("review"), Ask(form={**REVIEW, "reason": "x"})),
    "POST /queue/{session}/accept": (of_session("review"), Ask(form={**WORK, "annotation": "n1"})),
    "POST /queue/{session}/override": (
        of_session("review"), Ask(form={**WORK, "run": "r1", "verdict": "fixed", "reason": "x"})
    ),
    "GET /sample": (needs("measure"), Ask()),
    "GET /sample/digest": (needs("measure"), Ask()),
    "POST /sample/remarks": (
        of_measured, Ask(form={"ticket": "{ticket}", "closed_at": "{closed_at}", "text": "x"})
    ),
    "GET /manager": (needs("measure"), Ask()),
    "GET /monitors": (needs("read"), Ask()),
    "GET /policies": (needs("govern"), Ask()),
    "POST /policies/dry-run": (needs("govern"), Ask(form={"text": POLICY})),
    "POST /policies": (everywhere("govern"), Ask(form={"text": POLICY})),
    # -- sessions, by the API
    "POST /api/sessions": (for_client("work"), Ask(body={"ticket": "T-1", "client": "{client}"})),
    "GET /api/sessions": (signed_in, Ask()),
    f"GET {SESSION}": (of_session("read"), Ask()),
    f"GET {SESSION}/transcript": (of_session("read"), Ask()),
    f"GET {SESSION}/comparisons": (of_session("read"), Ask()),
    f"GET {SESSION}/rejudgements": (of_session("read"), Ask()),
    f"GET {SESSION}/runs/{{run}}": (of_session("read"), Ask()),
    f"GET {SESSION}/runs/{{run}}/output": (of_session("read"), Ask()),
    f"GET {SESSION}/chunks": (of_session("read"), Ask(query={"id": "0" * 32})),
    f"GET {SESSION}/host": (host_of_session, Ask()),
    f"GET {SESSION}/events": (of_session("read"), Ask()),
    f"POST {SESSION}/runs": (of_session("work"), Ask(body={"command": "uptime"})),
    f"POST {SESSION}/takeover": (of_session("work"), Ask()),
    f"POST {SESSION}/endpoints": (of_session("work"), Ask(body={"endpoint": "web2"})),
    f"POST {SESSION}/runs/{{run}}/cancel": (of_session("work"), Ask()),
    f"POST {SESSION}/changes": (of_session("work"), Ask(body={"text": "x"})),
    f"POST {SESSION}/expectations": (
        of_session("work"), Ask(body={"command": "uptime", "expect": "exit_status == 0"})
    ),
    f"POST {SESSION}/runbooks": (of_session("work"), Ask(body={"text": "x"})),
    f"POST {SESSION}/annotations": (
        of_session("work", "review"), Ask(body={"kind": "note", "text": "x"})
    ),
    f"POST {SESSION}/monitors": (of_session("work"), Ask(body={"command": "uptime"})),
    f"POST {SESSION}/monitors/{{monitor}}/stop": (of_session("work"), Ask()),
    f"POST {SESSION}/annotations/{{annotation}}/accept": (of_session("review"), Ask()),
    f"POST {SESSION}/runs/{{run}}/override": (
        of_session("review"), Ask(body={"verdict": "fixed", "reason": "x"})
    ),
    f"POST {SESSION}/closure": (of_session("work"), Ask()),
    f"POST {SESSION}/closure/confirm": (of_session("review"), Ask()),
    f"POST {SESSION}/closure/send-back": (of_session("review"), Ask(body={"reason": "x"})),
    f"POST {SESSION}/callbacks": (
        of_session("work", "review"), Ask(body={"kind": "reopened"})
    ),
    # -- everything that one may see, by the API
    "GET /api/position": (signed_in, Ask()),
    "GET /api/events": (signed_in, Ask()),
    "GET /api/policies": (everywhere("measure", "govern"), Ask()),
    "POST /api/policies": (everywhere("govern"), Ask(body={"text": POLICY})),
    "GET /api/views": (needs("measure"), Ask()),
    "GET /api/views/{view}": (needs("measure"), Ask()),
}  # fmt: skip

NO_PROVIDER = {"GET /sign-in/elsewhere", "GET /sign-in/answer"}
"""For everybody; test_single_sign_on tries them, with a provider."""
MORE: dict[str, tuple[Rule, Ask]] = {
    "GET /api/events": (signed_in, Ask(headers=STREAM)),
    f"GET {SESSION}/events": (of_session("read"), Ask(headers=STREAM)),
    "GET /api/tokens": (of_person, Ask(query={"owner": "{name}"})),
    "DELETE /api/tokens/{persons_token}": (token_of_person, Ask()),
    "POST /api/people/{name}/grants": (
        everywhere("operate"),
        Ask(body={"role": "technician", "clients": ["*"]}),
    ),
}
"""Other ways to ask some of them."""
ECHOED = {"POST /new-session", "POST /api/sessions", "POST /sample/remarks"}
"""Their refusals repeat the name of a client or a ticket that the asker wrote."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    world = World(tmp_path_factory.mktemp("rights"))
    yield world
    world.close()


def test_every_endpoint_is_in_the_table_and_every_line_has_its_endpoint(world: World) -> None:
    """Who adds a route says here who may use it."""
    assert set(endpoints(world.app)) == set(TABLE) | NO_PROVIDER


CASES = [
    *((name, *line) for name, line in TABLE.items()),
    *((name, *line) for name, line in MORE.items()),
]


@pytest.mark.parametrize(("endpoint", "rule", "ask"), CASES, ids=[name for name, *_ in CASES])
def test_an_endpoint_answers_whom_it_should_and_nobody_else(
    world: World, endpoint: str, rule: Rule, ask: Ask
) -> None:
    """Whatever the role, and whosever client it is about."""
    method, path = endpoint.split()
    if method == "MOUNT":
        method, path = "GET", f"{path}/app.css"
    wrong = []
    for asker in ASKERS:
        for client in (OWN, FOREIGN):
            answer = world.ask(method, path, ask, asker, client)
            if not _is_as(answer, rule(asker, client)):
                wrong.append((asker.name or "nobody", client, rule(asker, client), answer.status,
                              answer.text[:300]))  # fmt: skip
            if not asker.reaches(FOREIGN) and endpoint not in ECHOED:
                leaked = [word for word in SECRETS if word in answer.text]
                if leaked:
                    wrong.append(
                        (asker.name or "nobody", client, "leaked", leaked, answer.text[:3000])
                    )
    assert not wrong, "\n".join(map(str, wrong))


def _is_as(answer: Answer, expected: int) -> bool:
    """Allowed is whatever comes after the question whether they may: also a refusal for what the
    session says, or since nothing is written here."""
    if expected:
        return answer.status == expected
    return answer.status < 400 or answer.status in (409, 503)
