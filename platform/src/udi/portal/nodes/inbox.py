"""What waits for a person of nodes and sources: readings that failed, reports that no node takes, what waits at nodes."""

from collections.abc import Sequence
from uuid import UUID, uuid5

from sqlalchemy import or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.identity import Actor, manages_any
from udi.portal.identity.inbox import MOST_OF_A_DOMAIN, InboxItem, InboxKind, InboxRole
from udi.portal.nodes.models import (
    Node,
    NodeState,
    NodeWaiting,
    Report,
    ReportDeliveryState,
)
from udi.portal.nodes.sources.crawl import host_of
from udi.portal.nodes.sources.matches.queries import list_matches
from udi.portal.nodes.sources.models import RunOutcome
from udi.portal.nodes.sources.publishers.queries import list_proposals
from udi.portal.nodes.sources.queries import list_source_summaries
from udi.portal.organisations.models import Organisation
from udi.protocol.inbox import NodeInboxKind

FAILED = {RunOutcome.FAILED, RunOutcome.VANISHED}


async def list_failed_sources(
    session: AsyncSession, actor: Actor
) -> Sequence[InboxItem]:
    """For administrators of producers and the team: sources whose last reading failed."""
    if not manages_any(actor):
        return []
    items = []
    for summary in await list_source_summaries(session, actor):
        run = summary.last
        if run is None or run.ended_at is None or run.outcome not in FAILED:
            continue
        is_own = actor.may_manage(summary.producer.slug)
        items.append(
            InboxItem(
                kind=InboxKind.SOURCE,
                role=InboxRole.PRODUCER if is_own else InboxRole.TEAM,
                id=summary.source.id,
                title=summary.source.address,
                url=f"/sources/{summary.source.id}",
                since=run.ended_at,
                organisation=summary.producer.name,
            )
        )
    return items[:MOST_OF_A_DOMAIN]


async def list_publisher_proposals(
    session: AsyncSession, actor: Actor
) -> Sequence[InboxItem]:
    """For administrators of organisations that sources name, and the team: one item a source and an organisation."""
    items: dict[tuple[UUID, UUID], InboxItem] = {}
    for proposal in await list_proposals(session, actor):
        is_own = actor.may_manage(proposal.proposed.slug)
        items.setdefault(
            (proposal.source.id, proposal.proposed.id),
            InboxItem(
                kind=InboxKind.PUBLISHER,
                role=InboxRole.PRODUCER if is_own else InboxRole.TEAM,
                id=uuid5(proposal.source.id, str(proposal.proposed.id)),
                title=host_of(proposal.source.address),
                url="/sources/publishers",
                since=proposal.row.first_seen_at,
                organisation=proposal.proposed.name,
            ),
        )
    return list(items.values())[:MOST_OF_A_DOMAIN]


async def list_match_proposals(
    session: AsyncSession, actor: Actor
) -> Sequence[InboxItem]:
    """For the team: pairs of datasets that seem to be one."""
    if not actor.moderator:
        return []
    return [
        InboxItem(
            kind=InboxKind.MATCH,
            role=InboxRole.TEAM,
            id=uuid5(pair.match.first_id, str(pair.match.second_id)),
            title=pair.first.dataset.title,
            titles=pair.first.dataset.titles,
            url="/sources/matches",
            since=pair.match.proposed_at,
            organisation=pair.first.organisation.name,
        )
        for pair in await list_matches(session, actor, limit=MOST_OF_A_DOMAIN)
    ]


async def list_failed_reports(
    session: AsyncSession, actor: Actor
) -> Sequence[InboxItem]:
    """For the team: nodes that took no report, one item a node."""
    if not actor.moderator:
        return []
    same = (Node.tenant_id == Report.tenant_id) & (Node.id == Report.node_id)
    query = (
        select(Report, Node)
        .join(Node, same)
        .where(Report.delivery == ReportDeliveryState.FAILED)
        .ext(distinct_on(Report.node_id))
        .order_by(Report.node_id, Report.submitted_at.desc())
        .limit(MOST_OF_A_DOMAIN)
    )
    return [
        InboxItem(
            kind=InboxKind.REPORT,
            role=InboxRole.TEAM,
            id=row.Node.id,
            title=row.Node.name,
            url="/nodes",
            since=row.Report.submitted_at,
        )
        for row in await session.execute(query)
    ]


async def list_waiting_at_nodes(
    session: AsyncSession, actor: Actor
) -> Sequence[InboxItem]:
    """For publishers: what waits at nodes, one item a node, a producer and a kind; its page is the node's.

    Requests of people about their data are for those who manage the producer.
    """
    slugs = [slug for slug in actor.memberships if actor.may_publish(slug)]
    managed = [slug for slug in slugs if actor.may_manage(slug)]
    if not slugs:
        return []
    tenant = NodeWaiting.tenant_id
    query = (
        select(NodeWaiting, Node.url, Organisation)
        .join(Node, (Node.tenant_id == tenant) & (Node.id == NodeWaiting.node_id))
        .join(
            Organisation,
            (Organisation.tenant_id == tenant)
            & (Organisation.id == NodeWaiting.organisation_id),
        )
        .where(
            Organisation.slug.in_(slugs),
            or_(
                NodeWaiting.kind != NodeInboxKind.SUBJECT_REQUEST,
                Organisation.slug.in_(managed),
            ),
            Node.state == NodeState.ACTIVE,
        )
        .order_by(NodeWaiting.since)
        .limit(MOST_OF_A_DOMAIN)
    )
    return [
        InboxItem(
            kind=InboxKind(f"node_{waiting.kind}"),
            role=InboxRole.PRODUCER,
            id=waiting.id,
            title=producer.name,
            url=f"{url}/inbox?space={producer.slug}",
            since=waiting.since,
            due_on=waiting.due_on,
            number=waiting.number,
            node_id=waiting.node_id,
        )
        for waiting, url, producer in await session.execute(query)
    ]
