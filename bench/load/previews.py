"""From a dropped table to its page: the seconds that a producer waits, in the code that does it."""

import tempfile
import time
from pathlib import Path
from typing import Any

from bench.load.tables import MEGABYTE, PATIENCE, Tell, as_table, write_file
from udi.kit.child import run
from udi.node.datasets.actions.prepare import MEMORY
from udi.node.datasets.versions.preparation import prepare
from udi.tabular.overviews.overview import OverviewReader, OverviewTimeouts
from udi.tabular.profiles.profile import profile_path
from udi.tabular.queries.pool import PoolLimits, QueryPool

SIZES = (1, 10, 100)
ROOM = 64


async def measure_previews(folder: Path, tell: Tell) -> list[dict[str, Any]]:
    """For each size: what is understood at once, what a child finds out, the first page; bytes sent are not counted."""
    figures = []
    for megabytes in SIZES:
        with tempfile.TemporaryDirectory(dir=folder) as place:
            figures.append(await _preview(Path(place), megabytes))
        tell("{megabytes} MB: {seconds} s from drop to preview".format(**figures[-1]))
    return figures


async def _preview(folder: Path, megabytes: int) -> dict[str, Any]:
    source = write_file(folder, megabytes)
    target = folder / "typed" / "table.parquet"
    target.parent.mkdir()
    started = time.perf_counter()
    profile_path(source)
    profiled = time.perf_counter()
    room = ROOM * megabytes * MEGABYTE
    preparation = await run(
        prepare,
        source,
        source.name,
        {},
        target,
        memory_mb=MEMORY,
        seconds=PATIENCE,
        file_bytes=room,
    )
    prepared = time.perf_counter()
    pool = QueryPool(PoolLimits(children=1, own_children=1))
    try:
        overview = await OverviewReader(
            pool, OverviewTimeouts(PATIENCE, PATIENCE, PATIENCE)
        ).read_overview(as_table(target, preparation.profile))
    finally:
        await pool.close()
    ended = time.perf_counter()
    return {
        "megabytes": megabytes,
        "rows": preparation.profile["rows"],
        "places": overview.map.places if overview.map else 0,
        "profile_seconds": round(profiled - started, 2),
        "prepare_seconds": round(prepared - profiled, 2),
        "show_seconds": round(ended - prepared, 2),
        "seconds": round(ended - started, 2),
    }
