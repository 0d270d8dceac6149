"""Documents of others, read by a child behind walls: it reaches the folder of the document, no network and no other file."""

import tempfile
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import structlog

from udi.kit.child import (
    ChildCrashError,
    ChildError,
    ChildMemoryError,
    ChildProcess,
    ChildTimeoutError,
)
from udi.kit.sandbox import ProcessLimits
from udi.portal.nodes.harvest import source_kinds
from udi.portal.nodes.harvest.record import HarvestedPage

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
        self,
        words: Mapping[str, Mapping[str, str]],
        *,
        memory_mb: int = MEMORY_MB,
        patience: float = PATIENCE,
    ) -> None:
        self._words = {table: dict(codes) for table, codes in words.items()}
        self._memory_mb = memory_mb
        self._patience = patience
        self._stack = AsyncExitStack()
        self._child: ChildProcess | None = None
        self.folder = Path()
        """Where a document may be put that is read in pieces."""

    async def __aenter__(self) -> Self:
        self.folder = Path(
            self._stack.enter_context(tempfile.TemporaryDirectory(prefix="udi-source-"))
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    async def open(
        self, source: bytes | Path, url: str, language: str
    ) -> HarvestedPage:
        """The first part of a document, given whole or by its file in `folder`."""
        return (
            await self._read(
                "open_document", HarvestedPage, source, url, language, self._words
            )
            or _unreadable_page()
        )

    async def next_part(self) -> HarvestedPage | None:
        """The following part of the document; None after the last."""
        return await self._read("next_part", HarvestedPage | None)

    async def read(self, source: bytes, url: str, language: str) -> HarvestedPage:
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

    async def find_candidates(
        self, address: str, page: HarvestedPage, body: bytes, *, most: int
    ) -> list[str]:
        """Where else the site of an address may have its catalogue; none where the child cannot say."""
        page_outline = replace(page, records=(), services=(), refused=())
        try:
            return await self._ask(
                "find_candidates", list[str], address, page_outline, body, most
            )
        except (ChildTimeoutError, ChildMemoryError, ChildCrashError):
            return []

    async def _read(
        self, function: str, expected: Any, *arguments: object
    ) -> HarvestedPage | None:
        """A part; one that takes too much says so, and is the last."""
        try:
            part: HarvestedPage | None = await self._ask(function, expected, *arguments)
        except (ChildTimeoutError, ChildMemoryError, ChildCrashError) as error:
            log.warning("document of a source not read", error=type(error).__name__)
            return _unreadable_page()
        return part

    async def _ask(self, function: str, expected: type[T], *arguments: object) -> T:
        child = await self._running_child()
        try:
            return await child.call_by_name(
                f"{MODULE}:{function}",
                expected,
                (arguments, {}),
                seconds=self._patience,
            )
        except ChildError:
            await child.end()
            raise

    async def _running_child(self) -> ChildProcess:
        if self._child is None:
            limits = ProcessLimits(self._memory_mb, SCRATCH, places=(str(self.folder),))
            self._child = await self._stack.enter_async_context(ChildProcess(limits))
        elif not self._child.pid:
            await self._child.start()
        return self._child


def _unreadable_page() -> HarvestedPage:
    """The page of a document that could not be read within its bounds."""
    return HarvestedPage(format="", faults=(source_kinds.DOCUMENT_HEAVY.at(""),))
