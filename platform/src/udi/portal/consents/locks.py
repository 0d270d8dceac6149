"""The one order in which rows of consents are locked: the person, notices, consents; the counter of revisions comes last.

Who holds agreements too locks them before the notices. Notices are locked by agreement and version, consents by id. Who locks otherwise waits for somebody who waits for them.
"""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.portal.consents.models import Consent, NoticeVersion
from udi.portal.identity.models import Person
from udi.protocol.consent import ConsentState


async def lock_person(session: AsyncSession, person_id: UUID | None) -> None:
    """Keep the account of somebody who answers from being deleted meanwhile; others may lock it so as well."""
    query = select(Person.id).where(Person.id == person_id)
    await session.execute(query.with_for_update(read=True, key_share=True))


async def lock_notices(
    session: AsyncSession, condition: ColumnElement[bool]
) -> Sequence[NoticeVersion]:
    """The versions of notices, locked, as they are now."""
    query = (
        select(NoticeVersion)
        .where(condition)
        .order_by(NoticeVersion.agreement_id, NoticeVersion.version)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return (await session.scalars(query)).all()


async def lock_consents(
    session: AsyncSession, condition: ColumnElement[bool]
) -> Sequence[Consent]:
    """Consents whose notices are locked already, as they are now."""
    query = (
        select(Consent)
        .where(condition)
        .order_by(Consent.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return (await session.scalars(query)).all()


async def lock_given(
    session: AsyncSession, condition: ColumnElement[bool]
) -> Sequence[Consent]:
    """The consents that are given and meet a condition, locked after their notices."""
    is_given = (Consent.state == ConsentState.GIVEN) & condition
    rows = (
        await session.execute(select(Consent.id, Consent.notice_id).where(is_given))
    ).all()
    await lock_notices(
        session, NoticeVersion.id.in_({notice_id for _, notice_id in rows})
    )
    ids: Collection[UUID] = {id_ for id_, _ in rows}
    return await lock_consents(session, is_given & Consent.id.in_(ids))
