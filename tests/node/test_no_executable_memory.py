"""Everything that reads strangers' files works where memory is either written or run, as the units of systemd have it."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.node.test_show_data import ROUTES

pytestmark = pytest.mark.programs

SCRIPT = """
import asyncio, ctypes, mmap, sys
from datetime import UTC, datetime
from pathlib import Path
from udi.node.datasets.versions.preparation import prepare
from udi.kit.child import run
from udi.tabular.exports.exports import ExportWriter
from udi.tabular.queries.pool import PoolLimits, QueryPool
from udi.tabular.profiles.profile import Profile
from udi.tabular.queries.query import Query
from udi.tabular.overviews.overview import OverviewReader, OverviewTimeouts
from udi.tabular.queries.table import DatasetTable

SET_MDWE, REFUSE_EXECUTABLE = 65, 1
if ctypes.CDLL(None).prctl(SET_MDWE, REFUSE_EXECUTABLE, 0, 0, 0):
    sys.exit(77)
try:
    mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
except OSError:
    pass
else:
    sys.exit("memory can still be written and run")

async def main(source, folder):
    target = folder / "table.parquet"
    found = await run(prepare, source, source.name, {}, target, memory_mb=2048, seconds=120, file_bytes=2**28)
    profile = Profile.from_json(found.profile)
    table = DatasetTable(target, profile.columns, profile.rows, "d", "s", "n", "t", datetime.now(UTC),
                           geometry=profile.geometry, bbox=profile.bbox)
    pool, exports = QueryPool(PoolLimits(seconds=120, patience=120)), ExportWriter(folder / "exports")
    shown = await OverviewReader(pool, OverviewTimeouts(120, 120, 120)).read_overview(table)
    assert shown.map and shown.statistics, shown
    for kind in ("csv", "xlsx", "geojson"):
        (await exports.write(table, Query(), kind)).file.close()
    await exports.write_tiles(table)
    await pool.close()

folder = Path(sys.argv[1])
asyncio.run(main(folder / "carte.geojson", folder))
"""


@pytest.mark.thorough
def test_maps_and_tables_need_no_executable_memory(tmp_path: Path) -> None:
    (tmp_path / "carte.geojson").write_bytes(ROUTES)

    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    if done.returncode == 77:
        pytest.skip("this kernel does not know PR_SET_MDWE (Linux 6.3)")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "table.pmtiles").exists()
