"""What the gate requires: policies that people write in TOML, by team and client, from a date on.

A policy file is a list of `[[policy]]` tables. The one in force for a session is the most specific
that matches its client and team and has begun: client and team before client, before team, before
neither; among equals, the one that began last. Where none matches, `BUILT_IN` is in force.
"""

import tomllib
from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from stillfixed.actors.errors import PolicyError, field_faults
from stillfixed.actors.session.runbook import NAME, category_key
from stillfixed.actors.verdicts.model import Verdict

Mode = Literal["observe", "warn", "enforce"]
RequiredRunbook = Annotated[str, Field(pattern=rf"^{NAME}(@[0-9a-f]{{8,64}})?$")]
"""A runbook's name; after an @ the beginning of the only digest that counts."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Requirements(_Strict):
    """What a closure needs.

    `verdicts` are those that prove a fix; at least one check must have one of them. A verdict of
    still_failing or regressed on any check refuses the closure whatever is listed here.
    `four_eyes`: who confirms, or accepts a reason, has not worked in the session.
    """

    baseline: bool = True
    verification: bool = True
    verdicts: tuple[Verdict, ...] = ("fixed",)
    annotation: bool = False
    confirmation: bool = False
    four_eyes: bool = True
    verification_age_minutes: float | None = Field(default=None, gt=0)


class CannotVerify(_Strict):
    """Whether a `cannot_verify` annotation may stand in for a proof, and who must accept it."""

    allowed: bool = True
    accepted_by: Literal["nobody", "dispatcher"] = "dispatcher"


class Policy(_Strict):
    """One rule. Empty `teams` or `clients` match all; empty `dispatchers` let anyone be one.

    `runbooks` are required by the ticket's category: names, or `name@digest` for one text alone.
    """

    name: str = Field(min_length=1)
    mode: Mode = "enforce"
    teams: tuple[str, ...] = ()
    clients: tuple[str, ...] = ()
    begins: date = Field(default=date(2000, 1, 1), alias="from")
    dispatchers: tuple[str, ...] = ()
    require: Requirements = Requirements()
    cannot_verify: CannotVerify = CannotVerify()
    runbooks: dict[str, tuple[RequiredRunbook, ...]] = {}

    def runbooks_for(self, category: str) -> tuple[str, ...]:
        """The runbooks that a ticket of this category needs."""
        key = category_key(category)
        wanted = [names for named, names in self.runbooks.items() if category_key(named) == key]
        return tuple(dict.fromkeys(name for names in wanted for name in names))

    def matches(self, *, team: str, client: str, on: date) -> bool:
        return (
            self.begins <= on
            and (not self.teams or team in self.teams)
            and (not self.clients or client in self.clients)
        )


BUILT_IN = Policy(name="built-in")


class Policies(_Strict):
    policy: tuple[Policy, ...] = ()

    def in_force(self, *, team: str, client: str, on: date) -> Policy:
        """The policy that decides for a session of this team and client on this day (UTC)."""
        matching = [p for p in self.policy if p.matches(team=team, client=client, on=on)]
        return max(
            matching, key=lambda p: (bool(p.clients), bool(p.teams), p.begins), default=BUILT_IN
        )


def parse_policies(text: str, *, source: str = "the policy") -> Policies:
    """Policies from TOML text. Raises `PolicyError` that names the line, or each wrong field."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(
            f"{source} is not valid TOML: {error}. Mend it and load it again."
        ) from None
    try:
        policies = Policies.model_validate(document)
    except ValidationError as error:
        raise PolicyError(
            f"{source} cannot be used: {field_faults(error)}. Nothing was changed; mend it and load"
            " it again."
        ) from None
    names = [policy.name for policy in policies.policy]
    if twice := {name for name in names if names.count(name) > 1}:
        raise PolicyError(
            f"{source} has more than one policy named {', '.join(sorted(twice))}. "
            "Give each its own name."
        )
    return policies
