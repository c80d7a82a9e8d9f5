"""People where there are none: everybody is refused."""

from fastapi import Request

from stillfixed.connectors.web.identity import Person


class Nobody:
    async def who(self, request: Request) -> Person | None:
        return None
