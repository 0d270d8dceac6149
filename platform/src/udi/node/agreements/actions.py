"""What changes of the agreements that this node holds, and the log of what is read under them."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.errors import ConflictError
from udi.node.agreements.documents import SignedAgreement
from udi.node.agreements.models import (
    ALLOWED,
    AgreementCursor,
    AgreementUse,
    HeldAgreement,
    HeldCredential,
)
from udi.node.agreements.queries import find_agreement
from udi.node.audit import record_audit_event
from udi.protocol.agreement import AgreementCredential

MINUTE = timedelta(minutes=1)
USES_KEPT = timedelta(days=400)
"""How long the log of readings is kept."""


async def store_agreement(session: AsyncSession, signed: SignedAgreement) -> int:
    """Keep an agreement and its status, unless a later one is held; the revision that is held.

    Raises:
        ConflictError: the agreement of this id is about another dataset.
    """
    agreement = signed.agreement
    agreement_status = signed.status
    await session.execute(
        select(func.pg_advisory_xact_lock(func.hashtextextended(str(agreement.id), 0)))
    )
    stored_agreement = await find_agreement(session, agreement.id, lock=True)
    if (
        stored_agreement is not None
        and stored_agreement.dataset_id != agreement.dataset
    ):
        raise ConflictError(
            "The agreement of this identifier is about another dataset."
        )
    if (
        stored_agreement is not None
        and stored_agreement.revision >= agreement_status.revision
    ):
        return stored_agreement.revision
    if stored_agreement is None:
        stored_agreement = HeldAgreement(id=agreement.id, dataset_id=agreement.dataset)
        session.add(stored_agreement)
    stored_agreement.document = signed.document
    stored_agreement.sha256 = agreement_status.agreement_sha256
    stored_agreement.ends_at = agreement.ends_at
    stored_agreement.status = signed.status_document
    stored_agreement.revision = agreement_status.revision
    stored_agreement.state = agreement_status.state
    stored_agreement.changed_at = now()
    record_audit_event(
        session,
        None,
        "agreement.stored",
        stored_agreement.id,
        revision=agreement_status.revision,
        state=str(agreement_status.state),
    )
    await session.flush()
    await _store_credentials(session, stored_agreement, agreement_status.credentials)
    return stored_agreement.revision


async def _store_credentials(
    session: AsyncSession,
    stored_agreement: HeldAgreement,
    credentials: Iterable[AgreementCredential],
) -> None:
    """Those of the status, and no other."""
    await session.execute(
        delete(HeldCredential).where(HeldCredential.agreement_id == stored_agreement.id)
    )
    session.add_all(
        HeldCredential(
            agreement_id=stored_agreement.id,
            dataset_id=stored_agreement.dataset_id,
            credential_id=credential.id,
            sha256=credential.sha256,
            expires_at=credential.expires_at,
        )
        for credential in credentials
    )
    await session.flush()


async def log_reading(
    session: AsyncSession,
    stored_agreement: HeldAgreement,
    credential: UUID | None,
    kind: str,
) -> UUID:
    """Log a reading that begins; the id of its line."""
    use = AgreementUse(
        id=uuid4(),
        agreement_id=stored_agreement.id,
        dataset_id=stored_agreement.dataset_id,
        credential_id=credential,
        kind=kind,
    )
    session.add(use)
    await session.flush()
    return use.id


async def log_refusal(
    session: AsyncSession,
    stored_agreement: HeldAgreement,
    credential: UUID | None,
    kind: str,
    outcome: str,
) -> None:
    """Log a refusal; one for the same reason within a minute of the last is counted with it."""
    use = AgreementUse
    same = (
        use.agreement_id == stored_agreement.id,
        use.outcome == outcome,
        use.kind == kind,
        use.credential_id.is_not_distinct_from(credential),
        use.happened_at > now() - MINUTE,
    )
    last = (
        select(use.id)
        .where(*same)
        .order_by(use.happened_at.desc())
        .limit(1)
        .scalar_subquery()
    )
    counted: Any = await session.execute(
        update(use)
        .where(use.id == last)
        .values(times=use.times + 1)
        .execution_options(synchronize_session=False)
    )
    if not counted.rowcount:
        session.add(
            AgreementUse(
                agreement_id=stored_agreement.id,
                dataset_id=stored_agreement.dataset_id,
                credential_id=credential,
                kind=kind,
                outcome=outcome,
            )
        )
    await session.flush()


async def update_use(
    session: AsyncSession,
    use_id: UUID,
    *,
    sent: int,
    outcome: str = ALLOWED,
    ended: bool = False,
) -> None:
    """Say how many bytes a reading was sent, that it was refused or stopped after all, and that it is over."""
    values: dict[str, Any] = {"bytes": sent, "outcome": outcome} | (
        {"ended_at": now()} if ended else {}
    )
    query = update(AgreementUse).where(AgreementUse.id == use_id).values(**values)
    await session.execute(query.execution_options(synchronize_session=False))


async def log_reading_as_refusal(
    session: AsyncSession, stored_agreement: HeldAgreement, use_id: UUID, outcome: str
) -> None:
    """Log as a refusal a reading that had begun: it counts no more among those that were let through."""
    query = select(AgreementUse).where(AgreementUse.id == use_id)
    use: AgreementUse | None = await session.scalar(query)
    if use is not None:
        await session.delete(use)
        await session.flush()
        await log_refusal(
            session, stored_agreement, use.credential_id, use.kind, outcome
        )


async def mark_use_checked(session: AsyncSession, use_id: UUID) -> None:
    """Say that a reading goes on."""
    query = (
        update(AgreementUse).where(AgreementUse.id == use_id).values(checked_at=now())
    )
    await session.execute(query.execution_options(synchronize_session=False))


async def update_cursor(
    session: AsyncSession, revision: int | None = None, **moments: datetime
) -> None:
    """Say when the portal was tried, answered, did not, or was told of uses, and up to which revision it was asked."""
    values: dict[str, Any] = {
        **moments,
        **({} if revision is None else {"revision": revision}),
    }
    statement = insert(AgreementCursor).values(**values)
    later = {**values}
    if revision is not None:
        later["revision"] = func.greatest(AgreementCursor.revision, revision)
    await session.execute(
        statement.on_conflict_do_update(index_elements=["tenant_id"], set_=later)
    )


async def delete_old_uses(session: AsyncSession) -> int:
    """Delete the log of readings whose time is over; how many lines."""
    done: Any = await session.execute(
        delete(AgreementUse).where(AgreementUse.happened_at < now() - USES_KEPT)
    )
    return int(done.rowcount)
