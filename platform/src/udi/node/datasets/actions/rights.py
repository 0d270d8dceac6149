"""Rights on one dataset, for members of the organisation who do not publish for it."""

from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.errors import field_error
from udi.kit.identity import MANAGERS, PUBLISHERS, Actor
from udi.node.datasets.models import Dataset
from udi.node.identity.models import Membership
from udi.node.spaces.models import DatasetRight, DatasetRole


async def grant_right(
    session: AsyncSession, actor: Actor, dataset: Dataset, person: str, role: str
) -> None:
    """Let a member read or change this dataset; another role replaces the one before.

    Raises:
        InvalidError: no such member is known here, they publish anyway, or there is no such role.
    """
    if role not in set(DatasetRole):
        raise field_error("role", "Choose one of the proposed answers.")
    person_id = parse_id(person)
    groups = await _groups(session, dataset, person_id)
    if person_id is None or groups is None:
        raise field_error("person", "Choose a person from the list.")
    if {MANAGERS, PUBLISHERS} & set(groups):
        raise field_error(
            "person", "This person publishes here already: nothing is needed."
        )
    values = {"role": role, "granted_by": actor.person_id, "granted_at": now()}
    statement = insert(DatasetRight).values(
        dataset_id=dataset.id, person_id=person_id, **values
    )
    keys = ["tenant_id", "dataset_id", "person_id"]
    await session.execute(
        statement.on_conflict_do_update(index_elements=keys, set_=values)
    )
    dataset.record_event(actor, "right.given", person=str(person_id), role=role)
    await session.flush()


async def revoke_right(
    session: AsyncSession, actor: Actor, dataset: Dataset, person: str
) -> None:
    """Take a right back at once; one that is not there is no error."""
    person_id = parse_id(person)
    conditions = (
        DatasetRight.dataset_id == dataset.id,
        DatasetRight.person_id == person_id,
    )
    role = await session.scalar(select(DatasetRight.role).where(*conditions))
    if person_id is None or role is None:
        return
    await session.execute(delete(DatasetRight).where(*conditions))
    dataset.record_event(actor, "right.taken", person=str(person_id), role=role)
    await session.flush()


async def _groups(
    session: AsyncSession, dataset: Dataset, person_id: UUID | None
) -> list[str] | None:
    slug = dataset.space.slug
    query = select(Membership.groups).where(
        Membership.organisation_slug == slug, Membership.person_id == person_id
    )
    return await session.scalar(query)


def parse_id(value: str) -> UUID | None:
    """An id of a form, or None when it is none."""
    try:
        return UUID(value)
    except ValueError:
        return None
