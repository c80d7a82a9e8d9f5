"""The API's answers, as its description shows them. The shapes are those of `--json` on the command
line (`connectors/cli/asjson.py`), which makes them; the tests hold the two together.

Times are ISO 8601 in UTC. Fields are added, never changed.
"""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from stillfixed.actors.session.events import AnnotationKind
from stillfixed.actors.session.history import RunStatus, Standing
from stillfixed.actors.session.policy import Mode
from stillfixed.actors.session.state import Status
from stillfixed.actors.verdicts.model import Effect, Health, Output, Platform, Verdict

Result = Literal["granted", "refused", "awaiting_confirmation"]


class Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Done(Shape):
    """`id` names what was made: an annotation, a monitor, an endpoint, a runbook; else empty."""

    id: str


class Opened(Shape):
    session: str


class Closure(Shape):
    """`reasons`: why it was refused; where it was granted in warn, what would have refused it.
    `overrides`: who overrode which verdict it rests on, and why."""

    result: Result
    policy: str
    mode: Mode
    reasons: list[str]
    overrides: list[str]


class Override(Shape):
    verdict: Verdict
    reason: str
    by: str
    at: datetime


class Field(Shape):
    """One judged value on both sides; null: not there. Line numbers count from 1 in stdout."""

    item: str
    field: str
    before: str | None
    after: str | None
    verdict: Verdict
    rule: str
    note: str
    before_line: int | None
    after_line: int | None


class Removal(Shape):
    """By whom, when and under which rule of retention an output was removed."""

    by: str
    at: datetime
    rule: str
    days: int


class RunbookPlace(Shape):
    name: str
    number: int
    total: int


class Run(Shape):
    """One run with everything that came back. Output that is not UTF-8 is shown with U+FFFD for
    each broken byte, and its bytes are in `…_base64`. `cut`: there was more than is shown, and
    `removed` says if it is gone from the log since. `masked` counts, by kind, the secrets that
    stand as masks in the command and the outputs."""

    run: str
    by: str
    endpoint: str
    command: str
    effect: Effect
    status: RunStatus
    started_at: datetime
    ended_at: datetime | None
    seconds: float | None
    exit_status: int | None
    signal: str | None
    monitor: str | None
    stdout: str
    stdout_is_utf8: bool
    stdout_base64: str | None
    stdout_bytes: int
    stderr: str
    stderr_is_utf8: bool
    stderr_base64: str | None
    stderr_bytes: int
    dropped_bytes: int
    cut: bool
    removed: Removal | None
    masked: dict[str, int]
    reason: str
    health: Health | None
    verdict: Verdict | None
    baseline: str | None
    reasons: list[str]
    fields: list[Field]
    fields_left_out: int
    override: Override | None
    runbook: RunbookPlace | None


class RunBegun(Shape):
    """The run is durable and goes on; its record is at the `Location` of this answer."""

    run: str


class Span(Shape):
    start: int
    end: int
    volatile: bool


class Line(Shape):
    """A line of both outputs side by side; a missing side is null."""

    kind: Literal["same", "changed", "removed", "added"]
    output: Output
    before_number: int | None
    before: str | None
    after_number: int | None
    after: str | None
    deciding: bool
    volatile: bool
    before_spans: list[Span]
    after_spans: list[Span]


class Fold(Shape):
    """A stretch of lines in which nothing changed that matters."""

    kind: Literal["folded"]
    output: Output
    lines: int
    volatile: int
    before: list[int]
    after: list[int]


class Comparison(Shape):
    """A check before and after. `after` is null where it was not run again. `judged` is the judge's
    own verdict, which stands unless there is an override."""

    endpoint: str
    command: str
    standing: Standing
    before: Run
    after: Run | None
    reasons: list[str]
    expect: str | None
    judged: Verdict | None
    override: Override | None
    fields: list[Field]
    fields_left_out: int
    lines: list[Line | Fold]


class Comparisons(Shape):
    session: str
    version: int
    comparisons: list[Comparison]


class Entry(BaseModel):
    """One fact of the stream: these fields and those of its type of event (schema `Event`)."""

    model_config = ConfigDict(extra="allow")

    version: int
    at: datetime
    by: str
    type: str
    run: Run | str | None = None
    """The whole run in an entry of type run_started; a run's name in others."""


class Endpoint(Shape):
    kind: str
    address: str
    platform: Platform


class SessionLine(Shape):
    session: str
    version: int
    status: Status
    ticket: str
    client: str
    team: str
    category: str
    title: str
    technician: str
    opened_at: datetime | None
    closed_at: datetime | None


class Listed(SessionLine):
    """`outputs_removed_at`: when a rule of retention took its outputs away."""

    outputs_removed_at: datetime | None


class Sessions(Shape):
    """`next`: the cursor of the next page, null on the last."""

    sessions: list[Listed]
    next: str | None


class Transcript(SessionLine):
    endpoints: dict[str, Endpoint]
    entries: list[Entry]
    comparisons: list[Comparison]


class CheckLine(Shape):
    """A check and where it stands, without output."""

    endpoint: str
    command: str
    standing: Standing
    health: Health
    baseline: str
    verification: str | None
    judged: Verdict | None
    reasons: list[str]
    expect: str | None
    override: Override | None


class Reason(Shape):
    code: str
    text: str


class Gate(Shape):
    """What the gate would say to closing now, leaving aside who asks and who confirms."""

    granted: bool
    policy: str
    mode: Mode
    confirmation: bool
    reasons: list[Reason]
    evidence: list[str]
    overrides: list[str]


class Annotation(Shape):
    annotation: str
    kind: AnnotationKind
    by: str
    accepted_by: str | None


class MonitorLine(Shape):
    monitor: str
    endpoint: str
    command: str
    next_due: datetime
    every_seconds: float | None
    until: datetime | None


class LoadedRunbook(Shape):
    runbook: str
    title: str
    endpoint: str
    digest: str
    checks: list[str]


class Summary(Listed):
    """One session as it stands. `annotations` are those that count for closing."""

    endpoints: dict[str, Endpoint]
    running: list[str]
    checks: list[CheckLine]
    gate: Gate | None
    annotations: list[Annotation]
    monitors: list[MonitorLine]
    runbooks: list[LoadedRunbook]


class Recorded(Shape):
    """One event as it lies in the log. `request_id`: the key of the request that it followed from,
    where that was your own."""

    position: int
    session: str
    version: int
    request_id: str | None
    event: dict[str, Any]


class Events(Shape):
    """`position`: how far this page has read; ask on after it. `more`: there is more now."""

    events: list[Recorded]
    position: int
    more: bool


class Position(Shape):
    position: int


class Chunks(Shape):
    """Bytes by id, in base64. Not always all that were asked for: ask again for the rest."""

    chunks: dict[str, str]


class Said(Shape):
    judge: str
    verdict: Verdict
    reasons: list[str]


class Rejudgement(Shape):
    """A recorded verdict beside what today's judge says of the same runs."""

    version: int
    at: datetime
    endpoint: str
    command: str
    baseline: str
    verification: str
    expect: str | None
    then: Said
    now: Said
    differs: bool
    override: Override | None


class Rejudgements(Shape):
    rejudgements: list[Rejudgement]


class Host(Shape):
    name: str
    pid: int
    sessions: list[str]


class HostOf(Shape):
    """null: no process serves the session now; the next request starts one."""

    host: Host | None


class PoliciesInForce(Shape):
    """`text` is the TOML file as it was handed in, empty where none was: then the built-in policy
    decides."""

    text: str
    by: str | None
    at: datetime | None


class ViewLine(Shape):
    view: str
    columns: list[str]


class Views(Shape):
    views: list[ViewLine]
    position: int
    data_until: datetime | None


class Rows(Shape):
    """Rows of a view that you may see. `position` and `data_until`: the last event of the log that
    is in them, and the newest moment in it. `next`: the cursor of the next page."""

    view: str
    columns: list[str]
    rows: list[dict[str, Any]]
    position: int
    data_until: datetime | None
    next: str | None
