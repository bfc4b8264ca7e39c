"""What a type checker has to find: read by mypy, never run."""

import foleyd


async def wrong() -> None:
    async with foleyd.connect() as server:
        server.foley_generate({"class": "Rain", "temprature": 1.0})
        server.foley_vary({"clip": 7})
        done = await server.server_ping()
        print(done["pyload"])
        await server.foley_generate({"class": "Rain", "seed": 7})
