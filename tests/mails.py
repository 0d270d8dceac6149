"""Mails as a test reads them, and jobs that send them done as the worker does."""

import json
from collections.abc import Mapping
from email.message import EmailMessage
from typing import Any

from sqlalchemy import text

from udi.kit.jobs import Handler, Job
from udi.kit.tenancy import Territory
from udi.ui.site import ONE_MAIL, Site

TAKE_JOBS = text(
    "DELETE FROM queue.pgqueuer WHERE entrypoint = :name"
    " AND convert_from(payload, 'UTF8')::jsonb ? :mail"
    " AND convert_from(payload, 'UTF8')::jsonb ->> 'tenant' = :tenant"
    " RETURNING convert_from(payload, 'UTF8')"
)


def text_of(mail: EmailMessage) -> str:
    """The text part, as a program without HTML shows it."""
    part = mail.get_body(preferencelist=("plain",))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def html_of(mail: EmailMessage) -> str:
    """The HTML part."""
    part = mail.get_body(preferencelist=("html",))
    assert part is not None
    return str(part.get_content())


async def do_email_job(
    site: Site,
    territory: Territory,
    handlers: Mapping[str, Handler],
    name: str,
    payload: Mapping[str, Any],
) -> None:
    """Do a job that sends mails, and the one that it queues for each where there are several."""
    await handlers[name](Job(name, territory.id, dict(payload), 0, last=False))
    values = {"name": name, "mail": ONE_MAIL, "tenant": str(territory.id)}
    async with site.database.session(territory.id, role="worker") as session:
        rows = (await session.scalars(TAKE_JOBS, values)).all()
    for row in rows:
        one = json.loads(row)
        del one["tenant"]
        await handlers[name](Job(name, territory.id, one, 0, last=False))
