"""The file of a part is checked as the main one: remarks, cells to check, a model that holds for its next versions."""

from html import unescape

import httpx
import pytest

from tests.node.producer import Producer
from tests.node.test_parts import add, announced, media_of, save
from udi.kit.db import Database
from udi.kit.tenancy import Territory

NAMES = "COMMUNE_NOM;COLL_INSEE;ENFANT_SEXE;ENFANT_PRENOM;NOMBRE_OCCURRENCES;ANNEE\n"
VALID_TABLE = NAMES + "Brest;29019;F;Nolwenn;3;2025\nBrest;29019;M;Yann;4;2025\n"
FAULTY_TABLE = VALID_TABLE.replace(";M;", ";X;")
NAME = "prenoms-2025.csv"


async def choose_model(
    producer: Producer, dataset: str, part: str, name: str
) -> httpx.Response:
    """Post the form of the model of a part."""
    return await producer.client.post(
        f"/datasets/{dataset}/parts/{part}/schema", data={"name": name}
    )


@pytest.mark.thorough
async def test_a_part_is_checked_against_a_model_that_holds_for_its_next_versions(
    producer: Producer, node_database: Database, demo: Territory
) -> None:
    dataset = await producer.publish()
    part = await add(producer, dataset, FAULTY_TABLE.encode(), NAME)
    address = f"/datasets/{dataset}/parts/{part}"
    first_page = await producer.page(address)

    answer = await choose_model(producer, dataset, part, "prenoms")
    checked_page = unescape(await producer.page(address))
    await save(producer, dataset, part, role="data")
    faulty_media = media_of(await announced(node_database, demo))

    assert 'value="prenoms" selected' in first_page
    assert answer.headers["location"] == f"{address}#remarks"
    line_link = f'<a href="{address}/rows?line=3">ligne 3</a>'
    assert f"ENFANT_SEXE</span>, {line_link}." in checked_page
    assert "file_structure" not in faulty_media[1]

    await producer.send(VALID_TABLE.encode(), NAME, f"{address}/file")
    compliant_page = await producer.page(address)
    await save(producer, dataset, part, role="data")
    main, valid_media = media_of(await announced(node_database, demo))

    assert "Chaque colonne et chaque cellule" in compliant_page
    assert valid_media["file_structure"].startswith("https://")
    assert main == faulty_media[0]

    await choose_model(producer, dataset, part, "")
    media = media_of(await announced(node_database, demo))

    assert "file_structure" not in media[1]


async def test_a_model_of_a_part_that_cannot_be_is_refused(
    producer: Producer,
) -> None:
    dataset = await producer.publish()
    part = await add(producer, dataset, VALID_TABLE.encode(), NAME)
    link = await producer.client.post(
        f"/datasets/{dataset}/parts/links",
        data={"title": "API", "role": "service", "address": "https://api.example/v1"},
    )
    link_id = link.headers["location"].rpartition("/")[2]

    unknown = await choose_model(producer, dataset, part, "nulle-part")
    of_a_link = await choose_model(producer, dataset, link_id, "prenoms")

    assert (unknown.status_code, of_a_link.status_code) == (422, 409)
    page = await producer.page(f"/datasets/{dataset}/parts/{part}")
    assert "Chaque colonne et chaque cellule" not in page


@pytest.mark.thorough
async def test_remarks_on_the_file_of_a_part_are_on_its_page(
    producer: Producer,
) -> None:
    dataset = await producer.publish()
    lines = "".join(f"Rue {number},{number}\n" for number in range(1, 9))
    part = await add(
        producer, dataset, f"rue,places\n{lines}Rue 9,5,100\n".encode(), "places.csv"
    )
    notice = await add(producer, dataset, b"# Notice\n")

    page = await producer.page(f"/datasets/{dataset}/parts/{part}")
    of_a_text = await producer.page(f"/datasets/{dataset}/parts/{notice}")

    assert "plus de cellules" in page
    assert 'id="remarks"' not in of_a_text
