"""Reading the nodes of a territory and the reports of what they pushed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.errors import ConflictError, ForbiddenError, NotFoundError
from udi.kit.identity import Actor
from udi.portal.catalogue.models import Dataset, DatasetState, Distribution
from udi.portal.nodes.models import (
    Node,
    NodeInvitation,
    NodeProducer,
    Report,
    ReportDeliveryState,
)
from udi.portal.organisations.models import Organisation

MOST_FAILED_REPORTS = 50


@dataclass(frozen=True)
class NodeSummary:
    """A node as the team sees it: how much it pushed, and how its reports travel."""

    node: Node
    accepted: int
    refused: int
    pending: int
    failed: int


@dataclass(frozen=True)
class PendingInvitation:
    """A node that was invited and did not join: for whom it will publish."""

    invitation: NodeInvitation
    producers: tuple[str, ...]
    ended: bool


async def find_node(session: AsyncSession, slug: str) -> Node | None:
    """The node of this slug, or None."""
    return (await session.scalars(select(Node).where(Node.slug == slug))).one_or_none()


async def get_node(session: AsyncSession, slug: str) -> Node:
    """The node of this slug.

    Raises:
        NotFoundError: the territory has none of this name.
    """
    node = await find_node(session, slug)
    if node is None:
        raise NotFoundError("No node has this name.")
    return node


async def list_datasets_of_media(
    session: AsyncSession, node: Node, media: UUID | None
) -> Sequence[UUID]:
    """The datasets that the node publishes with this file: one, unless it gave several the same."""
    query = (
        select(Dataset.id)
        .join(
            Distribution,
            (Distribution.tenant_id == Dataset.tenant_id)
            & (Distribution.dataset_id == Dataset.id),
        )
        .where(
            Distribution.id == media,
            Dataset.node_id == node.id,
            Dataset.state == DatasetState.PUBLISHED,
        )
    )
    return (await session.scalars(query)).all()


async def list_linked_producers(
    session: AsyncSession, node: Node
) -> Sequence[Organisation]:
    """The same, as the portal knows them, by slug."""
    linked = select(NodeProducer.organisation_id).where(NodeProducer.node_id == node.id)
    query = (
        select(Organisation)
        .where(Organisation.id.in_(linked))
        .order_by(Organisation.slug)
    )
    return (await session.scalars(query)).all()


def require_moderator(actor: Actor) -> None:
    """Nodes are shown to the territory's team.

    Raises:
        ForbiddenError: the person is not of the team.
    """
    if not actor.moderator:
        raise ForbiddenError(
            "The nodes are shown to the territory's team.",
            remedy="Ask the team if you need to know about a node.",
        )


async def list_node_summaries(session: AsyncSession, actor: Actor) -> list[NodeSummary]:
    """Every node that pushes, by name; sources have a page of their own.

    Raises:
        ForbiddenError: the person is not of the territory's team.
    """
    require_moderator(actor)
    counts = [
        func.count().filter(Report.accepted),
        func.count().filter(~Report.accepted),
        func.count().filter(Report.delivery == ReportDeliveryState.PENDING),
        func.count().filter(Report.delivery == ReportDeliveryState.FAILED),
    ]
    rows = (
        await session.execute(select(Report.node_id, *counts).group_by(Report.node_id))
    ).all()
    by_node = {row[0]: row[1:] for row in rows}
    nodes = await session.scalars(
        select(Node).where(Node.url != "").order_by(Node.name, Node.slug)
    )
    return [NodeSummary(node, *by_node.get(node.id, (0, 0, 0, 0))) for node in nodes]


async def get_node_for_team(session: AsyncSession, actor: Actor, slug: str) -> Node:
    """The node of this slug, for who looks after it.

    Raises:
        ForbiddenError: the person is not of the territory's team.
        NotFoundError: the territory has none of this name.
    """
    require_moderator(actor)
    return await get_node(session, slug)


async def list_failed_reports(
    session: AsyncSession, actor: Actor
) -> Sequence[tuple[Report, Node]]:
    """The newest reports that no attempt could deliver, with their node.

    Raises:
        ForbiddenError: the person is not of the territory's team.
    """
    require_moderator(actor)
    query = (
        select(Report, Node)
        .join(Node, Node.id == Report.node_id)
        .where(Report.delivery == ReportDeliveryState.FAILED)
        .order_by(Report.submitted_at.desc())
        .limit(MOST_FAILED_REPORTS)
    )
    return [(row.Report, row.Node) for row in await session.execute(query)]


async def get_report_for_team(
    session: AsyncSession, actor: Actor, report_id: UUID
) -> Report:
    """One report.

    Raises:
        ForbiddenError: the person is not of the territory's team.
        NotFoundError: the territory has no such report.
    """
    require_moderator(actor)
    report = await session.scalar(select(Report).where(Report.id == report_id))
    if report is None:
        raise NotFoundError("This report does not exist.")
    return report


async def get_latest_report(
    session: AsyncSession, node: Node, resource_id: UUID
) -> Report:
    """The node's newest report about one of its records.

    Raises:
        NotFoundError: it pushed nothing under this id.
    """
    query = (
        select(Report)
        .where(Report.node_id == node.id, Report.resource_id == resource_id)
        .order_by(Report.submitted_at.desc(), Report.treated_at.desc())
        .limit(1)
    )
    report = await session.scalar(query)
    if report is None:
        raise NotFoundError("This node pushed nothing under this id.")
    return report


@dataclass(frozen=True)
class ReportFilter:
    """What a node asks of its own requests (RUDI's parameters of `/integrationRequest/search`)."""

    accepted: bool | None = None
    resource_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None


async def search_reports(
    session: AsyncSession,
    node: Node,
    report_filter: ReportFilter,
    *,
    limit: int,
    offset: int,
) -> tuple[Sequence[Report], int]:
    """A slice of the node's own reports, newest first, and how many there are."""
    conditions = [Report.node_id == node.id]
    if report_filter.accepted is not None:
        conditions.append(Report.accepted.is_(report_filter.accepted))
    if report_filter.resource_id is not None:
        conditions.append(Report.resource_id == report_filter.resource_id)
    if report_filter.since is not None:
        conditions.append(Report.submitted_at >= report_filter.since)
    if report_filter.until is not None:
        conditions.append(Report.submitted_at <= report_filter.until)
    total = await session.scalar(
        select(func.count()).select_from(Report).where(*conditions)
    )
    order = (Report.submitted_at.desc(), Report.id)
    query = (
        select(Report).where(*conditions).order_by(*order).limit(limit).offset(offset)
    )
    return (await session.scalars(query)).all(), total or 0


async def list_nodes(session: AsyncSession) -> Sequence[Node]:
    """Every node of the territory that pushes, by slug (for the operator)."""
    return (
        await session.scalars(select(Node).where(Node.url != "").order_by(Node.slug))
    ).all()


async def list_pending_invitations(session: AsyncSession) -> list[PendingInvitation]:
    """Every node that was invited and did not join yet, by name (for the operator)."""
    query = select(NodeInvitation).where(NodeInvitation.used_at.is_(None))
    invitations = (
        await session.scalars(query.order_by(NodeInvitation.name, NodeInvitation.slug))
    ).all()
    organisation_ids = {
        organisation_id
        for invitation in invitations
        for organisation_id in invitation.organisations
    }
    rows = await session.execute(
        select(Organisation.id, Organisation.name).where(
            Organisation.id.in_(organisation_ids)
        )
    )
    names = {row.id: row.name for row in rows}
    return [
        PendingInvitation(
            invitation,
            tuple(names[id_] for id_ in invitation.organisations if id_ in names),
            invitation.expires_at <= now(),
        )
        for invitation in invitations
    ]


async def list_pending_invitations_for_team(
    session: AsyncSession, actor: Actor
) -> list[PendingInvitation]:
    """The same, for the territory's team.

    Raises:
        ForbiddenError: the person is not of the territory's team.
    """
    require_moderator(actor)
    return await list_pending_invitations(session)


async def get_invitation_for_team(
    session: AsyncSession, actor: Actor, invitation_id: UUID
) -> NodeInvitation:
    """An invitation that nobody accepted, locked.

    Raises:
        ForbiddenError: the person is not of the territory's team.
        NotFoundError: the territory gave none, or took it back.
        ConflictError: the node joined meanwhile.
    """
    require_moderator(actor)
    query = (
        select(NodeInvitation)
        .where(NodeInvitation.id == invitation_id)
        .with_for_update()
    )
    invitation: NodeInvitation | None = await session.scalar(query)
    if invitation is None:
        raise NotFoundError("This invitation does not exist any more.")
    if invitation.used_at is not None:
        raise ConflictError(
            "This node has joined meanwhile.", remedy="Look at the list of nodes again."
        )
    return invitation
