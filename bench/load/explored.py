"""A made table, and the views of it that people ask for, read by the page's own code."""

import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import duckdb
import psutil

from bench.load.tables import ROWS
from udi.kit.service_registry import Services
from udi.kit.tenancy import Territory
from udi.node.datasets.pages.explore.query_words import (
    ExploredColumns,
    read_explore_query,
)
from udi.node.datasets.pages.explore.view_registry import VIEWS as WAYS
from udi.node.datasets.pages.explore.views import ExploreContext
from udi.node.datasets.pages.messages import PageRequest
from udi.node.tables.api import ANSWERS
from udi.tabular.columns.column import ColumnType, TypedColumn
from udi.tabular.overviews.overview import SHOWING, OverviewReader, OverviewTimeouts
from udi.tabular.queries.pool import PoolLimits, QueryPool, QueryTooHeavyError
from udi.tabular.queries.query_string import parse_parameters
from udi.tabular.queries.row_pages import RowPageReader
from udi.tabular.queries.table import DatasetTable

COLUMNS = (
    TypedColumn("siret", ColumnType.SIRET),
    TypedColumn("nom", ColumnType.TEXT),
    TypedColumn("code_postal", ColumnType.POSTCODE),
    TypedColumn("commune", ColumnType.TEXT),
    TypedColumn("date", ColumnType.DATE),
    TypedColumn("montant", ColumnType.NUMBER),
    TypedColumn("actif", ColumnType.BOOLEAN),
    TypedColumn("latitude", ColumnType.LATITUDE),
    TypedColumn("longitude", ColumnType.LONGITUDE),
    TypedColumn("annee", ColumnType.YEAR),
    TypedColumn("effectif", ColumnType.INTEGER),
    TypedColumn("categorie", ColumnType.TEXT),
    TypedColumn("remarque", ColumnType.TEXT),
)
VIEWS = {
    "first page": "",
    "last page": "page={last}",
    "filter of a text": "commune__exact=Commune 12",
    "filters of three kinds": "commune__in=Commune 12,Commune 13&date__greater=2010-01-01&montant__greater=500",
    "range of a number": "effectif__greater=1000&effectif__less=1100",
    "contains": "remarque__contains=le grand",
    "search in every text": "q=commune 2999",
    "order by a number": "montant__sort=desc",
    "order by a text": "nom__sort=asc",
    "filter and order": "categorie__exact=Catégorie 7&date__sort=desc",
    "few columns": "columns=nom,commune,montant&montant__sort=desc",
    "cards": "view=cards&commune__exact=Commune 12",
    "one row": "view=row&page=5000",
    "groups": "view=group&categorie__groupby&montant__sum&montant__avg",
    "groups of two columns": "view=group&categorie__groupby&annee__groupby&__id__count__sort=desc&__id__count",
    "groups by month": "view=group&date__groupby=month&montant__sum",
    "column of few values": "view=column&column=categorie",
    "column of a number": "view=column&column=montant",
    "column of days": "view=column&column=date&commune__exact=Commune 12",
}


def make_table(path: Path, rows: int) -> DatasetTable:
    """A table of so many rows, with what real ones have."""
    with duckdb.connect(config={"threads": 2, "memory_limit": "1GB"}) as connection:
        connection.execute(
            f"COPY ({ROWS.format(rows=rows)}) TO '{path}' (FORMAT parquet, COMPRESSION zstd)"
        )
    return DatasetTable(
        path, COLUMNS, rows, f"bench-{rows}", "bench", "bench", "Bench", datetime.now(UTC)
    )  # fmt: skip


async def measure_views(table: DatasetTable, repeats: int) -> dict[str, Any]:
    """The median of each view in milliseconds (None: too heavy for a page), and the median of all of them.

    `processor_ms` are the same in time of the processor, of this process and of the child that reads: what a machine
    without other work takes.
    """
    limits = PoolLimits(places=(str(table.path.parent),), patience=600, seconds=600)
    pool = QueryPool(limits)
    showing = OverviewReader(pool, OverviewTimeouts(60, 120, 60))
    services = Services()
    services.provide(SHOWING, showing, close=showing.close)
    services.provide(ANSWERS, RowPageReader(pool))
    await _read(table, services, VIEWS["first page"])
    await showing.wait_prepared()
    try:
        measured = {
            name: await _measure(table, services, pool, address, repeats)
            for name, address in VIEWS.items()
        }
    finally:
        await services.close()
        await pool.close()
    return {
        "views": {name: times and times[0] for name, times in measured.items()},
        "processor_ms": {name: times and times[1] for name, times in measured.items()},
        "median_ms": round(median(times[0] for times in measured.values() if times)),
        "median_processor_ms": round(
            median(times[1] for times in measured.values() if times)
        ),
    }


async def _measure(
    table: DatasetTable,
    services: Services,
    pool: QueryPool,
    address: str,
    repeats: int,
) -> tuple[int, int] | None:
    """Milliseconds that passed, and milliseconds of the processor."""
    last = -(-table.rows // 20)
    times = []
    processor_times = []
    for _ in range(repeats):
        services_now = _forget_totals(services)
        before = _processor_seconds(pool)
        started = time.perf_counter()
        try:
            await _read(table, services_now, address.format(last=last))
        except QueryTooHeavyError:
            return None
        times.append(time.perf_counter() - started)
        processor_times.append(_worked_since(before, pool))
    return round(1000 * median(times)), round(1000 * median(processor_times))


def _processor_seconds(pool: QueryPool) -> dict[int, float]:
    """What this process and its children have worked, by their number."""
    seconds = {0: time.process_time()}
    for pid in pool.pids:
        worked = psutil.Process(pid).cpu_times()
        seconds[pid] = worked.user + worked.system
    return seconds


def _worked_since(before: dict[int, float], pool: QueryPool) -> float:
    """What they have worked since then; of a child that ended meanwhile nothing is known."""
    return sum(
        seconds - before.get(pid, 0.0)
        for pid, seconds in _processor_seconds(pool).items()
    )


def _forget_totals(services: Services) -> Services:
    """The same services, with a reader that has counted nothing yet."""
    fresh = Services()
    fresh.provide(SHOWING, services[SHOWING])
    fresh.provide(ANSWERS, RowPageReader(services[ANSWERS].pool))
    return fresh


async def _read(table: DatasetTable, services: Services, address: str) -> None:
    """What the page does between its address and its template."""
    query = read_explore_query(
        parse_parameters(address), ExploredColumns(table.columns, (), tuple(WAYS))
    )
    site = SimpleNamespace(services=services)
    request = SimpleNamespace(app=SimpleNamespace(state=SimpleNamespace(site=site)))
    context = ExploreContext(
        request=cast("PageRequest", request),
        territory=cast("Territory", None),
        dataset_id=UUID(int=0),
        table=table,
        query=query,
        locale="fr",
        path="/data",
    )
    await WAYS[query.view].read(context)
