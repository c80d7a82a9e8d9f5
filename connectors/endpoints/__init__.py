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


_HARMLESS = frozenset({"connect_seconds", "keepalive_seconds"})


async def open_for_others(spec: EndpointSpec) -> Endpoint:
    """As `open_endpoint`, for a host whose sessions are other people's: they neither run commands
    on the host's own machine nor choose which of its files are read (keys, SSH config). Which keys
    and jump hosts a name leads through, the SSH config of the host's user says."""
    if spec.kind == "local":
        raise EndpointError(
            f"{spec.name}: this host runs no commands on its own machine. Add it with ssh."
        )
    if others := sorted(spec.options.keys() - _HARMLESS):
        raise EndpointError(
            f"{spec.name}: this host does not take the option {others[0]!r} from its clients. "
            "Its SSH config says which keys, hosts and jump hosts are used."
        )
    return await open_endpoint(spec)
