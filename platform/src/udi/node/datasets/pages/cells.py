"""The cells of a table that are to be looked at, of the main file or of a part: on a page, and as a table for a spreadsheet."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath
from litestar.response import Stream

from udi.kit.csv_writer import write_csv, write_rows
from udi.node.datasets.models import Version
from udi.node.datasets.pages.corrections import ADDRESSES, get_addressed_file
from udi.node.datasets.pages.messages import PageRequest, locale_of, translator
from udi.node.datasets.pages.upload import store_of
from udi.node.datasets.queries import CheckedFile
from udi.node.datasets.versions.cell_errors import (
    MOST_LISTED,
    FaultyCell,
    count_cell_errors,
    list_cell_errors,
    read_cell_errors,
)
from udi.node.datasets.versions.findings import can_correct_rows
from udi.node.files.storage.store import ObjectStore
from udi.ui.dependencies import Member, Routes, Session
from udi.ui.site import render

WHOLE = 1 << 62
"""More than any object is long."""


@get([f"{address}/cells" for address in ADDRESSES])
async def show_cells(
    request: PageRequest, session: Session, member: Member, dataset_id: FromPath[UUID]
) -> Response[str]:
    """The first thousand, and how many there are in all."""
    file = await get_addressed_file(request, session, member, dataset_id)
    cells = await _list_first_errors(store_of(request), file)
    return render(
        request,
        "datasets/cells.html",
        dataset=file.dataset,
        part=file.part,
        part_crumbs=file.part_crumbs,
        version=file.version,
        file_address=file.address,
        errors=cells,
        total=count_cell_errors(file.version),
        correctable=can_correct_rows(file.dataset, file.version),
    )


async def _list_first_errors(store: ObjectStore, file: CheckedFile) -> list[FaultyCell]:
    """The first thousand; in a sealed space the database has their lines alone, and the cells are where all are listed."""
    if not file.dataset.space.is_sealed:
        return list_cell_errors(file.version)
    first = list[FaultyCell]()
    async for cells in await _iterate_errors(store, file.version):
        first += cells[: MOST_LISTED - len(first)]
        if len(first) == MOST_LISTED:
            break
    return sorted(first, key=lambda cell: cell.line)


@get([f"{address}/cells.csv" for address in ADDRESSES])
async def download_cells(
    request: PageRequest, session: Session, member: Member, dataset_id: FromPath[UUID]
) -> Stream:
    """All of them as a table, whatever their number."""
    file = await get_addressed_file(request, session, member, dataset_id)
    headers = {
        "Content-Disposition": 'attachment; filename="cells.csv"',
        "Cache-Control": "no-store",
    }
    batches = await _iterate_errors(store_of(request), file.version)
    return Stream(
        _write_errors_csv(request, batches), media_type="text/csv", headers=headers
    )


async def _iterate_errors(
    store: ObjectStore, version: Version
) -> AsyncIterator[list[FaultyCell]]:
    """Every cell; of a version that was looked at before this list was made, the first thousand."""
    if version.preparation and version.preparation.cells:
        with suppress(FileNotFoundError):
            return read_cell_errors(
                await store.open(
                    version.file.derived_key(version.preparation.cells), 0, WHOLE
                )
            )
    return _single_batch(list_cell_errors(version))


async def _single_batch(cells: list[FaultyCell]) -> AsyncIterator[list[FaultyCell]]:
    yield cells


async def _write_errors_csv(
    request: PageRequest, batches: AsyncIterator[list[FaultyCell]]
) -> AsyncIterator[bytes]:
    say = translator(request)
    locale = locale_of(request)

    def words(cell: FaultyCell) -> str:
        return " ".join(
            message.translate(say) for message in (cell.message, cell.remedy) if message
        )

    def write(cells: list[FaultyCell]) -> bytes:
        return write_rows(
            [(cell.line, cell.column, cell.value, words(cell)) for cell in cells],
            locale,
        )

    yield write_csv(
        [say(word) for word in ("Line", "Column", "Cell", "What is wrong")], (), locale
    )
    async for cells in batches:
        yield await asyncio.to_thread(write, cells)


routes: Routes = [show_cells, download_cells]
