"""The peer of the round-trip benchmark: the smallest uvloop server that answers every request of a known size.

    python -m tests.bench.echo_server REQUEST_BYTES ANSWER_BYTES

For every REQUEST_BYTES that arrive it writes ANSWER_BYTES, always the same. It prints its port and ends with its input.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from typing import cast

import uvloop


class Echo(asyncio.Protocol):
    def __init__(self, request_bytes: int, answer: bytes) -> None:
        self._request_bytes = request_bytes
        self._answer = answer
        self._pending = 0
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._transport = cast(asyncio.Transport, transport)  # uvloop's are no subclass of it

    def data_received(self, data: bytes) -> None:
        count, self._pending = divmod(self._pending + len(data), self._request_bytes)
        if count:
            self._transport.write(self._answer * count)


async def serve(request_bytes: int, answer_bytes: int) -> None:
    loop = asyncio.get_running_loop()
    answer = bytes(answer_bytes)
    server = await loop.create_server(lambda: Echo(request_bytes, answer), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1]), int(sys.argv[2])))
