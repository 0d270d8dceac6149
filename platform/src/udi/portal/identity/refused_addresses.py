"""People whose address refuses mails for good: they see it on «my space», and no mail is tried again for some days."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.db import Database
from udi.portal.identity.models import Person

TRIED_AGAIN = timedelta(days=7)
"""After this, the next mail tries the address again."""


class PeopleRefusedAddresses:
    """Notes on people what the relay answers about their addresses."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def is_refused(self, tenant: UUID, address: str) -> bool:
        """Whether mails to this address were refused for good some days ago at most."""
        recent = Person.mail_refused_at > now() - TRIED_AGAIN
        query = select(exists().where(_has_address(address), recent))
        async with self._database.session(tenant, role="worker") as session:
            return bool(await session.scalar(query))

    async def note_refusal(self, tenant: UUID, address: str) -> None:
        """The relay refuses the address for good."""
        statement = (
            update(Person).where(_has_address(address)).values(mail_refused_at=now())
        )
        async with self._database.session(tenant, role="worker") as session:
            await session.execute(statement)

    async def note_delivery(self, tenant: UUID, address: str) -> None:
        """The relay took a mail to the address: an earlier refusal is over."""
        statement = (
            update(Person)
            .where(_has_address(address), Person.mail_refused_at.is_not(None))
            .values(mail_refused_at=None)
        )
        async with self._database.session(tenant, role="worker") as session:
            await session.execute(statement)


def _has_address(address: str) -> ColumnElement[bool]:
    return func.lower(Person.email) == address.lower()


async def refuses_mails(session: AsyncSession, person_id: UUID | None) -> bool:
    """Whether the last mail to a person was refused for good."""
    query = select(Person.mail_refused_at).where(Person.id == person_id)
    return await session.scalar(query) is not None
