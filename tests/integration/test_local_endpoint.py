"""This machine as an endpoint: what happens to the processes a command leaves."""

import asyncio
from pathlib import Path

import pytest

from stillfixed.actors.errors import EndpointError
from stillfixed.actors.runtime.endpoints import EndpointSpec, Limits
from stillfixed.connectors.endpoints import open_endpoint
from tests.support.runs import Got, run

HERE = EndpointSpec(name="here", kind="local")
GONE = "while kill -0 {pid} 2>/dev/null; do sleep 0.02; done"


async def test_a_time_limit_ends_all_the_command_started() -> None:
    """Its whole process group, not its shell alone."""
    endpoint = await open_endpoint(HERE)
    command = "sleep 1000 & echo $!; wait"
    outcome, got = await run(endpoint, command, limits=Limits(time_seconds=0.3))
    assert outcome.end == "timed_out"
    await run(endpoint, GONE.format(pid=int(got.stdout)))


async def test_cancelling_ends_all_the_command_started() -> None:
    """The same as a time limit."""
    endpoint, got = await open_endpoint(HERE), Got()
    task = asyncio.create_task(run(endpoint, "sleep 1000 & echo $!; wait", got=got))
    await got.first.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await run(endpoint, GONE.format(pid=int(got.stdout)))


async def test_what_a_finished_command_left_behind_stays(tmp_path: Path) -> None:
    """A service that a technician started must outlive the command that started it."""
    endpoint = await open_endpoint(HERE)
    asked, answer = tmp_path / "asked", tmp_path / "answer"
    await run(endpoint, f"mkfifo {asked} {answer}")
    service = f"(read word <{asked}; echo $word >{answer}) >/dev/null 2>&1 &"
    await run(endpoint, service)
    _, got = await run(endpoint, f"echo alive >{asked}; cat {answer}")
    assert got.stdout == b"alive\n"


async def test_a_command_with_a_nul_is_refused() -> None:
    """No shell can be given one."""
    endpoint = await open_endpoint(HERE)
    with pytest.raises(EndpointError, match="NUL"):
        await run(endpoint, "echo a\0b")
