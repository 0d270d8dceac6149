"""pycsw and pygeoapi, as PyPI has them, are read whole and followed while their records change by their own protocols."""

import json
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.contract.harvests.records import feature, iso, title
from tests.contract.harvests.whole import (
    Expected,
    Holder,
    Workspace,
    check_following,
    check_two_readings,
)
from tests.contract.servers.running import running
from tests.contract.test_real_servers import ISO
from tests.depth import examples, thorough
from tests.portal.nodes.sources.conftest import Open

MANY = examples(25, 120)
PAGE = 10
"""Records that these servers give at once, whatever they are asked for."""
SERVICES = 3
"""Of the real records, those of services: they describe no data."""
GEOJSON = {"Content-Type": "application/geo+json"}
NEW = "Relevé des eaux 3, corrigé"
FILTER = (
    '<csw:Constraint version="1.1.0"><ogc:Filter xmlns:ogc="http://www.opengis.net/ogc"><ogc:PropertyIsEqualTo>'
    "<ogc:PropertyName>dc:identifier</ogc:PropertyName><ogc:Literal>releve-7</ogc:Literal></ogc:PropertyIsEqualTo>"
    "</ogc:Filter></csw:Constraint>"
)


@pytest.fixture
def csw(tmp_path: Path) -> Iterator[str]:
    records = tmp_path / "records"
    records.mkdir()
    for number in range(MANY):
        (records / f"{number}.xml").write_text(iso(number))
    with running("pycsw", records, tmp_path) as address:
        yield f"{address}/csw"


def transact(address: str, what: str) -> None:
    """A transaction of CSW (OGC 07-006r1, 10.11)."""
    body = f'<csw:Transaction xmlns:csw="http://www.opengis.net/cat/csw/2.0.2" service="CSW" version="2.0.2">{what}</csw:Transaction>'
    answer = httpx.post(
        address,
        content=body.encode(),
        headers={"Content-Type": "application/xml"},
        timeout=30,
    )
    assert answer.status_code == 200, answer.text
    assert ">1</csw:total" in answer.text, answer.text


def bare(document: str) -> str:
    return document.partition("?>")[2]


async def test_pycsw_is_read_whole(
    csw: str, open_source: Open, workspace: Workspace
) -> None:
    reading = await open_source(csw)

    async def change() -> None:
        transact(csw, f"<csw:Update>{bare(iso(3, called=NEW))}</csw:Update>")

    async def remove() -> None:
        transact(csw, f"<csw:Delete>{FILTER}</csw:Delete>")

    async def restore() -> None:
        transact(csw, f"<csw:Insert>{bare(iso(7))}</csw:Insert>")

    await check_two_readings(
        workspace, reading, "CSW, pycsw 2.6.2", Expected("csw", MANY, MANY // PAGE)
    )
    await check_following(
        workspace, reading, Holder(change, remove, restore, (title(3), NEW), title(7))
    )


@pytest.fixture
def ogc(tmp_path: Path) -> Iterator[str]:
    records = tmp_path / "records.json"
    records.write_text(json.dumps([feature(number) for number in range(MANY)]))
    with running("pygeoapi", records, tmp_path) as address:
        yield f"{address}/collections/catalogue/items"


@pytest.mark.thorough
async def test_pygeoapi_is_read_whole(
    ogc: str, open_source: Open, workspace: Workspace
) -> None:
    reading = await open_source(ogc.partition("/collections")[0])

    async with httpx.AsyncClient(timeout=30) as client:

        async def change() -> None:
            answer = await client.put(f"{ogc}/releve-3", json=feature(3, called=NEW))
            assert answer.status_code == 204, answer.text

        async def remove() -> None:
            answer = await client.delete(f"{ogc}/releve-7")
            assert answer.status_code == 200, answer.text

        async def restore() -> None:
            answer = await client.post(
                ogc, content=json.dumps(feature(7)), headers=GEOJSON
            )
            assert answer.status_code == 201, answer.text

        await check_two_readings(
            workspace,
            reading,
            "OGC API Records, pygeoapi",
            Expected("ogc-records", MANY, MANY // PAGE),
        )
        await check_following(
            workspace,
            reading,
            Holder(change, remove, restore, (title(3), NEW), title(7)),
            is_followed=thorough(),
        )


@pytest.mark.thorough
async def test_real_records_in_pycsw_are_read_whole(
    shared_data: Path, tmp_path: Path, open_source: Open, workspace: Workspace
) -> None:
    """Each of the real records that pycsw itself takes is found once, ignored for its type, or a service."""
    records = tmp_path / "records"
    records.mkdir()
    for pattern in ISO:
        for path in (shared_data / "data/catalogues").glob(pattern):
            shutil.copy(path, records)
    with running("pycsw", records, tmp_path) as address:
        with sqlite3.connect(tmp_path / "records.db") as connection:
            [record_count] = connection.execute(
                "SELECT count(*) FROM records"
            ).fetchone()
        reading = await open_source(f"{address}/csw")
        run = await check_two_readings(
            workspace,
            reading,
            "CSW, pycsw 2.6.2, real records",
            Expected("csw", 36, record_count // PAGE, refused=1),
        )
    ignored = [row for row in await reading.faults() if row.code == "type_ignored"]

    assert record_count == run.total + len(ignored) + SERVICES
