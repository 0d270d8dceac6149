"""A licence that is known is one value of the catalogue, whoever wrote it how: filter, page, DCAT, CKAN and packages."""

from typing import Any

import pytest
from litestar import Litestar

from tests.portal.catalogue.corpus import Catalogue, described
from tests.visitors import browse
from udi.portal.catalogue.search.feed import SearchFeed
from udi.protocol.licences import LICENCES, NOT_STATED
from udi.protocol.record import write_record
from udi.protocol.structures import Record
from udi.protocol.texts import write_texts

CREATIVE = "https://creativecommons.org/licenses/by/4.0/"


def under(label: str, address: str) -> dict[str, Any]:
    licence = {
        "licence_type": "CUSTOM",
        "custom_licence_label": [{"lang": "fr", "text": label}],
        "custom_licence_uri": address,
    }
    access = described(0)["access_condition"] | {"licence": licence}
    return described(0) | {"access_condition": access}


@pytest.fixture
async def records(armor: Catalogue, feed: SearchFeed) -> list[Record]:
    added = [
        await armor.add(0, **under("Creative Commons BY 4", CREATIVE)),
        await armor.add(0, **under("CC BY", f"{CREATIVE}deed.fr")),
        await armor.add(0, **under("Règles de la ville", "https://ville.example/r")),
    ]
    await feed.run_once()
    return added


async def test_a_licence_is_one_value_of_the_filter(
    armor: Catalogue, records: list[Record], portal_app: Litestar
) -> None:
    async with browse(portal_app, armor.territory) as visitor:
        listed = (await visitor.get("/api/v1/datasets?licence=cc-by-4.0")).json()
        page = await visitor.get("/data?licence=cc-by-4.0&lang=en")
        every = await visitor.get("/data?lang=en")

    assert {item["id"] for item in listed["items"]} == {
        str(record.id) for record in records[:2]
    }
    assert {item["licence"] for item in listed["items"]} == {"cc-by-4.0"}
    assert "Creative Commons Attribution 4.0 (CC BY)" in page.text
    assert "Another licence" in every.text


async def test_the_page_says_what_a_known_licence_lets_people_do(
    armor: Catalogue, records: list[Record], portal_app: Litestar
) -> None:
    async with browse(portal_app, armor.territory) as visitor:
        known = await visitor.get(f"/data/{records[1].id}?lang=en")
        custom = await visitor.get(f"/data/{records[2].id}?lang=en")

    assert "Creative Commons Attribution 4.0 (CC BY)" in known.text
    assert f'href="{CREATIVE}"' in known.text
    assert "Name their source, and say what you changed." in known.text
    assert "Règles de la ville" in custom.text
    assert "You may copy" not in custom.text


async def test_programs_read_the_licence_under_its_own_codes(
    armor: Catalogue, records: list[Record], portal_app: Litestar
) -> None:
    address = f"/data/{records[1].id}"
    async with browse(portal_app, armor.territory) as program:
        triples = (await program.get(f"{address}.nt")).text
        package = (await program.get(f"{address}/datapackage.json")).json()
        croissant = (await program.get(f"{address}/croissant.json")).json()
        ckan = await program.get(
            "/api/3/action/package_show", params={"id": str(records[1].id)}
        )

    assert "authority/licence/CC_BY_4_0> " in triples
    assert package["licenses"][0]["name"] == "CC-BY-4.0"
    assert package["licenses"][0]["path"] == croissant["license"] == CREATIVE
    result = ckan.json()["result"]
    assert (result["license_id"], result["isopen"]) == ("cc-by-4.0", True)


@pytest.mark.parametrize(
    ("code", "is_open"), [("cc-by-nc-4.0", False), ("odbl-1.0", True)]
)
async def test_ckan_says_open_of_open_licences_only(
    armor: Catalogue, portal_app: Litestar, code: str, *, is_open: bool
) -> None:
    licence = LICENCES[code]
    record = await armor.add(0, **under(licence.name["fr"], licence.url))

    async with browse(portal_app, armor.territory) as program:
        answer = await program.get(
            "/api/3/action/package_show", params={"id": str(record.id)}
        )

    assert answer.json()["result"]["isopen"] is is_open


async def test_a_licence_that_nobody_stated_has_a_value_of_its_own(
    armor: Catalogue, portal_app: Litestar
) -> None:
    record = await armor.add(0, **under("x", "https://x.example/"))
    licence = write_record(record)["access_condition"]["licence"]
    described_again = under("x", "https://x.example/")
    described_again["access_condition"]["licence"] = licence | {
        "custom_licence_label": write_texts(NOT_STATED)
    }
    unstated = await armor.add(0, **described_again)

    async with browse(portal_app, armor.territory) as program:
        detail = (await program.get(f"/api/v1/datasets/{unstated.id}")).json()

    assert detail["licence"] == "not-stated"
