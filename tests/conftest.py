"""One Ray instance and one sshd for the whole test session, each started when first needed."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings as hypothesis_settings

from stillfixed import AsyncClient, Settings, connect_async
from stillfixed.actors.runtime.cluster import Cluster
from tests.support.sshd import Sshd, skipping_without_sshd

# How long an example takes says nothing about what it shows; the machine may be busy.
hypothesis_settings.register_profile("stillfixed", deadline=None)
hypothesis_settings.load_profile("stillfixed")


@pytest.fixture(scope="session")
def ray_cluster() -> Iterator[Cluster]:
    """Ray on this machine as the client starts it; clients of tests find it running and use it."""
    cluster = Cluster()
    cluster.start()
    yield cluster
    cluster.stop()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    # Hosts outlive a client in a Ray that it did not start: idle ones end by themselves.
    return Settings(data=tmp_path, warm_hosts=0, unresponsive_seconds=2.0, idle_seconds=15.0)


@pytest.fixture
async def service(ray_cluster: Cluster, settings: Settings) -> AsyncIterator[AsyncClient]:
    """A client with a log of its own; its hosts end with it."""
    async with await connect_async(settings) as client:
        yield client


@pytest.fixture(scope="session")
def ssh_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    """A real sshd on loopback, shared by the tests that leave it in peace."""
    with skipping_without_sshd(tmp_path_factory.mktemp("sshd")) as server:
        yield server


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Sshd]:
    """A server of this test's own, to be broken."""
    with skipping_without_sshd(tmp_path / "sshd") as server:
        yield server
