"""What the territory's team does with an application: approve it, refuse it with a reason, ask for more."""

from uuid import uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit import jobs
from udi.kit.clock import now
from udi.kit.errors import ConflictError, PreconditionFailedError, field_error
from udi.kit.identity import MANAGERS, Actor
from udi.portal import audit
from udi.portal.identity.models import Person
from udi.portal.organisations.actions import apply_organisation
from udi.portal.organisations.joining.applications import LOCK, NOTIFY_APPLICATION
from udi.portal.organisations.joining.queries import (
    find_by_registry_number,
    require_team,
)
from udi.portal.organisations.joining.slugs import find_free_slug
from udi.portal.organisations.joining.transitions import APPLICATION, ApplicationEvent
from udi.portal.organisations.members.member_changes import change_member
from udi.portal.organisations.models import Application, HostingChoice, Organisation
from udi.portal.organisations.queries import find_organisation

OPEN_SPACE = "open_space"
"""Job of the domain that knows the hosted node: have it open a space."""
LONGEST_WORDS = 2000


async def approve_application(
    session: AsyncSession, actor: Actor, application: Application, *, revision: int
) -> Organisation:
    """Make the organisation a producer, the person its administrator, and have its space opened; the person is notified.

    Raises:
        ForbiddenError: the person is not of the team.
        PreconditionError: the request was corrected since it was read.
        ConflictError: it is decided or taken back, or another organisation has its number by now.
    """
    state = await _check_decision(
        session, actor, application, ApplicationEvent.APPROVE, revision
    )
    await session.execute(text(LOCK))
    claimed = await _get_claimed(session, application)
    existing = await find_by_registry_number(
        session, application.country, application.registry_number
    )
    if existing and existing is not claimed:
        raise ConflictError(
            "%(name)s has this registry number and is here already.",
            remedy="Refuse the request, and say to ask %(name)s to become a member.",
            values={"name": existing.name},
        )
    organisation = await apply_organisation(
        session,
        id=claimed.id if claimed else uuid4(),
        slug=claimed.slug
        if claimed
        else await find_free_slug(session, application.name),
        name=application.name,
        summary={},
        email=application.email,
        url=application.url,
        kind=application.kind,
    )
    organisation.unclaimed = False
    organisation.country = application.country
    organisation.registry_number = application.registry_number
    application.organisation_id = organisation.id
    await _settle(session, actor, application, state)
    await change_member(session, actor, organisation, application.person_id, [MANAGERS])
    if application.choice == HostingChoice.HOSTED:
        await jobs.enqueue(session, OPEN_SPACE, {"application": str(application.id)})
    audit.record(
        session,
        actor,
        "application.approved",
        application.id,
        organisation=str(organisation.id),
    )
    return organisation


async def _get_claimed(
    session: AsyncSession, application: Application
) -> Organisation | None:
    """The organisation that the application is to become; None where it is to be made.

    Raises:
        ConflictError: somebody else has claimed it.
    """
    claimed = await find_organisation(session, application.claims_id)
    if claimed and not claimed.unclaimed:
        raise ConflictError(
            "%(name)s was given to somebody else meanwhile.",
            remedy="Refuse the request, and say to ask %(name)s to become a member.",
            values={"name": claimed.name},
        )
    return claimed


async def refuse_application(
    session: AsyncSession,
    actor: Actor,
    application: Application,
    words: str,
    *,
    revision: int,
) -> None:
    """Refuse, and say why; the person may correct and ask again.

    Raises:
        ForbiddenError, PreconditionError, ConflictError: as for `approve_application`.
        InvalidError: no reason is given.
    """
    state = await _check_decision(
        session, actor, application, ApplicationEvent.REFUSE, revision
    )
    application.words = _words(words)
    await _settle(session, actor, application, state)
    audit.record(session, actor, "application.refused", application.id)


async def request_information(
    session: AsyncSession,
    actor: Actor,
    application: Application,
    words: str,
    *,
    revision: int,
) -> None:
    """Ask the person something before deciding.

    Raises:
        ForbiddenError, PreconditionError, ConflictError: as for `approve_application`.
        InvalidError: nothing is asked.
    """
    state = await _check_decision(
        session, actor, application, ApplicationEvent.REQUEST_INFORMATION, revision
    )
    application.words = _words(words)
    await _settle(session, actor, application, state)
    audit.record(session, actor, "application.questioned", application.id)


async def mark_space_opened(session: AsyncSession, application: Application) -> None:
    """The hosted node opened the space."""
    application.space_ready_at = now()
    await session.flush()


async def _check_decision(
    session: AsyncSession,
    actor: Actor,
    application: Application,
    event: ApplicationEvent,
    revision: int,
) -> str:
    require_team(actor)
    if not APPLICATION.is_allowed(application.state, event):
        await _reject_second_decision(session, actor, application)
    state = APPLICATION.next_state(application.state, event)
    if application.revision != revision:
        raise PreconditionFailedError(
            "The person corrected this request since you opened it.",
            remedy="Read it again, then decide.",
        )
    return state


async def _reject_second_decision(
    session: AsyncSession, actor: Actor, application: Application
) -> None:
    """Refuse a decision with the name of the colleague who decided before, where there is one."""
    if application.decided_by in {None, actor.person_id}:
        return
    key = (application.tenant_id, application.decided_by)
    colleague = await session.get(Person, key)
    if colleague is not None and colleague.left_at is None:
        raise ConflictError(
            "%(name)s decided on this request already.",
            remedy="See its page for its current state.",
            values={"name": colleague.name},
        )


def _words(words: str) -> str:
    cleaned = "\n".join(
        line.rstrip() for line in words.strip().replace("\x00", "").splitlines()
    )
    if not cleaned:
        raise field_error("words", "Write a message: the person will read it.")
    if len(cleaned) > LONGEST_WORDS:
        raise field_error(
            "words", "This is very long.", "Write 2000 characters at most."
        )
    return cleaned


async def _settle(
    session: AsyncSession, actor: Actor, application: Application, state: str
) -> None:
    application.state = state
    application.decided_by = actor.person_id
    application.decided_at = now()
    await session.flush()
    payload = {
        "application": str(application.id),
        "revision": application.revision,
        "event": state,
    }
    await jobs.enqueue(session, NOTIFY_APPLICATION, payload)
