"""Days on which accounts were used at nodes, noted by web workers too: nothing here talks to the identity service."""

from collections.abc import Collection, Iterator
from datetime import date

from sqlalchemy import or_, update
from sqlalchemy.ext.asyncio import AsyncSession

from udi.portal.identity.models import Person

SLICE = 500
"""Accounts that one statement names."""


def slice_subjects(subjects: Collection[str]) -> Iterator[list[str]]:
    """These accounts in batches, in the order of their names."""
    ordered = sorted(subjects)
    for start in range(0, len(ordered), SLICE):
        yield ordered[start : start + SLICE]


async def note_node_use(
    session: AsyncSession, subjects: Collection[str], day: date
) -> None:
    """Keep that accounts were used at a node on a day, where the session's territory knows them."""
    for some in slice_subjects(subjects):
        earlier = or_(Person.node_used_on.is_(None), Person.node_used_on < day)
        statement = update(Person).where(Person.subject.in_(some), earlier)
        await session.execute(
            statement.values(node_used_on=day).execution_options(
                synchronize_session=False
            )
        )
