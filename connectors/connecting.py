"""`stillfixed.connect`: embedded, or to a host, by what it is given.

stillfixed.connect()                                       everything in this process
stillfixed.connect("https://host.example", token="…")      the same calls, over HTTP
"""

from stillfixed.actors.client import Client, run_in_background
from stillfixed.actors.client_async import AsyncClient
from stillfixed.actors.client_async import connect_async as connect_embedded
from stillfixed.actors.errors import RequestRefused
from stillfixed.actors.service import Settings


async def connect_async(
    where: Settings | str | None = None, *, token: str | None = None
) -> AsyncClient:
    """As `connect`, for asyncio."""
    if not isinstance(where, str):
        if token is not None:
            raise RequestRefused("A token is for a host: give its address, https://….")
        return await connect_embedded(where)
    if not where.startswith(("https://", "http://")):
        raise RequestRefused(f"{where!r} is no address of a host. Write https://… or http://….")
    # Here, so that an embedded client does not pay for loading it.
    from stillfixed.connectors.web.remote import connect_remote

    return await connect_remote(where, token=token)


def connect(where: Settings | str | None = None, *, token: str | None = None) -> Client:
    """Without an address: start stillfixed in this process, Ray on this machine and SQLite under
    the user's data folder, or as `Settings` say. With one: the host there, as the person whose
    `token` it is; `by` of every call is that person. Close it, or use it in a `with`."""
    return run_in_background(lambda: connect_async(where, token=token))
