"""A command that was sent: iterate over its events, or await its result."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Generator
from typing import Any, Generic, TypeVar, cast

E = TypeVar("E")
D = TypeVar("D")


class FoleydError(Exception):
    """A `failed` event as an exception. `code` is one of the error table; a newer server may have codes that are not in it yet."""

    def __init__(self, code: str, message: str, path: str | None = None, request: str | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.path = path
        self.request = request


class Request(Generic[E, D]):
    """Iterate over it for `(event, data)`, await it for the data of `done`; both raise FoleydError for `failed`.

    Cancelling the task that waits for it cancels the job in the server.
    """

    def __init__(self, id: str, cmd: str, cancel: Callable[[str], None]) -> None:
        self.id = id
        self.cmd = cmd
        self._cancel = cancel
        self._events: asyncio.Queue[tuple[str, Any] | None] = asyncio.Queue()
        self._end: FoleydError | tuple[Any] | None = None

    @property
    def ended(self) -> bool:
        return self._end is not None

    def cancel(self) -> None:
        """Asks the server to stop the job; the request then fails with `cancelled`, unless it was done by then."""
        if not self.ended:
            self._cancel(self.id)

    async def __aiter__(self) -> AsyncIterator[E]:
        while True:
            if self._events.empty() and self.ended:
                break
            try:
                item = await self._events.get()
            except asyncio.CancelledError:
                self.cancel()
                raise
            if item is None:
                # For whoever else waits: one task may hear the events while another waits for the end.
                self._events.put_nowait(None)
                break
            yield cast(E, item)
        if isinstance(self._end, FoleydError):
            raise self._end

    def __await__(self) -> Generator[Any, None, D]:
        return self._finish().__await__()

    async def _finish(self) -> D:
        async for _ in self:
            pass
        assert isinstance(self._end, tuple)
        return cast(D, self._end[0])

    def _hear(self, event: str, data: dict[str, Any]) -> None:
        if event == "done":
            self._settle((data,))
        elif event == "failed":
            self._settle(error_of(data, self.id))
        else:
            self._events.put_nowait((event, data))

    def _settle(self, end: FoleydError | tuple[Any]) -> None:
        if self._end is None:
            self._end = end
            self._events.put_nowait(None)


def error_of(data: dict[str, Any], request: str | None) -> FoleydError:
    return FoleydError(str(data.get("code", "internal")), str(data.get("message", "")), data.get("path"), request)
