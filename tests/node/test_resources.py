"""The node's public catalogue, as RUDI's clients read it."""

from typing import Any

import httpx
import pytest
from litestar import Litestar

from tests.node.conftest import Browse
from tests.node.counterpart import PortalDouble, report
from tests.node.producer import Producer
from udi.kit.tenancy import Territory


@pytest.fixture
async def published(
    producer: Producer,
    passer_by: httpx.AsyncClient,
    portal: PortalDouble,
    demo: Territory,
) -> list[str]:
    """Three datasets that the portal accepted, and a fourth that waits."""
    datasets = [await producer.publish() for _ in range(3)]
    for dataset in datasets:
        headers = portal.bearer(demo.links["node"], dataset)
        await passer_by.put(
            f"/resources/{dataset}/report", json=report(dataset), headers=headers
        )
    await producer.publish()
    return datasets


@pytest.mark.parametrize(
    "prefix", ["/api/v1", pytest.param("/catalog/v1", marks=pytest.mark.thorough)]
)
async def test_what_is_published_is_listed_page_by_page(
    passer_by: httpx.AsyncClient, published: list[str], prefix: str
) -> None:
    whole = await passer_by.get(f"{prefix}/resources")
    first = await passer_by.get(f"{prefix}/resources", params={"limit": 2})
    rest = await passer_by.get(f"{prefix}/resources", params={"limit": 2, "offset": 2})

    assert (whole.status_code, whole.json()["total"]) == (200, 3)
    partial = 200 if prefix.startswith("/catalog") else 206
    assert (first.status_code, first.json()["total"]) == (partial, 3)
    assert [
        item["global_id"] for item in first.json()["items"] + rest.json()["items"]
    ] == published
    assert (await passer_by.get(f"{prefix}/resources/{published[0]}")).json()[
        "global_id"
    ] == published[0]


@pytest.mark.thorough
async def test_changes_since_a_moment(
    passer_by: httpx.AsyncClient, published: list[str]
) -> None:
    items = (await passer_by.get("/api/v1/resources")).json()["items"]
    assert len(items) == len(published)

    later = await passer_by.get(
        "/api/v1/resources", params={"updated_after": "2100-01-01T00:00:00Z"}
    )
    all_of_them = await passer_by.get(
        "/api/v1/resources", params={"updated_after": "2001-01-01T00:00:00+01:00"}
    )

    assert (later.json()["total"], all_of_them.json()["total"]) == (0, 3)


async def test_a_withdrawn_dataset_and_a_draft_are_not_listed(
    producer: Producer, passer_by: httpx.AsyncClient, published: list[str]
) -> None:
    draft = await producer.draft()
    await producer.client.post(
        f"/datasets/{published[0]}/withdraw", data={"reason": "x"}
    )

    assert (await passer_by.get("/api/v1/resources")).json()["total"] == 2
    for dataset in (draft, published[0]):
        absent = await passer_by.get(f"/api/v1/resources/{dataset}")
        assert absent.status_code == 404
        assert absent.headers["content-type"] == "application/problem+json"


async def test_another_territory_lists_none_of_it(
    node_app: Litestar, other: Territory, browse: Browse, published: list[str]
) -> None:
    async with browse(node_app, other) as client:
        assert (await client.get("/api/v1/resources")).json() == {
            "total": 0,
            "items": [],
        }
        assert (
            await client.get(f"/api/v1/resources/{published[0]}")
        ).status_code == 404


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ({"limit": "many"}, "limit"), ({"offset": "-1"}, "offset"), ({"limit": "9" * 30}, "limit"),
        ({"updated_after": "yesterday"}, "updated_after"), ({"updated_after": "\x00"}, "updated_after"),
        ({"updated_before": "2026-13-01"}, "updated_before"), ({"limite": "5"}, "limite"),
        ({"fields": "global_id,nom"}, "fields"), ({"sort_by": "-"}, "sort_by"), ({"sort_by": "theme'--"}, "sort_by"),
        ({"count_by": "theme.a.b.c.d.e.f"}, "count_by"), ({"group_by": "theme"}, "group_by"),
    ],
)  # fmt: skip
async def test_a_wrong_parameter_is_named(
    passer_by: httpx.AsyncClient,
    demo: Territory,
    parameters: dict[str, str],
    field: str,
) -> None:
    refused = await passer_by.get("/api/v1/resources", params=parameters)

    assert refused.status_code == 422
    assert [error["field"] for error in refused.json()["errors"]] == [field]


async def test_every_wrong_parameter_is_named_at_once(
    passer_by: httpx.AsyncClient, demo: Territory
) -> None:
    refused = await passer_by.get(
        "/api/v1/resources", params={"limit": "x", "fields": "nom", "theme": "society"}
    )

    assert sorted(error["field"] for error in refused.json()["errors"]) == [
        "fields",
        "limit",
    ]
    assert all(
        error["reason"] and error["remedy"] for error in refused.json()["errors"]
    )


QUERIES = [
    ("sort_by=resource_title", ["Arbres", "Bancs", "Cafés & thés"]),
    ("sort_by=-resource_title&limit=2", ["Cafés & thés", "Bancs"]),
    ("sort_by=theme,-resource_title", ["Cafés & thés", "Arbres", "Bancs"]),
    ("sort_by=-updatedAt&limit=1", ["Cafés & thés"]),
    ("sort_by=resource_title&limit=2&offset=1", ["Bancs", "Cafés & thés"]),
    ("theme=publicSpace", ["Bancs"]),
    ("keywords=ville", ["Arbres", "Bancs"]),
    ("keywords=banc%2Ccaf%C3%A9", ["Bancs", "Cafés & thés"]),
    ("resource_title=Caf%C3%A9s%20%26%20th%C3%A9s", ["Cafés & thés"]),
    ("resource_title=Caf%25C3%25A9s%2520%2526%2520th%25C3%25A9s", ["Cafés & thés"]),
    (
        "producer.organization_name=Mairie%2520de%2520Kerl%25C3%25A9van&theme=publicSpace",
        ["Bancs"],
    ),
    ("available_formats.media_name=associations.csv&theme=publicSpace", ["Bancs"]),
    ("dataset_size.numbers_of_records=2&theme=publicSpace", ["Bancs"]),
    ("access_condition.confidentiality.restricted_access=true", []),
    ("resource_title=%22)%20%7C%7C%20(1%20%3D%3D%201", []),
    ("&theme=publicSpace&", ["Bancs"]),
    ("updated_before=2001-01-01", []),
]


@pytest.fixture
async def varied(
    producer: Producer,
    passer_by: httpx.AsyncClient,
    portal: PortalDouble,
    demo: Territory,
) -> dict[str, str]:
    """Three accepted datasets that differ, by title."""
    dataset_by_title = {}
    for title, theme, keywords in (
        ("Arbres", "environment", "arbre, ville"), ("Bancs", "publicSpace", "banc, ville"),
        ("Cafés & thés", "environment", "café"),
    ):  # fmt: skip
        dataset = await producer.publish(title=title, theme=theme, keywords=keywords)
        headers = portal.bearer(demo.links["node"], dataset)
        await passer_by.put(
            f"/resources/{dataset}/report", json=report(dataset), headers=headers
        )
        dataset_by_title[title] = dataset
    return dataset_by_title


async def test_records_are_chosen_ordered_cut_and_counted_as_asked(
    passer_by: httpx.AsyncClient, varied: dict[str, str]
) -> None:
    async def ask(query: str, path: str = "/api/v1/resources") -> Any:
        return (await passer_by.get(f"{path}?{query}")).json()

    titles_by_query = {
        query: [item["resource_title"] for item in (await ask(query))["items"]]
        for query, _ in QUERIES
    }
    assert titles_by_query == dict(QUERIES)
    fields = "fields=global_id,producer.organization_name,available_formats.media_name,doi&sort_by=resource_title&limit=1"
    assert (await ask(fields))["items"] == [
        {
            "global_id": varied["Arbres"],
            "producer": {"organization_name": "Mairie de Kerlévan"},
            "available_formats": [{"media_name": "associations.csv"}],
        }
    ]
    assert [
        list(item) for item in (await ask("fields=updatedAt&limit=1"))["items"]
    ] == [["updatedAt"]]
    searched = await ask(
        "theme=publicSpace&fields=global_id", "/catalog/v1/resources/search"
    )
    assert [item["global_id"] for item in searched["items"]] == [varied["Bancs"]]
    assert await ask("count_by=&limit=&offset=&sort_by=&fields=") == await ask("")
    assert await ask("count_by=theme") == [
        {"theme": "environment", "count": 2},
        {"theme": "publicSpace", "count": 1},
    ]
    counted = await ask("count_by=keywords&theme=publicSpace", "/catalog/v1/resources")
    assert counted == [
        {"keywords": "banc", "count": 1},
        {"keywords": "ville", "count": 1},
    ]


async def test_rudis_reader_finds_a_catalogue(
    passer_by: httpx.AsyncClient, demo: Territory
) -> None:
    assert (await passer_by.get("/catalog/admin/hash")).status_code == 200
    assert (await passer_by.get("/catalog/v1/version")).json() == "1.4.1"
