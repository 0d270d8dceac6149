"""What waits at a node is in the one inbox and in both headers, as numbers; uses of data go the same way."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import delete, select, update

from tests.contract.credentials.test_leaving import Outgoing
from tests.contract.credentials.world import Programs, World, build
from tests.node.producer import SLUG, Producer
from tests.visitors import browse, make_person
from udi.kit.clock import now, today
from udi.kit.oidc import node_client_id
from udi.node.datasets.exchange.inbox import InboxSync
from udi.node.datasets.exchange.portal import PortalClient, PortalUnavailableError
from udi.node.datasets.exchange.uses import UsesSync
from udi.node.identity.models import Person as NodePerson
from udi.node.spaces.models import Space, UseCount
from udi.portal.nodes.actions.register import register_node
from udi.portal.nodes.models import Node, NodeProducer, NodeUseDay, NodeWaiting
from udi.portal.organisations.models import Application, Organisation
from udi.protocol.inbox import NodeInboxKind
from udi.settings import HOSTED


@dataclass
class Exchange:
    """Both programs with one person who manages the town hall, and the node's side of the exchange."""

    world: World
    portal: httpx.AsyncClient
    node: httpx.AsyncClient
    inbox: InboxSync
    uses: UsesSync

    async def items(self) -> list[tuple[str, int]]:
        """(kind, number) of what the portal shows of the node."""
        document = (await self.portal.get("/inbox.json")).json()
        return [
            (item["kind"], item["number"])
            for item in document["items"]
            if item["kind"].startswith("node_")
        ]

    async def counted_at(self) -> datetime | None:
        """When the portal told the node last how much waits for the person."""
        is_login = NodePerson.subject == self.world.login.subject
        async with self.world.node.database.session(
            self.world.territory.id, role="worker"
        ) as session:
            counted_at = select(NodePerson.portal_counted_at).where(is_login)
            return (await session.scalars(counted_at)).one()


@pytest.fixture
async def exchange(programs: Programs) -> AsyncIterator[Exchange]:
    async with AsyncExitStack() as stack:
        world = await stack.enter_async_context(build(programs, moderator=False))
        territory = world.territory
        secrets = programs.settings.secrets_folder
        (secrets / f"node_credential_{territory.slug}").write_text("x")
        async with world.portal.database.session(
            territory.id, role="worker"
        ) as session:
            await register_node(
                session,
                slug=HOSTED,
                name="Node",
                url=territory.links["node"],
                client_id=node_client_id(territory.slug, HOSTED),
                hosted=True,
            )
        portal, node = [
            await stack.enter_async_context(
                browse(world.apps[name], territory, world.login)
            )
            for name in ("portal", "node")
        ]
        outside = await stack.enter_async_context(
            browse(world.apps["portal"], territory)
        )
        client = PortalClient(world.node.settings, Outgoing(world, outside))  # type: ignore[arg-type]  # it leads to the apps
        database, registry = world.node.database, world.node.registry
        yield Exchange(
            world,
            portal,
            node,
            InboxSync(
                database,
                registry,
                client,
                world.issuer.url,
                world.node.services,
                takes_subject_requests=True,
            ),
            UsesSync(database, registry, client),
        )


async def test_requests_of_people_are_shown_to_who_manages_the_producer_alone(
    exchange: Exchange,
) -> None:
    world = exchange.world
    territory = world.territory
    async with world.portal.database.session(territory.id, role="worker") as session:
        hall = await session.scalar(
            select(Organisation).where(Organisation.slug == SLUG)
        )
        node = await session.scalar(select(Node).where(Node.slug == HOSTED))
        assert hall is not None
        assert node is not None
        for kind in (NodeInboxKind.SUBJECT_REQUEST, NodeInboxKind.DRAFT):
            waiting = NodeWaiting(
                id=uuid4(),
                node_id=node.id,
                organisation_id=hall.id,
                kind=kind,
                number=1,
                since=now(),
                received_at=now(),
            )
            session.add(waiting)
    publisher = make_person(territory, memberships={SLUG: ["publishers"]})

    manager_items = await exchange.items()
    async with browse(world.apps["portal"], territory, publisher) as client:
        document = (await client.get("/inbox.json")).json()

    assert sorted(manager_items) == [("node_draft", 1), ("node_subject_request", 1)]
    assert [item["kind"] for item in document["items"]] == ["node_draft"]


def badge(page: httpx.Response) -> str:
    """The count in the header of a page, empty where there is none."""
    return (
        page.text.partition('<span class="badge')[2].partition(">")[2].partition("<")[0]
    )


async def test_exchange_puts_what_waits_at_the_node_into_one_inbox_and_both_headers(
    exchange: Exchange,
) -> None:
    territory = exchange.world.territory
    await Producer(exchange.node).draft(name="fuites-d-eau.csv")
    await Producer(exchange.node).draft(name="autres-fuites.csv")
    async with exchange.world.portal.database.session(
        territory.id, role="worker"
    ) as session:
        session.add(
            Application(
                person_id=exchange.world.actor.person_id, language="fr",
                name="Syndicat", country="FR", registry_number="", email="a@b.example",
                url="", choice="hosted", submitted_at=now(),
                state="information_requested",
            )
        )  # fmt: skip

    await exchange.inbox.exchange(territory)
    page = await exchange.portal.get("/inbox")
    at_node = await exchange.node.get(f"/inbox?space={SLUG}")

    assert await exchange.items() == [("node_draft", 2)]
    assert f'href="{territory.links["node"]}/inbox?space={SLUG}"' in page.text
    assert "fuites" not in page.text.lower()
    assert at_node.text.count("Terminer le brouillon") == 2
    # Two drafts at the node and a question at the portal, wherever one looks.
    assert badge(page) == badge(at_node) == "3"


async def test_exchange_takes_away_what_waits_no_more(exchange: Exchange) -> None:
    territory = exchange.world.territory
    dataset = await Producer(exchange.node).draft()
    await exchange.inbox.exchange(territory)
    before = await exchange.items()
    await Producer(exchange.node).publish(dataset)
    await exchange.inbox.exchange(territory)

    assert before == [("node_draft", 1)]
    assert await exchange.items() == []


async def test_exchange_tells_whose_spaces_the_node_holds(exchange: Exchange) -> None:
    territory = exchange.world.territory
    await Producer(exchange.node).draft()

    await exchange.inbox.exchange(territory)

    async with exchange.world.portal.database.session(
        territory.id, role="worker"
    ) as session:
        spaces = await session.scalar(select(Node.spaces).where(Node.slug == HOSTED))
    assert spaces == [SLUG]


@pytest.mark.thorough
async def test_exchange_keeps_the_identifier_of_what_still_waits(
    exchange: Exchange,
) -> None:
    territory = exchange.world.territory
    numbers = []
    for name in ("fuites.csv", "autres-fuites.csv"):
        await Producer(exchange.node).draft(name=name)
        await exchange.inbox.exchange(territory)
        [item] = (await exchange.portal.get("/inbox.json")).json()["items"]
        numbers.append((item["id"], item["number"]))

    assert [number for _, number in numbers] == [1, 2]
    assert numbers[0][0] == numbers[1][0]


async def test_exchange_keeps_numbers_of_known_producers_only(
    exchange: Exchange,
) -> None:
    territory = exchange.world.territory
    await Producer(exchange.node).draft()
    async with exchange.world.portal.database.session(
        territory.id, role="worker"
    ) as session:
        await session.execute(delete(Organisation).where(Organisation.slug == SLUG))

    await exchange.inbox.exchange(territory)
    async with exchange.world.portal.database.session(
        territory.id, role="worker"
    ) as session:
        stored_rows = (await session.scalars(select(NodeWaiting))).all()

    assert stored_rows == []


async def test_node_of_producers_is_told_of_their_members_only(
    exchange: Exchange,
) -> None:
    territory = exchange.world.territory
    async with exchange.world.portal.database.session(
        territory.id, role="worker"
    ) as session:
        await session.execute(update(Node).values(hosted=False))

    await exchange.inbox.exchange(territory)
    counted_at = await exchange.counted_at()
    async with exchange.world.portal.database.session(
        territory.id, role="worker"
    ) as session:
        producer = select(Organisation.id).where(Organisation.slug == SLUG)
        node = select(Node.id).where(Node.slug == HOSTED)
        session.add(
            NodeProducer(
                node_id=(await session.scalars(node)).one(),
                organisation_id=(await session.scalars(producer)).one(),
            )
        )
    await exchange.inbox.exchange(territory)

    assert counted_at is None
    assert await exchange.counted_at() is not None


async def test_exchange_with_a_portal_that_is_away_leaves_what_was_known(
    exchange: Exchange,
) -> None:
    territory = exchange.world.territory
    await exchange.inbox.exchange(territory)
    client = exchange.inbox.portal
    client.settings = client.settings.model_copy(
        update={"secrets": Path("/nonexistent")}
    )
    client._tokens.clear()
    await Producer(exchange.node).draft()

    with pytest.raises(PortalUnavailableError):
        await exchange.inbox.exchange(territory)

    assert await exchange.counted_at() is not None
    assert badge(await exchange.node.get("/")) == "1"


async def test_uses_reach_the_portal_by_producer_and_day_once(
    exchange: Exchange,
) -> None:
    territory = exchange.world.territory
    day = today(UTC)
    async with exchange.world.node.database.session(
        territory.id, role="worker"
    ) as session:
        space = (await session.scalars(select(Space).where(Space.slug == SLUG))).one()
        session.add_all(
            UseCount(
                dataset_id=exchange.world.thing, day=day - timedelta(days=age),
                kind=kind, client=client, space_id=space.id, count=count, bytes=1,
            )
            for age, kind, client, count in (
                (0, "file", "people", 3), (0, "file", "robots", 100),
                (0, "api", "programs", 5), (1, "ogc", "people", 2),
            )
        )  # fmt: skip

    sent_counts = [await exchange.uses.tell(territory) for _ in range(2)]
    async with exchange.world.portal.database.session(
        territory.id, role="worker"
    ) as session:
        rows = await session.scalars(select(NodeUseDay).order_by(NodeUseDay.day))
        stored_days = [(row.day, row.downloads, row.calls) for row in rows]

    assert sent_counts == [2, 2]
    assert stored_days == [(day - timedelta(days=1), 0, 2), (day, 3, 5)]
