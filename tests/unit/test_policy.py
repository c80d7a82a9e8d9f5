"""Policies: what a file may say, which one is in force, and what a typo gets."""

from datetime import date

import pytest

from stillfixed.actors.errors import PolicyError
from stillfixed.actors.session.policy import BUILT_IN, parse_policies

TEXT = """
[[policy]]
name = "everyone"
mode = "observe"

[[policy]]
name = "field team"
mode = "warn"
teams = ["field"]
from = 2026-10-01

[[policy]]
name = "field team, later"
mode = "enforce"
teams = ["field"]
from = 2026-12-01

[[policy]]
name = "Acme"
mode = "enforce"
clients = ["Acme"]
dispatchers = ["dora"]
[policy.require]
confirmation = true
verification_age_minutes = 60
[policy.cannot_verify]
allowed = false
"""


@pytest.mark.parametrize(
    ("team", "client", "on", "name"),
    [
        ("office", "Umbrella", date(2026, 11, 1), "everyone"),
        ("field", "Umbrella", date(2026, 9, 30), "everyone"),
        ("field", "Umbrella", date(2026, 10, 1), "field team"),
        ("field", "Umbrella", date(2026, 12, 1), "field team, later"),
        ("field", "Acme", date(2026, 12, 1), "Acme"),
    ],
)
def test_the_most_specific_policy_that_has_begun_is_in_force(
    team: str, client: str, on: date, name: str
) -> None:
    """Client before team before everyone; among equals the one that began last."""
    assert parse_policies(TEXT).in_force(team=team, client=client, on=on).name == name


def test_without_a_policy_the_built_in_one_enforces() -> None:
    """Nothing to set up, and no ticket closes on a fix nobody tested."""
    policy = parse_policies("").in_force(team="", client="Acme", on=date(2026, 1, 1))
    assert policy == BUILT_IN
    assert policy.mode == "enforce"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[policy]]\nname = 'x'\nmode = 'enforse'", ["policy.0.mode", "enforce"]),
        ("[[policy]]\nname = 'x'\nmodes = 'enforce'", ["policy.0.modes"]),
        ("[[policy]]\nmode = 'enforce'", ["policy.0.name"]),
        ("[[policy]]\nname = \nmode = 'warn'", ["line 2"]),
        ("[[policy]]\nname = 'x'\n[[policy]]\nname = 'x'", ["more than one", "x"]),
        ("[[policy]]\nname='x'\n[policy.require]\nverdicts=['fixd']", ["verdicts"]),
    ],
)
def test_a_typo_is_named_with_its_place(text: str, words: list[str]) -> None:
    """The message says where, and that nothing has changed or what to mend."""
    with pytest.raises(PolicyError) as raised:
        parse_policies(text, source="policy.toml")
    for word in ["policy.toml", *words]:
        assert word in raised.value.message
