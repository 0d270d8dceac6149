"""Reads of the agreements that this node holds, and of what was read under them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.errors import NotFoundError
from udi.kit.paging import Page
from udi.node.agreements.models import (
    READ,
    AgreementCursor,
    AgreementUse,
    HeldAgreement,
    HeldCredential,
)
from udi.node.datasets.models import Dataset
from udi.protocol.agreement import Agreement

LONGEST_SILENCE = timedelta(minutes=10)
"""How long a reading that takes no byte is said to go on: the process that sent it may have been killed."""


@dataclass(frozen=True)
class AgreementUsage:
    """What was read under an agreement: how often, how many bytes, how often it was refused, and when last."""

    readings: int = 0
    bytes: int = 0
    refusals: int = 0
    last: datetime | None = None


async def find_agreement(
    session: AsyncSession, agreement_id: UUID, *, lock: bool = False
) -> HeldAgreement | None:
    """An agreement by its id; `lock` holds it until the transaction ends."""
    query = select(HeldAgreement).where(HeldAgreement.id == agreement_id)
    stored_agreement: HeldAgreement | None = await session.scalar(
        query.with_for_update().execution_options(populate_existing=True)
        if lock
        else query
    )
    return stored_agreement


async def get_agreement(session: AsyncSession, agreement_id: UUID) -> HeldAgreement:
    """The same.

    Raises:
        NotFoundError: this node has received no such agreement.
    """
    if (stored_agreement := await find_agreement(session, agreement_id)) is None:
        raise NotFoundError(
            "This node knows no such agreement.",
            remedy="If it is new, try again in a minute.",
        )
    return stored_agreement


async def list_credential_agreements(
    session: AsyncSession, sha256: str
) -> Sequence[HeldAgreement]:
    """The agreements of a credential, those that end last first."""
    same = (HeldAgreement.tenant_id == HeldCredential.tenant_id) & (
        HeldAgreement.id == HeldCredential.agreement_id
    )
    query = (
        select(HeldAgreement)
        .join(HeldCredential, same)
        .where(HeldCredential.sha256 == sha256)
    )
    return (
        await session.scalars(
            query.order_by(HeldAgreement.ends_at.desc(), HeldAgreement.id)
        )
    ).all()


async def list_dataset_agreements(
    session: AsyncSession, dataset_id: UUID
) -> Sequence[HeldAgreement]:
    """The agreements about a dataset, those that end last first."""
    query = select(HeldAgreement).where(HeldAgreement.dataset_id == dataset_id)
    return (
        await session.scalars(
            query.order_by(HeldAgreement.ends_at.desc(), HeldAgreement.id)
        )
    ).all()


async def sum_uses(
    session: AsyncSession, dataset_id: UUID
) -> dict[UUID, AgreementUsage]:
    """What was read of a dataset, by agreement."""
    use = AgreementUse
    allowed = use.outcome.in_(READ)
    columns = (
        func.coalesce(func.sum(use.times).filter(allowed), 0),
        func.coalesce(func.sum(use.bytes), 0),
        func.coalesce(func.sum(use.times).filter(~allowed), 0),
        func.max(use.happened_at),
    )
    query = (
        select(use.agreement_id, *columns)
        .where(use.dataset_id == dataset_id)
        .group_by(use.agreement_id)
    )
    rows = await session.execute(query)
    return {
        agreement_id: AgreementUsage(int(read), int(sent), int(no), last)
        for agreement_id, read, sent, no, last in rows
    }


async def list_uses(
    session: AsyncSession, agreement_id: UUID, *, number: int = 1, size: int = 100
) -> Page[AgreementUse]:
    """What was read under an agreement, the newest first."""
    mine = AgreementUse.agreement_id == agreement_id
    total = await session.scalar(
        select(func.count()).select_from(AgreementUse).where(mine)
    )
    query = (
        select(AgreementUse)
        .where(mine)
        .order_by(AgreementUse.happened_at.desc(), AgreementUse.id)
    )
    uses = (await session.scalars(query.limit(size).offset((number - 1) * size))).all()
    return Page(list(uses), total or 0, number, size)


async def list_dataset_uses(
    session: AsyncSession, dataset_id: UUID, *, limit: int
) -> Sequence[AgreementUse]:
    """What was read of a dataset under any agreement, the newest first."""
    query = select(AgreementUse).where(AgreementUse.dataset_id == dataset_id)
    return (
        await session.scalars(
            query.order_by(AgreementUse.happened_at.desc(), AgreementUse.id).limit(
                limit
            )
        )
    ).all()


async def list_running_uses(
    session: AsyncSession, dataset_id: UUID
) -> Sequence[AgreementUse]:
    """The readings of a dataset that go on at this moment, the oldest first."""
    use = AgreementUse
    going_on = (
        use.dataset_id == dataset_id,
        use.ended_at.is_(None),
        use.checked_at > now() - LONGEST_SILENCE,
    )
    return (
        await session.scalars(
            select(use).where(*going_on).order_by(use.happened_at, use.id)
        )
    ).all()


async def list_last_uses(
    session: AsyncSession, since: datetime | None
) -> dict[UUID, datetime]:
    """When each credential last read, which a refusal is not: those that did since then."""
    use = AgreementUse
    query = select(use.credential_id, func.max(use.happened_at)).where(
        use.credential_id.is_not(None), use.outcome.in_(READ)
    )
    if since is not None:
        query = query.where(use.happened_at > since)
    rows = await session.execute(query.group_by(use.credential_id))
    return {credential: used for credential, used in rows if credential is not None}


async def read_consumption(
    session: AsyncSession, agreement: Agreement, *, but: UUID | None = None
) -> tuple[int, int]:
    """Bytes given this month and readings begun this minute, where the agreement limits them; `but` one reading."""
    use = AgreementUse
    terms = agreement.terms
    moment = now()
    mine = (use.agreement_id == agreement.id, use.id.is_distinct_from(but))
    month = moment.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    minute = moment.replace(second=0, microsecond=0)
    sent = began = 0
    if terms.bytes_a_month is not None:
        sent = (
            await session.scalar(
                select(func.sum(use.bytes)).where(*mine, use.happened_at >= month)
            )
            or 0
        )
    if terms.requests_a_minute is not None:
        counted = select(func.count()).select_from(use)
        began = (
            await session.scalar(
                counted.where(*mine, use.outcome.in_(READ), use.happened_at >= minute)
            )
            or 0
        )
    return int(sent), int(began)


async def read_cursor(session: AsyncSession) -> AgreementCursor | None:
    """Up to which revision the territory's portal was queried."""
    cursor: AgreementCursor | None = await session.scalar(select(AgreementCursor))
    return cursor


def select_under_agreements() -> tuple[Select[Any], ...]:
    """What may be under an agreement here."""
    return select(Dataset.id).where(Dataset.restricted), select(HeldAgreement.id)
