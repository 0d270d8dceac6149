"""Reminders to those who answer: some days before an answer is due, and once when it is late; each leaves once.

A reminder that falls on a day on which nobody works leaves on the last working day before it. The mail says number and day.
"""

from datetime import date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import Select, any_, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit import jobs
from udi.kit.clock import now
from udi.kit.identity import MANAGERS
from udi.kit.jobs import Handlers, Job
from udi.kit.schedules import Schedule, run_sessions
from udi.kit.tenancy import Territory
from udi.node.identity.models import Membership, Person
from udi.node.spaces.models import Space
from udi.node.subject_requests.models import SubjectRequest
from udi.node.subject_requests.plan import RequestFacts
from udi.node.subject_requests.queries import find_officer
from udi.protocol.deadlines import previous_working_day
from udi.protocol.subject_requests import DECIDED, ENDED
from udi.ui.emails import EmailRecipient, person_recipient
from udi.ui.site import Site

REMIND_AGENTS = "remind_of_due_request"
DAYS_BEFORE = (15, 5, 1)
LATE = -1
"""In place of the days before: the last day is over."""
MAIL_HOUR = time(9)
"""When mails leave, where the producer is."""
MOST_AGENTS = 100


def find_reminder(facts: RequestFacts, moment: datetime) -> int | None:
    """The reminder that should have left last: days before the last day, or `LATE`; None where none is due yet, or any more."""
    if not facts.is_due:
        return None
    local = moment.astimezone(facts.zone)
    today = local.date()
    if local.time() < MAIL_HOUR:
        today -= timedelta(days=1)
    if today > facts.due_on:
        return LATE
    reached = [
        days
        for days in DAYS_BEFORE
        if today
        >= previous_working_day(facts.due_on - timedelta(days=days), facts.country)
    ]
    return min(reached, default=None)


async def queue_reminders(session: AsyncSession, moment: datetime) -> int:
    """Queue the mails that should have left by now, each once, however often this is called; of how many requests.

    Of several that were missed the last leaves alone. A legal hold stops no reminder: the answer is due all the same.
    """
    query = (
        select(SubjectRequest)
        .where(SubjectRequest.state.not_in((*DECIDED, *ENDED)))
        .with_for_update(skip_locked=True)
    )
    queued = 0
    for request in (await session.scalars(query)).all():
        days = find_reminder(RequestFacts.of(request), moment)
        if days is None or _was_reminded(request, days):
            continue
        request.reminded_due_on = request.due_on
        request.reminded_days = days
        payload = {
            "request": str(request.id),
            "due_on": request.due_on.isoformat(),
            "days": days,
        }
        await jobs.enqueue(session, REMIND_AGENTS, payload)
        queued += 1
    await session.flush()
    return queued


def _was_reminded(request: SubjectRequest, days: int) -> bool:
    is_same_day = request.reminded_due_on == request.due_on
    reminded_days = request.reminded_days
    return is_same_day and reminded_days is not None and reminded_days <= days


async def send_reminders(site: Site, territory: Territory, job: Job) -> None:
    """Send one to each who is told, unless the request was decided meanwhile, or its day moved.

    Raises:
        EmailError: the relay did not take it; it is tried again.
    """
    due_on = date.fromisoformat(job.payload["due_on"])
    days = int(job.payload["days"])
    request_id = UUID(job.payload["request"])
    async with site.database.session(territory.id, role="worker") as session:
        request = await session.get(SubjectRequest, (territory.id, request_id))
        if request is None or request.due_on != due_on:
            return
        if not RequestFacts.of(request).is_due:
            return
        space = await session.get_one(Space, (territory.id, request.space_id))
        recipients = await _list_recipients(session, territory, space, days)
    mails = [
        site.emails.render(
            territory,
            "subject_requests/emails/due-reminder.jinja",
            recipient,
            key=f"subject-request-{request.id}-due-{due_on.isoformat()}-{days}-{who}",
            number=request.number,
            day=due_on,
            is_late=days == LATE,
            address=f"{territory.origin}/requests",
        )
        for who, recipient in recipients
    ]
    await site.send_emails(territory, job, mails)


async def _list_recipients(
    session: AsyncSession, territory: Territory, space: Space, days: int
) -> list[tuple[str, EmailRecipient]]:
    """Who is told, each with a word of their own: those who manage the producer; of a late request its officer alone, where one is named."""
    language = territory.languages[0]
    officer = await find_officer(session, space)
    if days == LATE and officer:
        return [("officer", EmailRecipient(officer, language))]
    agents = (await session.scalars(_select_agents(space))).all()
    if not agents:
        return [("contact", EmailRecipient(space.email, language))]
    return [(str(agent.id), person_recipient(territory, agent)) for agent in agents]


def _select_agents(space: Space) -> Select[Person]:
    """Those who manage a producer, as far as this node knows them, whose address was proven."""
    return (
        select(Person)
        .join(
            Membership,
            (Membership.tenant_id == Person.tenant_id)
            & (Membership.person_id == Person.id),
        )
        .where(
            Membership.organisation_slug == space.slug,
            literal(MANAGERS) == any_(Membership.groups),
            Person.email_verified,
            Person.email != "",
        )
        .order_by(Person.id)
        .limit(MOST_AGENTS)
    )


def task_handlers(site: Site) -> Handlers:
    """The handler of reminders; what is of a closed territory waits."""

    async def remind(job: Job) -> None:
        territory = await site.registry.get_served(job.tenant)
        await send_reminders(site, territory, job)

    return {REMIND_AGENTS: remind}


def schedule_reminders(site: Site) -> Schedule:
    """Look for what is to be told in every territory, once an hour."""

    async def queue(session: AsyncSession, _: Territory) -> None:
        await queue_reminders(session, now())

    run = run_sessions(site.database, site.registry, queue)
    return Schedule("queue_request_reminders", "31 * * * *", run)
