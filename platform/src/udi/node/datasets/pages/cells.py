"""The cells of a table that are to be looked at: on a page, and as a table for a spreadsheet."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath
from litestar.response import Stream

from udi.kit.csv_writer import write_csv, write_rows
from udi.node.datasets.models import Dataset, Version
from udi.node.datasets.pages.messages import PageRequest, locale_of, translator
from udi.node.datasets.pages.upload import store_of
from udi.node.datasets.queries import get_dataset
from udi.node.datasets.versions.cell_errors import (
    MOST_LISTED,
    FaultyCell,
    count_cell_errors,
    list_cell_errors,
    read_cell_errors,
)
from udi.node.datasets.versions.findings import can_correct_rows
from udi.node.files.storage.store import ObjectStore
from udi.node.spaces.queries import DatasetPermission
from udi.ui.dependencies import Member, Routes, Session
from udi.ui.site import render

WHOLE = 1 << 62
"""More than any object is long."""


@get("/datasets/{dataset_id:uuid}/cells")
async def show_cells(
    request: PageRequest, session: Session, member: Member, dataset_id: FromPath[UUID]
) -> Response[str]:
    """The first thousand, and how many there are in all."""
    dataset = await get_dataset(
        session, member, dataset_id, to=DatasetPermission.CHANGE
    )
    cells = await _list_first_errors(store_of(request), dataset)
    total = count_cell_errors(dataset.latest)
    return render(
        request,
        "datasets/cells.html",
        dataset=dataset,
        errors=cells,
        total=total,
        correctable=can_correct_rows(dataset, dataset.latest),
    )


async def _list_first_errors(store: ObjectStore, dataset: Dataset) -> list[FaultyCell]:
    """The first thousand; in a sealed space the database has their lines alone, and the cells are where all are listed."""
    if not dataset.space.is_sealed:
        return list_cell_errors(dataset.latest)
    first = list[FaultyCell]()
    async for cells in await _iterate_errors(store, dataset.latest):
        first += cells[: MOST_LISTED - len(first)]
        if len(first) == MOST_LISTED:
            break
    return sorted(first, key=lambda cell: cell.line)


@get("/datasets/{dataset_id:uuid}/cells.csv")
async def download_cells(
    request: PageRequest, session: Session, member: Member, dataset_id: FromPath[UUID]
) -> Stream:
    """All of them as a table, whatever their number."""
    dataset = await get_dataset(
        session, member, dataset_id, to=DatasetPermission.CHANGE
    )
    headers = {
        "Content-Disposition": 'attachment; filename="cells.csv"',
        "Cache-Control": "no-store",
    }
    batches = await _iterate_errors(store_of(request), dataset.latest)
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
