"""What can be followed: each kind is contributed by the domain that has it."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import InvalidError, Refusal
from udi.kit.service_registry import Hook, Services
from udi.kit.tenancy import Territory
from udi.portal.notifications.models import Change, ChangeKind, Following


@dataclass(frozen=True)
class TopicTarget:
    """A target as a person reads it: its name, the path of its page, of its feed, and whether it is there no more."""

    title: str
    path: str
    feed: str = ""
    gone: bool = False
    titles: Mapping[str, str] = field(default_factory=dict)
    """Its name by language, where people wrote it in several."""
    synopsis: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Topic:
    """A kind of target.

    `read` writes a target in the one way that it is kept, and refuses what is none. `name` says what each of some targets
    is called in a language. `find` says which changes belong to each; without it, those that name it do. These two ask the
    database as often for two hundred targets as for one.
    """

    read: Callable[[AsyncSession, str], Awaitable[str]]
    name: Callable[
        [AsyncSession, Territory, Collection[str], str],
        Awaitable[Mapping[str, TopicTarget]],
    ]
    find: (
        Callable[
            [AsyncSession, Territory, Collection[str], Sequence[Change]],
            Awaitable[Mapping[str, set[UUID]]],
        ]
        | None
    ) = None


Topics = Mapping[str, Topic]
TOPICS = Hook[Topics]("topics")


def topics_of(services: Services) -> Topics:
    """What can be followed in this program, by kind."""
    return {
        kind: topic
        for topics in services.contributions(TOPICS)
        for kind, topic in topics.items()
    }


@dataclass(frozen=True)
class ChangeSummary:
    """What became of one thing in a while, its last change, and the followings by which it is known."""

    event: ChangeKind
    change: Change
    through: tuple[Following, ...]


def get_topic(topics: Topics, kind: str) -> Topic:
    """The topic of this kind.

    Raises:
        InvalidError: there is none.
    """
    topic = topics.get(kind)
    if topic is None:
        refusal = Refusal(
            "kind",
            "This cannot be followed.",
            "Use the button “Follow” of a page.",
            "unknown-kind",
        )
        raise InvalidError("You cannot follow this.", refusals=[refusal])
    return topic


async def list_followed_changes(
    session: AsyncSession,
    territory: Territory,
    topics: Topics,
    followings: Sequence[Following],
    changes: Sequence[Change],
) -> list[ChangeSummary]:
    """What these followings tell of these changes (in order of time): each thing once, as it was left, the newest first.

    What had changed before someone followed is not told. What came and left again in the same while is told as withdrawn.
    """
    through: dict[UUID, list[Following]] = {}
    met: dict[UUID, set[UUID]] = {}
    belonging = await match_changes(session, territory, topics, followings, changes)
    for following in followings:
        since = (change for change in changes if change.at > following.created_at)
        for change in (
            change for change in since if change.id in belonging[following.id]
        ):
            met.setdefault(change.subject_id, set()).add(change.id)
            if following not in through.setdefault(change.subject_id, []):
                through[change.subject_id].append(following)
    items = []
    for subject, ids in met.items():
        subject_changes = [change for change in changes if change.id in ids]
        items.append(
            ChangeSummary(
                _sum_up(subject_changes), subject_changes[-1], tuple(through[subject])
            )
        )
    return sorted(items, key=lambda item: item.change.at, reverse=True)


def _sum_up(changes: Sequence[Change]) -> ChangeKind:
    """What came of several changes of one thing: what was published, then changed, is new."""
    last = ChangeKind(changes[-1].event)
    if last == ChangeKind.UPDATED and changes[0].event == ChangeKind.PUBLISHED:
        return ChangeKind.PUBLISHED
    return last


def group_by_kind(followings: Iterable[Following]) -> dict[str, list[Following]]:
    """Followings by what is followed, so that each kind is asked once about all of its own."""
    kinds: dict[str, list[Following]] = {}
    for following in followings:
        kinds.setdefault(following.kind, []).append(following)
    return kinds


async def match_changes(
    session: AsyncSession,
    territory: Territory,
    topics: Topics,
    followings: Iterable[Following],
    changes: Sequence[Change],
) -> dict[UUID, set[UUID]]:
    """Which of these changes belong to what is followed, by the identifier of each following."""
    belonging: dict[UUID, set[UUID]] = {}
    named: dict[str, set[UUID]] = {}
    for change in changes:
        for name in change.topics:
            named.setdefault(name, set()).add(change.id)
    for kind, those in group_by_kind(followings).items():
        topic = topics.get(kind)
        targets = {following.target for following in those}
        changes_by_target: Mapping[str, set[UUID]] = {}
        if topic is not None and topic.find is None:
            changes_by_target = {
                target: named.get(f"{kind}:{target}", set()) for target in targets
            }
        elif topic is not None and topic.find is not None and changes:
            changes_by_target = await topic.find(session, territory, targets, changes)
        belonging |= {
            following.id: changes_by_target.get(following.target, set())
            for following in those
        }
    return belonging
