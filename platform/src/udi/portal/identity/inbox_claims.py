"""Who is looking at what in the inbox: a courtesy to colleagues, never a lock."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.errors import ConflictError, NotFoundError
from udi.kit.identity import Actor
from udi.kit.service_registry import Services
from udi.portal.identity.inbox import InboxItem, InboxRole, list_inbox
from udi.portal.identity.models import InboxClaim, Person

CLAIM_DAYS = timedelta(days=30)
"""How long a claim counts: what was forgotten for longer is nobody's."""
ItemKey = tuple[str, UUID]


@dataclass(frozen=True)
class Claim:
    """Somebody who is looking at an item, and since when."""

    person_id: UUID
    name: str
    since: datetime


def can_be_claimed(item: InboxItem) -> bool:
    """Whether colleagues see the same item: what waits for one person alone is theirs already."""
    return item.role != InboxRole.PERSON and item.node_id is None


async def list_claims(
    session: AsyncSession, items: Sequence[InboxItem]
) -> Mapping[ItemKey, Claim]:
    """Who is looking at these items, by their kind and identifier; a claim of before the item came is over."""
    ids = {item.id for item in items if can_be_claimed(item)}
    if not ids:
        return {}
    query = (
        select(InboxClaim, Person.name)
        .join(
            Person,
            (Person.tenant_id == InboxClaim.tenant_id)
            & (Person.id == InboxClaim.person_id),
        )
        .where(InboxClaim.item_id.in_(ids), InboxClaim.claimed_at > now() - CLAIM_DAYS)
    )
    claims = {
        (row.InboxClaim.kind, row.InboxClaim.item_id): Claim(
            row.InboxClaim.person_id, row.name, row.InboxClaim.claimed_at
        )
        for row in await session.execute(query)
    }
    current: dict[ItemKey, Claim] = {}
    for item in items:
        claim = claims.get((item.kind, item.id))
        if claim is not None and claim.since >= item.since:
            current[item.kind, item.id] = claim
    return current


async def claim_item(
    services: Services, session: AsyncSession, actor: Actor, key: ItemKey
) -> None:
    """Say that the person is looking at an item of their inbox; once more changes nothing.

    Raises:
        NotFoundError: nothing of this kind waits for them.
        ConflictError: a colleague is looking at it.
    """
    item = await _get_item(services, session, actor, key)
    await session.execute(
        delete(InboxClaim).where(InboxClaim.claimed_at < now() - CLAIM_DAYS)
    )
    over = (
        InboxClaim.kind == item.kind,
        InboxClaim.item_id == item.id,
        InboxClaim.claimed_at < item.since,
    )
    await session.execute(delete(InboxClaim).where(*over))
    row = {
        "kind": item.kind,
        "item_id": item.id,
        "person_id": actor.person_id,
        "claimed_at": max(now(), item.since),
    }
    await session.execute(insert(InboxClaim).values(row).on_conflict_do_nothing())
    claim = (await list_claims(session, [item])).get(key)
    if claim is not None and claim.person_id != actor.person_id:
        raise ConflictError(
            "%(name)s is looking at it already.",
            remedy="Ask them how far they are, or settle it yourself: nothing is locked.",
            values={"name": claim.name},
        )


async def release_item(
    services: Services, session: AsyncSession, actor: Actor, key: ItemKey
) -> None:
    """Say that the person is not looking at an item any more; of a colleague's, nothing changes.

    Raises:
        NotFoundError: nothing of this kind waits for them.
    """
    item = await _get_item(services, session, actor, key)
    conditions = (
        InboxClaim.kind == item.kind,
        InboxClaim.item_id == item.id,
        InboxClaim.person_id == actor.person_id,
    )
    await session.execute(delete(InboxClaim).where(*conditions))


async def _get_item(
    services: Services, session: AsyncSession, actor: Actor, key: ItemKey
) -> InboxItem:
    for item in await list_inbox(services, session, actor):
        if (item.kind, item.id) == key and can_be_claimed(item):
            return item
    raise NotFoundError(
        "This does not wait for you any more.",
        remedy="Open the list of things to do: it may be settled.",
    )
