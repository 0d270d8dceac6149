"""How the file of a part is read is settled as that of the main file: before and after its publication, for its next versions."""

import csv
from html import unescape
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.node.producer import Producer
from tests.node.test_parts import add, announced, media_of, save
from tests.node.test_settle_lines import SETTLED, TITLED, names_of, shown_values
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.node.datasets.models import DatasetPart

NAMES = ["Association", "2023 voté", "2024 versé"]
CODES = b"lieu;code postal\nBourg;1000\nBrest;29200\n"


async def profile_of_part(
    database: Database, territory: Territory, part_id: str
) -> dict[str, Any]:
    """What is understood of the newest file of a part."""
    async with database.session(territory.id, role="worker") as session:
        part = await session.get_one(DatasetPart, (territory.id, UUID(part_id)))
        profile: dict[str, Any] = part.versions[0].profile
        return profile


@pytest.mark.thorough
async def test_lines_of_a_part_are_settled_before_and_after_its_publication(
    producer: Producer, node_database: Database, demo: Territory
) -> None:
    dataset = await producer.publish()
    [main] = media_of(await announced(node_database, demo))
    part = await add(producer, dataset, TITLED, "subventions.csv")
    address = f"/datasets/{dataset}/parts/{part}"
    part_page = await producer.page(address)
    before = await producer.page(f"{address}/check")

    settled = await producer.client.post(f"{address}/lines", data=SETTLED)
    first = await profile_of_part(node_database, demo, part)
    after = await producer.page(f"{address}/check")
    await save(producer, dataset, part, role="data")
    published_main, published_part = media_of(await announced(node_database, demo))
    with_totals = shown_values(after, f"{address}/lines")
    del with_totals["totals"]
    await producer.client.post(f"{address}/lines", data=with_totals)
    second = await profile_of_part(node_database, demo, part)
    longer = TITLED.replace(b"Tennis", b"Voile;1;1\nTennis")
    await producer.send(longer, "subventions.csv", f"{address}/file")
    third = await profile_of_part(node_database, demo, part)

    assert f'href="{address}/check"' in part_page
    assert "Subventions;;" in before
    assert settled.headers["location"] == f"{address}/check"
    assert "Laissée de côté" in after
    assert names_of(first) == names_of(second) == names_of(third) == NAMES
    assert (first["rows"], second["rows"], third["rows"]) == (3, 5, 6)
    assert published_main == main
    assert published_part["media_id"] == part


@pytest.mark.thorough
async def test_other_readings_of_a_part_are_corrected_on_its_pages(
    producer: Producer, node_database: Database, demo: Territory
) -> None:
    dataset = await producer.publish()
    part = await add(producer, dataset, CODES, "codes.csv")
    address = f"/datasets/{dataset}/parts/{part}"
    form = await producer.page(f"{address}/understood")

    await producer.client.post(f"{address}/understood", data={"type-0": "code"})
    corrected_profile = await profile_of_part(node_database, demo, part)
    await producer.client.post(
        f"{address}/zeros", data={"column": "code postal", "repair": "1"}
    )
    check_page = unescape(await producer.page(f"{address}/check"))
    unknown = await producer.client.post(f"{address}/zeros", data={"column": "ville"})

    assert f'action="{address}/understood"' in form
    assert corrected_profile["columns"][0]["type"] == "code"
    assert "Les zéros de tête sont remis" in check_page
    assert unknown.status_code == 404


@pytest.mark.thorough
async def test_history_names_the_file_whose_reading_was_corrected(
    producer: Producer,
) -> None:
    dataset = await producer.publish()
    part = await add(producer, dataset, CODES, "codes.csv")
    address = f"/datasets/{dataset}/parts/{part}"
    await producer.client.post(
        f"/datasets/{dataset}/understood", data={"type-0": "text"}
    )
    await producer.client.post(f"{address}/understood", data={"type-0": "code"})
    await save(producer, dataset, part, title="Codes", role="data")
    corrected = await read_corrections(producer, dataset)
    page = unescape(await producer.page(f"/datasets/{dataset}"))
    await producer.client.post(f"{address}/remove", data={"reason": "Doublon"})
    without = await read_corrections(producer, dataset)

    assert corrected == ["Codes\N{NO-BREAK SPACE}: Version n° 1", "Version n° 1"]
    assert "Codes\N{NO-BREAK SPACE}: Version n° 1" in page
    assert without == [
        "Un fichier retiré depuis\N{NO-BREAK SPACE}: Version n° 1",
        "Version n° 1",
    ]


async def read_corrections(producer: Producer, dataset: str) -> list[str]:
    """What the history says of each corrected reading, the last first."""
    response = await producer.client.get(f"/datasets/{dataset}/history.csv")
    text = response.content.decode("utf-8-sig")
    lines = csv.reader(text.splitlines(), delimiter=";")
    return [line[3] for line in lines if line[1] == "Lecture du fichier corrigée"]


@pytest.mark.thorough
async def test_a_mended_copy_of_a_part_is_offered_beside_its_file_with_its_repairs(
    producer: Producer, passer_by: httpx.AsyncClient
) -> None:
    content = b"lieu;code insee;jour\nBourg;1053;12/03/2024\nBrest;29019;13/03/2024\n"
    dataset = await producer.publish()
    part = await add(producer, dataset, content, "codes.csv")
    address = f"/datasets/{dataset}/parts/{part}"
    table_address = f"/datasets/{dataset}/tables/{part}"
    profile_address = f"/api/resources/{dataset}/tables/{part}/profile/"

    offered = await producer.client.post(f"{address}/mended", data={"mended": "1"})
    check_page = await producer.page(f"{address}/check")
    await save(producer, dataset, part, role="data")
    profile = (await passer_by.get(profile_address)).json()
    table_page = (await passer_by.get(table_address)).text
    copy = (await passer_by.get(f"{table_address}/codes.csv")).text
    original = await passer_by.get(f"/datasets/{dataset}/files/{part}/codes.csv")
    main_profile = (await passer_by.get(f"/api/resources/{dataset}/profile/")).json()
    await producer.client.post(f"{address}/mended")
    withdrawn_profile = (await passer_by.get(profile_address)).json()

    assert offered.headers["location"] == f"{address}/check"
    assert f'action="{address}/mended"' in check_page
    assert "zéros de tête remis" in check_page
    assert profile["profile"]["repairs"] == [
        {"kind": "zeros", "count": 1, "column": "code insee"},
        {"kind": "dates", "count": 2, "column": "jour"},
    ]
    assert "zéros de tête remis" in table_page
    assert "Bourg,01053,2024-03-12" in copy
    assert original.content == content
    assert "repairs" not in main_profile["profile"]
    assert "repairs" not in withdrawn_profile["profile"]


@pytest.mark.thorough
async def test_a_reading_of_a_part_that_cannot_be_is_refused(
    producer: Producer, node_database: Database, demo: Territory
) -> None:
    dataset = await producer.publish()
    part = await add(producer, dataset, TITLED, "subventions.csv")
    address = f"/datasets/{dataset}/parts/{part}"
    before = await profile_of_part(node_database, demo, part)
    link = await producer.client.post(
        f"/datasets/{dataset}/parts/links",
        data={"title": "API", "role": "service", "address": "https://api.example/v1"},
    )

    refused = await producer.client.post(f"{address}/lines", data={"header": "<b>"})
    misread = await producer.client.post(
        f"{address}/understood", data={"encoding": "klingon"}
    )
    of_a_link = await producer.client.get(f"{link.headers['location']}/check")
    of_another = await producer.client.get(
        f"/datasets/{dataset}/parts/{UUID(int=1)}/check"
    )

    assert (refused.status_code, misread.status_code) == (422, 422)
    assert 'href="#header"' in refused.text
    assert "Subventions;;" in refused.text
    assert (of_a_link.status_code, of_another.status_code) == (409, 404)
    assert await profile_of_part(node_database, demo, part) == before
