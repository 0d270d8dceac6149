"""A portal and two nodes as separate processes: what is away is waited for, nothing is lost, nothing is there twice."""

import asyncio
from collections.abc import Callable

import httpx
import pytest
from sqlalchemy import func, select, update

from tests.identity.browser import SAME_SITE
from tests.journeys.installation import Installation
from tests.node.producer import ANSWERS, Producer
from tests.own_node.node import SPACE, Node, invite, log_in, on_portal, wait_for
from udi.kit.db import Database
from udi.portal.catalogue.models import Dataset
from udi.portal.nodes.models import Node as Registered
from udi.portal.tenants.queries import get_tenant


async def pushed_by(
    installation: Installation, node: str, slug: str = "demo"
) -> list[str]:
    """The identifiers of what a territory's portal shows of a node."""
    portal = Database(installation.settings, "portal")
    try:
        async with portal.platform_session() as session:
            tenant = (await get_tenant(session, slug)).id
        async with portal.session(tenant, role="worker") as session:
            mine = (
                select(Registered.id).where(Registered.slug == node).scalar_subquery()
            )
            query = select(Dataset.id).where(
                Dataset.node_id == mine, Dataset.state == "published"
            )
            twice = select(func.count(Dataset.id) - func.count(Dataset.id.distinct()))
            assert await session.scalar(twice) == 0
            return [str(dataset_id) for dataset_id in await session.scalars(query)]
    finally:
        await portal.close()


@pytest.mark.thorough
async def test_a_portal_away_is_waited_for(
    installation: Installation, node: Node, producer: Producer
) -> None:
    before = set(await pushed_by(installation, "mairie"))
    changed = await producer.publish()
    gone = await producer.publish()
    wait_for(
        lambda: (
            {
                on_portal(installation, dataset_id).status_code
                for dataset_id in (changed, gone)
            }
            == {200}
        )
    )

    installation.stop("serve-portal")
    try:
        new = [await producer.publish() for _ in range(3)]
        await producer.publish(changed, title="Corrigé pendant l’absence")
        await producer.client.post(
            f"/datasets/{gone}/withdraw", data={"reason": "Remplacé"}
        )
        page = node.get()
        assert (page.status_code, node.get("/catalog.ttl").status_code) == (200, 200)
        assert node.get(f"/datasets/{changed}/file").status_code == 200
        assert node.stop() == 0
        node.start()
        assert changed in node.catalogue()
    finally:
        installation.start("serve", "portal")
        installation.wait("portal")

    wait_for(
        lambda: (
            {on_portal(installation, dataset_id).status_code for dataset_id in new}
            == {200}
        ),
        150,
    )
    wait_for(lambda: on_portal(installation, gone).status_code == 410, 150)
    wait_for(
        lambda: (
            on_portal(installation, changed).json()["resource_title"]
            == "Corrigé pendant l’absence"
        ),
        150,
    )
    assert sorted(await pushed_by(installation, "mairie")) == sorted(
        {*before, changed, *new}
    )


@pytest.mark.thorough
async def test_two_nodes_know_nothing_of_each_other(
    installation: Installation,
    node: Node,
    producer: Producer,
    begun_node: Callable[[], Node],
) -> None:
    second = begun_node()
    assert second.init(invite(installation, "seve", second.url, "seve")).returncode == 0
    second.start()
    who = "responsable@kerlevan.example"
    async with httpx.AsyncClient(
        base_url=second.url, timeout=60, headers=SAME_SITE
    ) as client:
        await log_in(client, who, installation.password(who))
        assert (await client.get(f"/spaces/{SPACE}")).status_code == 404
        sent = await client.post(
            "/spaces/seve/datasets",
            files={"file": ("arbres.csv", b"a;b\n1;2\n3;4\n", "text/csv")},
        )
        theirs = sent.headers["location"].split("/")[2]
        await client.post(
            f"/datasets/{theirs}/describe",
            data={**ANSWERS, "title": "Arbres de la SEVE"},
        )
        assert (
            await client.post(f"/datasets/{theirs}/publish", data={"reason": ""})
        ).status_code == 303
    ours = await producer.publish()

    wait_for(
        lambda: (
            {
                on_portal(installation, dataset_id).status_code
                for dataset_id in (ours, theirs)
            }
            == {200}
        )
    )
    assert await pushed_by(installation, "seve") == [theirs]
    assert theirs not in await pushed_by(installation, "mairie")
    assert ours not in second.catalogue()
    node.stop()
    assert await asyncio.to_thread(second.catalogue)
    assert on_portal(installation, ours).status_code == 200
    node.start()
    second.stop()


@pytest.mark.thorough
async def test_a_node_that_the_portal_cannot_reach_asks_for_its_reports(
    installation: Installation, node: Node, producer: Producer
) -> None:
    await set_address(installation, "mairie", "http://localhost:9")
    try:
        dataset = await producer.publish()
        wait_for(lambda: dataset in node.catalogue())
        assert on_portal(installation, dataset).status_code == 200
    finally:
        await set_address(installation, "mairie", node.url)


async def set_address(installation: Installation, node: str, url: str) -> None:
    """Where the portal thinks that a node is."""
    portal = Database(installation.settings, "portal")
    async with portal.platform_session() as session:
        tenant = (await get_tenant(session, "demo")).id
    async with portal.session(tenant, role="worker") as session:
        await session.execute(
            update(Registered).where(Registered.slug == node).values(url=url)
        )
    await portal.close()
