"""Endpoints for a host under test: the real ones, with the keys of the test's own SSH server, which
are in the environment and never typed on a page."""

import json
import os

from msgspec.structs import replace

from stillfixed.actors.runtime.endpoints import Endpoint, EndpointSpec
from stillfixed.connectors.endpoints import open_endpoint

OPTIONS = "STILLFIXED_TEST_SSH_OPTIONS"


async def open_known(spec: EndpointSpec) -> Endpoint:
    return await open_endpoint(replace(spec, options={**json.loads(os.environ[OPTIONS])}))
