"""Three steps from a file to everyone; a new version and a withdrawal."""

import hashlib
import json
from uuid import UUID

import httpx
import pytest
from litestar import Litestar
from pyoxigraph import RdfFormat, parse

from tests.node.conftest import Browse
from tests.node.producer import SLUG, TABLE, Producer
from udi.kit.db import Database
from udi.kit.oidc import Login
from udi.kit.tenancy import Territory
from udi.node.datasets.models import Dataset


@pytest.mark.usefixtures("each_store")
async def test_four_steps_publish_a_file_that_anyone_downloads(
    producer: Producer, passer_by: httpx.AsyncClient
) -> None:
    dataset = await producer.draft()
    checked = await producer.page(f"/datasets/{dataset}/check")
    assert "Windows-1252" in checked
    assert "École de voile" in checked

    await producer.describe(dataset)
    assert "vie locale" in await producer.page(f"/datasets/{dataset}/review")
    published = await producer.client.post(f"/datasets/{dataset}/publish")

    assert published.headers["location"] == f"/datasets/{dataset}"
    assert "Associations de Kerlévan" in await producer.page(f"/datasets/{dataset}")
    file = await passer_by.get(f"/datasets/{dataset}/file")
    assert hashlib.sha256(file.content).digest() == hashlib.sha256(TABLE).digest()


async def test_a_draft_is_nobodys_elses(
    producer: Producer, passer_by: httpx.AsyncClient, node_app: Litestar, demo: Territory, other: Territory,
    browse: Browse, stranger: Login, reader: Login, publisher: Login,
) -> None:  # fmt: skip
    dataset = await producer.draft()

    assert (await passer_by.get(f"/datasets/{dataset}/file")).status_code == 404
    assert (
        (await passer_by.get(f"/datasets/{dataset}"))
        .headers["location"]
        .startswith("/login")
    )
    async with browse(node_app, demo, stranger) as theirs:
        assert (await theirs.get(f"/datasets/{dataset}")).status_code == 404
        assert (await theirs.post(f"/datasets/{dataset}/publish")).status_code == 404
        assert (await theirs.get(f"/spaces/{SLUG}")).status_code == 404
    async with browse(node_app, demo, reader) as theirs:
        refused = await theirs.get(f"/datasets/{dataset}")
        assert refused.status_code == 403
        assert "Mairie de Kerlévan" in refused.text
    async with browse(node_app, other, publisher) as theirs:
        assert (await theirs.get(f"/datasets/{dataset}")).status_code == 404


async def test_the_space_shows_its_datasets_and_its_place(producer: Producer) -> None:
    await producer.draft()

    page = await producer.page(f"/spaces/{SLUG}")

    assert "Brouillon" in page
    assert "<meter" in page


async def test_the_front_page_leads_each_person_where_they_may_go(
    producer: Producer,
    passer_by: httpx.AsyncClient,
    node_app: Litestar,
    demo: Territory,
    browse: Browse,
    reader: Login,
) -> None:
    assert f"/spaces/{SLUG}" in await producer.page("/")
    assert "/login?back=" in (await passer_by.get("/")).text
    async with browse(node_app, demo, reader) as theirs:
        page = (await theirs.get("/")).text
        assert f'href="/spaces/{SLUG}"' not in page
        assert "mailto:mairie@kerlevan.example" in page


@pytest.mark.parametrize(
    "address",
    ["/catalog.ttl", pytest.param("/catalog.jsonld", marks=pytest.mark.thorough)],
)
@pytest.mark.parametrize(
    ("page", "status"),
    [("", 200), pytest.param("1", 200, marks=pytest.mark.thorough), ("2", 404), pytest.param("0", 404, marks=pytest.mark.thorough), pytest.param("99999", 404, marks=pytest.mark.thorough), ("-1", 422), pytest.param("x", 422, marks=pytest.mark.thorough)],
)  # fmt: skip
async def test_a_feed_of_a_node_has_the_pages_that_it_names(
    producer: Producer,
    passer_by: httpx.AsyncClient,
    address: str,
    page: str,
    status: int,
) -> None:
    await producer.publish()

    answer = await passer_by.get(f"{address}?page={page}")

    assert answer.status_code == status


async def test_both_feeds_of_a_node_are_one_graph_whose_nodes_are_written_once(
    producer: Producer,
    passer_by: httpx.AsyncClient,
    node_database: Database,
    demo: Territory,
) -> None:
    dataset = await producer.publish()
    async with node_database.session(demo.id, role="owner") as session:
        row = await session.get_one(Dataset, (demo.id, UUID(dataset)))
        assert row.delivery is not None
        row.record = row.delivery.record

    turtle = (await passer_by.get("/catalog.ttl")).content
    feed = (await passer_by.get("/catalog.jsonld")).content

    graph = parse(
        feed.replace(b"/catalog.jsonld", b"/catalog.ttl"), format=RdfFormat.JSON_LD
    )
    address = f"{demo.links['portal']}/data/{dataset}"
    assert set(graph) == set(parse(turtle, format=RdfFormat.TURTLE))
    assert [node["@id"] for node in json.loads(feed)].count(address) == 1
