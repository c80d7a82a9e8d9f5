"""The API's shapes: what is sent means the same on both sides, and is described as it is."""

from datetime import UTC, datetime
from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillfixed.actors import errors
from stillfixed.actors.session import requests as r
from stillfixed.actors.session.history import RunbookPlace, RunRecord
from stillfixed.actors.session.state import Override
from stillfixed.actors.verdicts.model import FieldChange
from stillfixed.connectors.cli.asjson import closure_json, run_json
from stillfixed.connectors.web.api import answers, bodies
from stillfixed.connectors.web.api.acts import ACTS, BY_REQUEST, Act, path_and_body
from stillfixed.connectors.web.api.asking import own_key
from stillfixed.connectors.web.api.problems import status_of
from stillfixed.connectors.web.api.records import closure_of, record_of
from stillfixed.connectors.web.identity import Person

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.request.__name__)
def test_a_body_is_its_request_without_who_asks(act: Act) -> None:
    """Field by field, so that nobody's name can be typed in."""
    left_out = {"by", *([act.names] if act.names else [])}
    assert set(act.body.model_fields) == set(act.request.__struct_fields__) - left_out
    assert set(bodies.NewSession.model_fields) == set(r.OpenSession.__struct_fields__) - {"by"}


def test_whatever_a_person_may_ask_has_a_route() -> None:
    """But for opening, which has its own, and the timers' clock, which is nobody."""
    asked = set(get_args(r.PersonRequest)) - {r.OpenSession, r.FireTimer}
    assert set(BY_REQUEST) == asked
    fired = r.FireTimer(by="stillfixed", monitor="m1", due_at=NOON)
    assert path_and_body(fired) is None


moments = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))
requests = st.one_of(
    st.builds(
        r.StartMonitor,
        by=st.text(),
        command=st.text(),
        first_at=moments,
        endpoint=st.text(),
        every_seconds=st.none() | st.floats(1, 1e6),
        until=st.none() | moments,
    ),
    st.builds(r.StartRun, by=st.text(), command=st.text(), endpoint=st.text()),
    st.builds(r.OverrideVerdict, by=st.text(), run=st.text(min_size=1), verdict=st.just("fixed"),
              reason=st.text()),
    st.builds(r.LoadRunbook, by=st.text(), text=st.text(),
              parameters=st.dictionaries(st.text(), st.text())),
)  # fmt: skip


@given(requests)
def test_a_request_arrives_as_it_was_sent(request: r.PersonRequest) -> None:
    """Through its path and its body."""
    sent = path_and_body(request)
    assert sent is not None
    path, fields = sent
    act = BY_REQUEST[type(request)]
    body = act.body.model_validate_json(msgspec.json.encode(fields))
    named = {act.names: getattr(request, act.names)} if act.names else {}
    assert act.request(by=request.by, **body.model_dump(), **named) == request
    assert len(path.split("/")) == len(act.path.split("/"))


texts = st.text(max_size=5)
records = st.builds(
    RunRecord,
    run=texts,
    by=texts,
    endpoint=texts,
    command=texts,
    effect=st.sampled_from(["reads", "changes", "unknown"]),
    started_at=moments,
    status=st.sampled_from(["running", "exited", "not_sent", "timed_out"]),
    ended_at=st.none() | moments,
    exit_status=st.none() | st.integers(0, 255),
    stdout=st.binary(max_size=8),
    stderr=texts.map(str.encode),
    cut=st.booleans(),
    verdict=st.sampled_from([None, "fixed"]),
    reasons=st.lists(texts).map(tuple),
    fields=st.lists(
        st.builds(FieldChange, item=texts, field=texts, before=st.none() | texts,
                  after=st.none() | texts, verdict=st.just("fixed"), rule=texts)
    ).map(tuple),
    override=st.none() | st.builds(Override, st.just("fixed"), texts, texts, moments),
    runbook=st.none() | st.builds(RunbookPlace, texts, st.integers(1, 9), st.integers(1, 9)),
)  # fmt: skip


@given(records)
def test_a_run_comes_back_as_it_is(record: RunRecord) -> None:
    """Bytes that are no text too; and as it is described."""
    sent = msgspec.json.encode(run_json(record))
    answers.Run.model_validate_json(sent)
    assert record_of(msgspec.json.decode(sent)) == record


def test_a_closure_comes_back_as_it_is() -> None:
    """With every reason."""
    answer = r.ClosureAnswer(
        result="refused", policy="p", mode="warn", reasons=("a", "b"), overrides=("c",)
    )
    sent = msgspec.json.encode(closure_json(answer))
    answers.Closure.model_validate_json(sent)
    assert closure_of(msgspec.json.decode(sent)) == answer


@pytest.mark.parametrize("kind", errors.BY_CODE.values(), ids=lambda kind: kind.code)
def test_every_error_has_a_status(kind: type[errors.StillfixedError]) -> None:
    """503 says that the same request may be sent again, and nothing else does."""
    status = status_of(kind("x"))
    assert (status == 503) == kind.retryable
    if issubclass(kind, errors.RequestRefused):
        assert 400 <= status < 500


@given(st.text(), st.text(), st.text(min_size=1))
def test_a_key_is_its_owners(name: str, other: str, key: str) -> None:
    """Whatever people are called."""
    stored = f"{name}\x1f{key}"
    if "\x1f" not in key:
        assert own_key(Person(name=name), stored) == key
        assert own_key(Person(name=other), stored) == (key if other == name else None)
    assert own_key(Person(name=name), None) is None
    assert own_key(Person(name=""), key.replace("\x1f", "")) is None
