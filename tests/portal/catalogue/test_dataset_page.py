"""What the page of a dataset offers besides the description: quality, map, citation, copies, neighbours, addresses that last."""

import json
import re
import uuid
from typing import Any

import httpx
import pytest
from litestar import Litestar

from tests.portal.catalogue.corpus import Catalogue, described, document
from tests.visitors import browse, make_person
from udi.portal.catalogue.maps.area import draw_area
from udi.portal.catalogue.search.feed import SearchFeed
from udi.portal.organisations.actions import apply_organisation
from udi.protocol.addresses import find_addresses

BOX = {
    "west_longitude": -3.5,
    "south_latitude": 48.0,
    "east_longitude": -3.0,
    "north_latitude": 48.5,
}
WHOLE = {
    "temporal_spread": {"start_date": "2019-01-01T00:00:00Z"},
    "geography": {"bounding_box": BOX},
    "dataset_dates": {
        "created": "2026-01-05T06:00:00Z", "updated": "2026-01-06T06:00:00Z", "published": "2026-01-05T06:00:00Z",
    },
}  # fmt: skip


async def fetch(
    app: Litestar, catalogue: Catalogue, url: str, language: str = "en"
) -> httpx.Response:
    async with browse(app, catalogue.territory) as visitor:
        return await visitor.get(url, headers={"Accept-Language": language})


def as_table(record_id: str, origin: str) -> dict[str, object]:
    """What a node of ours says of a table."""
    files = document(0)["available_formats"]
    files[0]["connector"]["url"] = f"{origin}/datasets/{record_id}/file"
    return {
        "available_formats": files,
        "dataset_size": {"number_of_fields": 4, "numbers_of_records": 60},
    }


async def test_a_table_at_a_node_of_ours_is_previewed_in_a_frame_that_the_reader_opens(
    armor: Catalogue, portal_app: Litestar
) -> None:
    first = described(0)
    node = armor.territory.links["node"]
    await armor.add(0, **first | as_table(first["global_id"], node))
    plain = await armor.add(1)

    page = await fetch(portal_app, armor, f"/data/{first['global_id']}")
    without = await fetch(portal_app, armor, f"/data/{plain.id}")

    assert (
        f'<iframe src="{node}/embed/datasets/{first["global_id"]}/table?view=opening&amp;lang=en"'
        in page.text
    )
    assert re.search(
        r"<details><summary>[^<]+</summary>\s*<iframe[^>]+loading=\"lazy\" sandbox=",
        page.text,
    )
    assert f"frame-src {node};" in page.headers["content-security-policy"]
    assert f'value="{node}/api/resources/{first["global_id"]}/data/"' in page.text
    for form in ("csv", "xlsx", "parquet"):
        exported = f"{node}/api/resources/{first['global_id']}/data/{form}/"
        assert page.text.count(f'href="{exported}"') == 1
    assert ">Explore the 60 rows</a>" in page.text
    assert "<li>60 rows</li>" in page.text
    assert "The table also as" not in without.text
    assert "<iframe" not in without.text
    assert "frame-src" not in without.headers["content-security-policy"]


async def test_a_table_that_no_sheet_holds_is_not_offered_as_one(
    armor: Catalogue, portal_app: Litestar
) -> None:
    first = described(0)
    node = armor.territory.links["node"]
    table = as_table(first["global_id"], node)
    size = {"number_of_fields": 4, "numbers_of_records": 2_000_000}
    await armor.add(0, **first | table | {"dataset_size": size})

    page = await fetch(portal_app, armor, f"/data/{first['global_id']}")

    assert "/data/parquet/" in page.text
    assert "/data/xlsx/" not in page.text


async def test_a_restricted_table_is_not_previewed(
    armor: Catalogue, portal_app: Litestar
) -> None:
    first = described(7)
    node = armor.territory.links["node"]
    await armor.add(7, **first | as_table(first["global_id"], node))

    page = await fetch(portal_app, armor, f"/data/{first['global_id']}")

    assert node + "/datasets" not in page.text
    assert "<iframe" not in page.text


def with_tables(record: dict[str, Any], node: str) -> dict[str, Any]:
    """A record whose first file has two tables."""
    files = document(0)["available_formats"]
    files[0]["file_tables"] = [
        {"name": "Feuille 1", "number_of_records": 3, "number_of_fields": 2},
        {"name": "Arbres", "url": f"{node}/datasets/1/tables/arbres"},
    ]
    return record | {"available_formats": files}


async def test_the_tables_of_a_file_are_listed_with_their_pages(
    armor: Catalogue, portal_app: Litestar
) -> None:
    first = described(0)
    await armor.add(0, **with_tables(first, armor.territory.links["node"]))

    page = await fetch(portal_app, armor, f"/data/{first['global_id']}")

    assert "/datasets/1/tables/arbres" in page.text
    assert "Feuille 1</span>, 3 rows, 2 columns" in page.text


async def test_the_tables_of_restricted_data_are_not_named(
    armor: Catalogue, portal_app: Litestar
) -> None:
    first = described(7)
    await armor.add(7, **with_tables(first, armor.territory.links["node"]))

    page = await fetch(portal_app, armor, f"/data/{first['global_id']}")

    assert "Feuille 1" not in page.text
    assert "tables/arbres" not in page.text


@pytest.mark.parametrize(
    "url",
    [
        "https://node.example/datasets/{other}/file", "https://node.example; script-src *//datasets/{id}/file",
        "https://node.example/x/datasets/{id}/file", "https://node.example/datasets/{id}/file?x", "ftp://n/datasets/{id}/file",
    ],
)  # fmt: skip
def test_an_address_that_is_not_a_nodes_is_not_taken_for_one(url: str) -> None:
    dataset = uuid.uuid4()

    assert find_addresses(url.format(id=dataset, other=uuid.uuid4()), dataset) is None
    addresses = find_addresses(
        f"https://node.example:8001/datasets/{dataset}/file", dataset
    )
    assert addresses is not None
    assert (
        addresses.embed("map")
        == f"https://node.example:8001/embed/datasets/{dataset}/map"
    )


async def test_each_file_has_an_address_to_copy_with_and_without_script(
    armor: Catalogue, portal_app: Litestar
) -> None:
    record = await armor.add(1)

    page = await fetch(portal_app, armor, f"/data/{record.id}")

    assert record.media
    for media in record.media:
        assert re.search(
            rf'<input id="address-{media.id}" value="{media.url}" readonly', page.text
        )
    script = re.search(r'<script src="(/static/[0-9a-f]+/copy.js)" defer', page.text)
    assert script
    assert (await fetch(portal_app, armor, script[1])).status_code == 200
    assert "script-src 'self'" in page.headers["content-security-policy"]


async def test_only_its_producer_reads_the_acts_that_would_raise_quality(
    armor: Catalogue, portal_app: Litestar
) -> None:
    record = await armor.add(1)
    publisher = make_person(armor.territory, memberships={"armor": ["publishers"]})
    neighbour = make_person(armor.territory, memberships={"kerlevan": ["publishers"]})

    pages = [await fetch(portal_app, armor, f"/data/{record.id}")]
    for person in (neighbour, publisher):
        async with browse(portal_app, armor.territory, person) as member:
            pages.append(
                await member.get(
                    f"/data/{record.id}", headers={"Accept-Language": "en"}
                )
            )

    bars = [
        re.findall(
            r"<dt>([^<]+)</dt><dd>([^<]+)</dd>",
            page.text.partition('id="quality"')[2].partition("</dl>")[0],
        )
        for page in pages
    ]
    assert (
        bars
        == [
            [
                ("Find", "fair"),
                ("Reach", "good"),
                ("Understand", "fair"),
                ("Reuse", "good"),
                ("Up to date", "weak"),
            ]
        ]
        * 3
    )
    assert ["State how often the data are updated." in page.text for page in pages] == [
        False,
        False,
        True,
    ]


@pytest.mark.thorough
async def test_acts_on_data_at_our_node_lead_to_where_they_are_done(
    armor: Catalogue, portal_app: Litestar
) -> None:
    first = described(5)
    node = armor.territory.links["node"]
    await armor.add(5, producer="armor", **first | as_table(first["global_id"], node))
    other = described(0)
    await armor.add(0, **other | as_table(other["global_id"], "https://node.example"))
    publisher = make_person(armor.territory, memberships={"armor": ["publishers"]})
    neighbour = make_person(armor.territory, memberships={"kerlevan": ["publishers"]})

    led = []
    for person in (None, neighbour, publisher):
        async with browse(portal_app, armor.territory, person) as visitor:
            pages = [
                await visitor.get(f"/data/{record['global_id']}")
                for record in (first, other)
            ]
            led.append(
                [
                    re.findall(
                        r'href="([^"]+/datasets/[^"]+/(?:describe|versions/new)[^"]*)"',
                        page.text,
                    )
                    for page in pages
                ]
            )

    ours = f"{node}/datasets/{first['global_id']}"
    assert led[:2] == [[[], []], [[], []]]
    assert set(led[2][0]) == {
        f"{ours}/describe#area",
        f"{ours}/describe#summary",
        f"{ours}/describe#licence",
        f"{ours}/describe#frequency",
    }
    assert led[2][1] == []


async def test_near_data_share_their_words(
    armor: Catalogue, feed: SearchFeed, portal_app: Litestar
) -> None:
    await armor.add_all()
    record = await armor.add(
        1, resource_title="Vélo : pistes cyclables", keywords=["vélo", "mobilité"]
    )
    await feed.run_once()

    page = await fetch(portal_app, armor, f"/data/{record.id}")
    near = page.text.partition('id="near"')[2].partition("</section>")[0]

    assert re.findall(r"<h3><a[^>]*>([^<]+)", near)[0] == "Comptages vélo"
    assert "Trottinettes" in near
    assert "Menus des cantines" not in near
    assert str(record.id) not in near


async def test_a_citation_is_read_by_reference_managers(
    armor: Catalogue, portal_app: Litestar
) -> None:
    title = "Vélos & trottinettes {100 %}\nTY  - faux"
    record = await armor.add(1, resource_title=title, doi="10.5072/arm_1")
    answers = {
        end: await fetch(portal_app, armor, f"/data/{record.id}/citation.{end}")
        for end in ("json", "bib", "ris")
    }
    permalink = f"{armor.territory.origin}/data/{record.id}"

    (item,) = json.loads(answers["json"].content)
    assert item["type"] == "dataset"
    assert item["author"] == [{"literal": "Armorine Métropole"}]
    assert item["issued"] == {"date-parts": [[2026, 1, 6]]}
    assert (item["URL"], item["DOI"]) == (permalink, "10.5072/arm_1")
    assert (
        r"title = {{Vélos \& trottinettes \{100 \%\} TY - faux}}" in answers["bib"].text
    )
    assert r"doi = {10.5072/arm\_1}" in answers["bib"].text
    lines = answers["ris"].text.split("\r\n")
    assert (lines[0], lines[-2]) == ("TY  - DATA", "ER  - ")
    assert [line for line in lines if line.startswith("TY")] == ["TY  - DATA"]
    assert f"UR  - {permalink}" in lines
    assert all(
        answer.headers["content-disposition"].startswith("attachment;")
        for answer in answers.values()
    )


async def test_a_citation_of_what_was_withdrawn_is_gone(
    armor: Catalogue, portal_app: Litestar
) -> None:
    record = await armor.add(1)
    await armor.withdraw(record)

    async with browse(portal_app, armor.territory) as visitor:
        answers = [
            await visitor.get(f"/data/{record.id}/citation.{end}")
            for end in ("json", "bib", "ris")
        ]

    assert [answer.status_code for answer in answers] == [410, 410, 410]


def test_the_area_is_drawn_on_the_territorys() -> None:
    inside = draw_area((-3.4, 48.1, -3.3, 48.2), (-3.5, 48.0, -3.0, 48.5))
    point = draw_area((2.0, 46.0, 2.0, 46.0), None)
    across = draw_area((170.0, -20.0, -170.0, -10.0), None)

    assert inside.territory is not None
    assert inside.territory.x < inside.data.x < inside.data.x + inside.data.width
    assert (
        inside.territory.y
        < inside.data.y
        < inside.territory.y + inside.territory.height
    )
    assert point.territory is None
    assert point.data.width > 0
    assert across.data.width < across.width


async def test_the_area_is_on_the_page_with_words(
    armor: Catalogue, portal_app: Litestar
) -> None:
    record = await armor.add(1, geography={"bounding_box": BOX})

    page = await fetch(portal_app, armor, f"/data/{record.id}", "fr")

    assert '<rect class="box"' in page.text
    assert "environ 37 km sur 56 km" in page.text


async def test_a_former_title_leads_to_the_present_one(
    armor: Catalogue, portal_app: Litestar
) -> None:
    record = await armor.add(1)
    await armor.add(1, global_id=str(record.id), resource_title="Comptages des vélos")
    nameless = await armor.add(2, resource_title="日本語")

    old = await fetch(portal_app, armor, f"/data/{record.id}/comptages-velo?x=1")
    new = await fetch(portal_app, armor, old.headers["location"])
    short = await fetch(portal_app, armor, f"/data/{nameless.id}/elections")

    assert (old.status_code, old.headers["location"]) == (
        301,
        f"/data/{record.id}/comptages-des-velos?x=1",
    )
    assert new.status_code == 200
    assert (short.status_code, short.headers["location"]) == (
        301,
        f"/data/{nameless.id}",
    )


async def test_a_title_does_not_take_the_address_of_the_history(
    armor: Catalogue, portal_app: Litestar
) -> None:
    record = await armor.add(1, resource_title="History")

    assert (
        await fetch(portal_app, armor, f"/data/{record.id}/history-data")
    ).status_code == 200


async def rename(armor: Catalogue, former: str, slug: str) -> None:
    async with armor.database.session(armor.territory.id) as session:
        await apply_organisation(
            session,
            id=armor.organisations[former],
            slug=slug,
            name="Nouveau nom",
            summary={},
            email="a@armor.example",
        )


async def test_the_former_names_of_a_producer_lead_to_the_present(
    armor: Catalogue, elsewhere: Catalogue, portal_app: Litestar
) -> None:
    await rename(armor, "kerlevan", "ville-de-kerlevan")
    await rename(armor, "kerlevan", "kerlevan-ville")

    pages = [
        await fetch(portal_app, armor, f"/producers/{slug}?q=a")
        for slug in ("kerlevan", "ville-de-kerlevan")
    ]
    machine = await fetch(portal_app, armor, "/api/v1/producers/kerlevan")
    neighbour = await fetch(portal_app, elsewhere, "/producers/ville-de-kerlevan")

    assert [(page.status_code, page.headers["location"]) for page in pages] == [
        (301, "/producers/kerlevan-ville?q=a")
    ] * 2
    assert (machine.status_code, machine.headers["location"]) == (
        301,
        "/api/v1/producers/kerlevan-ville",
    )
    assert neighbour.status_code == 404
    assert (
        await fetch(portal_app, armor, "/producers/kerlevan-ville")
    ).status_code == 200


async def test_a_name_that_another_takes_is_the_others(
    armor: Catalogue, portal_app: Litestar
) -> None:
    await rename(armor, "kerlevan", "kerlevan-ville")
    async with armor.database.session(armor.territory.id) as session:
        await apply_organisation(
            session,
            id=uuid.uuid4(),
            slug="kerlevan",
            name="Les amis de Kerlévan",
            summary={},
            email="b@armor.example",
        )

    page = await fetch(portal_app, armor, "/producers/kerlevan")

    assert page.status_code == 200
    assert "Les amis de Kerlévan" in page.text


async def test_an_organisation_may_take_its_name_back(
    armor: Catalogue, portal_app: Litestar
) -> None:
    await rename(armor, "kerlevan", "kerlevan-ville")
    await rename(armor, "kerlevan", "kerlevan")

    assert (await fetch(portal_app, armor, "/producers/kerlevan")).status_code == 200
    assert (await fetch(portal_app, armor, "/producers/kerlevan-ville")).headers[
        "location"
    ] == "/producers/kerlevan"


async def test_data_that_are_a_service_and_no_file_have_a_page(
    armor: Catalogue, portal_app: Litestar
) -> None:
    parameters = [
        {
            "key": "contract_url",
            "value": "https://services.armor.example/lignes/openapi.json",
        }
    ]
    connector = {
        "url": "https://services.armor.example/lignes", "interface_contract": "custom", "connector_parameters": parameters
    }  # fmt: skip
    service = {
        "media_type": "SERVICE",
        "media_id": str(uuid.uuid4()),
        "connector": connector,
    }
    record = await armor.add(1, available_formats=[service])
    async with browse(portal_app, armor.territory) as visitor:
        page = await visitor.get(f"/data/{record.id}", follow_redirects=True)

    assert page.status_code == 200
    assert "https://services.armor.example/lignes" in page.text
