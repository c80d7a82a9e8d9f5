"""Connectors, endpoints: the ways a command reaches a machine, behind the runtime's port."""

from stillfixed.actors.errors import EndpointError
from stillfixed.actors.runtime.endpoints import Endpoint, EndpointSpec


async def open_endpoint(spec: EndpointSpec) -> Endpoint:
    """Connect as `spec.kind` says. Raises an `EndpointError` that says what to do."""
    match spec.kind:
        case "ssh":
            # Here, so that a session of local endpoints does not pay for loading asyncssh.
            from stillfixed.connectors.endpoints.ssh import open_ssh

            return await open_ssh(spec)
        case "local":
            from stillfixed.connectors.endpoints.local import open_local

            return await open_local(spec)
        case other:
            raise EndpointError(f"{spec.name}: no endpoints of kind {other!r}. Use ssh or local.")
