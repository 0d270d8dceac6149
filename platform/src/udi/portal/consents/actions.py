"""What people do: say yes or no to a notice, and stop; and how a consent ends otherwise.

The audit names the notice and nobody: who lends what is for that person alone to read.
"""

from datetime import timedelta
from uuid import UUID, uuid4

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
from udi.portal.consents.changes import record_change
from udi.portal.consents.locks import lock_consents, lock_notices, lock_person
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
LINK_TICKETS = 5
LINK_PERIOD = timedelta(days=30)
"""How often a person is sent to a node to say their number, under one agreement: more would be guessing."""
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
    version = await _lock_open_notice(session, actor, version)
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
    version = await _lock_open_notice(session, actor, version)
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


async def count_link_ticket(session: AsyncSession, consent: Consent) -> bool:
    """Count that a person is sent to the node with a number; whether they may be, all their consents under the agreement together."""
    consents = await lock_consents(
        session,
        (Consent.agreement_id == consent.agreement_id)
        & (Consent.person_id == consent.person_id),
    )
    moment = now()
    count = 0
    for row in consents:
        if row.link_ticket_at is not None and row.link_ticket_at < moment - LINK_PERIOD:
            row.link_tickets = 0
        count += row.link_tickets
    if count >= LINK_TICKETS:
        return False
    consent.link_tickets += 1
    consent.link_ticket_at = moment
    await session.flush()
    return True


async def withdraw_consent(session: AsyncSession, consent: Consent) -> None:
    """Stop it at once, without a reason; to stop twice is to stop.

    Raises:
        ConflictError: it is a no, or ended otherwise.
    """
    await _lock_with_notice(session, consent)
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
    version = await _lock_with_notice(session, consent)
    consent.state = CONSENT.next_state(consent.state, event, side)
    consent.ended_at = now()
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
    await record_change(session, consent)


async def _lock_with_notice(session: AsyncSession, consent: Consent) -> NoticeVersion:
    """Lock the notice of a consent, then the consent, as both are now."""
    await session.flush()
    [version] = await lock_notices(session, NoticeVersion.id == consent.notice_id)
    await lock_consents(session, Consent.id == consent.id)
    return version


async def _lock_open_notice(
    session: AsyncSession, actor: Actor, version: NoticeVersion
) -> NoticeVersion:
    """The notice, locked with its other versions, so that answers of one person come one after another.

    Raises:
        ConflictError: nobody answers it now.
    """
    await lock_person(session, actor.person_id)
    await lock_notices(session, NoticeVersion.agreement_id == version.agreement_id)
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
    """What the person answered to any version, as far as it stands; a yes whose time is over ends first."""
    answers = await lock_consents(
        session,
        (Consent.agreement_id == version.agreement_id)
        & (Consent.person_id == actor.person_id)
        & Consent.state.in_((ConsentState.GIVEN, ConsentState.REFUSED)),
    )
    standing = []
    for answer in answers:
        if answer.state == ConsentState.GIVEN and answer.expires_at <= now():
            await end_consent(session, answer, ConsentEvent.EXPIRE, ConsentActor.CLOCK)
        else:
            standing.append(answer)
    return standing


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
