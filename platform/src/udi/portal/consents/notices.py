"""Acts on notices: a project writes a version, the producer accepts or refuses it, the team finds it wrong."""

from dataclasses import dataclass
from uuid import uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit import jobs
from udi.kit.clock import now
from udi.kit.errors import ConflictError, Refusals
from udi.kit.identity import Actor
from udi.kit.tenancy import Territory
from udi.portal import audit
from udi.portal.access.agreements.creation import is_unexpired
from udi.portal.access.agreements.queries import SignedAgreement
from udi.portal.access.agreements.transitions import LIVE
from udi.portal.consents.models import NoticeState, NoticeVersion
from udi.portal.consents.queries import find_open_notice, list_versions
from udi.portal.organisations.models import Organisation
from udi.protocol.consent import (
    LONGEST_CONSENT,
    ConsentNotice,
    NoticeParty,
    notice_digest,
    write_notice,
)
from udi.protocol.plain_words import check_plain_words
from udi.protocol.policy import Requester

INVALIDATE = "invalidate_consents"
LENGTHS = {"question": 120, "data": 300, "reason": 300}
"""Characters at most of the project's words."""
LONGEST_REASON = 500


@dataclass(frozen=True)
class NoticeInput:
    """The words of a project, as they were sent."""

    question: str = ""
    data: str = ""
    reason: str = ""
    months: str = "12"
    language: str = "en"


def check_notice(described: NoticeInput) -> None:
    """Refuse what is missing, too long or hard to read.

    Raises:
        InvalidError: with each fault.
    """
    refusals = Refusals()
    for name, limit in LENGTHS.items():
        text = getattr(described, name).strip()
        if not text:
            refusals.refuse(name, "This is empty.", "Write it in your own words.")
        elif len(text) > limit:
            refusals.refuse(
                name,
                "This has %(length)s characters.",
                "Write %(limit)s at most.",
                values={"length": len(text), "limit": limit},
            )
        for fault in check_plain_words(text)[:1]:
            refusals.refuse(name, fault.reason, fault.remedy, values=fault.values)
    months = described.months
    if not (months.isascii() and months.isdigit() and len(months) <= 3):  # noqa: PLR2004 - digits
        refusals.refuse("months", "This is not a number of months.", "Write 1 to 24.")
    elif not 1 <= int(months) <= LONGEST_CONSENT:
        refusals.refuse(
            "months", "A yes lasts 1 month at least, 24 at most.", "Write 1 to 24."
        )
    refusals.check()


async def submit_notice(
    session: AsyncSession,
    actor: Actor,
    territory: Territory,
    agreement_case: SignedAgreement,
    described: NoticeInput,
) -> NoticeVersion:
    """Write a new version and send it to the producer; one that waited gives way to it.

    Raises:
        ConflictError: the agreement is over, or no organisation leads the project.
        InvalidError: the words are missing, too long or hard to read.
    """
    agreement = agreement_case.agreement
    if agreement.state not in LIVE or not is_unexpired(agreement):
        raise ConflictError(
            "This agreement has ended: nobody can be asked under it.",
            remedy="Renew the agreement first.",
        )
    requester = agreement_case.signed_agreement.requester
    if requester.kind is Requester.PERSON:
        raise ConflictError(
            "An organisation must lead the project that asks people.",
            remedy="Have an organisation lead the project, then ask for a new agreement.",
        )
    check_notice(described)
    recipient = await session.get_one(Organisation, (agreement.tenant_id, requester.id))
    versions = await list_versions(session, agreement.id)
    for version in versions:
        if version.state == NoticeState.SUBMITTED:
            version.state = NoticeState.REPLACED
            version.decided_at = now()
    number = versions[0].version + 1 if versions else 1
    notice = _write(territory, agreement_case, recipient, described, number)
    version = NoticeVersion(
        id=notice.id,
        agreement_id=agreement.id,
        organisation_id=agreement.organisation_id,
        project_id=agreement.project_id,
        version=number,
        document=write_notice(notice),
        sha256=notice_digest(notice),
        state=NoticeState.SUBMITTED,
        author_id=actor.person_id,
        submitted_at=now(),
    )
    session.add(version)
    await session.flush()
    audit.record(session, actor, "notice.submitted", version.id, version=number)
    return version


def _write(
    territory: Territory,
    agreement_case: SignedAgreement,
    recipient: Organisation,
    described: NoticeInput,
    number: int,
) -> ConsentNotice:
    signed_agreement = agreement_case.signed_agreement
    producer = agreement_case.producer
    return ConsentNotice(
        id=uuid4(),
        version=number,
        agreement=signed_agreement.id,
        agreement_ends_at=signed_agreement.ends_at,
        project=signed_agreement.project,
        project_title=signed_agreement.project_title,
        recipient=NoticeParty(
            id=recipient.id, name=recipient.name, contact=recipient.email
        ),
        holder=NoticeParty(id=producer.id, name=producer.name, contact=producer.email),
        dataset=signed_agreement.dataset,
        dataset_title=signed_agreement.dataset_title,
        fields=signed_agreement.terms.columns,
        purpose=signed_agreement.purpose,
        language=described.language,
        question=described.question.strip(),
        data=described.data.strip(),
        reason=described.reason.strip(),
        months=int(described.months),
        stop_url=f"{territory.origin}/my-data/consents",
        rights_url=f"{territory.origin}/my-data/rights",
    )


async def accept_notice(
    session: AsyncSession, actor: Actor, version: NoticeVersion
) -> None:
    """Let people answer this version from now on; the one before is answered no more.

    Raises:
        ConflictError: it was decided already, or replaced.
    """
    _require_waiting(version)
    before = await find_open_notice(session, version.agreement_id, lock=True)
    if before is not None:
        before.state = NoticeState.REPLACED
    version.state = NoticeState.ACCEPTED
    version.decided_at = now()
    await session.flush()
    audit.record(session, actor, "notice.accepted", version.id)


async def refuse_notice(
    session: AsyncSession, actor: Actor, version: NoticeVersion, reason: str
) -> None:
    """Do not hold it; the project reads why.

    Raises:
        ConflictError: it was decided already, or replaced.
        InvalidError: no reason is given.
    """
    _require_waiting(version)
    version.reason = _read_reason(reason)
    version.state = NoticeState.REFUSED
    version.decided_at = now()
    await session.flush()
    audit.record(session, actor, "notice.refused", version.id)


async def invalidate_notice(
    session: AsyncSession, actor: Actor, version: NoticeVersion, reason: str
) -> None:
    """Find it wrong: nobody answers it any more, and the worker ends every consent that rests on it.

    Raises:
        ConflictError: it is answered no more.
        InvalidError: no reason is given.
    """
    if version.state not in {NoticeState.ACCEPTED, NoticeState.REPLACED}:
        raise ConflictError(
            "Nobody lends anything under this version.",
            remedy="See the page of the notice for its current state.",
        )
    version.reason = _read_reason(reason)
    version.state = NoticeState.INVALIDATED
    version.decided_at = now()
    await session.flush()
    await jobs.enqueue(session, INVALIDATE, {"notice": str(version.id)})
    audit.record(session, actor, "notice.invalidated", version.id)


def _require_waiting(version: NoticeVersion) -> None:
    if version.state != NoticeState.SUBMITTED:
        raise ConflictError(
            "This version was decided already, or a later one was sent.",
            remedy="See the page of the notice for its current state.",
        )


def _read_reason(reason: str) -> str:
    refusals = Refusals()
    reason = " ".join(reason.split())
    if not reason:
        refusals.refuse("reason", "Say why.", "The project reads it.")
    elif len(reason) > LONGEST_REASON:
        refusals.refuse(
            "reason",
            "This has %(length)s characters.",
            "Write %(limit)s at most.",
            values={"length": len(reason), "limit": LONGEST_REASON},
        )
    refusals.check()
    return reason
