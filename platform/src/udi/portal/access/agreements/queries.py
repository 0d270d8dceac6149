"""Reads of agreements: the public list for all; the whole of one for its two sides."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import ForbiddenError, NotFoundError
from udi.kit.identity import Actor
from udi.portal.access.agreements.transitions import RENEWABLE
from udi.portal.access.models import (
    AccessAgreement,
    AccessPolicy,
    AccessSide,
    PublicAgreement,
)
from udi.portal.access.policies.queries import policy_of
from udi.portal.nodes.models import Node
from udi.portal.organisations.models import Organisation
from udi.portal.projects.queries import is_leader, select_led_projects
from udi.protocol.agreement import Agreement, read_agreement

SIZE = 20
MOST_LISTED = 200


@dataclass(frozen=True)
class SignedAgreement:
    """An agreement, for one of its sides."""

    agreement: AccessAgreement
    signed_agreement: Agreement
    producer: Organisation
    node: Node
    side: AccessSide


async def list_public_agreements(
    session: AsyncSession, *, page: int, size: int = SIZE
) -> tuple[Sequence[PublicAgreement], int]:
    """What everybody may know of each agreement, the last changed first; and how many there are."""
    total = await session.scalar(select(func.count()).select_from(PublicAgreement)) or 0
    query = select(PublicAgreement).order_by(
        PublicAgreement.changed_at.desc(), PublicAgreement.id
    )
    return (
        await session.scalars(query.limit(size).offset((page - 1) * size))
    ).all(), total


async def get_public_agreement(session: AsyncSession, id_: UUID) -> PublicAgreement:
    """What everybody may know of an agreement.

    Raises:
        NotFoundError: there is none.
    """
    agreement = await session.scalar(
        select(PublicAgreement).where(PublicAgreement.id == id_)
    )
    if agreement is None:
        raise NotFoundError("No agreement has this address here.")
    return agreement


async def find_signed_agreement(
    session: AsyncSession, actor: Actor | None, id_: UUID, *, lock: bool = False
) -> SignedAgreement | None:
    """The whole of an agreement, for somebody of one of its sides; None for everybody else."""
    if actor is None:
        return None
    query = select(AccessAgreement).where(AccessAgreement.id == id_)
    agreement = await session.scalar(query.with_for_update() if lock else query)
    if agreement:
        return await _load_signed_agreement(session, actor, agreement)
    return None


async def _load_signed_agreement(
    session: AsyncSession, actor: Actor, agreement: AccessAgreement
) -> SignedAgreement | None:
    tenant = agreement.tenant_id
    producer = await session.get_one(Organisation, (tenant, agreement.organisation_id))
    mine = await is_leader(session, actor, agreement.project_id)
    if not (mine or actor.may_publish(producer.slug)):
        return None
    node = await session.get_one(Node, (tenant, agreement.node_id))
    signed_agreement = read_agreement(agreement.document)
    return SignedAgreement(
        agreement,
        signed_agreement,
        producer,
        node,
        AccessSide.REQUESTER if mine else AccessSide.PRODUCER,
    )


async def get_signed_agreement(
    session: AsyncSession,
    actor: Actor,
    id_: UUID,
    *,
    side: AccessSide | None = None,
    lock: bool = False,
) -> SignedAgreement:
    """The whole of an agreement, for one of its sides.

    Raises:
        NotFoundError: there is none, or it is others'.
        ForbiddenError: it is for the other side to do.
    """
    agreement_case = await find_signed_agreement(session, actor, id_, lock=lock)
    if agreement_case is None:
        raise NotFoundError("No agreement of yours is at this address.")
    if side is not None and agreement_case.side is not side:
        raise ForbiddenError("This is for the other side of the agreement.")
    return agreement_case


async def find_readable_agreement(
    session: AsyncSession, actor: Actor | None, id_: UUID
) -> AccessAgreement | None:
    """The text of an agreement, for its sides, and for whoever accepted it and leads its project no more; else None."""
    if (agreement_case := await find_signed_agreement(session, actor, id_)) is not None:
        return agreement_case.agreement
    if actor is None:
        return None
    conditions = (
        AccessAgreement.id == id_,
        AccessAgreement.person_id == actor.person_id,
    )
    return await session.scalar(select(AccessAgreement).where(*conditions))


async def get_readable_agreement(
    session: AsyncSession, actor: Actor, id_: UUID
) -> AccessAgreement:
    """The same.

    Raises:
        NotFoundError: there is none, or it is others'.
    """
    if (agreement := await find_readable_agreement(session, actor, id_)) is None:
        raise NotFoundError("No agreement of yours is at this address.")
    return agreement


async def list_member_agreements(
    session: AsyncSession, actor: Actor
) -> list[SignedAgreement]:
    """The agreements on one side of which the person stands, the newest first."""
    slugs = [slug for slug in actor.memberships if actor.may_publish(slug)]
    theirs = select(Organisation.id).where(Organisation.slug.in_(slugs))
    mine = or_(
        AccessAgreement.project_id.in_(select_led_projects(actor)),
        AccessAgreement.organisation_id.in_(theirs),
    )
    query = (
        select(AccessAgreement)
        .where(mine)
        .order_by(AccessAgreement.starts_at.desc(), AccessAgreement.id)
    )
    rows = (await session.scalars(query.limit(MOST_LISTED))).all()
    return [
        agreement_case
        for row in rows
        if (agreement_case := await _load_signed_agreement(session, actor, row))
        is not None
    ]


async def list_project_agreements(
    session: AsyncSession, project: UUID
) -> Sequence[AccessAgreement]:
    """The agreements of a project, the newest first."""
    query = select(AccessAgreement).where(AccessAgreement.project_id == project)
    return (
        await session.scalars(
            query.order_by(AccessAgreement.starts_at.desc(), AccessAgreement.id)
        )
    ).all()


async def list_dataset_agreements(
    session: AsyncSession, actor: Actor, dataset: UUID
) -> Sequence[AccessAgreement]:
    """The agreements of the projects that the person leads about one dataset, the newest first."""
    conditions = (
        AccessAgreement.project_id.in_(select_led_projects(actor)),
        AccessAgreement.dataset_id == dataset,
    )
    query = (
        select(AccessAgreement)
        .where(*conditions)
        .order_by(AccessAgreement.starts_at.desc())
    )
    return (await session.scalars(query)).all()


def may_renew(agreement: AccessAgreement, policy: AccessPolicy | None) -> bool:
    """Whether the terms of today let an agreement be renewed once more."""
    return (
        policy is not None
        and agreement.state in RENEWABLE
        and agreement.renewal < policy_of(policy).renewals
    )
