"""The cells of a table that are to be looked at: on a page, and as a table for a spreadsheet."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from uuid import UUID

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Stream
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.identity import Actor
from udi.node.datasets.cells import MOST_LISTED, Wrong, count_wrong, list_wrong, read_all
from udi.node.datasets.models import Dataset, Version
from udi.node.datasets.pages.drop import store_of
from udi.node.datasets.pages.saying import PageRequest, locale_of, speaker
from udi.node.datasets.queries import get_dataset
from udi.node.files.store import ObjectStore
from udi.node.spaces.queries import Doing
from udi.node.spaces.sheets import write_csv, write_rows
from udi.ui.site import render

WHOLE = 1 << 62
"""More than any object is long."""


@get("/datasets/{dataset_id:uuid}/cells")
async def show_cells(
    request: PageRequest,
    session: NamedDependency[AsyncSession],
    member: NamedDependency[Actor],
    dataset_id: FromPath[UUID],
) -> Response[str]:
    """The first thousand, and how many there are in all."""
    dataset = await get_dataset(session, member, dataset_id, to=Doing.CHANGE)
    wrong = await _first_of(store_of(request), dataset)
    total = count_wrong(dataset.latest)
    return render(request, "datasets/cells.html", dataset=dataset, errors=wrong, total=total)


async def _first_of(store: ObjectStore, dataset: Dataset) -> list[Wrong]:
    """The first thousand; in a sealed space the database has their lines alone, and the cells are where all are listed."""
    if not dataset.space.is_sealed:
        return list_wrong(dataset.latest)
    first = list[Wrong]()
    async for cells in await _all_of(store, dataset.latest):
        first += cells[: MOST_LISTED - len(first)]
        if len(first) == MOST_LISTED:
            break
    return sorted(first, key=lambda each: each.line)


@get("/datasets/{dataset_id:uuid}/cells.csv")
async def download_cells(
    request: PageRequest,
    session: NamedDependency[AsyncSession],
    member: NamedDependency[Actor],
    dataset_id: FromPath[UUID],
) -> Stream:
    """All of them as a table, whatever their number."""
    dataset = await get_dataset(session, member, dataset_id, to=Doing.CHANGE)
    headers = {"Content-Disposition": 'attachment; filename="cells.csv"', "Cache-Control": "no-store"}
    found = await _all_of(store_of(request), dataset.latest)
    return Stream(_write(request, found), media_type="text/csv", headers=headers)


async def _all_of(store: ObjectStore, version: Version) -> AsyncIterator[list[Wrong]]:
    """Every cell; of a version that was looked at before this list was made, the first thousand."""
    if version.preparation and version.preparation.cells:
        with suppress(FileNotFoundError):
            return read_all(await store.open(version.file.derived_key(version.preparation.cells), 0, WHOLE))
    return _once(list_wrong(version))


async def _once(cells: list[Wrong]) -> AsyncIterator[list[Wrong]]:
    yield cells


async def _write(request: PageRequest, found: AsyncIterator[list[Wrong]]) -> AsyncIterator[bytes]:
    say, locale = speaker(request), locale_of(request)

    def words(wrong: Wrong) -> str:
        return " ".join(said.by(say) for said in (wrong.said, wrong.remedy) if said)

    def write(cells: list[Wrong]) -> bytes:
        return write_rows([(each.line, each.column, each.value, words(each)) for each in cells], locale)

    yield write_csv([say(word) for word in ("Line", "Column", "Cell", "What is wrong")], (), locale)
    async for cells in found:
        yield await asyncio.to_thread(write, cells)


routes: Sequence[ControllerRouterHandler] = [show_cells, download_cells]
