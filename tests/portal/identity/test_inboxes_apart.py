"""Random worlds: two territories with the same names and the same person never see each other's inbox."""

import random
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from tests.depth import examples
from tests.visitors import enter
from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.identity import Actor
from udi.kit.oidc import Login
from udi.kit.tenancy import Territory
from udi.portal.identity.inbox import list_inbox
from udi.portal.identity.inbox_claims import claim_item, list_claims
from udi.portal.nodes.models import Node, NodeWaiting, Report, ReportDeliveryState
from udi.portal.organisations.actions import apply_organisation
from udi.portal.organisations.models import Application, MembershipEntry
from udi.protocol.inbox import NodeInboxKind
from udi.ui.site import Site

SLUGS = ("seve", "mairie", "port")


async def fill(
    database: Database, territory: Territory, person: Actor, world: random.Random
) -> set[UUID]:
    """Things that wait for the person in every role; their identifiers."""
    ids = set()
    async with database.session(territory.id, role="worker") as session:
        node = Node(
            slug="shared", name="Node", url=f"http://{territory.slug}.example",
            client_id="shared", hosted=True,
        )  # fmt: skip
        session.add(node)
        await session.flush()
        for slug in world.sample(SLUGS, world.randint(1, len(SLUGS))):
            facts = {"summary": {}, "email": f"{slug}@people.example"}
            organisation = await apply_organisation(
                session, id=uuid4(), slug=slug, name=slug, **facts
            )
            for kind in world.sample(list(NodeInboxKind), world.randint(0, 3)):
                waiting = NodeWaiting(
                    id=uuid4(),
                    node_id=node.id,
                    organisation_id=organisation.id,
                    kind=kind,
                    number=world.randint(1, 9),
                    since=now(),
                    received_at=now(),
                )
                session.add(waiting)
                ids.add(waiting.id)
            if world.random() < 0.5:
                entry = MembershipEntry(
                    id=uuid4(),
                    organisation_id=organisation.id,
                    person_id=person.person_id,
                    groups=[],
                    language="fr",
                    stage="requested",
                    started_at=now(),
                )
                session.add(entry)
                ids.add(entry.id)
        for _ in range(world.randint(1, 4)):
            application = Application(
                id=uuid4(),
                person_id=person.person_id,
                language="fr",
                name="Syndicat",
                country="FR",
                registry_number="",
                email="a@b.example",
                url="",
                choice="hosted",
                submitted_at=now() - timedelta(days=world.randint(0, 9)),
                state=world.choice(["submitted", "information_requested"]),
            )
            session.add(application)
            ids.add(application.id)
        if world.random() < 0.5:
            session.add(
                Report(
                    node_id=node.id,
                    method="PUT",
                    resource_id=uuid4(),
                    accepted=True,
                    treated_at=now(),
                    delivery=ReportDeliveryState.FAILED,
                )
            )
            ids.add(node.id)
    return ids


@pytest.mark.parametrize("seed", range(examples(2, 8)))
async def test_inbox_holds_all_of_its_territory_and_nothing_of_another(
    seed: int,
    portal_site: Site,
    demo: Territory,
    other: Territory,
    make_person: object,
) -> None:
    world = random.Random(seed)  # noqa: S311 - worlds that can be made again
    services = portal_site.services
    expected: dict[UUID, set[UUID]] = {}
    actors: dict[UUID, Actor] = {}
    for territory in (demo, other):
        login: Login = make_person(
            territory,
            moderator=True,
            memberships={slug: ["managers"] for slug in SLUGS},
        )
        actors[territory.id] = await enter(portal_site, territory, login=login)
        expected[territory.id] = await fill(
            portal_site.database, territory, actors[territory.id], world
        )

    for territory in (demo, other):
        actor = actors[territory.id]
        async with portal_site.database.session(
            territory.id, person=actor.person_id
        ) as session:
            items = await list_inbox(services, session, actor)
            claimable = [item for item in items if item.kind == "application"]
            for item in claimable:
                await claim_item(services, session, actor, (item.kind, item.id))
            claims = await list_claims(session, items)

        assert {item.id for item in items} == expected[territory.id]
        assert {claim.person_id for claim in claims.values()} <= {actor.person_id}
        assert len(claims) == len(claimable)
