"""Documents of others, read by a child behind walls: it reaches the folder of the document, no network and no other file."""

import tempfile
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import structlog

from udi.kit.child import Child, ChildError, DiedError, TooLongError, TooMuchMemoryError
from udi.kit.confinement import Limits
from udi.portal.nodes.harvest import source_kinds
from udi.portal.nodes.harvest.record import Page

MODULE = "udi.portal.nodes.harvest.document_pages"
MEMORY_MB = 2048
"""Of address space: a document in memory takes sixteen times its size, of 32 MB at most."""
SCRATCH = 4 * 1024**3
"""Bytes of the longest file that a child may write: the triples of one large document."""
PATIENCE = 900.0
"""Seconds for one part of a document."""
T = TypeVar("T")
log = structlog.get_logger()


class DocumentReader:
    """Reads one document after the other; the child is started by the first. `async with` ends it, and removes its folder."""

    def __init__(
        self, words: Mapping[str, Mapping[str, str]], *, memory_mb: int = MEMORY_MB, patience: float = PATIENCE
    ) -> None:
        self._words = {table: dict(codes) for table, codes in words.items()}
        self._memory_mb = memory_mb
        self._patience = patience
        self._stack = AsyncExitStack()
        self._child: Child | None = None
        self.folder = Path()
        """Where a document may be put that is read in pieces."""

    async def __aenter__(self) -> Self:
        self.folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="udi-source-")))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def open(self, source: bytes | Path, url: str, language: str) -> Page:
        """The first part of a document, given whole or by its file in `folder`."""
        return await self._read("open_document", Page, source, url, language, self._words) or _nothing()

    async def next_part(self) -> Page | None:
        """The following part of the document; None after the last."""
        return await self._read("next_part", Page | None)

    async def read(self, source: bytes, url: str, language: str) -> Page:
        """A document as one page; for those that are small."""
        page = await self.open(source, url, language)
        while (part := await self.next_part()) is not None:
            page = replace(
                page,
                records=page.records + part.records,
                refused=page.refused + part.refused,
                faults=page.faults + part.faults,
            )
        return page

    async def find_candidates(self, address: str, page: Page, body: bytes, *, most: int) -> list[str]:
        """Where else the site of an address may have its catalogue; none where the child cannot say."""
        seen = replace(page, records=(), services=(), refused=())
        try:
            return await self._ask("find_candidates", list[str], address, seen, body, most)
        except (TooLongError, TooMuchMemoryError, DiedError):
            return []

    async def _read(self, function: str, expected: Any, *arguments: object) -> Page | None:
        """A part; one that takes too much says so, and is the last."""
        try:
            part: Page | None = await self._ask(function, expected, *arguments)
        except (TooLongError, TooMuchMemoryError, DiedError) as error:
            log.warning("document of a source not read", error=type(error).__name__)
            return _nothing()
        return part

    async def _ask(self, function: str, expected: type[T], *arguments: object) -> T:
        child = await self._started()
        try:
            return await child.ask(f"{MODULE}:{function}", expected, (arguments, {}), seconds=self._patience)
        except ChildError:
            await child.end()
            raise

    async def _started(self) -> Child:
        if self._child is None:
            limits = Limits(self._memory_mb, SCRATCH, places=(str(self.folder),))
            self._child = await self._stack.enter_async_context(Child(limits))
        elif not self._child.pid:
            await self._child.start()
        return self._child


def _nothing() -> Page:
    """The page of a document that could not be read within its bounds."""
    return Page(format="", faults=(source_kinds.DOCUMENT_HEAVY.at(""),))
