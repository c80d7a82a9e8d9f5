"""SSH against a real OpenSSH server: who is let in, who is believed, and what is said if not."""

import asyncio
from pathlib import Path

import pytest

from stillfixed.actors.errors import (
    ConnectionLost,
    EndpointError,
    EndpointUnreachable,
    LoginRefused,
)
from stillfixed.actors.runtime.endpoints import Endpoint, EndpointSpec, Limits, StreamName
from stillfixed.connectors.endpoints import open_endpoint
from tests.support.runs import Got, at_once, run
from tests.support.sshd import Sshd, new_key, skipping_without_sshd

MIB = 1024 * 1024


def at(address: str, **options: str) -> EndpointSpec:
    return EndpointSpec(name="box", address=address, options=options)


async def test_a_wrong_host_name_says_so(ssh_server: Sshd) -> None:
    """Names under .invalid never exist."""
    spec = ssh_server.spec()
    with pytest.raises(EndpointUnreachable, match=r"nowhere\.invalid was not found.*spelling"):
        await open_endpoint(at("nowhere.invalid", **spec.options))


async def test_a_refused_port_says_so(ssh_server: Sshd) -> None:
    """Port 1 on loopback has no listener."""
    options = ssh_server.spec().options
    with pytest.raises(EndpointUnreachable, match=r"port 1 refused the connection.*running"):
        await open_endpoint(at("127.0.0.1:1", **options))


async def test_a_server_that_says_nothing_is_given_up_in_time(ssh_server: Sshd) -> None:
    """The limit spans everything from the name to the login."""
    silent = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    spec = at(f"127.0.0.1:{port}", **ssh_server.spec(connect_seconds="0.3").options)
    with pytest.raises(EndpointUnreachable, match=r"within 0\.3 seconds"):
        await open_endpoint(spec)
    silent.close()


async def test_a_wrong_key_is_a_login_refused(ssh_server: Sshd, tmp_path: Path) -> None:
    """The message names the user and what to do."""
    new_key(tmp_path / "other_key")
    with pytest.raises(LoginRefused, match=rf"let {ssh_server.user} log in.*authorized_keys"):
        await open_endpoint(ssh_server.spec(identity_file=str(tmp_path / "other_key")))


async def test_a_file_that_is_no_key_is_a_login_refused(ssh_server: Sshd, tmp_path: Path) -> None:
    """It is found out before anything is sent."""
    (tmp_path / "key").write_text("not a key")
    with pytest.raises(LoginRefused, match="private key"):
        await open_endpoint(ssh_server.spec(identity_file=str(tmp_path / "key")))


async def test_a_jump_host_of_the_config_is_used(ssh_server: Sshd, tmp_path: Path) -> None:
    """An alias brings its host, port, user, key and jump host; both logins are checked."""
    config = tmp_path / "config"
    config.write_text(
        f"""Host inner outer
  HostName 127.0.0.1
  Port {ssh_server.port}
  User {ssh_server.user}
  IdentityFile {ssh_server.identity_file}
  UserKnownHostsFile {ssh_server.known_hosts}
Host inner
  ProxyJump outer
"""
    )
    logins = ssh_server.accepted_connections()
    endpoint = await open_endpoint(at("inner", config_file=str(config)))
    assert (await run(endpoint, "echo through"))[1].stdout == b"through\n"
    assert ssh_server.accepted_connections() == logins + 2
    await endpoint.close()


async def test_the_environment_of_the_config_goes_along(
    ssh_server: Sshd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SetEnv as it is written and SendEnv as it is here, where the server accepts them."""
    config = tmp_path / "config"
    config.write_text(
        "Host *\n  SetEnv STILLFIXED_TEST_A=set STILLFIXED_OTHER=x\n  SendEnv STILLFIXED_TEST_*\n"
    )
    monkeypatch.setenv("STILLFIXED_TEST_A", "sent")
    monkeypatch.setenv("STILLFIXED_TEST_B", "sent")
    endpoint = await open_endpoint(ssh_server.spec(config_file=str(config)))
    command = "echo $STILLFIXED_TEST_A $STILLFIXED_TEST_B $STILLFIXED_OTHER"
    for _ in range(2):
        assert (await run(endpoint, command))[1].stdout == b"set sent\n"
    await endpoint.close()


async def test_an_environment_that_cannot_be_used_is_an_error(
    ssh_server: Sshd, tmp_path: Path
) -> None:
    """Before anything is connected."""
    config = tmp_path / "config"
    config.write_text("Host *\n  SetEnv NO_VALUE\n")
    with pytest.raises(EndpointError, match=r"environment.*SSH config"):
        await open_endpoint(ssh_server.spec(config_file=str(config)))


async def test_what_a_jump_host_cannot_reach_is_unreachable(
    ssh_server: Sshd, tmp_path: Path
) -> None:
    """The message says that it is the jump host that could not."""
    config = tmp_path / "config"
    config.write_text(f"Host 127.0.0.2\n  ProxyJump {ssh_server.host}:{ssh_server.port}\n")
    options = ssh_server.spec(config_file=str(config)).options
    with pytest.raises(EndpointUnreachable, match="through the jump host"):
        await open_endpoint(at(f"{ssh_server.user}@127.0.0.2:1", **options))


async def test_a_connection_killed_in_the_middle_is_lost(own_server: Sshd) -> None:
    """What came before is kept; nobody knows how the command ended; the endpoint is not open."""
    endpoint = await open_endpoint(own_server.spec())
    got = Got()
    task = asyncio.create_task(run(endpoint, "echo first; exec sleep 1000", got=got))
    await got.first.wait()
    own_server.kill_connections()
    outcome, _ = await task
    assert (outcome.end, outcome.exit_status, got.stdout) == ("lost", None, b"first\n")
    assert "connection was lost" in outcome.detail
    assert not endpoint.is_open
    with pytest.raises(ConnectionLost, match="before the command was sent"):
        await run(endpoint, "true")


async def test_a_connection_lost_before_sending_is_an_error(own_server: Sshd) -> None:
    """The command certainly did not run, and the caller learns that."""
    endpoint = await open_endpoint(own_server.spec())
    trace = own_server.folder / "trace"

    async def meanwhile() -> None:
        await cut(own_server, endpoint)

    with pytest.raises(ConnectionLost, match="before the command was sent"):
        await run(endpoint, f"touch {trace}", before_send=meanwhile())
    assert not trace.exists()


async def test_an_end_seen_before_the_loss_is_kept(own_server: Sshd) -> None:
    """A finished command is never lost: its output waited here when the connection went away."""
    endpoint = await open_endpoint(own_server.spec())
    free, first, got = asyncio.Event(), Got(), Got()

    async def sink(stream: StreamName, data: bytes) -> None:
        await first(stream, data)
        await free.wait()
        await got(stream, data)

    command = f"echo $$; head -c {MIB} /dev/zero; exit 7"
    task = asyncio.create_task(
        endpoint.run(command, sink=sink, limits=Limits(), before_send=at_once())
    )
    await first.first.wait()
    pid = first.stdout.split()[0].decode()
    await run(endpoint, f"while kill -0 {pid} 2>/dev/null; do sleep 0.01; done")
    await run(endpoint, "true")
    await cut(own_server, endpoint)
    free.set()
    outcome = await task
    assert (outcome.end, outcome.exit_status) == ("exited", 7)
    assert len(got.stdout) == outcome.stdout_bytes == len(pid) + 1 + MIB


async def test_runs_share_one_login(own_server: Sshd) -> None:
    """However many, at once or after one another."""
    endpoint = await open_endpoint(own_server.spec())
    await asyncio.gather(*(run(endpoint, "true") for _ in range(10)))
    await run(endpoint, "true")
    assert own_server.accepted_connections() == 1
    await endpoint.close()
    assert not endpoint.is_open


async def test_a_session_too_many_is_an_error_before_sending(tmp_path: Path) -> None:
    """The server's MaxSessions; the connection stays good."""
    with skipping_without_sshd(tmp_path / "sshd", max_sessions=1) as server:
        endpoint = await open_endpoint(server.spec())
        got = Got()
        task = asyncio.create_task(run(endpoint, "echo first; exec sleep 1000", got=got))
        await got.first.wait()
        with pytest.raises(EndpointError, match="MaxSessions"):
            await run(endpoint, "true")
        assert endpoint.is_open
        await endpoint.close()
        await task


async def test_the_last_session_is_free_when_its_run_is_over(tmp_path: Path) -> None:
    """OpenSSH may count a session for a moment after its end: no run fails for that."""
    with skipping_without_sshd(tmp_path / "sshd", max_sessions=1) as server:
        endpoint = await open_endpoint(server.spec())
        for _ in range(20):
            assert (await run(endpoint, "echo next"))[1].stdout == b"next\n"
        await endpoint.close()


async def test_a_command_over_its_time_may_still_run_and_is_said_to(tmp_path: Path) -> None:
    """One that takes no notice of TERM, as every command of a root login: later runs go on, and
    once such commands hold all sessions the error says how to be rid of them."""
    with skipping_without_sshd(tmp_path / "sshd", max_sessions=2) as server:
        endpoint = await open_endpoint(server.spec())
        stubborn, limits = "trap '' TERM; echo first; sleep 1000", Limits(time_seconds=0.5)
        outcome, _ = await run(endpoint, stubborn, limits=limits)
        assert outcome.end == "timed_out"
        assert "may still run there" in outcome.detail
        assert (await run(endpoint, "echo next"))[1].stdout == b"next\n"
        await run(endpoint, stubborn, limits=limits)
        with pytest.raises(EndpointError, match=r"told to end.*open it again"):
            await run(endpoint, "true")
        await endpoint.close()
        reopened = await open_endpoint(server.spec())
        assert (await run(reopened, "echo next"))[1].stdout == b"next\n"
        await reopened.close()


async def test_an_unknown_user_is_a_login_refused(ssh_server: Sshd) -> None:
    """The message names the user that was tried."""
    options = ssh_server.spec().options
    with pytest.raises(LoginRefused, match="let nobody-here log in"):
        await open_endpoint(at(f"nobody-here@127.0.0.1:{ssh_server.port}", **options))


async def identity(spec: EndpointSpec) -> str:
    endpoint = await open_endpoint(spec)
    try:
        return endpoint.identity
    finally:
        await endpoint.close()


async def cut(server: Sshd, endpoint: Endpoint) -> None:
    """Kill the connection and return when this side has seen it: a run in flight is lost."""
    got = Got()
    witness = asyncio.create_task(run(endpoint, "echo first; exec sleep 1000", got=got))
    await got.first.wait()
    server.kill_connections()
    outcome, _ = await witness
    assert outcome.end == "lost"
