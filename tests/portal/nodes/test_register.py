"""Registering the nodes of a territory."""

import uuid
from typing import Any

import pytest

from tests.contract.node import add_organisation
from tests.depth import by_depth
from udi.kit.errors import ConflictError, InvalidError
from udi.kit.tenancy import Territory
from udi.portal.nodes.actions.checks import list_producer_ids
from udi.portal.nodes.actions.register import register_node, update_node
from udi.portal.nodes.queries import find_node, get_node
from udi.ui.site import Site

pytestmark = pytest.mark.usefixtures("portal_app")
GOOD: dict[str, Any] = {
    "slug": "north",
    "name": "North",
    "url": "https://north.example/node/",
    "client_id": "demo-node-north",
}


async def test_a_node_is_registered_with_its_producers(
    portal_site: Site, demo: Territory
) -> None:
    producers = {uuid.uuid4(), uuid.uuid4()}
    for number, producer in enumerate(producers):
        await add_organisation(portal_site, demo, producer, f"producer-{number}")

    async with portal_site.database.session(demo.id) as session:
        await register_node(session, **GOOD, organisations=producers)

    async with portal_site.database.session(demo.id) as session:
        node = await get_node(session, "north")
        assert (node.name, node.url, node.hosted) == (
            "North",
            "https://north.example/node",
            False,
        )
        assert await list_producer_ids(session, node) == producers


@by_depth(
    ("field", "value"),
    [
        ("slug", ""),
        ("slug", "North Node"),
        ("slug", "-north"),
        ("slug", "x" * 41),
        ("name", "  "),
        ("name", "x" * 151),
        ("url", "north.example"),
        ("url", "ftp://north.example"),
        ("url", "https://north.example/?a=b"),
        ("url", "https://user:word@north.example"),
        ("url", "https://north.example:port"),
        ("url", "https://"),
        ("organisations", [uuid.uuid4()]),
    ],
    by_default=[0],
)
async def test_a_wrong_field_is_named_and_nothing_is_registered(
    portal_site: Site, demo: Territory, field: str, value: object
) -> None:
    with pytest.raises(InvalidError) as refused:
        async with portal_site.database.session(demo.id) as session:
            await register_node(session, **{**GOOD, field: value})

    assert [refusal.field for refusal in refused.value.refusals] == [field]
    async with portal_site.database.session(demo.id) as session:
        assert await find_node(session, GOOD["slug"]) is None


async def test_a_name_is_used_once_a_territory(
    portal_site: Site, demo: Territory, other: Territory
) -> None:
    for territory in (demo, other):
        async with portal_site.database.session(territory.id) as session:
            await register_node(session, **GOOD)

    with pytest.raises(ConflictError):
        async with portal_site.database.session(demo.id) as session:
            await register_node(session, **GOOD)


async def test_a_producer_of_another_territory_cannot_be_linked(
    portal_site: Site, demo: Territory, other: Territory
) -> None:
    foreign = uuid.uuid4()
    await add_organisation(portal_site, other, foreign, "foreign")

    with pytest.raises(InvalidError):
        async with portal_site.database.session(demo.id) as session:
            await register_node(session, **GOOD, organisations=[foreign])


async def test_an_update_changes_address_and_producers(
    portal_site: Site, demo: Territory
) -> None:
    first = uuid.uuid4()
    second = uuid.uuid4()
    for slug, producer in (("first", first), ("second", second)):
        await add_organisation(portal_site, demo, producer, slug)
    async with portal_site.database.session(demo.id) as session:
        node = await register_node(session, **GOOD, organisations=[first])

        await update_node(
            session,
            node,
            name="North again",
            url="https://moved.example",
            organisations=[second],
        )

        assert (node.name, node.url) == ("North again", "https://moved.example")
        assert await list_producer_ids(session, node) == {second}
        await update_node(
            session, node, name="North again", url="https://moved.example"
        )
        assert await list_producer_ids(session, node) == {second}
