"""The consents that this node holds, and of whom rows may be given under an agreement."""

import hmac
from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.errors import ConflictError, NotFoundError, field_error
from udi.kit.identity import Actor
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

LONGEST_CODE = 100
MOST_ATTEMPTS = 5
"""How often somebody may bring a number for one consent."""


async def store_consent(
    session: AsyncSession, status: ConsentStatus, document: str
) -> int:
    """Keep how a consent stands, unless a later status is held; the revision that is held.

    One that ended never lives again, whatever is said later, and the number that was brought for it goes with it.

    Raises:
        ConflictError: the consent of this id hangs on another agreement, or is about other data.
    """
    lock = func.pg_advisory_xact_lock(func.hashtextextended(str(status.consent), 0))
    await session.execute(select(lock))
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
    if held.revision >= status.revision or held.state != ConsentState.GIVEN:
        return held.revision
    held.document = document
    held.revision = status.revision
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
    return held.revision


async def _find_consent(session: AsyncSession, id_: UUID) -> HeldConsent | None:
    query = select(HeldConsent).where(HeldConsent.id == id_)
    held: HeldConsent | None = await session.scalar(query)
    return held


async def get_live_consent(session: AsyncSession, id_: UUID) -> HeldConsent:
    """A consent under which data are lent at this moment.

    Raises:
        NotFoundError: this node knows no such consent, or it has ended.
    """
    held = await _find_consent(session, id_)
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


def digest_code(key: bytes, dataset_id: UUID, code: str) -> str:
    """What finds a number without telling it."""
    return hmac.digest(key, f"{dataset_id}|{code}".encode(), "sha256").hex()


async def bring_code(
    session: AsyncSession, consent: HeldConsent, text: str, key: bytes
) -> ConsentLink:
    """Attach the number by which the producer knows who lends; it counts at once only where it is secret and new.

    Raises:
        InvalidError: it is empty or too long.
        ConflictError: numbers were brought too often for this consent.
    """
    code = " ".join(text.split())
    if not code or len(code) > LONGEST_CODE:
        raise field_error(
            "code",
            "This is empty, or too long.",
            "Write the number as it stands on your card, contract or bill.",
        )
    link = await find_link(session, consent.id)
    if link is None:
        link = ConsentLink(
            id=consent.id,
            dataset_id=consent.dataset_id,
            state=LinkState.PENDING,
            attempts=0,
        )
        session.add(link)
    if link.attempts >= MOST_ATTEMPTS:
        raise ConflictError(
            "You brought a number too often.",
            remedy="Write to the organisation that keeps the data: it can help you.",
        )
    link.attempts += 1
    link.code = code
    link.code_digest = digest_code(key, consent.dataset_id, code)
    link.brought_at = now()
    column = await find_person_column(session, consent.dataset_id)
    is_secret = column is not None and column.codes_are_secret
    is_taken = await _is_taken(session, link)
    link.state = (
        LinkState.CONFIRMED if is_secret and not is_taken else LinkState.PENDING
    )
    await session.flush()
    return link


async def _is_taken(session: AsyncSession, link: ConsentLink) -> bool:
    """Whether somebody else brought the same number."""
    query = select(ConsentLink.id).where(
        ConsentLink.code_digest == link.code_digest, ConsentLink.id != link.id
    )
    return await session.scalar(query.limit(1)) is not None


async def list_links(session: AsyncSession, dataset_id: UUID) -> Sequence[ConsentLink]:
    """The numbers that were brought for a dataset and wait for its producer, the oldest first."""
    query = select(ConsentLink).where(
        ConsentLink.dataset_id == dataset_id, ConsentLink.state == LinkState.PENDING
    )
    return (
        await session.scalars(query.order_by(ConsentLink.brought_at, ConsentLink.id))
    ).all()


async def count_confirmed_links(session: AsyncSession, dataset_id: UUID) -> int:
    """How many lend a dataset with a number that counts."""
    query = select(func.count()).where(
        ConsentLink.dataset_id == dataset_id, ConsentLink.state == LinkState.CONFIRMED
    )
    return await session.scalar(query) or 0


async def decide_link(
    session: AsyncSession,
    actor: Actor,
    dataset_id: UUID,
    consent_id: UUID,
    state: LinkState,
) -> None:
    """Say that a number is that of who brought it, or is not.

    Raises:
        NotFoundError: none waits under this id for the dataset.
    """
    link = await find_link(session, consent_id)
    if link is None or link.dataset_id != dataset_id or link.state != LinkState.PENDING:
        raise NotFoundError("No number waits for you at this address.")
    link.state = state
    record_audit_event(
        session,
        actor,
        {
            LinkState.PENDING: "",
            LinkState.CONFIRMED: "consent_link.confirmed",
            LinkState.REJECTED: "consent_link.rejected",
        }[state],
        dataset_id,
    )
    await session.flush()


async def name_person_column(
    session: AsyncSession,
    actor: Actor,
    dataset_id: UUID,
    name: str,
    columns: Collection[str],
    *,
    codes_are_secret: bool,
) -> None:
    """Say which column says whom rows are about; an empty name: none does.

    Raises:
        InvalidError: the table has no such column.
    """
    column = await find_person_column(session, dataset_id)
    if not name:
        if column is not None:
            await session.delete(column)
    elif name not in columns:
        raise field_error(
            "column", "The table has no such column.", "Choose one of the list."
        )
    elif column is None:
        session.add(
            PersonColumn(
                dataset_id=dataset_id, name=name, codes_are_secret=codes_are_secret
            )
        )
    else:
        column.name = name
        column.codes_are_secret = codes_are_secret
        column.changed_at = now()
    record_audit_event(
        session, actor, "person_column.named", dataset_id, named=bool(name)
    )
    await session.flush()
