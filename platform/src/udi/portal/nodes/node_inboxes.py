"""What waits at nodes: the numbers that each tells, and how much waits here for the people who work there."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from litestar import Response, post
from msgspec import to_builtins
from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now, today
from udi.kit.errors import field_error
from udi.kit.sessions import SESSIONS
from udi.kit.tenancy import Territory
from udi.portal.identity.inbox import count, list_inbox
from udi.portal.identity.models import Membership, Person
from udi.portal.identity.queries import read_actor
from udi.portal.nodes.api import MIB, as_json, decode_report, take_report
from udi.portal.nodes.models import Node, NodeProducer, NodeWaiting
from udi.portal.nodes.queries import list_linked_producers
from udi.portal.organisations.models import Organisation
from udi.protocol.inbox import (
    PATH,
    InboxCountAnswer,
    NodeInbox,
    PersonCount,
    WaitingNumber,
)
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Routes
from udi.ui.site import Site, site_of

LARGEST = 4 * MIB
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
CLOCK_DIFFERENCE = timedelta(days=1)
"""How far the clock of a node may be ahead."""


def read_node_inbox(body: bytes) -> NodeInbox:
    """What a node tells.

    Raises:
        InvalidError: it is something else.
    """
    refusal = field_error(
        "waiting",
        "These are no numbers of what waits.",
        "Send “waiting” and “subjects” as the protocol says.",
    )
    inbox = decode_report(body, NodeInbox, refusal)
    latest = now() + CLOCK_DIFFERENCE
    if not all(EARLIEST <= line.since <= latest for line in inbox.waiting):
        raise refusal
    return inbox


@post(PATH, status_code=200, request_max_body_size=LARGEST)
async def receive_node_inbox(
    request: AnyRequest, territory: CurrentTerritory
) -> Response[Any]:
    """Keep how much waits at the node that calls, and answer how much waits elsewhere for the accounts that it names."""
    node, subjects = await take_report(
        request, territory, read_node_inbox, store_node_inbox, largest=LARGEST
    )
    people = await _count_people(site_of(request), territory, node, subjects)
    return as_json(to_builtins(InboxCountAnswer(people=people)))


async def store_node_inbox(
    session: AsyncSession, node: Node, inbox: NodeInbox
) -> tuple[Node, Sequence[str]]:
    """Keep what a node tells; returns the node, and the accounts that it asks about."""
    node.reports_inbox = True
    if inbox.spaces is not None:
        node.spaces = sorted(set(inbox.spaces))
    node.takes_subject_requests = inbox.takes_subject_requests
    await replace_numbers(session, node, inbox.waiting)
    return node, inbox.subjects


async def replace_numbers(
    session: AsyncSession, node: Node, numbers: Iterable[WaitingNumber]
) -> None:
    """Keep these numbers of a node, for producers that it publishes for; those of others are left out.

    What still waits keeps its identifier, which feeds and pages go by.
    """
    if node.hosted:
        producers = list(await session.scalars(select(Organisation)))
    else:
        producers = list(await list_linked_producers(session, node))
    ids = {producer.slug: producer.id for producer in producers}
    latest = {
        (ids[number.producer], number.kind): number
        for number in numbers
        if number.producer in ids
    }
    known = select(NodeWaiting).where(NodeWaiting.node_id == node.id)
    rows = {
        (row.organisation_id, row.kind): row for row in await session.scalars(known)
    }
    for key, number in latest.items():
        row = rows.pop(key, None)
        if row is None:
            organisation_id, kind = key
            row = NodeWaiting(
                node_id=node.id, organisation_id=organisation_id, kind=kind
            )
            session.add(row)
        row.number = number.number
        row.since = number.since
        row.due_on = number.due_on
        row.received_at = now()
    for row in rows.values():
        await session.delete(row)
    await session.flush()


async def _count_people(
    site: Site, territory: Territory, node: Node, subjects: Sequence[str]
) -> list[PersonCount]:
    """What waits for each of these accounts that is known, but for what waits at the node itself.

    A node of producers is told of their members only.
    """
    issuer = site.services[SESSIONS].service.issuer
    known = select(Person).where(
        Person.issuer == issuer,
        Person.subject.in_(subjects),
        Person.left_at.is_(None),
    )
    if not node.hosted:
        known = known.where(Person.id.in_(_select_members(node)))
    async with site.database.session(territory.id) as session:
        people = (await session.scalars(known)).all()
    counts = []
    for person in people:
        async with site.database.session(territory.id, person=person.id) as session:
            actor = await read_actor(session, person, territory.slug)
            items = await list_inbox(site.services, session, actor)
        others = [item for item in items if item.node_id != node.id]
        total = count(others, today(territory.zone))
        counts.append(
            PersonCount(subject=person.subject, waiting=total.waiting, late=total.late)
        )
    return counts


def _select_members(node: Node) -> Select[UUID]:
    """Who is a member of a producer that the node publishes for."""
    return (
        select(Membership.person_id)
        .join(
            Organisation,
            (Organisation.tenant_id == Membership.tenant_id)
            & (Organisation.slug == Membership.organisation_slug),
        )
        .join(
            NodeProducer,
            (NodeProducer.tenant_id == Organisation.tenant_id)
            & (NodeProducer.organisation_id == Organisation.id),
        )
        .where(NodeProducer.node_id == node.id)
    )


routes: Routes = [receive_node_inbox]
