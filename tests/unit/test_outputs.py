"""Outputs in memory for judging: few are kept, and as many as one decision needs."""

from typing import cast

from stillfixed.actors.log.contract import EventLog
from stillfixed.actors.runtime.outputs import KEPT_RUNS, Outputs
from stillfixed.actors.session.requests import RunOutput
from stillfixed.actors.session.state import State


async def test_a_runbook_of_many_checks_gets_all_outputs_at_once() -> None:
    """More than are kept otherwise, those that were there already too; a later run makes room."""
    outputs = Outputs(cast(EventLog, None))
    for number in range(KEPT_RUNS):
        outputs.keep(f"r{number}", RunOutput(b"known"))
    needed = tuple(f"r{number}" for number in range(3 * KEPT_RUNS))
    await outputs.load(State(), needed)
    loaded = outputs.in_memory(needed)
    assert len(loaded) == len(needed)
    assert loaded["r0"] == RunOutput(b"known")
    outputs.keep("later", RunOutput())
    assert len(outputs.in_memory((*needed, "later"))) == KEPT_RUNS
