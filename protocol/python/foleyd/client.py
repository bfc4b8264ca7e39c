"""One connection to a server."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import msgpack  # type: ignore[import-untyped]
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as open_socket
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.typing import Subprotocol

from .declarations import ANSWER_FRAME_BYTES, CLOSE_CODES, Commands
from .request import FoleydError, Request, error_of

DEFAULT_URL = "ws://127.0.0.1:9247/ws"


class Client(Commands):
    """Every command is a method of it; see Commands. Made by `connect`."""

    def __init__(self, socket: ClientConnection, on_error: Callable[[FoleydError], None] | None = None) -> None:
        self._socket = socket
        self._on_error = on_error
        self._open: dict[str, Request[Any, Any]] = {}
        self._out: asyncio.Queue[bytes] = asyncio.Queue()
        self._count = 0
        self._end: FoleydError | None = None

    def request(self, cmd: str, args: Mapping[str, Any] | None = None, *, at: float | None = None) -> Request[Any, Any]:
        """A command by its name: for one that a newer server has, or that a program chooses."""
        return self._request(cmd, args, at)

    def _request(self, cmd: str, args: Mapping[str, Any] | None, at: float | None = None) -> Request[Any, Any]:
        self._count += 1
        id = f"py{self._count}"
        request: Request[Any, Any] = Request(id, cmd, self._cancel)
        if self._end is not None:
            request._settle(self._end)
            return request
        self._open[id] = request
        message: dict[str, Any] = {"id": id, "cmd": cmd, "args": dict(args or {})}
        self._out.put_nowait(msgpack.packb(message if at is None else {**message, "at": at}))
        return request

    def _cancel(self, request: str) -> None:
        self._request("foley.cancel", {"request": request})

    async def _write(self) -> None:
        while True:
            await self._socket.send(await self._out.get())

    async def _read(self) -> None:
        async for frame in self._socket:
            answer = msgpack.unpackb(frame)
            id, event, data = answer["id"], answer["event"], answer["data"]
            request = self._open.get(id)
            if request is not None:
                request._hear(event, data)
                if request.ended:
                    del self._open[id]
            elif event == "failed" and self._on_error is not None:
                self._on_error(error_of(data, id))

    async def _serve(self) -> None:
        """Carries frames both ways until the connection ends; then nothing stays open."""
        ways = [asyncio.ensure_future(self._read()), asyncio.ensure_future(self._write())]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            said = await asyncio.gather(*ways, return_exceptions=True)
            broken = next((one for one in said if isinstance(one, Exception) and not isinstance(one, ConnectionClosed)), None)
            self._finish(self._reason(broken))

    def _reason(self, broken: Exception | None) -> FoleydError:
        if broken is not None:
            return FoleydError("malformed", f"the server sent an unreadable message: {broken!r}")
        code, reason = self._socket.close_code, self._socket.close_reason
        told = f"{code}: {reason}" if reason else f"{code}"
        return FoleydError(CLOSE_CODES.get(code or 0, "connection_closed"), f"the connection was closed ({told})")

    def _finish(self, error: FoleydError) -> None:
        self._end = self._end or error
        for request in self._open.values():
            request._settle(self._end)
        self._open.clear()


@asynccontextmanager
async def connect(
    url: str | None = None,
    *,
    token: str | None = None,
    on_error: Callable[[FoleydError], None] | None = None,
) -> AsyncIterator[Client]:
    """A connection for the time of a `with`.

    `url`: the variable FOLEYD_URL when left out, then ws://127.0.0.1:9247/ws. `token`: for servers that ask for one.
    `on_error` hears failures that belong to no request. A lost connection ends every open request with
    `connection_closed`; to go on, connect again.
    """
    where = url or os.environ.get("FOLEYD_URL", DEFAULT_URL)
    try:
        socket = await open_socket(
            where,
            subprotocols=[Subprotocol("foley.v1.msgpack")],
            additional_headers=None if token is None else {"Authorization": f"Bearer {token}"},
            max_size=ANSWER_FRAME_BYTES,
            compression=None,
            proxy=None,
        )
    except InvalidStatus as error:
        code = {401: "unauthorized", 403: "forbidden"}.get(error.response.status_code, "connection_closed")
        raise FoleydError(code, f"{where}: the server answers {error.response.status_code}") from error
    except (InvalidHandshake, OSError) as error:
        raise FoleydError("connection_closed", f"{where}: {error}") from error
    client = Client(socket, on_error)
    serving = asyncio.ensure_future(client._serve())
    try:
        yield client
    finally:
        await socket.close()
        await serving
