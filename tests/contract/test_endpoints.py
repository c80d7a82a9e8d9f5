"""What every endpoint promises a run, held by each kind against real processes."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from stillfixed.actors.errors import ConnectionLost, EndpointError, LogFull
from stillfixed.actors.runtime.endpoints import Endpoint, EndpointSpec, Limits, StreamName
from stillfixed.connectors.endpoints import open_endpoint, open_for_others
from stillfixed.connectors.endpoints.output import GATHER_BYTES
from tests.support.runs import Got, at_once, run

MIB = 1024 * 1024


@pytest.fixture(params=["local", "ssh"])
async def endpoint(request: pytest.FixtureRequest) -> AsyncIterator[Endpoint]:
    if request.param == "local":
        spec = EndpointSpec(name="here", kind="local")
    else:
        spec = request.getfixturevalue("ssh_server").spec()
    opened = await open_endpoint(spec)
    yield opened
    await opened.close()


async def test_stdout_and_stderr_come_apart(endpoint: Endpoint) -> None:
    """Each stream arrives under its own name, byte for byte."""
    outcome, got = await run(endpoint, "echo out; echo err >&2")
    assert (got.stdout, got.stderr) == (b"out\n", b"err\n")
    assert (outcome.stdout_bytes, outcome.stderr_bytes, outcome.dropped_bytes) == (4, 4, 0)


@pytest.mark.parametrize("status", [0, 1, 3, 127, 255])
async def test_the_exit_status_is_exact(endpoint: Endpoint, status: int) -> None:
    """0 to 255, as the command gave it."""
    outcome, _ = await run(endpoint, f"exit {status}")
    assert (outcome.end, outcome.exit_status, outcome.signal) == ("exited", status, None)


async def test_an_end_by_signal_is_told_as_such(endpoint: Endpoint) -> None:
    """A killed command has no exit status."""
    outcome, _ = await run(endpoint, "kill -9 $$")
    assert (outcome.end, outcome.exit_status, outcome.signal) == ("signalled", None, "KILL")


async def test_bytes_are_not_touched(endpoint: Endpoint) -> None:
    """NUL, broken UTF-8, carriage returns, and no newline at the end."""
    _, got = await run(endpoint, r"printf 'a\000b\377\376\r\n\303'")
    assert got.stdout == b"a\0b\xff\xfe\r\n\xc3"


async def test_a_command_has_no_input(endpoint: Endpoint) -> None:
    """Its standard input ends at once, so that nothing waits for a person."""
    outcome, got = await run(endpoint, "cat; echo over")
    assert (outcome.exit_status, got.stdout) == (0, b"over\n")


async def test_output_over_the_limit_is_counted_and_dropped(endpoint: Endpoint) -> None:
    """The limit holds for both streams together, to the byte; the command runs to its end."""
    limits = Limits(output_bytes=MIB)
    command = f"head -c {50 * MIB} /dev/zero; echo over >&2; exit 4"
    outcome, got = await run(endpoint, command, limits=limits)
    assert (len(got.stdout), got.stderr) == (MIB, b"")
    assert (outcome.stdout_bytes, outcome.stderr_bytes) == (50 * MIB, 5)
    assert outcome.dropped_bytes == 49 * MIB + 5
    assert outcome.exit_status == 4


async def test_a_busy_sink_holds_the_command_back(endpoint: Endpoint) -> None:
    """While the sink is busy the command cannot finish writing; nothing is lost by waiting."""
    free, progress, sizes = asyncio.Event(), Got(), []

    async def sink(stream: StreamName, data: bytes) -> None:
        sizes.append(len(data))
        progress.first.set()
        await free.wait()

    command = f"head -c {32 * MIB} /dev/zero"
    task = asyncio.create_task(
        endpoint.run(command, sink=sink, limits=Limits(), before_send=at_once())
    )
    await progress.first.wait()
    await run(endpoint, "true")
    assert not task.done()
    assert len(sizes) == 1
    free.set()
    outcome = await task
    assert sum(sizes) == outcome.stdout_bytes == 32 * MIB
    assert max(sizes) <= GATHER_BYTES


async def test_a_command_over_its_time_is_ended(endpoint: Endpoint) -> None:
    """What it wrote before is kept."""
    limits = Limits(time_seconds=0.5)
    outcome, got = await run(endpoint, "echo first; exec sleep 1000", limits=limits)
    assert (outcome.end, outcome.exit_status, got.stdout) == ("timed_out", None, b"first\n")
    assert "0.5 seconds" in outcome.detail
    assert endpoint.is_open


async def test_a_writer_over_its_time_is_gone_from_the_machine(endpoint: Endpoint) -> None:
    """Its output has nowhere to go any more, whatever became of the signal."""
    command = "echo $$; exec yes"
    _, got = await run(endpoint, command, limits=Limits(time_seconds=0.3))
    pid = got.stdout.split()[0].decode()
    await run(endpoint, f"while kill -0 {pid} 2>/dev/null; do sleep 0.02; done")


async def test_cancelling_the_run_ends_the_command(endpoint: Endpoint) -> None:
    """The caller sees the cancellation; the endpoint stays good for the next run."""
    got = Got()
    task = asyncio.create_task(run(endpoint, "echo first; exec sleep 1000", got=got))
    await got.first.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await run(endpoint, "echo next"))[1].stdout == b"next\n"


async def test_nothing_is_sent_if_it_may_not_be(endpoint: Endpoint, tmp_path: Path) -> None:
    """The error of `before_send` reaches the caller, and the command left no trace."""
    trace = tmp_path / "trace"

    async def full() -> None:
        raise LogFull("The disk is full.")

    with pytest.raises(LogFull):
        await run(endpoint, f"touch {trace}", before_send=full())
    await run(endpoint, "true")
    assert not trace.exists()
    await run(endpoint, f"touch {trace}")
    assert trace.exists()


async def test_nothing_is_sent_before_it_may_be(endpoint: Endpoint, tmp_path: Path) -> None:
    """The command waits for `before_send`; cancelled while waiting, it never ran."""
    trace, asked = tmp_path / "trace", asyncio.Event()

    async def never() -> None:
        asked.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(run(endpoint, f"touch {trace}", before_send=never()))
    await asked.wait()
    await run(endpoint, "true")
    assert not trace.exists()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await run(endpoint, "true")
    assert not trace.exists()


async def test_runs_overlap(endpoint: Endpoint, tmp_path: Path) -> None:
    """Each of the two can only end while the other runs."""
    pipe = tmp_path / "pipe"
    await run(endpoint, f"mkfifo {pipe}")
    (_, read), (_, written) = await asyncio.gather(
        run(endpoint, f"cat {pipe}"), run(endpoint, f"echo hello > {pipe}; echo done")
    )
    assert (read.stdout, written.stdout) == (b"hello\n", b"done\n")


async def test_an_error_of_the_sink_ends_the_run(endpoint: Endpoint) -> None:
    """Output that cannot be kept is not worth producing: the caller gets the sink's error."""

    async def full(stream: StreamName, data: bytes) -> None:
        raise LogFull("The disk is full.")

    with pytest.raises(LogFull):
        await endpoint.run("yes", sink=full, limits=Limits(), before_send=at_once())
    assert (await run(endpoint, "echo next"))[1].stdout == b"next\n"


async def test_closing_loses_the_runs_in_flight(endpoint: Endpoint) -> None:
    """Nobody knows what their commands did; a later run is refused before it is sent."""
    got = Got()
    task = asyncio.create_task(run(endpoint, "echo first; exec sleep 1000", got=got))
    await got.first.wait()
    await endpoint.close()
    outcome, _ = await task
    assert (outcome.end, outcome.exit_status) == ("lost", None)
    assert outcome.detail
    assert not endpoint.is_open
    with pytest.raises(ConnectionLost):
        await run(endpoint, "true")


async def test_an_endpoint_says_who_it_is(endpoint: Endpoint) -> None:
    """For the history: never empty, and the same for every run."""
    assert endpoint.identity == endpoint.identity != ""


async def test_a_command_of_a_megabyte_is_refused(endpoint: Endpoint) -> None:
    """Too long to arrive whole: refused before anything is sent, and the next one runs."""
    with pytest.raises(EndpointError, match="script"):
        await run(endpoint, "true " + "x" * 1_000_000)
    assert (await run(endpoint, "echo next"))[1].stdout == b"next\n"


@pytest.mark.parametrize("character", ["\0", "\udcff"], ids=ascii)
async def test_a_command_no_shell_can_be_given_is_refused(
    endpoint: Endpoint, character: str
) -> None:
    """Before the permission to send is asked for; the connection stays good."""
    asked = False

    async def ask() -> None:
        nonlocal asked
        asked = True

    with pytest.raises(EndpointError, match=r"not sent.*Remove it"):
        await run(endpoint, f"echo a{character}b", before_send=ask())
    assert not asked
    assert (await run(endpoint, "echo next"))[1].stdout == b"next\n"


async def test_an_unknown_kind_is_refused() -> None:
    """The message lists the kinds there are."""
    with pytest.raises(EndpointError, match="ssh or local"):
        await open_endpoint(EndpointSpec(name="x", kind="telnet"))


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        (EndpointSpec(name="x", kind="local"), "own machine"),
        (EndpointSpec(name="x", kind="ssh", options={"identity_file": "/x"}), "identity_file"),
        (EndpointSpec(name="x", kind="ssh", options={"config_file": "/x"}), "config_file"),
    ],
)
async def test_a_host_for_others_lends_neither_its_machine_nor_its_files(
    spec: EndpointSpec, said: str
) -> None:
    """Whatever is asked over the network."""
    with pytest.raises(EndpointError, match=said):
        await open_for_others(spec)
