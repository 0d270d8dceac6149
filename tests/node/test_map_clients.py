"""Programs for maps open the services of a dataset of several files: the main one, one beside it, and that of all periods."""

import os
import sys
from pathlib import Path

import pytest
from litestar import Litestar

from tests.contract.readers.serving import read_with, serving
from tests.node.producer import Producer
from tests.node.test_series import add_year, date_main
from tests.service_overrides import ServiceOverrides
from udi.kit.rates import RateLimiter
from udi.kit.tenancy import Territory
from udi.node.tables.requests import RATES

pytestmark = pytest.mark.programs
COLUMNS = ["nom", "lat", "lon", "note"]
QGIS = Path(os.environ.get("QGIS_PREFIX_PATH", "/usr"))
"""Where QGIS is, as it says itself."""
QGIS_PYTHON = Path("/usr/bin/python3")
"""That of Debian, for which its QGIS is made."""


def trees(year: int) -> bytes:
    """Places of a year."""
    rows = "".join(
        f"Arbre {number};48,{100 + number};-4,{200 + number};relevé {year}\n"
        for number in range(30)
    )
    return f"{';'.join(COLUMNS)}\n{rows}".encode()


@pytest.mark.thorough
async def test_gdal_reads_the_map_service_of_each_file_and_of_all_periods(
    producer: Producer,
    node_app: Litestar,
    services: ServiceOverrides,
    demo: Territory,
) -> None:
    services |= {RATES: RateLimiter("tables", limit=10**8)}
    dataset = await producer.publish(await producer.draft(trees(2024), "2024.csv"))
    part = await add_year(producer, dataset, 2025, trees(2025))
    dated = await date_main(producer, dataset, "2024-01-01", "2024-12-31")
    assert dated.status_code == 303
    base = f"{demo.links['node']}/ogc/{dataset}"
    addresses = [base, f"{base}/tables/{part}", f"{base}/tables/series"]

    async with serving(node_app, port_offset=1):
        read = [
            await read_with(Path(sys.executable), "read_map_service.py", address)
            for address in addresses
        ]

    assert [service["layers"] for service in read] == [["data"]] * 3
    assert [service["kind"] for service in read] == ["Point"] * 3
    assert [service["places"] for service in read] == [30, 30, 60]
    assert read[1]["first"] == ["Arbre 0", "48.1", "-4.2", "relevé 2025"]
    assert read[2]["fields"] == ["period", *COLUMNS]
    assert read[2]["first"][0] == "2024"


@pytest.mark.thorough
@pytest.mark.skipif(
    not (QGIS / "lib/python3/dist-packages/qgis").is_dir(),
    reason="needs QGIS (Debian: apt install python3-qgis)",
)
async def test_qgis_opens_the_map_service_and_the_files_of_each_table(
    producer: Producer,
    node_app: Litestar,
    services: ServiceOverrides,
    demo: Territory,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    monkeypatch.setenv("HOME", str(tmp_path))
    services |= {RATES: RateLimiter("tables", limit=10**8)}
    dataset = await producer.publish(await producer.draft(trees(2024), "2024.csv"))
    part = await add_year(producer, dataset, 2025, trees(2025))
    await date_main(producer, dataset, "2024-01-01", "2024-12-31")
    layers_by_table = {}

    async with serving(node_app, port_offset=1):
        for table in ("", f"/tables/{part}", "/tables/series"):
            files = f"/datasets/{dataset}{table}/arbres"
            layers_by_table[table] = await read_with(
                QGIS_PYTHON,
                "read_qgis.py",
                demo.links["node"],
                f"/ogc/{dataset}{table}",
                f"{files}.geojson",
                f"{files}.csv",
            )

    main, other, series = layers_by_table.values()
    for layers, places in ((main, 30), (other, 30), (series, 60)):
        service = layers["service"]
        assert (service["kind"], service["system"]) == ("Point", "EPSG:4326")
        assert (service["places"], service["in box"]) == (places, places // 3)
        assert layers["geojson"] == service
        assert layers["csv"]["fields"] == service["fields"]
        assert layers["csv"]["places"] == places
    assert main["service"]["types"] == ["String", "Real", "Real", "String"]
    assert main["service"]["where"] == "Point (-4.2 48.1)"
    assert other["service"]["first"] == ["Arbre 0", "48.1", "-4.2", "relevé 2025"]
    assert series["service"]["fields"] == ["period", *COLUMNS]
