"""A dataset for search engines, for those who learn from data, and as a package: what is said, and what is not."""

import json
import re
from typing import Any
from uuid import uuid4

import pytest
from litestar import Litestar
from msgspec import structs

from tests.portal.catalogue.corpus import NODE, TABLE, Catalogue, described
from tests.visitors import browse
from udi.portal.catalogue.actions import store_dataset


def structured(page: str) -> Any:
    """The structured data of a page."""
    [script] = re.findall(
        r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL
    )
    return json.loads(script)


async def test_the_page_holds_the_dataset_for_search_engines(
    armor: Catalogue, portal_app: Litestar
) -> None:
    record = await armor.add(
        1, resource_title="Comptages </script><b>", temporal_spread={"start_date": "2019-01-01T00:00:00Z"},
        geography={"bounding_box": {"west_longitude": -3.5, "south_latitude": 48.0, "east_longitude": -3.0, "north_latitude": 48.5}},
    )  # fmt: skip

    async with browse(portal_app, armor.territory) as program:
        page = await program.get(f"/data/{record.id}")
        croissant = await program.get(f"/data/{record.id}/croissant.json")

    structured_data = structured(page.text)
    assert structured_data["name"] == record.title
    assert (
        structured_data["@id"]
        == structured_data["url"]
        == f"{armor.territory.origin}/data/{record.id}"
    )
    assert structured_data["publisher"]["name"] == "Armorine Métropole"
    assert structured_data["temporalCoverage"] == "2019-01-01/.."
    assert structured_data["spatialCoverage"]["geo"]["box"] == "48.0 -3.5 48.5 -3.0"
    assert [file["contentUrl"] for file in structured_data["distribution"]] == [
        media.url for media in record.media
    ]
    assert [len(file["sha256"]) for file in structured_data["distribution"]] == [64, 64]
    assert croissant.json()["@id"] == structured_data["@id"]
    assert croissant.headers["content-type"].startswith("application/ld+json")


@pytest.mark.parametrize("name", ["croissant.json", "datapackage.json"])
async def test_restricted_data_show_no_address_of_a_file(
    armor: Catalogue, portal_app: Litestar, name: str
) -> None:
    closed = await armor.add(7)
    open_ = await armor.add(5)

    async with browse(portal_app, armor.territory) as program:
        restricted = await program.get(f"/data/{closed.id}/{name}")
        public = await program.get(f"/data/{open_.id}/{name}")
        response = await program.get(
            f"/data/{open_.id}/{name}",
            headers={"If-None-Match": public.headers["etag"]},
        )

    assert "node.armor.example" not in restricted.text
    assert open_.media[0].url in public.text
    assert "https://goeland.example/licence" in public.text
    assert response.status_code == 304
    assert public.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("name", ["croissant.json", "datapackage.json"])
async def test_what_was_withdrawn_is_gone_in_these_forms_too(
    armor: Catalogue, portal_app: Litestar, name: str
) -> None:
    record = await armor.add(1)
    await armor.withdraw(record)

    async with browse(portal_app, armor.territory) as program:
        answer = await program.get(
            f"/data/{record.id}/{name}", headers={"Accept": "application/json"}
        )

    assert answer.status_code == 410
    assert TABLE[1][0] in answer.json()["detail"]


async def test_a_package_without_a_file_has_the_page_of_the_dataset(
    armor: Catalogue, portal_app: Litestar
) -> None:
    record = await armor.add(1)
    bare = structs.replace(record, id=uuid4(), local_id="bare", media=())
    async with armor.database.session(armor.territory.id) as session:
        await store_dataset(session, bare, node_id=NODE)

    async with browse(portal_app, armor.territory) as program:
        package = (await program.get(f"/data/{bare.id}/datapackage.json")).json()

    [resource] = package["resources"]
    assert resource["path"] == f"{armor.territory.origin}/data/{bare.id}"
    assert (resource["name"], resource["mediatype"]) == (str(bare.id), "text/html")


async def test_a_package_says_size_fingerprint_and_format(
    armor: Catalogue, portal_app: Litestar
) -> None:
    record = await armor.add(1)

    async with browse(portal_app, armor.territory) as program:
        package = (await program.get(f"/data/{record.id}/datapackage.json")).json()

    first = package["resources"][0]
    assert (first["bytes"], first["format"], first["mediatype"]) == (
        48_200_000,
        "csv",
        "text/csv",
    )
    assert first["hash"] == f"sha256:{record.media[0].checksum.value}"  # type: ignore[union-attr]  # it has one
    assert [licence["name"] for licence in package["licenses"]] == ["etalab-2.0"]


async def test_a_package_names_the_further_tables_of_open_data_at_a_node_of_ours(
    armor: Catalogue, portal_app: Litestar
) -> None:
    node = armor.territory.links["node"]
    packages = []
    for number in (1, 7):
        first = described(number)
        page = f"{node}/datasets/{first['global_id']}/tables/arbres"
        tables = [{"name": "Arbres plantés", "url": page}]
        first["available_formats"][0]["file_tables"] = tables
        record = await armor.add(number, **first)
        async with browse(portal_app, armor.territory) as program:
            answer = await program.get(f"/data/{record.id}/datapackage.json")
        packages.append(answer.json()["resources"])

    [table] = [one for one in packages[0] if one["title"] == "Arbres plantés"]
    assert table["path"].endswith("/tables/arbres/data/csv/")
    assert table["path"].startswith(f"{node}/api/resources/")
    assert (table["format"], table["mediatype"]) == ("csv", "text/csv")
    assert "arbres" not in str(packages[1])
