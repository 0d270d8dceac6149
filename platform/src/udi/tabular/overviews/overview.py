"""What a table looks like, for a page: found in children, part by part, and kept for a while since a table never changes."""

import asyncio
import re
import time
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TypeVar

from udi.kit.errors import UdiError, UnavailableError
from udi.kit.service_registry import ServiceKey
from udi.tabular.overviews.chart_choice import choose_chart
from udi.tabular.overviews.chart_figures import Chart, plan_chart, read_chart
from udi.tabular.overviews.chart_request import ChartRequest
from udi.tabular.overviews.map_drawing import MapDrawing
from udi.tabular.overviews.preview import Preview
from udi.tabular.overviews.roles import ColumnProfile, profile_columns
from udi.tabular.overviews.statistics import ColumnStatistics
from udi.tabular.queries.pool import QueryPool, QueryTooHeavyError
from udi.tabular.queries.query import Condition
from udi.tabular.queries.table import DatasetTable

T = TypeVar("T")
PREVIEW = "udi.tabular.overviews.preview:preview_rows"
STATISTICS = "udi.tabular.overviews.statistics:describe_columns"
MAP = "udi.tabular.overviews.map_svg:draw_map"
MAPPED: type[MapDrawing | None] = MapDrawing | None  # type: ignore[assignment]  # as the answer is read
MOST_DESCRIBED = 300
"""Columns whose figures a page shows."""
READY_ROWS = 200_000
"""Rows of a table whose figures a page waits for; those of a longer one are for the pages that come once they are there."""
MOST_KEPT = 200
KEPT_SECONDS = 3600.0
ATTRIBUTE = (
    r'class="(?:net|land|way|dots?)"|(?:d|cx|cy|r|stroke-width)="[A-Za-z0-9 .,-]*"'
)
DRAWN = re.compile(rf"(?:<(?:path|circle)(?: (?:{ATTRIBUTE}))+/>)*")
"""All that a drawing may hold: whatever the child was made to say, no more than that enters a page."""


@dataclass(frozen=True)
class OverviewTimeouts:
    """How long each part may take."""

    preview: float = 5.0
    statistics: float = 20.0
    map: float = 15.0


@dataclass(frozen=True)
class TableOverview:
    """A part is None when it took too much; `unsure`: it may be there another time."""

    preview: Preview | None
    statistics: tuple[ColumnStatistics, ...] | None
    chart: Chart | None
    map: MapDrawing | None
    unsure: bool = False
    profiles: tuple[ColumnProfile, ...] = ()
    """The columns with their roles, as far as they have figures."""
    first_chart: ChartRequest | None = None
    """The chart that says most; `chart` are its figures."""

    @property
    def is_complete(self) -> bool:
        """Whether nothing took too much, but perhaps the map."""
        return self.preview is not None and self.statistics is not None


class OverviewReader:
    """Looks at tables through the pool, once for all who ask at the same time."""

    def __init__(
        self, pool: QueryPool, seconds: OverviewTimeouts | None = None
    ) -> None:
        self._pool = pool
        self._seconds = seconds or OverviewTimeouts()
        self._cached: OrderedDict[str, tuple[float, TableOverview]] = OrderedDict()
        self._looking: dict[str, asyncio.Lock] = {}
        self._preparing: set[asyncio.Task[None]] = set()

    async def read_overview(self, table: DatasetTable) -> TableOverview:
        """The table's first rows, its columns in figures, its chart and its map.

        Raises:
            TooManyRequestsError: too many questions about this producer's tables wait already.
            UnavailableError: the turn did not come in time, or the child died at the first rows.
        """
        key = _key(table)
        try:
            async with self._looking.setdefault(key, asyncio.Lock()):
                overview = self._find_cached(key)
                if overview is None:
                    overview = await self._build_overview(table)
                    if not overview.unsure:
                        self._cached[key] = (time.monotonic(), overview)
        finally:
            self._looking.pop(key, None)
        return overview

    def is_ready(self, table: DatasetTable) -> bool:
        """Whether the figures of a table are there, so that a page of it stays the same."""
        return self._find_cached(_key(table)) is not None

    async def find_statistics(
        self, table: DatasetTable
    ) -> tuple[ColumnStatistics, ...]:
        """The figures of the columns, where they are there or soon will be; of a long table none, until they are there.

        Raises:
            TooManyRequestsError: too many questions about this producer's tables wait already.
            UnavailableError: the turn did not come in time, or the child died at the first rows.
        """
        overview = self._find_cached(_key(table))
        if overview is None and table.rows <= READY_ROWS:
            overview = await self.read_overview(table)
        elif overview is None and _key(table) not in self._looking:
            task = asyncio.create_task(self._prepare(table))
            self._preparing.add(task)
            task.add_done_callback(self._preparing.discard)
        if overview is None or overview.statistics is None:
            return ()
        return overview.statistics

    async def _prepare(self, table: DatasetTable) -> None:
        with suppress(UdiError):
            await self.read_overview(table)

    async def wait_prepared(self) -> None:
        """Wait until nothing is being prepared."""
        while self._preparing:
            await asyncio.gather(*self._preparing)

    async def close(self) -> None:
        """Stop what is being prepared."""
        for task in tuple(self._preparing):
            task.cancel()
        await asyncio.gather(*self._preparing, return_exceptions=True)

    def _find_cached(self, key: str) -> TableOverview | None:
        before = time.monotonic() - KEPT_SECONDS
        while self._cached and (
            len(self._cached) > MOST_KEPT
            or next(iter(self._cached.values()))[0] < before
        ):
            self._cached.popitem(last=False)
        if key in self._cached:
            return self._cached[key][1]
        return None

    async def _build_overview(self, table: DatasetTable) -> TableOverview:
        table = replace(table, query_budget=None)
        seconds = self._seconds
        columns = table.columns
        try:
            preview = await self._read_part(
                table, seconds.preview, PREVIEW, Preview, columns
            )
        except QueryTooHeavyError:
            return TableOverview(None, None, None, None)
        described = columns[:MOST_DESCRIBED]
        statistics, first = await self._read_optional_part(
            table, seconds.statistics, STATISTICS, list[ColumnStatistics], described
        )
        drawing = None
        second = False
        if table.has_geometry:
            drawing, second = await self._read_optional_part(
                table, seconds.map, MAP, MAPPED
            )
        profiles = tuple(profile_columns(columns, statistics or (), table.roles))
        first_chart = choose_chart(profiles)
        chart = None
        third = False
        if first_chart is not None:
            chart, third = await self._read_first_chart(table, profiles, first_chart)
        return TableOverview(
            preview,
            None if statistics is None else tuple(statistics),
            chart,
            _validate_drawing(drawing),
            unsure=first or second or third,
            profiles=profiles,
            first_chart=first_chart,
        )

    async def _read_first_chart(
        self,
        table: DatasetTable,
        profiles: tuple[ColumnProfile, ...],
        request: ChartRequest,
    ) -> tuple[Chart | None, bool]:
        try:
            return await self.read_chart(table, profiles, request), False
        except QueryTooHeavyError:
            return None, False
        except UnavailableError:
            return None, True

    async def read_chart(
        self,
        table: DatasetTable,
        profiles: tuple[ColumnProfile, ...],
        request: ChartRequest,
        where: tuple[Condition, ...] = (),
    ) -> Chart | None:
        """The figures of a chart over the rows that pass the filters; None when there is nothing to draw.

        Raises:
            QueryTooHeavyError: they take more time or memory than a question may.
            TooManyRequestsError: too many questions about this producer's tables wait already.
            UnavailableError: the turn did not come in time, or the child died.
        """
        plan = plan_chart(request, profiles, where)
        if plan is None:
            return None
        async with self._pool.acquire_reader(
            table.space, table.path, budget=table.query_budget
        ) as reader:
            return await read_chart(reader, table, plan)

    async def _read_optional_part(
        self,
        table: DatasetTable,
        seconds: float,
        name: str,
        expected: type[T],
        *arguments: object,
    ) -> tuple[T | None, bool]:
        """A part that the page does without, and whether it may come another time."""
        try:
            return await self._read_part(
                table, seconds, name, expected, *arguments
            ), False
        except QueryTooHeavyError:
            return None, False
        except UnavailableError:
            return None, True

    async def _read_part(
        self,
        table: DatasetTable,
        seconds: float,
        name: str,
        expected: type[T],
        *arguments: object,
    ) -> T:
        async with self._pool.acquire_reader(
            table.space, table.path, seconds=seconds
        ) as reader:
            return await reader.run(name, expected, *arguments)


SHOWING = ServiceKey[OverviewReader]("overviews", "tables")


def _key(table: DatasetTable) -> str:
    """What an overview depends on: the content of the table, and what its producer says that columns are for."""
    return f"{table.path} {sorted(table.roles.items())}"


def _validate_drawing(drawing: MapDrawing | None) -> MapDrawing | None:
    if drawing is not None and DRAWN.fullmatch(drawing.body):
        return drawing
    return None
