"""Reminders of datasets that are late: found once an hour, one mail each, to the producer's contact; none after the last."""

from datetime import date, datetime, timedelta, tzinfo
from uuid import UUID

import structlog
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit import jobs
from udi.kit.clock import now
from udi.kit.emails import Email
from udi.kit.schedules import Schedule, run_by_clock
from udi.kit.tenancy import Territory
from udi.node.datasets.actions.remove import list_removed_public_versions
from udi.node.datasets.models import Dataset
from udi.node.datasets.queries import find_dataset
from udi.node.datasets.renewal.models import Reminder
from udi.node.datasets.upkeep.schedule import DAYS, MONTHS, UpdateDeadline, next_due
from udi.ui.emails import EmailRecipient
from udi.ui.site import Site

log = structlog.get_logger()
SEND_REMINDER = "send_reminder"
DAY = timedelta(days=1)
"""A due day that moved by one is the same: the territory changed its zone. Two true ones are further apart."""
STALE = timedelta(days=14)
"""A reminder that is older is left: what was late long before the node could say so is not told all at once."""


async def find_due(
    session: AsyncSession, dataset: Dataset, zone: tzinfo
) -> UpdateDeadline | None:
    """When the next version is due, by the clock of its territory; None for what is not open, or not regular.

    Versions that were removed count: they tell the pace.
    """
    if dataset.opened_at is None or dataset.withdrawn_at is not None:
        return None
    frequency = dataset.description.get("frequency", "")
    if frequency in MONTHS:
        removed = await list_removed_public_versions(session, dataset.id)
    else:
        removed = []
    moments = [
        *(version.published_at for version in dataset.versions),
        *(
            removed_version.published_at
            for removed_version in removed
            if removed_version.part_id is None
        ),
    ]
    published = [moment for moment in moments if moment]
    return next_due(frequency, published, zone)


def schedule_reminders(site: Site) -> Schedule:
    """Look for what is late in every territory, once an hour, by the clock of each."""
    run = run_by_clock(site.database, site.registry, queue_reminders)
    return Schedule("queue_reminders", "27 * * * *", run)


async def queue_reminders(session: AsyncSession, moment: datetime, zone: tzinfo) -> int:
    """Queue the mails that should have left by now, each once, however often this is called; how many."""
    regular = Dataset.description["frequency"].astext.in_([*DAYS, *MONTHS])
    query = select(Dataset).where(
        Dataset.opened_at.is_not(None), Dataset.withdrawn_at.is_(None), regular
    )
    queued = 0
    for dataset in (await session.scalars(query)).all():
        due = await find_due(session, dataset, zone)
        if due and dataset.space.figures_dataset_id != dataset.id:
            number = due.reminder(moment)
        else:
            number = None
        if (
            due is not None
            and number is not None
            and moment - due.reminders[number] < STALE
        ):
            queued += await _queue_reminder(session, dataset, due.day, number)
    return queued


async def _queue_reminder(
    session: AsyncSession, dataset: Dataset, due_on: date, number: int
) -> bool:
    same = (
        Reminder.due_on.between(due_on - DAY, due_on + DAY),
        Reminder.number >= number,
    )
    existing_reminders = select(Reminder.number).where(
        Reminder.dataset_id == dataset.id, *same
    )
    if (await session.scalars(existing_reminders)).first() is not None:
        return False
    row = {"dataset_id": dataset.id, "due_on": due_on, "number": number}
    added = (
        insert(Reminder).values(row).on_conflict_do_nothing().returning(Reminder.number)
    )
    if await session.scalar(added) is None:
        return False
    payload = {
        "dataset": str(dataset.id),
        "due_on": due_on.isoformat(),
        "number": number,
    }
    await jobs.enqueue(session, SEND_REMINDER, payload)
    return True


async def send_reminder(
    site: Site, territory: Territory, dataset_id: UUID, due_on: date, number: int
) -> None:
    """Send one, unless it left, or the dataset is not late any more.

    Raises:
        EmailError: the relay did not take it; it is tried again.
    """
    async with site.database.session(territory.id, role="worker") as session:
        reminder = await session.get(
            Reminder, (territory.id, dataset_id, due_on, number)
        )
        dataset = await find_dataset(session, dataset_id)
        if dataset:
            due = await find_due(session, dataset, territory.zone)
        else:
            due = None
    if (
        reminder is None
        or reminder.sent_at is not None
        or dataset is None
        or due is None
        or due.day != due_on
    ):
        return
    mail = compose_reminder(site, territory, dataset, due, number)
    await site.send_email(territory, mail)
    async with site.database.session(territory.id, role="worker") as session:
        sent = (
            Reminder.dataset_id == dataset_id,
            Reminder.due_on == due_on,
            Reminder.number == number,
        )
        await session.execute(update(Reminder).where(*sent).values(sent_at=now()))
    log.info("reminder sent", dataset=str(dataset_id), number=number)


def compose_reminder(
    site: Site, territory: Territory, dataset: Dataset, due: UpdateDeadline, number: int
) -> Email:
    """The mail, in the territory's first language: names and days, nothing of the data."""
    page = f"{territory.origin}/datasets/{dataset.id}"
    return site.emails.render(
        territory,
        "datasets/emails/update-reminder.jinja",
        EmailRecipient(dataset.space.email, territory.languages[0]),
        key=f"reminder-{dataset.id}-{due.day.isoformat()}-{number}",
        title=dataset.title,
        day=due.day,
        last=number == len(due.reminders) - 1,
        address=f"{page}/versions/new",
        description_address=f"{page}/describe#frequency",
    )
