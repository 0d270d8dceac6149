"""The node's public catalogue, as RUDI's clients read it."""

import httpx
import pytest
from litestar import Litestar

from tests.node.conftest import Browse
from tests.node.counterpart import PortalDouble, report
from tests.node.producer import Producer
from udi.kit.tenancy import Territory


@pytest.fixture
async def published(
    producer: Producer, passer_by: httpx.AsyncClient, portal: PortalDouble, demo: Territory
) -> list[str]:
    """Three datasets that the portal accepted, and a fourth that waits."""
    headers = {"Authorization": f"Bearer {portal.token(demo.links['node'])}"}
    datasets = [await producer.publish() for _ in range(3)]
    for dataset in datasets:
        await passer_by.put(f"/resources/{dataset}/report", json=report(dataset), headers=headers)
    await producer.publish()
    return datasets


@pytest.mark.parametrize("prefix", ["/api/v1", "/catalog/v1"])
async def test_what_is_published_is_listed_page_by_page(
    passer_by: httpx.AsyncClient, published: list[str], prefix: str
) -> None:
    whole = await passer_by.get(f"{prefix}/resources")
    first = await passer_by.get(f"{prefix}/resources", params={"limit": 2})
    rest = await passer_by.get(f"{prefix}/resources", params={"limit": 2, "offset": 2})

    assert (whole.status_code, whole.json()["total"]) == (200, 3)
    assert (first.status_code, first.json()["total"]) == (206, 3)
    assert [item["global_id"] for item in first.json()["items"] + rest.json()["items"]] == published
    assert (await passer_by.get(f"{prefix}/resources/{published[0]}")).json()["global_id"] == published[0]


async def test_changes_since_a_moment(passer_by: httpx.AsyncClient, published: list[str]) -> None:
    items = (await passer_by.get("/api/v1/resources")).json()["items"]
    assert len(items) == len(published)

    later = await passer_by.get("/api/v1/resources", params={"updated_after": "2100-01-01T00:00:00Z"})
    all_of_them = await passer_by.get("/api/v1/resources", params={"updated_after": "2001-01-01T00:00:00+01:00"})

    assert (later.json()["total"], all_of_them.json()["total"]) == (0, 3)


async def test_a_withdrawn_dataset_and_a_draft_are_not_listed(
    producer: Producer, passer_by: httpx.AsyncClient, published: list[str]
) -> None:
    draft = await producer.draft()
    await producer.client.post(f"/datasets/{published[0]}/withdraw", data={"reason": "x"})

    assert (await passer_by.get("/api/v1/resources")).json()["total"] == 2
    for dataset in (draft, published[0]):
        absent = await passer_by.get(f"/api/v1/resources/{dataset}")
        assert absent.status_code == 404
        assert absent.headers["content-type"] == "application/problem+json"


async def test_another_territory_lists_none_of_it(
    node_app: Litestar, other: Territory, browse: Browse, published: list[str]
) -> None:
    async with browse(node_app, other) as client:
        assert (await client.get("/api/v1/resources")).json() == {"total": 0, "items": []}
        assert (await client.get(f"/api/v1/resources/{published[0]}")).status_code == 404


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ({"limit": "many"}, "limit"), ({"offset": "-1"}, "offset"), ({"limit": "9" * 30}, "limit"),
        ({"updated_after": "yesterday"}, "updated_after"), ({"updated_after": "\x00"}, "updated_after"),
    ],
)  # fmt: skip
async def test_a_wrong_parameter_is_named(
    passer_by: httpx.AsyncClient, demo: Territory, parameters: dict[str, str], field: str
) -> None:
    refused = await passer_by.get("/api/v1/resources", params=parameters)

    assert refused.status_code == 422
    assert [error["field"] for error in refused.json()["errors"]] == [field]
