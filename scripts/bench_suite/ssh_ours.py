"""Bench: a session of ours with the bench's SSH server as its endpoint."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from scripts.bench_suite.harness import work_folder
from scripts.bench_suite.ours import open_session, stillfixed_running
from scripts.bench_suite.ssh_server import SshServer
from stillfixed import AsyncSession


@asynccontextmanager
async def session_on(server: SshServer) -> AsyncIterator[AsyncSession]:
    """A session with its connection open, in the default isolation: an actor of its own.

    Like any user's, the endpoint is an alias in `~/.ssh/config`, and the host key is checked.
    """
    with work_folder() as home:
        ssh = home / ".ssh"
        ssh.mkdir(mode=0o700)
        lines = [
            "Host bench",
            "  HostName 127.0.0.1",
            f"  Port {server.port}",
            f"  User {server.user}",
            f"  IdentityFile {server.key}",
            f"  UserKnownHostsFile {server.known_hosts}",
        ]
        (ssh / "config").write_text("\n".join(lines) + "\n", encoding="utf-8")
        os.environ["HOME"] = str(home)  # the process of a row ends with it
        async with stillfixed_running() as client:
            session = await open_session(client)
            await session.add_endpoint("bench", "bench")
            first = await session.run("true")
            assert first.exit_status == 0, f"the first run ended as {first.status}"
            yield session
