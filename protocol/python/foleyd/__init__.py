"""A client of foleyd: every command over one WebSocket.

    import asyncio, foleyd

    async def main():
        async with foleyd.connect() as server:
            request = server.foley_generate({"class": "DogBark", "format": "s16"})
            async for event, data in request:
                print(event)
            print(await request)

    asyncio.run(main())

A request tells its events to whoever iterates over it, and gives its `done` to whoever awaits it. `failed` is raised as
FoleydError. Requests go out at once; as many as you like can be open at a time.
"""

from .client import Client, connect
from .declarations import ERRORS, ErrorCode
from .request import FoleydError, Request

__all__ = ["ERRORS", "Client", "ErrorCode", "FoleydError", "Request", "connect"]
