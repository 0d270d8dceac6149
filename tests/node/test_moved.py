"""Addresses of a producer that left lead to its own node, and answer here again when it comes back."""

import httpx
import pytest
from litestar import Litestar
from sqlalchemy import select

from tests.node.conftest import Browse
from tests.node.producer import SLUG, TABLE, Producer
from tests.node.test_deliver_file import file_path
from udi.kit.db import Database
from udi.kit.errors import InvalidError
from udi.kit.keyring import FILE_KEYS
from udi.kit.oidc import Login
from udi.kit.tenancy import Territory
from udi.node.datasets.space_export.contents import list_addresses
from udi.node.files.delivery.signed_urls import sign_path
from udi.node.spaces.models import MovedAddress, Space
from udi.node.spaces.redirects import check_origin, move_addresses, remove_redirects
from udi.ui.site import Site

NEW = "https://donnees.kerlevan.example"


async def move(database: Database, territory: Territory, to: str = NEW) -> int:
    async with database.session(territory.id, role="worker") as session:
        space = (await session.scalars(select(Space))).one()
        return await move_addresses(
            session, space, to, await list_addresses(session, space)
        )


async def test_every_public_address_leads_to_the_same_path_elsewhere(
    producer: Producer,
    passer_by: httpx.AsyncClient,
    node_database: Database,
    demo: Territory,
) -> None:
    dataset = await producer.publish()
    path = await file_path(node_database, demo, dataset)

    assert await move(node_database, demo) == await move(node_database, demo) == 6

    for address in (
        f"/datasets/{dataset}", f"/datasets/{dataset}/file", path, f"/spaces/{SLUG}", f"/api/v1/resources/{dataset}",
        f"/catalog/v1/resources/{dataset}", f"/datasets/{dataset}/file?page=2&sort=%C3%A9",
        f"/api/resources/{dataset}/data?nom__exact=Phare",
    ):  # fmt: skip
        answer = await passer_by.get(address)
        assert (answer.status_code, answer.headers["location"]) == (
            308,
            NEW + address,
        ), address
    head = await passer_by.head(path)
    assert (head.status_code, head.headers["location"]) == (308, NEW + path)


async def test_what_was_never_public_or_is_another_s_stays_here(
    producer: Producer, passer_by: httpx.AsyncClient, node_database: Database, demo: Territory, node_app: Litestar,
    other: Territory, browse: Browse,
) -> None:  # fmt: skip
    dataset = await producer.publish()
    draft = await producer.draft(TABLE + b"x", "brouillon.csv")
    hidden = await file_path(node_database, demo, draft)
    await move(node_database, demo)

    assert (await passer_by.get(hidden)).status_code == 404
    assert (await passer_by.get(f"/datasets/{draft}/file")).status_code == 404
    assert (await passer_by.get("/")).status_code == 200
    assert (await passer_by.get(f"/spaces/{SLUG}x")).status_code == 303
    assert (await passer_by.get("/api/v1/resources")).status_code == 200
    async with browse(node_app, other) as client:
        assert (await client.get(f"/datasets/{dataset}/file")).status_code == 404


async def test_those_who_publish_here_still_tidy_up_here(
    producer: Producer,
    node_app: Litestar,
    node_database: Database,
    demo: Territory,
    browse: Browse,
    stranger: Login,
) -> None:
    dataset = await producer.publish()
    await move(node_database, demo)

    assert await producer.page(f"/datasets/{dataset}")
    async with browse(node_app, demo, stranger) as client:
        assert (await client.get(f"/datasets/{dataset}")).status_code == 308


@pytest.mark.usefixtures("each_store")
async def test_a_signed_link_goes_on_opening_here(
    producer: Producer,
    passer_by: httpx.AsyncClient,
    node_database: Database,
    demo: Territory,
    node_site: Site,
) -> None:
    path = await file_path(node_database, demo, await producer.publish())
    await move(node_database, demo)

    link = sign_path(node_site.services[FILE_KEYS](), demo.id, path)

    assert (await passer_by.get(link)).content == TABLE


async def test_it_may_move_on_and_come_back(
    producer: Producer,
    passer_by: httpx.AsyncClient,
    node_database: Database,
    demo: Territory,
) -> None:
    dataset = await producer.publish()
    await move(node_database, demo)
    await move(node_database, demo, "https://autre.example/donnees")
    address = f"/datasets/{dataset}/file"
    assert (await passer_by.get(address)).headers[
        "location"
    ] == f"https://autre.example/donnees{address}"

    async with node_database.session(demo.id, role="worker") as session:
        assert await remove_redirects(session, SLUG) == 6
        assert list(await session.scalars(select(MovedAddress))) == []

    assert (await passer_by.get(address)).content == TABLE


@pytest.mark.parametrize(
    "origin",
    ["", "donnees.example", "ftp://donnees.example", "https://", "https://a:b@donnees.example", "https://x.example/?a=1",
     "https://x.example/#a", "javascript:alert(1)", "https://node.example", "https://node.example/"],
)  # fmt: skip
def test_what_is_no_other_node_is_refused(origin: str) -> None:
    with pytest.raises(InvalidError):
        check_origin(origin, "https://node.example")


def test_an_address_is_kept_without_its_last_slash() -> None:
    assert (
        check_origin("https://donnees.example/udi/", "https://node.example")
        == "https://donnees.example/udi"
    )
