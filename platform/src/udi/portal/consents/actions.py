"""What people do: say yes or no to a notice, and stop; and how a consent ends otherwise.

The audit names the notice and nobody: who lends what is for that person alone to read.
"""

from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit import jobs
from udi.kit.clock import now
from udi.kit.errors import ConflictError
from udi.kit.identity import Actor
from udi.portal import audit
from udi.portal.access.agreements.creation import (
    AgreementSigner,
    add_months,
)
from udi.portal.access.agreements.revisions import next_revision
from udi.portal.access.models import AccessAgreement
from udi.portal.consents.models import Consent, NoticeState, NoticeVersion
from udi.portal.consents.queries import is_agreement_open, notice_of
from udi.portal.nodes.models import Node
from udi.protocol.consent import (
    CONSENT,
    CONSENT_RECEIPT_TYPE,
    ConsentActor,
    ConsentEvent,
    ConsentState,
)
from udi.protocol.consent_receipt import GivenConsent, write_receipt

DELIVER_CONSENT = "deliver_consent"
REFUSAL_KEPT = 6
"""Months for which a purpose that somebody refused is not put to them again."""
RECENT = timedelta(minutes=5)
"""How old a login may be when somebody says yes."""


async def give_consent(
    session: AsyncSession,
    actor: Actor,
    version: NoticeVersion,
    agreement_signer: AgreementSigner,
) -> Consent:
    """Say yes; a yes to an earlier version is replaced, a no is forgotten. The same yes twice is one.

    Raises:
        ConflictError: the notice is answered no more, or its agreement is over.
    """
    version = await _lock_open_notice(session, version)
    before = await _list_answers(session, actor, version)
    for answer in before:
        if answer.notice_id == version.id and answer.state == ConsentState.GIVEN:
            return answer
    consent = await _build_consent(session, actor, version, agreement_signer)
    for answer in before:
        if answer.state == ConsentState.REFUSED:
            await session.delete(answer)
        else:
            answer.replaced_by = consent.id
            await end_consent(session, answer, ConsentEvent.RENEW, ConsentActor.PERSON)
    await session.flush()
    session.add(consent)
    version.given += 1
    await _send_status(session, consent)
    audit.record(session, None, "consent.given", version.id, version=version.version)
    return consent


async def refuse_consent(
    session: AsyncSession, actor: Actor, version: NoticeVersion
) -> None:
    """Say no: the question is not put again for six months.

    Raises:
        ConflictError: the notice is answered no more, or the person lends already: they stop instead.
    """
    version = await _lock_open_notice(session, version)
    before = await _list_answers(session, actor, version)
    if any(answer.state == ConsentState.GIVEN for answer in before):
        raise ConflictError(
            "You said yes to this before.",
            remedy="Stop it on the page of what you lend.",
        )
    for answer in before:
        await session.delete(answer)
    await session.flush()
    moment = now().replace(microsecond=0)
    session.add(
        Consent(
            id=uuid4(),
            notice_id=version.id,
            agreement_id=version.agreement_id,
            node_id=await _find_node_id(session, version),
            person_id=actor.person_id,
            recipient_reference=uuid4(),
            state=CONSENT.next_state(
                ConsentState.REQUESTED, ConsentEvent.REFUSE, ConsentActor.PERSON
            ),
            answered_at=moment,
            expires_at=add_months(moment, REFUSAL_KEPT),
        )
    )
    await session.flush()


async def withdraw_consent(session: AsyncSession, consent: Consent) -> None:
    """Stop it at once, without a reason; to stop twice is to stop.

    Raises:
        ConflictError: it is a no, or ended otherwise.
    """
    if consent.state == ConsentState.WITHDRAWN:
        return
    await end_consent(session, consent, ConsentEvent.WITHDRAW, ConsentActor.PERSON)


async def end_consent(
    session: AsyncSession, consent: Consent, event: ConsentEvent, side: ConsentActor
) -> None:
    """End a consent, have the node told at once, and count it on the project's page.

    Raises:
        ConflictError: it is no yes any more, or this is for somebody else to do.
    """
    consent.state = CONSENT.next_state(consent.state, event, side)
    consent.ended_at = now()
    query = (
        select(NoticeVersion)
        .where(NoticeVersion.id == consent.notice_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    version = (await session.scalars(query)).one()
    version.given = max(version.given - 1, 0)
    if event is ConsentEvent.WITHDRAW:
        version.stopped += 1
        version.stopped_at = consent.ended_at
    await _send_status(session, consent)
    audit.record(
        session,
        None,
        {
            ConsentState.WITHDRAWN: "consent.withdrawn",
            ConsentState.EXPIRED: "consent.expired",
            ConsentState.REVOKED: "consent.revoked",
            ConsentState.INVALIDATED: "consent.invalidated",
            ConsentState.REPLACED: "consent.replaced",
        }[ConsentState(consent.state)],
        version.id,
    )


async def _send_status(session: AsyncSession, consent: Consent) -> None:
    consent.revision = await next_revision(session)
    await session.flush()
    await jobs.enqueue(
        session,
        DELIVER_CONSENT,
        {"consent": str(consent.id), "revision": consent.revision},
    )


async def _lock_open_notice(
    session: AsyncSession, version: NoticeVersion
) -> NoticeVersion:
    """The notice, locked, so that answers of one person come one after another."""
    query = (
        select(NoticeVersion)
        .where(NoticeVersion.id == version.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    version = (await session.scalars(query)).one()
    if version.state != NoticeState.ACCEPTED or not await is_agreement_open(
        session, version
    ):
        raise ConflictError(
            "This question is closed: nobody can answer it any more.",
            remedy="Nothing of yours was lent. You have nothing to do.",
        )
    return version


async def _list_answers(
    session: AsyncSession, actor: Actor, version: NoticeVersion
) -> list[Consent]:
    """What the person answered to any version, as far as it stands."""
    query = select(Consent).where(
        Consent.agreement_id == version.agreement_id,
        Consent.person_id == actor.person_id,
        Consent.state.in_((ConsentState.GIVEN, ConsentState.REFUSED)),
    )
    return list((await session.scalars(query.with_for_update())).all())


async def _find_node_id(session: AsyncSession, version: NoticeVersion) -> UUID:
    agreement = await session.get_one(
        AccessAgreement, (version.tenant_id, version.agreement_id)
    )
    return agreement.node_id


async def _build_consent(
    session: AsyncSession,
    actor: Actor,
    version: NoticeVersion,
    agreement_signer: AgreementSigner,
) -> Consent:
    notice = notice_of(version)
    moment = now().replace(microsecond=0)
    node_id = await _find_node_id(session, version)
    given = GivenConsent(
        uuid4(),
        uuid4(),
        moment,
        min(add_months(moment, notice.months), notice.agreement_ends_at),
    )
    origin = agreement_signer.territory.origin
    node = await session.get_one(Node, (version.tenant_id, node_id))
    return Consent(
        id=given.id,
        notice_id=version.id,
        agreement_id=version.agreement_id,
        node_id=node.id,
        person_id=actor.person_id,
        recipient_reference=given.recipient_reference,
        state=CONSENT.next_state(
            ConsentState.REQUESTED, ConsentEvent.GIVE, ConsentActor.PERSON
        ),
        answered_at=given.given_at,
        expires_at=given.expires_at,
        receipt=agreement_signer.signer.sign_document(
            write_receipt(notice, given, origin),
            kind=CONSENT_RECEIPT_TYPE,
            issuer=origin,
            audience=origin,
        ),
    )
