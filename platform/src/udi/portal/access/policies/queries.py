"""Reads of access policies, and who sets them."""

from dataclasses import dataclass
from statistics import median
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from udi.kit.errors import ConflictError, ForbiddenError, NotFoundError
from udi.kit.identity import Actor
from udi.kit.paging import Page
from udi.portal.access.models import AccessPolicy
from udi.portal.catalogue.models import Dataset, DatasetState
from udi.portal.catalogue.stewards import find_steward
from udi.protocol.access import AccessRights
from udi.protocol.policy import Policy, read_policy

SIZE = 20
ENOUGH = 5
"""Requests from which figures are told: fewer would tell of somebody."""


@dataclass(frozen=True)
class RequestStatistics:
    """How the promise of a policy is kept, measured."""

    received: int
    granted: int
    median_days: int | None
    in_time: int | None
    """Of ten first answers, how many came within the delay promised."""


async def get_restricted_dataset(session: AsyncSession, dataset_id: UUID) -> Dataset:
    """A restricted dataset that is shown, with its producer.

    Raises:
        NotFoundError: there is none.
        ConflictError: it is open, so that there is nothing to ask.
    """
    query = select(Dataset).where(
        Dataset.id == dataset_id, Dataset.state == DatasetState.PUBLISHED
    )
    dataset = await session.scalar(query.options(joinedload(Dataset.organisation)))
    if dataset is None:
        raise NotFoundError("No dataset has this address here.")
    if dataset.access != AccessRights.RESTRICTED:
        raise ConflictError(
            "These data are open: you can use them already.",
            remedy="Their files are on their page.",
        )
    return dataset


async def get_dataset_for_producer(
    session: AsyncSession, actor: Actor, dataset_id: UUID
) -> Dataset:
    """A restricted dataset, for whoever publishes for its producer.

    Raises:
        NotFoundError, ConflictError: as for `get_restricted_dataset`.
        ForbiddenError: the person does not publish for its producer.
    """
    dataset = await get_restricted_dataset(session, dataset_id)
    await require_producer(session, actor, dataset)
    return dataset


async def require_producer(
    session: AsyncSession, actor: Actor, dataset: Dataset
) -> None:
    """Refuse whoever does not publish for the producer that looks after a dataset.

    Raises:
        ForbiddenError: this person does not.
    """
    steward = await find_steward(session, dataset)
    if not actor.may_publish(steward.slug):
        raise ForbiddenError(
            "Only people who publish for %(name)s can do this.",
            remedy="Ask its administrators for that right, or write to %(email)s.",
            values={
                "name": steward.name,
                "email": steward.email,
            },
        )


async def find_policy(
    session: AsyncSession, dataset_id: UUID, *, lock: bool = False
) -> AccessPolicy | None:
    """The policy of a dataset, where its producer set one."""
    query = select(AccessPolicy).where(AccessPolicy.dataset_id == dataset_id)
    locked = query.with_for_update().execution_options(
        populate_existing=True
    )  # it may have been read before the lock
    return await session.scalar(locked if lock else query)


async def get_policy(
    session: AsyncSession, dataset: Dataset, *, lock: bool = False
) -> AccessPolicy:
    """The policy of a dataset.

    Raises:
        NotFoundError: its producer set none.
    """
    policy = await find_policy(session, dataset.id, lock=lock)
    if policy is None:
        steward = await find_steward(session, dataset)
        raise NotFoundError(
            "%(name)s has not said yet under which terms these data open.",
            remedy="Write to %(email)s.",
            values={
                "name": steward.name,
                "email": steward.email,
            },
        )
    return policy


async def list_policies(
    session: AsyncSession, number: int, *, size: int = SIZE
) -> Page[tuple[AccessPolicy, Dataset]]:
    """One page of the policies of restricted datasets that are shown, the last changed first."""
    same = (Dataset.tenant_id == AccessPolicy.tenant_id) & (
        Dataset.id == AccessPolicy.dataset_id
    )
    conditions = (
        Dataset.state == DatasetState.PUBLISHED,
        Dataset.access == AccessRights.RESTRICTED,
    )
    counted = (
        select(func.count())
        .select_from(AccessPolicy)
        .join(Dataset, same)
        .where(*conditions)
    )
    total = await session.scalar(counted) or 0
    number = min(number, max(1, -(-total // size)))
    query = (
        select(AccessPolicy, Dataset)
        .join(Dataset, same)
        .where(*conditions)
        .options(joinedload(Dataset.organisation))
    )
    ordered = query.order_by(AccessPolicy.changed_at.desc(), AccessPolicy.dataset_id)
    rows = await session.execute(ordered.limit(size).offset((number - 1) * size))
    return Page([(row[0], row[1]) for row in rows], total, number, size)


def policy_of(row: AccessPolicy) -> Policy:
    """What the row holds, as one object."""
    return read_policy(row.document)


def find_answer_statistics(row: AccessPolicy) -> RequestStatistics | None:
    """How the promise is kept, once enough people asked."""
    if row.received < ENOUGH:
        return None
    days = row.answer_days
    promised = policy_of(row).answer_days
    if not days:
        return RequestStatistics(row.received, row.granted, None, None)
    in_time = round(10 * sum(delay <= promised for delay in days) / len(days))
    return RequestStatistics(row.received, row.granted, round(median(days)), in_time)
