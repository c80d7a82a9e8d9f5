"""Decisions about runbooks: what loading one on an endpoint records.

The checks go into the history as they are then, so that it can be read when the file has changed.
Their expectations hold from that moment on, and what was judged without them is judged again.
"""

from collections.abc import Iterator
from typing import NamedTuple

from stillfixed.actors.errors import RunbookError
from stillfixed.actors.session import events as e
from stillfixed.actors.session import requests as r
from stillfixed.actors.session.checks import judged_again, resolve_endpoint, runs_of
from stillfixed.actors.session.decision import Decision, refuse
from stillfixed.actors.session.runbook import FilledCheck, Runbook, digest_of
from stillfixed.actors.session.runbook_file import parse_runbook
from stillfixed.actors.session.state import Check, State, check_key


def load(state: State, request: r.LoadRunbook, context: r.Context) -> Decision:
    read = _read(state, request)
    if isinstance(read, Decision):
        return read
    loaded = e.RunbookLoaded(
        at=context.now,
        by=request.by,
        runbook=read.runbook.name,
        title=read.runbook.title,
        digest=digest_of(request.text),
        endpoint=read.endpoint,
        checks=tuple(
            e.LoadedCheck(check=c.check, command=c.command, why=c.why, expect=c.expect)
            for c in read.checks
        ),
        parameters=read.values,
    )
    events: list[e.SessionEvent] = [loaded]
    for known, expect in _expected_otherwise(state, read):
        events += judged_again(state, known, expect, by=request.by, context=context)
    return Decision(tuple(events), r.Done(id=loaded.runbook))


def evidence_needed(state: State, request: r.LoadRunbook) -> tuple[str, ...]:
    """Runs of the checks that were run before the runbook said what healthy means for them."""
    read = _read(state, request)
    if isinstance(read, Decision):
        return ()
    return tuple(run for known, _ in _expected_otherwise(state, read) for run in runs_of(known))


class _Read(NamedTuple):
    """A runbook for an endpoint, its parameters filled in."""

    runbook: Runbook
    endpoint: str
    values: dict[str, str]
    checks: tuple[FilledCheck, ...]


def _read(state: State, request: r.LoadRunbook) -> _Read | Decision:
    endpoint = resolve_endpoint(state, request.endpoint)
    if isinstance(endpoint, Decision):
        return endpoint
    platform = state.endpoints[endpoint].platform
    try:
        runbook = parse_runbook(request.text, source=request.source)
        checks = runbook.filled(platform, request.parameters)
        return _Read(runbook, endpoint, runbook.values(platform, request.parameters), checks)
    except RunbookError as error:
        return refuse(error.code, error.message)


def _expected_otherwise(state: State, read: _Read) -> Iterator[tuple[Check, str]]:
    """Checks that were run already, by another expectation or none, and the runbook's."""
    for check in read.checks:
        key = check_key(read.endpoint, check.check)
        known, earlier = state.checks.get(key), state.expectations.get(key)
        if known is not None and check.expect is not None and check.expect != earlier:
            yield known, check.expect
