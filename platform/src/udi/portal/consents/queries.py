"""Reads of notices, and of what a person lends."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.errors import NotFoundError
from udi.kit.identity import Actor
from udi.portal.access.agreements.transitions import AgreementState
from udi.portal.access.models import (
    AccessAgreement,
    ProjectCredential,
    PublicAgreement,
)
from udi.portal.consents.models import Consent, NoticeState, NoticeVersion
from udi.portal.nodes.models import Node
from udi.portal.organisations.models import Organisation
from udi.protocol.consent import ConsentNotice, ConsentState

PUBLIC_STATES = (NoticeState.ACCEPTED, NoticeState.REPLACED, NoticeState.INVALIDATED)
"""What everybody reads; the policy of the role `public` says the same."""
MOST_LISTED = 500


@dataclass(frozen=True)
class LentData:
    """What a person answered, with the notice that they read; `last_used_at` is the hour in which its machines last read there."""

    consent: Consent
    notice: ConsentNotice
    node: Node
    last_used_at: datetime | None = None

    @property
    def is_live(self) -> bool:
        """Whether the project may read at this moment."""
        return (
            self.consent.state == ConsentState.GIVEN and self.consent.expires_at > now()
        )

    @property
    def is_confirmed(self) -> bool:
        """Whether the node said that it has the last state."""
        return self.consent.delivered >= self.consent.revision


def notice_of(version: NoticeVersion) -> ConsentNotice:
    """The document of a version."""
    return msgspec.convert(version.document, ConsentNotice, strict=False)


async def get_public_notice(session: AsyncSession, id_: UUID) -> NoticeVersion:
    """A version that people may read.

    Raises:
        NotFoundError: there is none, or its producer has not accepted it.
    """
    query = select(NoticeVersion).where(
        NoticeVersion.id == id_, NoticeVersion.state.in_(PUBLIC_STATES)
    )
    version: NoticeVersion | None = await session.scalar(query)
    if version is None:
        raise NotFoundError("No question has this address here.")
    return version


async def find_open_notice(
    session: AsyncSession, agreement_id: UUID, *, lock: bool = False
) -> NoticeVersion | None:
    """The version of an agreement's notice that people answer now."""
    query = select(NoticeVersion).where(
        NoticeVersion.agreement_id == agreement_id,
        NoticeVersion.state == NoticeState.ACCEPTED,
    )
    version: NoticeVersion | None = await session.scalar(
        query.with_for_update().execution_options(populate_existing=True)
        if lock
        else query
    )
    return version


async def list_versions(
    session: AsyncSession, agreement_id: UUID
) -> Sequence[NoticeVersion]:
    """All versions of an agreement's notice, the newest first."""
    query = select(NoticeVersion).where(NoticeVersion.agreement_id == agreement_id)
    return (await session.scalars(query.order_by(NoticeVersion.version.desc()))).all()


OPEN_STATES = (AgreementState.ACTIVE, AgreementState.REVOKING)
"""The states of an agreement in which people may be asked under it."""


async def is_agreement_open(session: AsyncSession, version: NoticeVersion) -> bool:
    """Whether people may be asked under the agreement of a notice."""
    return await find_closing_state(session, version) is None


async def find_closing_state(
    session: AsyncSession, version: NoticeVersion
) -> AgreementState | None:
    """The state of the agreement that keeps people from being asked; none: they may be."""
    agreement = await session.get_one(
        AccessAgreement,
        (version.tenant_id, version.agreement_id),
        populate_existing=True,
    )
    return read_closing_state(agreement)


async def find_public_closing_state(
    session: AsyncSession, version: NoticeVersion
) -> AgreementState | None:
    """The same, by what everybody may know of the agreement."""
    query = select(PublicAgreement).where(PublicAgreement.id == version.agreement_id)
    agreement = await session.scalar(query)
    return AgreementState.ENDED if agreement is None else read_closing_state(agreement)


def read_closing_state(
    agreement: AccessAgreement | PublicAgreement,
) -> AgreementState | None:
    """The state of an agreement in which nobody is asked under it; none: people are."""
    state = AgreementState(agreement.state)
    if state in OPEN_STATES:
        return None if agreement.ends_at > now() else AgreementState.ENDED
    return state


async def find_answer(
    session: AsyncSession, actor: Actor, agreement_id: UUID
) -> Consent | None:
    """The person's yes under an agreement, else their no whose six months are not over."""
    standing = or_(
        Consent.state == ConsentState.GIVEN, Consent.state == ConsentState.REFUSED
    )
    query = (
        select(Consent)
        .where(
            Consent.agreement_id == agreement_id,
            Consent.person_id == actor.person_id,
            standing,
            Consent.expires_at > now(),
        )
        .order_by((Consent.state == ConsentState.GIVEN).desc())
    )
    consent: Consent | None = await session.scalar(query.limit(1))
    return consent


async def list_lent_data(session: AsyncSession, actor: Actor) -> list[LentData]:
    """All that a person answered, the newest first."""
    query = (
        select(Consent, NoticeVersion, Node)
        .join(
            NoticeVersion,
            (NoticeVersion.tenant_id == Consent.tenant_id)
            & (NoticeVersion.id == Consent.notice_id),
        )
        .join(
            Node, (Node.tenant_id == Consent.tenant_id) & (Node.id == Consent.node_id)
        )
        .where(Consent.person_id == actor.person_id)
        .order_by(Consent.answered_at.desc(), Consent.id)
        .limit(MOST_LISTED)
    )
    return [
        LentData(
            consent,
            notice_of(version),
            node,
            await _read_last_use(session, version, consent),
        )
        for consent, version, node in await session.execute(query)
    ]


async def _read_last_use(
    session: AsyncSession, version: NoticeVersion, consent: Consent
) -> datetime | None:
    """The hour in which the project's machines last read at the node, from the hour of the yes on.

    Nodes report hours, and neither refusals nor what people read on pages.
    """
    if consent.state == ConsentState.REFUSED:
        return None
    hour_of_yes = consent.answered_at.replace(minute=0, second=0, microsecond=0)
    credential = ProjectCredential
    query = select(func.max(credential.last_used_at)).where(
        credential.project_id == version.project_id,
        credential.node_id == consent.node_id,
        or_(
            credential.agreement_id.is_(None),
            credential.agreement_id == consent.agreement_id,
        ),
        credential.last_used_at >= hour_of_yes,
        credential.last_used_at <= (consent.ended_at or now()),
    )
    return await session.scalar(query)


async def get_own_consent(session: AsyncSession, actor: Actor, id_: UUID) -> Consent:
    """A consent of the person who asks.

    Raises:
        NotFoundError: there is none, or it is somebody else's.
    """
    query = select(Consent).where(
        Consent.id == id_, Consent.person_id == actor.person_id
    )
    consent: Consent | None = await session.scalar(query)
    if consent is None:
        raise NotFoundError("No consent of yours is at this address.")
    return consent


async def list_notices_to_accept(
    session: AsyncSession, actor: Actor
) -> list[tuple[NoticeVersion, Organisation]]:
    """The notices that wait for the producers for which somebody publishes."""
    slugs = [slug for slug in actor.memberships if actor.may_publish(slug)]
    if not slugs:
        return []
    query = (
        select(NoticeVersion, Organisation)
        .join(
            Organisation,
            (Organisation.tenant_id == NoticeVersion.tenant_id)
            & (Organisation.id == NoticeVersion.organisation_id),
        )
        .where(
            NoticeVersion.state == NoticeState.SUBMITTED, Organisation.slug.in_(slugs)
        )
        .order_by(NoticeVersion.submitted_at)
        .limit(MOST_LISTED)
    )
    return [
        (version, organisation)
        for version, organisation in await session.execute(query)
    ]
