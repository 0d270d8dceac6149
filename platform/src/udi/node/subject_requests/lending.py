"""What somebody lends, at the node that holds it: they stop it here, and their numbers are counted for them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.errors import ConflictError, ForbiddenError, NotFoundError
from udi.kit.identity import Actor
from udi.kit.tenancy import Territory
from udi.node.agreements.consents import stop_consent
from udi.node.agreements.documents import read_current_agreement
from udi.node.agreements.lender_login import LenderLogin
from udi.node.agreements.models import HeldAgreement, HeldConsent
from udi.node.datasets.models import Dataset
from udi.node.subject_requests.identity import SubjectLoginDueError, find_subject
from udi.node.subject_requests.models import Lender
from udi.protocol.consent import ConsentState
from udi.ui.dependencies import AnyRequest

MOST_ATTEMPTS = 5
"""How often somebody may bring a number for one dataset, all their consents together."""
ATTEMPT_PERIOD = timedelta(days=30)
MOST_LISTED = 500


@dataclass(frozen=True)
class LentRows:
    """A consent of somebody, as this node holds it; `dataset` is None where it was erased."""

    lender: Lender
    consent: HeldConsent
    dataset: Dataset | None
    project_title: str

    @property
    def is_live(self) -> bool:
        """Whether the project may read at this moment."""
        is_given = self.consent.state == ConsentState.GIVEN
        return is_given and self.consent.expires_at > now()


async def identify_lender(
    request: AnyRequest, territory: Territory, back: str
) -> Actor:
    """Who asks, by the login of people.

    Raises:
        SubjectLoginDueError: nobody is logged in; they come to `back` after.
    """
    subject = await find_subject(request, territory)
    if subject is None:
        raise SubjectLoginDueError(back)
    return subject


async def admit_lender(
    session: AsyncSession, subject: Actor, consent: HeldConsent
) -> bool:
    """Refuse whoever may bring no number for a consent; whether they brought one for it that is kept here.

    Raises:
        ForbiddenError: somebody else brought one for it.
        ConflictError: they brought five for this dataset within 30 days.
    """
    known = await session.scalar(select(Lender).where(Lender.id == consent.id))
    if known is not None and known.subject_id != subject.person_id:
        raise ForbiddenError(
            "Somebody else brought a number for this consent.",
            remedy="Log in here as the person who said yes.",
        )
    query = select(func.coalesce(func.sum(Lender.attempts), 0)).where(
        Lender.subject_id == subject.person_id,
        Lender.dataset_id == consent.dataset_id,
        Lender.attempted_at > now() - ATTEMPT_PERIOD,
    )
    if (await session.scalar(query) or 0) >= MOST_ATTEMPTS:
        raise ConflictError(
            "You brought a number too often.",
            remedy="Write to the organisation that keeps the data: it can help you.",
        )
    return known is not None


async def count_attempt(
    session: AsyncSession, subject: Actor, consent: HeldConsent
) -> None:
    """Count a number that somebody brought, and keep that the consent is theirs."""
    moment = now()
    values = {
        "id": consent.id,
        "subject_id": subject.person_id,
        "dataset_id": consent.dataset_id,
        "attempts": 1,
        "attempted_at": moment,
    }
    await session.execute(insert(Lender).values(values).on_conflict_do_nothing())
    known = await session.get_one(Lender, (consent.tenant_id, consent.id))
    if known.attempted_at == moment:
        return
    if known.attempted_at <= moment - ATTEMPT_PERIOD:
        known.attempts = 0
    known.attempts += 1
    known.attempted_at = moment
    await session.flush()


LENDER_PAGES = LenderLogin(identify_lender, admit_lender, count_attempt)


async def list_lent_rows(session: AsyncSession, subject: Actor) -> Sequence[LentRows]:
    """What somebody lends at this node and lent lately, the newest first."""
    query = (
        select(Lender, HeldConsent, HeldAgreement, Dataset)
        .join(
            HeldConsent,
            (HeldConsent.tenant_id == Lender.tenant_id) & (HeldConsent.id == Lender.id),
        )
        .join(
            HeldAgreement,
            (HeldAgreement.tenant_id == HeldConsent.tenant_id)
            & (HeldAgreement.id == HeldConsent.agreement_id),
        )
        .outerjoin(
            Dataset,
            (Dataset.tenant_id == Lender.tenant_id) & (Dataset.id == Lender.dataset_id),
        )
        .where(Lender.subject_id == subject.person_id)
        .order_by(Lender.attempted_at.desc(), Lender.id)
        .limit(MOST_LISTED)
    )
    return [
        LentRows(
            lender,
            consent,
            dataset,
            read_current_agreement(agreement).agreement.project_title,
        )
        for lender, consent, agreement, dataset in await session.execute(query)
    ]


async def stop_lending(session: AsyncSession, subject: Actor, id_: UUID) -> None:
    """Stop a consent at once, without a reason; to stop twice is to stop.

    Raises:
        NotFoundError: there is none, or it is somebody else's.
    """
    query = select(Lender).where(
        Lender.id == id_, Lender.subject_id == subject.person_id
    )
    lender = await session.scalar(query.with_for_update())
    if lender is None:
        raise NotFoundError("No consent of yours is at this address.")
    if await stop_consent(session, id_):
        lender.stopped_at = now()
        await session.flush()


async def forget_lenders(session: AsyncSession) -> None:
    """Forget who lent what ended, once the portal knows and no attempt counts any more."""
    given = select(HeldConsent.id).where(
        HeldConsent.state == ConsentState.GIVEN, HeldConsent.expires_at > now()
    )
    await session.execute(
        delete(Lender)
        .where(
            Lender.id.not_in(given),
            Lender.attempted_at <= now() - ATTEMPT_PERIOD,
            (Lender.stopped_at.is_(None)) | (Lender.reported_at.is_not(None)),
        )
        .execution_options(synchronize_session=False)
    )
