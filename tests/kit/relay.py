"""A way to PostgreSQL that can be cut, or freeze as when a machine lost its power: connected, and silent."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress


class Relay:
    """Listens on `port`, leads to another port of loopback."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._flows = asyncio.Event()
        self._flows.set()
        self._open = True
        self._writers: set[asyncio.StreamWriter] = set()
        self.port = 0

    @asynccontextmanager
    async def listening(self) -> AsyncIterator["Relay"]:
        """Serve until the end of the block."""
        server = await asyncio.start_server(self._join, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            self.thaw()
            self.disconnect()
            server.close()

    def freeze(self) -> None:
        """Pass nothing on, close nothing."""
        self._flows.clear()

    def thaw(self) -> None:
        """Pass on what waits."""
        self._flows.set()

    def disconnect(self) -> None:
        """Close every connection, and each new one at once."""
        self._open = False
        for writer in self._writers:
            writer.close()

    def mend(self) -> None:
        """Let new connections through."""
        self._open = True

    async def _join(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if not self._open:
            writer.close()
            return
        with suppress(OSError):
            far_reader, far_writer = await asyncio.open_connection(
                "127.0.0.1", self._target
            )
            self._writers |= {writer, far_writer}
            await asyncio.gather(
                self._pump(reader, far_writer), self._pump(far_reader, writer)
            )

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                await self._flows.wait()
                writer.write(data)
                await writer.drain()
        writer.close()
        self._writers.discard(writer)
