"""What the territory's team does with datasets that nodes published: withdraw one, and let it come back."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.errors import ConflictError, NotFoundError, field_error
from udi.kit.identity import Actor
from udi.portal import audit
from udi.portal.catalogue import actions as catalogue
from udi.portal.catalogue.models import Dataset, Withdrawal
from udi.portal.nodes.actions.checks import find_dataset, is_published
from udi.portal.nodes.actions.reports import make_report, save_reports
from udi.portal.nodes.models import Node
from udi.portal.nodes.queries import require_moderator


async def get_dataset_for_team(
    session: AsyncSession, actor: Actor, dataset_id: UUID
) -> Dataset:
    """A dataset, published or withdrawn, for the territory's team.

    Raises:
        ForbiddenError: the person is not of the team.
        NotFoundError: there is none.
    """
    require_moderator(actor)
    dataset = await find_dataset(session, dataset_id)
    if dataset is None:
        raise NotFoundError("No dataset has this address here.")
    return dataset


async def withdraw_dataset_for_team(
    session: AsyncSession, actor: Actor, dataset: Dataset, *, reason: str
) -> None:
    """Take a dataset off the portal, for a reason that everybody reads; its node is notified by a report, with the reason.

    Raises:
        ConflictError: it is withdrawn already.
        InvalidError: no reason is given.
    """
    if not is_published(dataset):
        raise ConflictError("This dataset is withdrawn already.")
    if not reason:
        raise field_error(
            "reason",
            "Give the reason: the producer and those who use the data will read it.",
        )
    submitted_at = now()
    title = dataset.title
    await catalogue.withdraw_dataset(session, dataset, reason=reason, moderator=actor)
    node = await session.scalar(select(Node).where(Node.id == dataset.node_id))
    if node is not None:
        report = make_report(
            node,
            method="DELETE",
            submitted_at=submitted_at,
            resource_id=dataset.id,
            title=title,
            comment=reason,
        )
        await save_reports(session, [report])


async def allow_republication(
    session: AsyncSession, actor: Actor, dataset: Dataset
) -> None:
    """Let the node publish again what the team withdrew.

    Raises:
        ConflictError: nothing keeps it from that.
    """
    query = (
        select(Withdrawal)
        .where(Withdrawal.id == dataset.id, Withdrawal.by_team)
        .with_for_update()
    )
    withdrawal = await session.scalar(query)
    if withdrawal is None:
        raise ConflictError("Its node may publish it.")
    withdrawal.by_team = False
    audit.record(session, actor, "dataset.allowed", dataset.id)
