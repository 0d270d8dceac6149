"""Content that comes piece by piece, as uploads and objects do."""

from collections.abc import AsyncIterator


async def split_content(content: bytes, size: int = 70_001) -> AsyncIterator[bytes]:
    """The content in pieces of this size."""
    for at in range(0, len(content), size):
        yield content[at : at + size]


async def collect(pieces: AsyncIterator[bytes], into: list[bytes]) -> None:
    """Keep what is given, even when an error follows."""
    async for piece in pieces:
        into.append(piece)  # noqa: PERF401 - what came before an error counts
