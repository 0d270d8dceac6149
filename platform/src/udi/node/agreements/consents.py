"""The consents that this node holds, and of whom rows may be given under an agreement."""

from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.errors import ConflictError, NotFoundError
from udi.node.agreements.models import (
    ConsentLink,
    HeldConsent,
    LinkState,
    PersonColumn,
)
from udi.node.agreements.queries import read_cursor
from udi.node.audit import record_audit_event
from udi.protocol.access_decision import PersonRows, RefusalReason
from udi.protocol.consent import ConsentState, ConsentStatus


async def store_consent(
    session: AsyncSession, status: ConsentStatus, document: str
) -> HeldConsent:
    """Keep how a consent stands, unless a later status is held; what is held.

    An end is taken whatever its revision, and one that ended never lives again, whatever is said later. The number that
    was brought for it goes with it.

    Raises:
        ConflictError: the consent of this id hangs on another agreement, or is about other data.
    """
    await _lock_consent(session, status.consent)
    held = await _find_consent(session, status.consent)
    if held is None:
        held = HeldConsent(
            id=status.consent,
            agreement_id=status.agreement,
            dataset_id=status.dataset,
            revision=0,
            state=ConsentState.GIVEN,
        )
        session.add(held)
    if (held.agreement_id, held.dataset_id) != (status.agreement, status.dataset):
        raise ConflictError("The consent of this identifier is about something else.")
    has_ended = held.state != ConsentState.GIVEN
    is_late = status.state is ConsentState.GIVEN and held.revision >= status.revision
    if has_ended or is_late:
        return held
    held.document = document
    held.revision = max(held.revision, status.revision)
    held.state = status.state
    held.expires_at = status.expires_at
    held.received_at = now()
    await session.flush()
    if status.state is not ConsentState.GIVEN:
        link = await find_link(session, status.consent)
        if link is not None:
            await session.delete(link)
    record_audit_event(
        session,
        None,
        "consent.stored",
        held.agreement_id,
        revision=status.revision,
        state=str(status.state),
    )
    await session.flush()
    return held


async def stop_consent(session: AsyncSession, id_: UUID) -> bool:
    """End a consent that its person stopped here; whether this did it. The next reading is refused.

    What the portal says of it later changes nothing: it ended.
    """
    await _lock_consent(session, id_)
    held = await _find_consent(session, id_)
    if held is None or held.state != ConsentState.GIVEN:
        return False
    held.state = ConsentState.WITHDRAWN
    link = await find_link(session, id_)
    if link is not None:
        await session.delete(link)
    record_audit_event(session, None, "consent.stopped", held.agreement_id)
    await session.flush()
    return True


async def _lock_consent(session: AsyncSession, id_: UUID) -> None:
    lock = func.pg_advisory_xact_lock(func.hashtextextended(str(id_), 0))
    await session.execute(select(lock))


async def _find_consent(
    session: AsyncSession, id_: UUID, *, lock: bool = False
) -> HeldConsent | None:
    query = select(HeldConsent).where(HeldConsent.id == id_)
    if lock:
        query = query.with_for_update(read=True)
    held: HeldConsent | None = await session.scalar(query)
    return held


async def get_live_consent(
    session: AsyncSession, id_: UUID, *, lock: bool = False
) -> HeldConsent:
    """A consent under which data are lent at this moment; with `lock`, it does not end before the commit.

    Raises:
        NotFoundError: this node knows no such consent, or it has ended.
    """
    held = await _find_consent(session, id_, lock=lock)
    if held is None or held.state != ConsentState.GIVEN or held.expires_at <= now():
        raise NotFoundError(
            "This node knows no such consent, or it has ended.",
            remedy="If you have just said yes, try again in a minute.",
        )
    return held


async def find_person_column(
    session: AsyncSession, dataset_id: UUID
) -> PersonColumn | None:
    """The column of a dataset that says whom rows are about, where its producer named one."""
    query = select(PersonColumn).where(PersonColumn.dataset_id == dataset_id)
    column: PersonColumn | None = await session.scalar(query)
    return column


async def read_person_rows(
    session: AsyncSession, agreement_id: UUID, dataset_id: UUID
) -> PersonRows | RefusalReason | None:
    """Of whom rows may be given under an agreement at this moment; None where rows are about nobody.

    A reason to refuse where nobody lends, or where the portal was not heard for too long to know.
    """
    column = await find_person_column(session, dataset_id)
    if column is None:
        return None
    moment = now()
    cursor = await read_cursor(session)
    fresh_until = cursor.consents_fresh_until if cursor else None
    if fresh_until is None or fresh_until <= moment:
        return RefusalReason.CONSENTS_STALE
    query = (
        select(ConsentLink)
        .join(
            HeldConsent,
            (HeldConsent.tenant_id == ConsentLink.tenant_id)
            & (HeldConsent.id == ConsentLink.id),
        )
        .where(
            HeldConsent.agreement_id == agreement_id,
            HeldConsent.dataset_id == dataset_id,
            HeldConsent.state == ConsentState.GIVEN,
            HeldConsent.expires_at > moment,
            ConsentLink.state == LinkState.CONFIRMED,
            ConsentLink.column_name == column.name,
        )
    )
    codes = {link.code for link in await session.scalars(query)}
    if not codes:
        return RefusalReason.NO_CONSENT
    return PersonRows(column=column.name, codes=tuple(sorted(codes)))


async def find_link(session: AsyncSession, consent_id: UUID) -> ConsentLink | None:
    """The number that was brought for a consent."""
    query = select(ConsentLink).where(ConsentLink.id == consent_id)
    link: ConsentLink | None = await session.scalar(query.with_for_update())
    return link
