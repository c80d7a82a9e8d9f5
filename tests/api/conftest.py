"""One host for all tests of the API: each works in sessions of its own."""

from collections.abc import Iterator

import pytest

from stillfixed import Settings
from stillfixed.projections import refresh_views
from tests.support.api import Api, hosting


@pytest.fixture(scope="session")
def api(ray_cluster: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    # One process a client: these tests open many sessions.
    settings = Settings(data=tmp_path_factory.mktemp("api"), isolation="client", warm_hosts=0)
    with hosting(settings) as found:
        for client, by in (("Acme", "root"), ("Globex", "globex-gil")):
            path = found.open(client=client, by=by, ticket=f"V-{client}")
            found.run(path, "echo something", by=by)
            note = {"kind": "cannot_verify", "text": "Nothing to be seen here."}
            found.post(f"{path}/annotations", note, by=by)
        refresh_views(settings)
        yield found
