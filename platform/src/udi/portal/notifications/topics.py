"""What can be followed: each kind is given by the domain that has it, in the site's part "topics"."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import InvalidError, Refusal
from udi.kit.tenancy import Territory
from udi.portal.notifications.models import Change, Following, What


@dataclass(frozen=True)
class Named:
    """A target as a person reads it: its name, the path of its page, of its feed, and whether it is there no more."""

    title: str
    path: str
    feed: str = ""
    gone: bool = False


@dataclass(frozen=True)
class Topic:
    """A kind of target.

    `read` writes a target in the one way that it is kept, and refuses what is none. `name` says what it is called in a
    language. `find` says which changes belong to a target; without it, those that name it do.
    """

    read: Callable[[AsyncSession, str], Awaitable[str]]
    name: Callable[[AsyncSession, Territory, str, str], Awaitable[Named]]
    find: Callable[[AsyncSession, Territory, str, Sequence[Change]], Awaitable[set[UUID]]] | None = None


Topics = Mapping[str, Topic]


@dataclass(frozen=True)
class Told:
    """What became of one thing in a while, its last change, and the followings by which it is known."""

    what: What
    change: Change
    through: tuple[Following, ...]


def get_topic(topics: Topics, kind: str) -> Topic:
    """The topic of this kind.

    Raises:
        InvalidError: there is none.
    """
    topic = topics.get(kind)
    if topic is None:
        refusal = Refusal("kind", "This cannot be followed.", "Use the button “Follow” of a page.", "unknown-kind")
        raise InvalidError("You cannot follow this.", refusals=[refusal])
    return topic


async def find_told(
    session: AsyncSession,
    territory: Territory,
    topics: Topics,
    followings: Sequence[Following],
    changes: Sequence[Change],
) -> list[Told]:
    """What these followings tell of these changes (in order of time): each thing once, as it was left, the newest first.

    What had changed before someone followed is not told. What came and left again in the same while is told as withdrawn.
    """
    through: dict[UUID, list[Following]] = {}
    met: dict[UUID, set[UUID]] = {}
    for following in followings:
        since = [change for change in changes if change.at > following.created_at]
        found = await find_belonging(session, territory, topics, following, since)
        for change in (change for change in since if change.id in found):
            met.setdefault(change.subject_id, set()).add(change.id)
            if following not in through.setdefault(change.subject_id, []):
                through[change.subject_id].append(following)
    told = []
    for subject, ids in met.items():
        known = [change for change in changes if change.id in ids]
        told.append(Told(_sum_up(known), known[-1], tuple(through[subject])))
    return sorted(told, key=lambda each: each.change.at, reverse=True)


def _sum_up(changes: Sequence[Change]) -> What:
    """What came of several changes of one thing: what was published, then changed, is new."""
    last = What(changes[-1].what)
    return What.PUBLISHED if last == What.UPDATED and changes[0].what == What.PUBLISHED else last


async def find_belonging(
    session: AsyncSession, territory: Territory, topics: Topics, following: Following, changes: Sequence[Change]
) -> set[UUID]:
    """Which of these changes belong to what is followed."""
    topic = topics.get(following.kind)
    if topic is None or not changes:
        return set()
    if topic.find is not None:
        return await topic.find(session, territory, following.target, changes)
    named = f"{following.kind}:{following.target}"
    return {change.id for change in changes if named in change.topics}
