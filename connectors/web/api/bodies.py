"""The API's bodies: what a request says beside its path. Who asks is never among it.

The fields are those of the session's own requests (`actors/session/requests.py`) without `by` and
without what the path names; a test keeps the two alike. An unknown field is an error.
"""

from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from stillfixed.actors.session.events import AnnotationKind, CallbackKind
from stillfixed.actors.session.requests import OUTPUT_LIMIT_BYTES, TIME_LIMIT_SECONDS
from stillfixed.actors.verdicts.model import Platform, Verdict

Name = Annotated[str, Field(max_length=200)]
Text = Annotated[str, Field(max_length=100_000)]


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Nothing(Body):
    """No fields; the body may be left out."""


class NewSession(Body):
    ticket: Name
    client: Name
    team: Name = ""
    category: Name = ""
    title: Annotated[str, Field(max_length=1000)] = ""


class NewEndpoint(Body):
    """`address` for ssh: an alias of the host's SSH config, or `user@host:port`. Connecting happens
    at the first run."""

    endpoint: Name
    kind: Name = "ssh"
    address: Annotated[str, Field(max_length=1000)] = ""
    platform: Platform = "posix"
    options: dict[str, str] = {}


class NewRun(Body):
    """`endpoint` may stay empty where the session has one."""

    command: Text
    endpoint: Name = ""
    time_limit_seconds: Annotated[float, Field(gt=0, le=86_400)] = TIME_LIMIT_SECONDS
    output_limit_bytes: Annotated[int, Field(ge=0, le=2**40)] = OUTPUT_LIMIT_BYTES


class NewAnnotation(Body):
    kind: AnnotationKind
    text: Text


class Change(Body):
    """What was changed outside the session."""

    text: Text


class Expectation(Body):
    """What healthy means for a check: `Status == OK`, `exit_status == 0`."""

    command: Text
    expect: Annotated[str, Field(max_length=1000)]
    endpoint: Name = ""


class NewOverride(Body):
    verdict: Verdict
    reason: Text


class NewRunbook(Body):
    """`text` is the whole TOML file; `source` names it in errors. `parameters` are values for those
    that it asks for."""

    text: Annotated[str, Field(max_length=1_000_000)]
    endpoint: Name = ""
    parameters: dict[str, str] = {}
    source: Name = "the runbook"


class NewMonitor(Body):
    """Once at `first_at`, or every `every_seconds` from then until `until`. Without `first_at`:
    now."""

    command: Text
    first_at: AwareDatetime | None = None
    endpoint: Name = ""
    every_seconds: Annotated[float, Field(gt=0)] | None = None
    until: AwareDatetime | None = None


class SendBack(Body):
    reason: Text


class NewCallback(Body):
    kind: CallbackKind
    ticket: Name = ""
    text: Text = ""


class NewPolicies(Body):
    """`text` is the whole TOML file; `source` names it in errors."""

    text: Annotated[str, Field(max_length=1_000_000)]
    source: Annotated[str, Field(max_length=1000)] = "the policy"
