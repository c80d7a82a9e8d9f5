"""Who may do what to whose sessions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillfixed.connectors.web.identity import Action, Grant, Person, Role

ALLOWED: dict[Role, set[Action]] = {
    "technician": {"read", "work"},
    "dispatcher": {"read", "review", "measure"},
    "manager": {"read", "measure", "govern"},
    "operator": {"operate"},
}
ACTIONS: tuple[Action, ...] = ("read", "work", "review", "measure", "govern", "operate")


@pytest.mark.parametrize("role", ALLOWED)
def test_a_role_allows_what_its_line_says(role: Role) -> None:
    """And nothing else."""
    person = Person(name="ana", grants=(Grant(role=role, clients=("*",)),))
    allowed = {action for action in ACTIONS if person.may(action, client="Acme", team="blue")}
    assert allowed == ALLOWED[role]


names = st.sampled_from(["Acme", "Globex", "Initech"])


@given(st.lists(names), names)
def test_nobody_sees_a_client_that_no_grant_names(clients: list[str], asked: str) -> None:
    """Without "*" a grant is a list of names."""
    person = Person(name="ana", grants=(Grant(role="technician", clients=tuple(clients)),))
    assert person.may("read", client=asked, team="") == (asked in clients)
    assert not Person(name="eve").may("read", client=asked, team="")
