"""The client on real Ray actors: the whole way from opening to a closed ticket."""

import asyncio
import inspect
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

import stillfixed
from stillfixed import AsyncClient, AsyncSession, Settings, connect_async
from stillfixed.actors.client import Client, Session
from stillfixed.actors.session import events as e
from tests.support.remote import over_http

pytestmark = pytest.mark.ray


@pytest.fixture(params=["embedded", "remote"])
async def service(
    service: AsyncClient, request: pytest.FixtureRequest
) -> AsyncIterator[AsyncClient]:
    """The same calls in this process, and over HTTP to a host that is in it."""
    if request.param == "embedded":
        yield service
        return
    async with over_http(service) as client:
        yield client


async def open_local(service: AsyncClient, **more: str) -> AsyncSession:
    session = await service.open(ticket="T-1", client="Acme", by="ana", **more)
    await session.add_endpoint("here", kind="local")
    return session


async def test_from_the_fault_to_the_closed_ticket(service: AsyncClient, tmp_path: Path) -> None:
    """The main job: seen, refused, fixed, proven, closed, and read by somebody else."""
    flag = tmp_path / "service.up"
    session = await open_local(service)
    before = await session.run(f"test -e {flag}")
    assert (before.exit_status, before.health) == (1, "fault")
    refused = await session.request_closure()
    assert refused.result == "refused"
    await session.run(f"touch {flag}")
    refused = await session.request_closure()
    assert "not run again" in " ".join(refused.reasons)
    after = await session.run(f"test -e {flag}")
    assert (after.verdict, after.baseline) == ("fixed", before.run)
    assert (await session.request_closure()).result == "granted"

    reader = await service.session(session.id, by="dora")
    transcript = await reader.transcript()
    assert [c.standing for c in transcript.comparisons] == ["fixed"]
    with pytest.raises(stillfixed.SessionClosed):
        await session.run("true")


async def test_a_dispatcher_overrides_and_todays_judge_is_asked(
    service: AsyncClient, tmp_path: Path
) -> None:
    """Said, refused, said again by who may; then read beside the judge's, which nothing changed."""
    policy = tmp_path / "policy.toml"
    policy.write_text("[[policy]]\nname = 'all'\ndispatchers = ['dora']\n")
    await service.adopt_policies(policy, by="mona")
    flag = tmp_path / "service.up"
    session = await open_local(service)
    for command in (f"test -e {flag}", f"touch {flag}", f"test -e {flag}"):
        run = await session.run(command)
    for person in ("ana", "eve"):
        other = await service.session(session.id, by=person)
        with pytest.raises(stillfixed.RequestRefused, match=r"four eyes|not among"):
            await other.override(run.run, "still_failing", "No.")
    dora = await service.session(session.id, by="dora")
    await dora.override(run.run, "still_failing", "The page is blank.")
    refused = await session.request_closure()
    assert "dora overrode the judge's fixed with still_failing: The page is blank." in " ".join(
        refused.reasons
    )
    [comparison] = await dora.comparisons()
    assert (comparison.standing, comparison.judged) == ("still_failing", "fixed")

    version = (await dora.state()).version
    [rejudged] = await dora.rejudge()
    assert rejudged.override == comparison.override
    assert rejudged.then == rejudged.now
    assert rejudged.now.verdict == "fixed"
    assert (await dora.state()).version == version


async def test_live_output_arrives_while_the_command_runs(
    service: AsyncClient, tmp_path: Path
) -> None:
    """What is seen is what is durable, in order, before the command ends."""
    session = await open_local(service)
    go = tmp_path / "go"
    seen: list[bytes] = []

    def on_output(output: str, data: bytes) -> None:
        seen.append(data)
        go.touch()

    command = f"echo first; while ! test -e {go}; do sleep 0.01; done; echo second >&2"
    record = await session.run(command, on_output=on_output)
    assert b"".join(seen) == b"first\nsecond\n"
    assert (record.text, record.error_text) == ("first\n", "second\n")


async def test_the_same_request_id_runs_once(service: AsyncClient, tmp_path: Path) -> None:
    """Also while the first is still under way, also for opening."""
    session = await open_local(service)
    mark = tmp_path / "mark"
    command = f"echo x >> {mark}; sleep 0.2"
    first, second = await asyncio.gather(
        session.run(command, request_id="same"), session.run(command, request_id="same")
    )
    assert first == second
    assert mark.read_text() == "x\n"
    one = await service.open(ticket="T-2", client="Acme", by="ana", request_id="o1")
    two = await service.open(ticket="T-2", client="Acme", by="ana", request_id="o1")
    assert one.id == two.id


async def test_the_past_can_be_read(service: AsyncClient) -> None:
    """By version and by time."""
    session = await open_local(service)
    await session.run("false")
    middle = await session.state()
    await session.declare_change("Fixed elsewhere.")
    assert (await session.at(version=middle.version)) == middle
    assert middle.last_at is not None
    assert (await session.at(time=middle.last_at)) == middle


RUNBOOK = """\
name = "app"
title = "The app"
platforms = ["posix"]

[parameters.flag]
ask = "The flag file"

[[check]]
command = "cat {flag}"
expect = "stdout == up"
why = "The app says that it is up."

[[check]]
command = "test -d {flag}"
expect = "exit_status != 0"
why = "The flag is no folder."
"""


async def test_a_runbook_goes_from_loading_to_the_closed_ticket(
    service: AsyncClient, tmp_path: Path
) -> None:
    """Required by the category: loaded, run, refused, run again after the fix, closed."""
    (tmp_path / "app.toml").write_text(RUNBOOK)
    (tmp_path / "policy.toml").write_text(
        '[[policy]]\nname = "desk"\nrunbooks = { web = ["app"] }\n'
    )
    await service.adopt_policies(tmp_path / "policy.toml", by="mona")
    flag = tmp_path / "it's up; or not"
    flag.write_text("down")
    session = await open_local(service, category="web")
    with pytest.raises(stillfixed.RunbookError, match="needs a value for flag"):
        await session.load_runbook(tmp_path / "app.toml")
    values = {"flag": str(flag)}
    assert await session.load_runbook(tmp_path / "app.toml", parameters=values) == "app"

    told: list[tuple[int, int, bool]] = []
    before = await session.run_runbook(
        on_check=lambda one: told.append((one.number, one.total, one.record is not None))
    )
    assert told == [(1, 2, False), (1, 2, True), (2, 2, False), (2, 2, True)]
    assert [run.health for run in before] == ["fault", "healthy"]
    await session.declare_change("Started the app.")
    flag.write_text("up")
    await session.run(before[0].command)
    refused = await session.request_closure()
    assert "Not run again after the last change: 2" in " ".join(refused.reasons)

    after = await session.run_runbook("app", request_id="again")
    assert [run.verdict for run in after] == ["fixed", "healthy"]
    assert await session.run_runbook("app", request_id="again") == after
    assert (await session.request_closure()).result == "granted"
    transcript = await session.transcript()
    places = [run.runbook for run in transcript.runs.values()]
    assert [place.number if place else None for place in places] == [1, 2, 1, 1, 2]


async def test_a_watcher_resumes_where_it_was(service: AsyncClient) -> None:
    """Nothing missed, nothing twice."""
    session = await open_local(service)
    await session.message("one")
    seen = []
    async for item in session.watch():
        seen.append(item)
        if isinstance(item.event, e.Annotated):
            break
    await session.message("two")
    async for item in session.watch(after=seen[-1].position):
        assert isinstance(item.event, e.Annotated)
        assert item.event.text == "two"
        break
    assert [item.version for item in seen] == list(range(1, len(seen) + 1))


async def test_sessions_are_listed_and_found(service: AsyncClient) -> None:
    """By what the heading shows; an unknown field is an error, not an empty list."""
    session = await open_local(service, team="field")
    await service.open(ticket="T-9", client="Umbrella", by="bob")
    found = await service.sessions(client="Acme")
    assert [info.id for info in found] == [session.id]
    assert len(await service.sessions()) == 2
    with pytest.raises(stillfixed.RequestRefused, match="colour"):
        await service.sessions(colour="red")


async def test_a_monitor_runs_after_the_technician_has_left(service: AsyncClient) -> None:
    """Its run lands in the same history without anyone asking."""
    session = await open_local(service)
    monitor = await session.monitor("true")
    async for seen in session.watch():
        if isinstance(seen.event, e.RunFinished):
            break
    [run] = (await session.transcript()).runs.values()
    assert (run.monitor, run.ok) == (monitor, True)


async def test_a_policy_decides_from_the_moment_it_is_adopted(
    service: AsyncClient, tmp_path: Path
) -> None:
    """Observe lets close what enforce refused; a typo changes nothing."""
    session = await open_local(service)
    assert (await session.request_closure()).result == "refused"
    policy = tmp_path / "policy.toml"
    policy.write_text("[[policy]]\nname = 'all'\nmode = 'observ'\n")
    with pytest.raises(stillfixed.PolicyError, match="mode"):
        await service.adopt_policies(policy, by="mona")
    policy.write_text("[[policy]]\nname = 'all'\nmode = 'observe'\n")
    await service.adopt_policies(policy, by="mona")
    granted = await session.request_closure()
    assert (granted.result, granted.policy) == ("granted", "all")


async def test_a_session_nobody_knows_is_an_error(service: AsyncClient) -> None:
    """With the command that lists them."""
    with pytest.raises(stillfixed.UnknownSession, match="stillfixed sessions"):
        await service.session("s-nowhere", by="ana")


async def test_one_client_shares_a_process_and_two_do_not(
    ray_cluster: object, tmp_path: Path
) -> None:
    """Isolation `client`: many sessions a process, never two clients' in one."""
    settings = Settings(data=tmp_path, isolation="client", warm_hosts=0)
    async with await connect_async(settings) as service:
        pids = {}
        for number, client in enumerate(["Acme", "Acme", "Umbrella"]):
            session = await service.open(ticket=f"T-{number}", client=client, by="ana")
            host = await session.host()
            assert host is not None
            pids.setdefault(client, set()).add(host.pid)
    assert len(pids["Acme"]) == len(pids["Umbrella"]) == 1
    assert pids["Acme"] != pids["Umbrella"]


async def test_a_session_hibernates_and_its_process_ends(
    ray_cluster: object, tmp_path: Path
) -> None:
    """No process serves two sessions; the next request starts another."""
    settings = Settings(data=tmp_path, idle_seconds=0.1, warm_hosts=0)
    async with await connect_async(settings) as service:
        session = await service.open(ticket="T-1", client="Acme", by="ana")
        host = await session.host()
        assert host is not None
        await _gone(host.pid)
        await session.message("Back.")
        again = await session.host()
        assert again is not None
        assert again.pid != host.pid


async def _gone(pid: int) -> None:
    """Until a process has ended."""
    fd = os.pidfd_open(pid)
    ended = asyncio.Event()
    asyncio.get_running_loop().add_reader(fd, ended.set)
    await ended.wait()
    asyncio.get_running_loop().remove_reader(fd)
    os.close(fd)


async def test_reading_needs_no_ray(service: AsyncClient, settings: Settings) -> None:
    """A second reader in a process of its own, after the session, that never imports Ray."""
    session = await open_local(service)
    await session.run("echo hello")
    code = (
        "import sys, stillfixed, pathlib\n"
        "settings = stillfixed.Settings(data=pathlib.Path(sys.argv[1]), read_only=True)\n"
        "with stillfixed.connect(settings) as service:\n"
        "    session = service.session(sys.argv[2], by='dora')\n"
        "    print(session.transcript().runs['r1'].text, 'ray' in sys.modules)\n"
    )
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", code, str(settings.data), session.id],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert (done.stdout, done.stderr) == ("hello\n False\n", "")


def test_the_synchronous_client_is_the_same(ray_cluster: object, tmp_path: Path) -> None:
    """Open, run, watch and close without an event loop of one's own."""
    with stillfixed.connect(Settings(data=tmp_path, warm_hosts=0)) as service:
        session = service.open(ticket="T-1", client="Acme", by="ana")
        session.add_endpoint("here", kind="local")
        assert session.run("echo hi").text == "hi\n"
        first = next(service.watch())
        assert isinstance(first.event, e.SessionOpened)
        session.monitor("true", every=timedelta(hours=1), until=first.event.at + timedelta(days=1))


@pytest.mark.parametrize(("ours", "theirs"), [(Client, AsyncClient), (Session, AsyncSession)])
def test_both_clients_have_the_same_calls(ours: type, theirs: type) -> None:
    """Name by name and argument by argument."""
    for name, call in inspect.getmembers(theirs, inspect.isfunction):
        if name.startswith("_") or name == "ask":
            continue
        mirrored = inspect.signature(getattr(ours, name)).parameters
        assert list(mirrored) == list(inspect.signature(call).parameters), name
        for parameter, theirs_parameter in inspect.signature(call).parameters.items():
            assert mirrored[parameter].default == theirs_parameter.default
