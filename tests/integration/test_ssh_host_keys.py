"""SSH against a real OpenSSH server: which host keys are believed, and what is said of the others.

What a refusal tells the user to type is typed here.
"""

import asyncio
from pathlib import Path

import pytest

from stillfixed.actors.errors import EndpointError, HostKeyRefused
from stillfixed.actors.runtime.endpoints import EndpointSpec
from stillfixed.connectors.endpoints import open_endpoint
from tests.support.sshd import Sshd, new_key


async def identity(spec: EndpointSpec) -> str:
    endpoint = await open_endpoint(spec)
    try:
        return endpoint.identity
    finally:
        await endpoint.close()


async def refusal(spec: EndpointSpec) -> str:
    with pytest.raises(HostKeyRefused) as refused:
        await open_endpoint(spec)
    return refused.value.message


async def type_in(command: str) -> None:
    shell = await asyncio.create_subprocess_shell(command)
    assert await shell.wait() == 0


def entry(key: Path, name: str) -> str:
    kind, data, *_ = Path(f"{key}.pub").read_text().split()
    return f"{name} {kind} {data}\n"


def configured(server: Sshd, config: Path, text: str) -> EndpointSpec:
    """An endpoint whose host keys are where the SSH config says."""
    config.write_text(text)
    spec = server.spec(config_file=str(config))
    options = {name: text for name, text in spec.options.items() if name != "known_hosts"}
    return EndpointSpec(name=spec.name, address=spec.address, options=options)


@pytest.mark.parametrize("place", ["known_hosts", "no/such/folder/known hosts"])
@pytest.mark.parametrize("by", ["option", "config"])
async def test_an_unknown_host_key_is_refused(
    ssh_server: Sshd, tmp_path: Path, place: str, by: str
) -> None:
    """With its fingerprint and the command that accepts it into the file that is configured,
    which need not exist, as for ssh."""
    file = tmp_path / place
    if by == "option":
        spec = ssh_server.spec(known_hosts=str(file))
    else:
        also = tmp_path / "second"
        text = f'Host *\n  UserKnownHostsFile "{file}" {also}\n'
        spec = configured(ssh_server, tmp_path / "config", text)
    message = await refusal(spec)
    known_identity = await identity(ssh_server.spec())
    assert known_identity.split()[-1] in message
    assert "not known yet" in message
    await type_in(message.partition("If it is right: ")[2])
    assert file.read_text().startswith(f"[127.0.0.1]:{ssh_server.port} ")
    assert await identity(spec) == known_identity


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
async def test_a_changed_host_key_is_refused_as_changed(
    ssh_server: Sshd, tmp_path: Path, kind: str
) -> None:
    """Also one of another kind; the old entry has to go first, and the message says so."""
    new_key(tmp_path / "other", kind)
    known = tmp_path / "known_hosts"
    known.write_text(entry(tmp_path / "other", f"[127.0.0.1]:{ssh_server.port}"))
    spec = ssh_server.spec(known_hosts=str(known))
    message = await refusal(spec)
    assert "it changed" in message
    assert (await identity(ssh_server.spec())).split()[-1] in message
    command = message.partition("right: ")[2]
    assert command.startswith(f"ssh-keygen -R '[127.0.0.1]:{ssh_server.port}' -f {known}")
    await type_in(command)
    assert entry(tmp_path / "other", "").strip() not in known.read_text()
    assert await identity(spec) == await identity(ssh_server.spec())


async def test_a_changed_key_is_forgotten_where_it_is_known(
    ssh_server: Sshd, tmp_path: Path
) -> None:
    """In the second file, while the new one goes into the first."""
    new_key(tmp_path / "other")
    first, second = tmp_path / "first", tmp_path / "second"
    second.write_text(entry(tmp_path / "other", f"[127.0.0.1]:{ssh_server.port}"))
    text = f"Host *\n  UserKnownHostsFile {first} {second}\n"
    spec = configured(ssh_server, tmp_path / "config", text)
    await type_in((await refusal(spec)).partition("right: ")[2])
    assert second.read_text() == ""
    assert await identity(spec) == await identity(ssh_server.spec())


@pytest.mark.parametrize("known_for", ["127.0.0.1", "[127.0.0.1]:1"])
async def test_a_key_known_for_another_port_is_unknown(
    ssh_server: Sshd, tmp_path: Path, known_for: str
) -> None:
    """It is another server's: this one's did not change."""
    new_key(tmp_path / "other")
    known = tmp_path / "known_hosts"
    known.write_text(entry(tmp_path / "other", known_for))
    spec = ssh_server.spec(known_hosts=str(known))
    message = await refusal(spec)
    assert "not known yet" in message
    assert "changed" not in message
    await type_in(message.partition("If it is right: ")[2])
    assert await identity(spec) == await identity(ssh_server.spec())


async def test_a_host_key_alias_is_what_a_key_is_known_by(ssh_server: Sshd, tmp_path: Path) -> None:
    """Without the port, as ssh has it."""
    known = tmp_path / "known_hosts"
    text = f"Host *\n  HostKeyAlias the-box\n  UserKnownHostsFile {known}\n"
    spec = configured(ssh_server, tmp_path / "config", text)
    await type_in((await refusal(spec)).partition("If it is right: ")[2])
    assert known.read_text().startswith("the-box ssh-ed25519 ")
    assert await identity(spec) == await identity(ssh_server.spec())


async def test_a_key_behind_a_jump_host_is_accepted_through_it(
    ssh_server: Sshd, tmp_path: Path
) -> None:
    """From here, a scan would not reach it."""
    jump = f"{ssh_server.user}@127.0.0.1:{ssh_server.port}"
    known = tmp_path / "known hosts"
    config = tmp_path / "config"
    text = (
        f'Host localhost inner\n  HostName localhost\n  UserKnownHostsFile "{known}"\n'
        f"Host inner\n  Port {ssh_server.port}\n  ProxyJump {jump}\n"
        f"Host *\n  UserKnownHostsFile {ssh_server.known_hosts}\n"
        f"  User {ssh_server.user}\n  IdentityFile {ssh_server.identity_file}\n"
    )
    options = configured(ssh_server, config, text).options
    spec = EndpointSpec(name="box", address="inner", options=options)
    command = (await refusal(spec)).partition("If it is right: ")[2]
    assert command.startswith("ssh ")
    assert command.endswith(f" -J {jump} -p {ssh_server.port} {ssh_server.user}@localhost")
    # As a person who says yes would have it, and from the config of this test.
    yes = f"ssh -F {config} -o StrictHostKeyChecking=accept-new -o BatchMode=yes "
    await type_in(command.replace("ssh ", yes, 1) + " true")
    assert await identity(spec) == f"localhost:{await port_and_key(ssh_server)}"


async def port_and_key(server: Sshd) -> str:
    return (await identity(server.spec())).partition(":")[2]


@pytest.mark.parametrize("file", ["none", "/dev/null"])
async def test_a_config_cannot_turn_the_check_off(
    ssh_server: Sshd, tmp_path: Path, file: str
) -> None:
    """The files that ssh has by default count then, and the check stays."""
    text = f"Host *\n  UserKnownHostsFile {file}\n  StrictHostKeyChecking no\n"
    message = await refusal(configured(ssh_server, tmp_path / "config", text))
    assert message.endswith(">> ~/.ssh/known_hosts")


async def test_more_kinds_of_key_leave_all_the_others(ssh_server: Sshd, tmp_path: Path) -> None:
    """`HostKeyAlgorithms +ssh-rsa`, as for old devices, does not hide that a key changed."""
    new_key(tmp_path / "other", "ecdsa")
    known = tmp_path / "known_hosts"
    known.write_text(entry(tmp_path / "other", f"[127.0.0.1]:{ssh_server.port}"))
    text = f"Host *\n  HostKeyAlgorithms +ssh-rsa,odd\n  UserKnownHostsFile {known}\n"
    assert "it changed" in await refusal(configured(ssh_server, tmp_path / "config", text))


@pytest.mark.parametrize("text", ["oneword", "@oneword a b"])
async def test_a_file_that_cannot_be_used_is_named(
    ssh_server: Sshd, tmp_path: Path, text: str
) -> None:
    """Not mistaken for an empty one."""
    known = tmp_path / "known_hosts"
    known.write_text(f"{text}\n")
    with pytest.raises(EndpointError, match=rf"^box: .*{known}.*oneword\. Correct that line\.$"):
        await open_endpoint(ssh_server.spec(known_hosts=str(known)))
