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
from udi.node.agreements.documents import Signed
from udi.node.agreements.models import ALLOWED, AgreementCursor, AgreementUse, HeldAgreement, HeldCredential
from udi.node.agreements.queries import find_held
from udi.node.audit import record
from udi.protocol.agreement import Credential

MINUTE = timedelta(minutes=1)
USES_KEPT = timedelta(days=400)
"""How long the log of readings is kept."""


async def keep_signed(session: AsyncSession, signed: Signed) -> int:
    """Keep an agreement and its standing, unless a later one is held; the revision that is held.

    Raises:
        ConflictError: the agreement of this id is about another dataset.
    """
    agreement, standing = signed.agreement, signed.standing
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(str(agreement.id), 0))))
    held = await find_held(session, agreement.id, lock=True)
    if held is not None and held.dataset_id != agreement.dataset:
        raise ConflictError("The agreement of this identifier is about another dataset.")
    if held is not None and held.revision >= standing.revision:
        return held.revision
    if held is None:
        held = HeldAgreement(id=agreement.id, dataset_id=agreement.dataset)
        session.add(held)
    held.document, held.sha256, held.ends_at = signed.document, standing.agreement_sha256, agreement.ends_at
    held.standing, held.revision, held.state = signed.said, standing.revision, standing.state
    held.changed_at = now()
    record(session, None, "agreement.kept", held.id, revision=standing.revision, state=str(standing.state))
    await session.flush()
    await _keep_credentials(session, held, standing.credentials)
    return held.revision


async def _keep_credentials(session: AsyncSession, held: HeldAgreement, credentials: Iterable[Credential]) -> None:
    """Those of the standing, and no other."""
    await session.execute(delete(HeldCredential).where(HeldCredential.agreement_id == held.id))
    session.add_all(
        HeldCredential(
            agreement_id=held.id,
            dataset_id=held.dataset_id,
            credential_id=each.id,
            sha256=each.sha256,
            expires_at=each.expires_at,
        )
        for each in credentials
    )
    await session.flush()


async def note_reading(session: AsyncSession, held: HeldAgreement, credential: UUID | None, what: str) -> UUID:
    """Log a reading that begins; the id of its line."""
    use = AgreementUse(
        id=uuid4(), agreement_id=held.id, dataset_id=held.dataset_id, credential_id=credential, what=what
    )
    session.add(use)
    await session.flush()
    return use.id


async def note_refusal(
    session: AsyncSession, held: HeldAgreement, credential: UUID | None, what: str, verdict: str
) -> None:
    """Log a refusal; one for the same reason within a minute of the last is counted with it."""
    use = AgreementUse
    same = (
        use.agreement_id == held.id,
        use.verdict == verdict,
        use.what == what,
        use.credential_id.is_not_distinct_from(credential),
        use.happened_at > now() - MINUTE,
    )
    last = select(use.id).where(*same).order_by(use.happened_at.desc()).limit(1).scalar_subquery()
    counted: Any = await session.execute(
        update(use).where(use.id == last).values(times=use.times + 1).execution_options(synchronize_session=False)
    )
    if not counted.rowcount:
        session.add(
            AgreementUse(
                agreement_id=held.id, dataset_id=held.dataset_id, credential_id=credential, what=what, verdict=verdict
            )
        )
    await session.flush()


async def change_use(
    session: AsyncSession, use_id: UUID, *, sent: int, verdict: str = ALLOWED, ended: bool = False
) -> None:
    """Say how many bytes a reading was sent, that it was refused or stopped after all, and that it is over."""
    values: dict[str, Any] = {"bytes": sent, "verdict": verdict} | ({"ended_at": now()} if ended else {})
    query = update(AgreementUse).where(AgreementUse.id == use_id).values(**values)
    await session.execute(query.execution_options(synchronize_session=False))


async def refuse_begun_reading(session: AsyncSession, held: HeldAgreement, use_id: UUID, verdict: str) -> None:
    """Log as a refusal a reading that had begun: it counts no more among those that were let through."""
    query = select(AgreementUse).where(AgreementUse.id == use_id)
    use: AgreementUse | None = await session.scalar(query)
    if use is not None:
        await session.delete(use)
        await session.flush()
        await note_refusal(session, held, use.credential_id, use.what, verdict)


async def note_check(session: AsyncSession, use_id: UUID) -> None:
    """Say that a reading goes on."""
    query = update(AgreementUse).where(AgreementUse.id == use_id).values(checked_at=now())
    await session.execute(query.execution_options(synchronize_session=False))


async def note_asked(session: AsyncSession, revision: int | None = None, **moments: datetime) -> None:
    """Say when the portal was tried, answered, did not, or was told of uses, and up to which revision it was asked."""
    values: dict[str, Any] = {**moments, **({} if revision is None else {"revision": revision})}
    made = insert(AgreementCursor).values(**values)
    later = {**values}
    if revision is not None:
        later["revision"] = func.greatest(AgreementCursor.revision, revision)
    await session.execute(made.on_conflict_do_update(index_elements=["tenant_id"], set_=later))


async def forget_uses(session: AsyncSession) -> int:
    """Delete the log of readings whose time is over; how many lines."""
    done: Any = await session.execute(delete(AgreementUse).where(AgreementUse.happened_at < now() - USES_KEPT))
    return int(done.rowcount)
