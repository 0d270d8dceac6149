"""What the worker does for suggestions: a mail on Mondays to those who chose one, and the messages of one to another.

Both look again just before they send: what was turned off meanwhile is not there any more, and nothing brings it back.
"""

from datetime import datetime, tzinfo
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit import jobs as queue
from udi.kit.clock import now
from udi.kit.emails import Email
from udi.kit.jobs import Handlers, Job
from udi.kit.schedules import Schedule, run_by_clock
from udi.kit.tenancy import Territory
from udi.portal.catalogue.search.index import SEARCH_INDEXES
from udi.portal.identity.models import Person
from udi.portal.notifications.digests import last_send_time
from udi.portal.notifications.models import DigestRhythm
from udi.portal.organisations.models import Organisation
from udi.portal.projects.suggestions.actions import mark_suggestions_mailed
from udi.portal.projects.suggestions.emails import write_digest, write_message
from udi.portal.projects.suggestions.messages import SEND_MESSAGE
from udi.portal.projects.suggestions.models import DeclaredInterest, SuggestionMessage
from udi.portal.projects.suggestions.profile import SuggestionRecipient
from udi.portal.projects.suggestions.search import find_suggestions
from udi.portal.projects.suggestions.suggestion import Suggestion, SuggestionKind
from udi.ui.emails import EmailRecipient, person_recipient
from udi.ui.site import Site

SEND_DIGEST = "tell_suggestions"


def task_handlers(site: Site) -> Handlers:
    """The handlers, by name; those of a closed territory wait."""

    async def tell(job: Job) -> None:
        territory = await site.registry.get_served(job.tenant)
        await send_digest(
            site, territory, UUID(job.payload["interest"]), job.payload["until"]
        )

    async def send(job: Job) -> None:
        territory = await site.registry.get_served(job.tenant)
        await send_message(site, territory, UUID(job.payload["message"]))

    return {SEND_DIGEST: tell, SEND_MESSAGE: send}


async def queue_digests(session: AsyncSession, moment: datetime, zone: tzinfo) -> int:
    """Queue the mails that should have left by now, each once, however often this is called; how many."""
    until = last_send_time(DigestRhythm.WEEKLY, moment, zone)
    late = select(DeclaredInterest).where(
        DeclaredInterest.mailed, DeclaredInterest.notified_until < until
    )
    due = (await session.scalars(late.with_for_update(skip_locked=True))).all()
    for interest in due:
        interest.notified_until = until
        await queue.enqueue(
            session,
            SEND_DIGEST,
            {"interest": str(interest.id), "until": until.date().isoformat()},
        )
    return len(due)


async def send_digest(site: Site, territory: Territory, id_: UUID, until: str) -> None:
    """Send what is new to one, unless there is nothing, or they want it no more.

    Raises:
        EmailError: the relay did not take it; it is tried again.
    """
    async with site.database.session(territory.id, role="worker") as session:
        interest = await _find_subscribed_interest(session, id_)
        if interest is None:
            return
        organisation = await _find_organisation(session, interest)
        recipient = await _find_recipient(session, territory, interest, organisation)
    if recipient.address:
        new = await _find_new_suggestions(
            site, territory, SuggestionRecipient(interest, organisation, in_public=True)
        )
    else:
        new = {}
    if not any(new.values()) or not await _is_subscribed(site, territory, id_):
        return
    slug = organisation.slug if organisation else ""
    mail = write_digest(site, territory, interest, slug, new, recipient, moment=until)
    await site.send_email(territory, mail)
    async with site.database.session(territory.id, role="worker") as session:
        if await _find_subscribed_interest(session, id_, lock=True):
            await mark_suggestions_mailed(
                session,
                id_,
                [
                    suggestion
                    for suggestions in new.values()
                    for suggestion in suggestions
                ],
            )


async def _find_subscribed_interest(
    session: AsyncSession, id_: UUID, *, lock: bool = False
) -> DeclaredInterest | None:
    query = select(DeclaredInterest).where(
        DeclaredInterest.id == id_, DeclaredInterest.mailed
    )
    return await session.scalar(
        query.with_for_update(read=True, key_share=True) if lock else query
    )


async def _is_subscribed(site: Site, territory: Territory, id_: UUID) -> bool:
    async with site.database.session(territory.id, role="worker") as session:
        return await _find_subscribed_interest(session, id_) is not None


async def _find_new_suggestions(
    site: Site, territory: Territory, receiver: SuggestionRecipient
) -> dict[SuggestionKind, list[Suggestion]]:
    """What was neither told nor answered, found with what the database shows to that person, as on their page."""
    reader = site.services[SEARCH_INDEXES].find(territory.id)
    async with site.database.session(
        territory.id, role="app", person=receiver.person_id
    ) as session:
        return await find_suggestions(session, reader, receiver, new=True)


async def _find_organisation(
    session: AsyncSession, interest: DeclaredInterest
) -> Organisation | None:
    if interest.organisation_id is None:
        return None
    return await session.get(
        Organisation, (interest.tenant_id, interest.organisation_id)
    )


async def _find_recipient(
    session: AsyncSession,
    territory: Territory,
    interest: DeclaredInterest,
    organisation: Organisation | None,
) -> EmailRecipient:
    """The organisation, else the person; an empty address where they are gone."""
    if organisation is not None:
        return EmailRecipient(organisation.email, interest.language)
    person = await session.get(Person, (interest.tenant_id, interest.person_id))
    if person:
        return person_recipient(territory, person, interest.language)
    return EmailRecipient("", interest.language)


async def send_message(site: Site, territory: Territory, id_: UUID) -> None:
    """Send the words of one to another, unless either turned suggestions off, or may not be found any more.

    Raises:
        EmailError: the relay did not take it; it is tried again.
    """
    async with site.database.session(territory.id, role="worker") as session:
        suggestion_message = await session.get(SuggestionMessage, (territory.id, id_))
        if suggestion_message and suggestion_message.sent_at is None:
            mail = await _write_message(site, territory, session, suggestion_message)
        else:
            mail = None
    if mail is not None:
        await site.send_email(territory, mail)
    async with site.database.session(territory.id, role="worker") as session:
        if done := await session.get(SuggestionMessage, (territory.id, id_)):
            done.words = ""
            done.sent_at = now()


async def _write_message(
    site: Site,
    territory: Territory,
    session: AsyncSession,
    suggestion_message: SuggestionMessage,
) -> Email | None:
    reader = await session.get(
        DeclaredInterest, (territory.id, suggestion_message.to_id)
    )
    sender = await session.get(
        DeclaredInterest, (territory.id, suggestion_message.interest_id)
    )
    writer = await session.get(Person, (territory.id, suggestion_message.person_id))
    if reader is None or sender is None or writer is None or not reader.discoverable:
        return None
    recipient = await _find_recipient(
        session, territory, reader, await _find_organisation(session, reader)
    )
    organisation = await _find_organisation(session, sender)
    if organisation:
        by = f"{writer.name} ({organisation.name})"
    else:
        by = writer.name
    if not recipient.address or not writer.email:
        return None
    return write_message(
        site,
        territory,
        reader,
        suggestion_message,
        recipient,
        writer=by,
        writer_address=writer.email,
    )


def schedule_digests(site: Site) -> Schedule:
    """Look three times an hour for mails that are due, by the clock of each territory."""
    run = run_by_clock(site.database, site.registry, queue_digests)
    return Schedule("queue_suggestion_digests", "12-59/20 * * * *", run)
