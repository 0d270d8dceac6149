"""The status of an agreement: a new revision with each change, what nodes and everybody are told of it."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import or_, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit import jobs
from udi.kit.clock import now
from udi.portal.access.agreements.transitions import LIVE, AgreementState
from udi.portal.access.models import (
    AccessAgreement,
    AgreementRevision,
    Applicant,
    ProjectCredential,
    PublicAgreement,
)
from udi.portal.organisations.models import Organisation
from udi.protocol.agreement import (
    AgreementCredential,
    AgreementStatus,
    AgreementValidity,
)

DELIVER = "deliver_agreement"
STATES = {
    AgreementState.ACTIVE: AgreementValidity.ACTIVE,
    AgreementState.REVOKING: AgreementValidity.ACTIVE,
    AgreementState.ENDED: AgreementValidity.ACTIVE,
    AgreementState.SUSPENDED: AgreementValidity.SUSPENDED,
    AgreementState.REVOKED: AgreementValidity.REVOKED,
    AgreementState.GIVEN_UP: AgreementValidity.GIVEN_UP,
}
"""The changes of which a node is notified; that the date agreed is past, it sees by itself. It hears of nothing that is not confirmed."""
FOLLOW = "follow_access"
"""The job that brings what machines negotiate to where people brought a request or an agreement."""


async def next_revision(session: AsyncSession) -> int:
    """The next number of the territory; whoever else wants one waits until this transaction ends."""
    first = insert(AgreementRevision).values(last=1)
    counted = first.on_conflict_do_update(
        index_elements=["tenant_id"], set_={"last": AgreementRevision.last + 1}
    )
    return int(
        (await session.execute(counted.returning(AgreementRevision.last))).scalar_one()
    )


async def read_last_revision(session: AsyncSession) -> int:
    """The last number of the territory: whoever has one up to it is committed, for the counter is locked until then."""
    return await session.scalar(select(AgreementRevision.last)) or 0


async def send_agreement_status(
    session: AsyncSession, agreement: AccessAgreement
) -> None:
    """Give the status a new revision, and have the node notified at once."""
    agreement.revision = await next_revision(session)
    await session.flush()
    await jobs.enqueue(
        session,
        DELIVER,
        {"agreement": str(agreement.id), "revision": agreement.revision},
    )


async def send_agreement_statuses(
    session: AsyncSession, project: UUID, node: UUID
) -> None:
    """The same for every agreement of a project that a node still keeps: its credentials changed."""
    for agreement in await lock_agreements(session, {(project, node)}):
        await send_agreement_status(session, agreement)


async def lock_agreements(
    session: AsyncSession, places: Collection[tuple[UUID, UUID]]
) -> Sequence[AccessAgreement]:
    """The agreements of these projects that these nodes still keep, locked in one order; for who takes a revision after."""
    query = (
        select(AccessAgreement)
        .where(
            tuple_(AccessAgreement.project_id, AccessAgreement.node_id).in_(
                sorted(places)
            ),
            AccessAgreement.state.in_(LIVE),
        )
        .order_by(AccessAgreement.id)
        .with_for_update()
    )
    return (await session.scalars(query)).all()


async def read_agreement_status(
    session: AsyncSession, agreement: AccessAgreement
) -> AgreementStatus:
    """How an agreement stands now, with the credentials of its project at its node."""
    conditions = (
        ProjectCredential.project_id == agreement.project_id,
        ProjectCredential.node_id == agreement.node_id,
    )
    living = (
        ProjectCredential.revoked_at.is_(None),
        ProjectCredential.expires_at > now(),
    )
    its = or_(
        ProjectCredential.agreement_id.is_(None),
        ProjectCredential.agreement_id == agreement.id,
    )
    query = (
        select(ProjectCredential)
        .where(*conditions, *living, its)
        .order_by(ProjectCredential.created_at, ProjectCredential.id)
    )
    credentials: Sequence[ProjectCredential] = (await session.scalars(query)).all()
    return AgreementStatus(
        agreement=agreement.id,
        agreement_sha256=agreement.sha256,
        revision=agreement.revision,
        state=STATES[AgreementState(agreement.state)],
        closes_at=agreement.closes_at,
        reason=agreement.reason,
        credentials=tuple(
            AgreementCredential(
                id=credential.id,
                sha256=credential.sha256,
                expires_at=credential.expires_at,
            )
            for credential in credentials
        ),
    )


async def announce_agreement(
    session: AsyncSession,
    agreement: AccessAgreement,
    producer: Organisation,
    project: Applicant,
) -> None:
    """Have the node notified of an agreement that is in force from now on, and list it, with what everybody may know."""
    await send_agreement_status(session, agreement)
    is_public = not project.confidential
    session.add(
        PublicAgreement(
            id=agreement.id,
            dataset_id=agreement.dataset_id,
            dataset_title=str(agreement.document["dataset_title"]),
            organisation_slug=producer.slug,
            organisation_name=producer.name,
            project_id=project.id if is_public else None,
            project_title=project.title if is_public else "",
            purpose=str(agreement.document["purpose"]),
            starts_at=agreement.starts_at,
            ends_at=agreement.ends_at,
            state=agreement.state,
            changed_at=now(),
        )
    )
    await session.flush()


async def publish_state(session: AsyncSession, agreement: AccessAgreement) -> None:
    """Say the new state in the public list."""
    if (
        listed := await session.get(
            PublicAgreement, (agreement.tenant_id, agreement.id)
        )
    ) is not None:
        listed.state = agreement.state
        listed.changed_at = now()
        listed.ends_at = agreement.closes_at or agreement.ends_at
    await session.flush()
