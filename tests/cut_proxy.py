"""A loopback proxy that cuts the line: what is on its way is lost, on both sides at once, at any byte."""

from __future__ import annotations

import asyncio

READ_BYTES = 65_536


class CutProxy:
    """`async with CutProxy(port) as proxy`: connections to `proxy.port` go on to `port`."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._lines: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server
        self._bytes_left: int | None = None
        self.cuts = 0
        self.port = 0

    async def __aenter__(self) -> CutProxy:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self._abort()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut_after(self, size: int) -> None:
        """The line is cut behind so many more bytes of either side, in the middle of a message if it comes so."""
        self._bytes_left = size

    @property
    def is_armed(self) -> bool:
        """A cut was ordered and has not come yet."""
        return self._bytes_left is not None

    def _abort(self) -> None:
        for writer in self._lines:
            writer.transport.abort()
        self._lines.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            return
        self._lines |= {writer, back}
        for source, target in ((reader, back), (there, writer)):
            task = asyncio.get_running_loop().create_task(self._carry(source, target))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _carry(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(READ_BYTES):
                if self._bytes_left is not None and len(data) >= self._bytes_left:
                    target.write(data[: self._bytes_left])
                    self._bytes_left = None
                    self.cuts += 1
                    target.close()
                    self._abort()
                    return
                if self._bytes_left is not None:
                    self._bytes_left -= len(data)
                target.write(data)
        except OSError:
            pass
        target.close()
