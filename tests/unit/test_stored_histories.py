"""Old histories stay readable: every released form of every event is kept, and replayed.

A file under `histories/` is never changed. When an event changes, a new file is added.
"""

import typing
from pathlib import Path

import msgspec
import pytest

from stillfixed.actors.session import events as e
from stillfixed.actors.session.history import RunbookPlace, build
from stillfixed.actors.session.required import gap
from stillfixed.actors.session.state import (
    State,
    evolve,
    fold,
    from_snapshot,
    heading,
    to_snapshot,
)

HISTORIES = Path(__file__).parent / "histories"
FILES = sorted(HISTORIES.glob("*.jsonl"))


def events(path: Path) -> list[e.SessionEvent]:
    return [e.decode(line) for line in path.read_bytes().splitlines()]


def test_every_kind_of_event_has_a_stored_example() -> None:
    """Who adds an event adds an example of it."""
    kept = {type(event) for path in FILES for event in events(path)}
    assert set(typing.get_args(e.SessionEvent)) == kept


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_stored_history_is_read_and_written_alike(path: Path) -> None:
    """Reading loses nothing: every field that is stored comes back."""
    for line in path.read_bytes().splitlines():
        stored, read = msgspec.json.decode(line), msgspec.json.decode(e.encode(e.decode(line)))
        assert stored == read


def test_a_stored_history_folds_to_what_it_meant() -> None:
    """The session of the first release: closed with proof, then a callback."""
    history = events(HISTORIES / "release-1.jsonl")
    state = fold(State(), history)
    assert state.version == len(history)
    assert state.status == "closed"
    assert not state.running
    assert not state.monitors
    head = heading(state)
    assert head is not None
    assert (head.ticket, head.client, head.technician) == ("T-1042", "Acme", "bob")
    [check] = state.checks.values()
    assert check.verification is not None
    assert check.verification.verdict == "fixed"
    transcript = build("s-1", enumerate(history, start=1), {})
    assert [c.standing for c in transcript.comparisons] == ["fixed"]


def test_a_stored_override_folds_to_what_it_meant() -> None:
    """Closed on a dispatcher's word, with the judge's verdict still there."""
    history = events(HISTORIES / "release-2-override.jsonl")
    [comparison] = build("s-1", enumerate(history, start=1), {}).comparisons
    assert (comparison.standing, comparison.judged) == ("fixed", "still_failing")
    assert comparison.override is not None
    assert comparison.override.by == "dora"
    assert fold(State(), history).status == "closed"


def test_stored_fields_come_back_with_the_comparison() -> None:
    """What was judged is read from the history, not judged again; releases before have none."""
    history = events(HISTORIES / "release-2-fields.jsonl")
    [comparison] = build("s-1", enumerate(history, start=1), {}).comparisons
    assert [(one.field, one.before, one.after) for one in comparison.fields] == [
        ("Active", "failed", "active"), ("exit_status", "3", "0"), ("message", "It broke.", None),
    ]  # fmt: skip
    assert comparison.fields_left_out == 2
    [earlier] = build("s-1", enumerate(events(HISTORIES / "release-1.jsonl"), 1), {}).comparisons
    assert (earlier.fields, earlier.fields_left_out) == ((), 0)


def test_a_stored_runbook_folds_to_what_it_meant() -> None:
    """Its checks and what was expected of them are read from the history alone."""
    history = events(HISTORIES / "release-2-runbooks.jsonl")
    state = fold(State(), history)
    [book] = state.runbooks.values()
    assert (book.runbook, book.endpoint, book.parameters) == ("web", "web1", {"service": "nginx"})
    assert [gap(state, book, check) for check in book.checks] == [None, None]
    assert list(state.expectations.values()) == ["stdout == active"]
    places = [run.runbook for run in build("s-1", enumerate(history, start=1), {}).runs.values()]
    assert places == [
        RunbookPlace("web", 1, 2), RunbookPlace("web", 2, 2), None,
        RunbookPlace("web", 1, 2), RunbookPlace("web", 2, 2),
    ]  # fmt: skip


def test_a_stored_removal_of_outputs_folds_to_what_it_meant() -> None:
    """Runs say under which rule; verdicts, sizes and the closure stay as they were."""
    history = events(HISTORIES / "release-3-outputs-removed.jsonl")
    removed = {"f0e4c2f76c58916ec258f246851bea09": b"failed\n"}  # also where a reader has them
    transcript = build("s-1", enumerate(history, start=1), removed)
    for run in transcript.runs.values():
        assert run.removed is not None
        assert (run.removed.rule, run.removed.by, run.stdout) == ("acme-90", "stillfixed", b"")
    [comparison] = transcript.comparisons
    assert (comparison.standing, comparison.judged) == ("fixed", "still_failing")
    [check] = transcript.state.checks.values()
    assert check.baseline.pieces is None
    head = heading(transcript.state)
    assert head is not None
    assert (head.status, head.outputs_removed_at) == ("closed", history[-1].at)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_snapshot_at_any_version_goes_on_like_the_whole_history(path: Path) -> None:
    """Loading a snapshot and replaying the rest is the same as replaying all."""
    history = events(path)
    whole, state = fold(State(), history), State()
    for number, event in enumerate(history):
        loaded = from_snapshot(to_snapshot(state))
        assert loaded == state
        assert loaded is not None
        assert fold(loaded, history[number:]) == whole
        state = evolve(state, event)


def test_a_snapshot_of_another_release_is_not_trusted() -> None:
    """It is rebuilt from the events instead."""
    other = msgspec.msgpack.encode({"state_version": 0, "state": {}})
    assert from_snapshot(other) is None
