"""The inbox: all that waits for a person, of every domain, in one list."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.identity import Actor
from udi.kit.service_registry import Hook, Services
from udi.portal.identity.models import Person
from udi.ui.inbox_counts import InboxCount
from udi.ui.locale import localise_title

MOST_OF_A_DOMAIN = 200


class InboxRole(StrEnum):
    """In which of their roles something waits for a person."""

    PERSON = "person"
    PRODUCER = "producer"
    TEAM = "team"


class InboxKind(StrEnum):
    """What waits."""

    ACCESS_REQUEST = "access_request"
    ACCESS_ANSWER = "access_answer"
    AGREEMENT = "agreement"
    APPLICATION = "application"
    APPLICATION_QUESTION = "application_question"
    CALL = "call"
    CALL_QUESTION = "call_question"
    CONSENT_NOTICE = "consent_notice"
    DATA_CHANGE = "data_change"
    DATA_REQUEST = "data_request"
    FAULT_REPORT = "fault_report"
    MATCH = "match"
    MEMBERSHIP_REQUEST = "membership_request"
    INVITATION = "invitation"
    NODE_DRAFT = "node_draft"
    NODE_READING = "node_reading"
    NODE_SOURCE = "node_source"
    NODE_STOPPED = "node_stopped"
    NODE_SUBJECT_REQUEST = "node_subject_request"
    NODE_UPDATE = "node_update"
    NODE_VERSION = "node_version"
    PROCESSING = "processing"
    PUBLISHER = "publisher"
    REPORT = "report"
    SOURCE = "source"
    SUBJECT_DRAFT = "subject_draft"
    SUBJECT_LATE = "subject_late"
    SUBJECT_LATE_PRODUCER = "subject_late_producer"
    SUBJECT_NEWS = "subject_news"


KIND_NAMES = {
    InboxKind.ACCESS_REQUEST: "Access request",
    InboxKind.ACCESS_ANSWER: "Access request",
    InboxKind.AGREEMENT: "Agreement that ends",
    InboxKind.APPLICATION: "Request to join",
    InboxKind.APPLICATION_QUESTION: "Question from the team",
    InboxKind.CALL: "Call for projects",
    InboxKind.CALL_QUESTION: "Question about a call",
    InboxKind.CONSENT_NOTICE: "Question to inhabitants",
    InboxKind.DATA_CHANGE: "Data to correct or to erase",
    InboxKind.DATA_REQUEST: "Data request",
    InboxKind.FAULT_REPORT: "Fault in data",
    InboxKind.MATCH: "Datasets that seem to be one",
    InboxKind.MEMBERSHIP_REQUEST: "Request of a member",
    InboxKind.INVITATION: "Invitation",
    InboxKind.NODE_DRAFT: "Drafts",
    InboxKind.NODE_READING: "Files that could not be read",
    InboxKind.NODE_SOURCE: "Automatic updates that are paused",
    InboxKind.NODE_STOPPED: "Publications that stopped",
    InboxKind.NODE_SUBJECT_REQUEST: "Requests of people about their data",
    InboxKind.NODE_UPDATE: "Datasets to update",
    InboxKind.NODE_VERSION: "New versions to publish",
    InboxKind.PROCESSING: "Personal data to declare",
    InboxKind.PUBLISHER: "Publishers to confirm",
    InboxKind.REPORT: "Node that takes no report",
    InboxKind.SOURCE: "Harvest that failed",
    InboxKind.SUBJECT_DRAFT: "Request about my data, not sent yet",
    InboxKind.SUBJECT_LATE: "Request about my data, answer late",
    InboxKind.SUBJECT_LATE_PRODUCER: "Producer late with requests about personal data",
    InboxKind.SUBJECT_NEWS: "Request about my data, something new",
}
"""What each is called, in English: messages of the catalogues."""
OWN_REQUESTS = frozenset(
    {InboxKind.SUBJECT_DRAFT, InboxKind.SUBJECT_LATE, InboxKind.SUBJECT_NEWS}
)
"""Of these, mails and feeds say that they are there and no more: of whom somebody asks what about themselves, and when, is for the pages."""


@dataclass(frozen=True, kw_only=True)
class InboxItem:
    """Something that waits for a person; `url` is the page where it is settled.

    `who` asks, `organisation` is the producer for whom the person acts; both are names, empty where there is none.
    `titles` is the title by language, where people wrote it in several.
    What waits at a node (`node_id`) is one item for `number` things of a producer and a kind: the portal knows no more,
    and `url` is the node's own address.
    """

    kind: InboxKind
    role: InboxRole
    id: UUID
    title: str
    url: str
    since: datetime
    due_on: date | None = None
    who: str = ""
    organisation: str = ""
    number: int = 1
    node_id: UUID | None = None
    titles: Mapping[str, str] = field(default_factory=dict)

    def title_in(self, language: str) -> str:
        """The title for a reader of this language."""
        return localise_title(self.title, self.titles, language)

    def text_by_language(self, language: str) -> dict[str, str]:
        """The text that such a reader sees, by its language; empty where that is not known."""
        title = self.title_in(language)
        return {code: text for code, text in self.titles.items() if text == title}

    def is_late(self, today: date) -> bool:
        """Whether its last day is over."""
        return self.due_on is not None and self.due_on < today

    def is_new(self, visited_at: datetime | None) -> bool:
        """Whether it came after the person last looked at the inbox."""
        return visited_at is None or self.since > visited_at


InboxSource = Callable[[AsyncSession, Actor], Awaitable[Sequence[InboxItem]]]
INBOX = Hook[InboxSource]("what waits for a person")


async def list_inbox(
    services: Services, session: AsyncSession, actor: Actor
) -> list[InboxItem]:
    """All that waits for a person: what is due first, then what waits longest."""
    items: list[InboxItem] = []
    for source in services.contributions(INBOX):
        items += await source(session, actor)
    return sorted(items, key=_order)


def _order(item: InboxItem) -> tuple[date, datetime, str]:
    return (item.due_on or date.max, item.since, str(item.id))


async def mark_visit(session: AsyncSession, actor: Actor) -> datetime | None:
    """Note that the person looks at the inbox now; when they did before, None for the first time."""
    person = await session.get(Person, (session.info["tenant"], actor.person_id))
    if person is None:
        return None
    before = person.inbox_visited_at
    update_query = update(Person).where(Person.id == actor.person_id)
    await session.execute(update_query.values(inbox_visited_at=now()))
    return before


def count_by_role(items: Iterable[InboxItem]) -> Mapping[InboxRole, int]:
    """How many items wait in each role; roles without any are left out."""
    counts: dict[InboxRole, int] = {}
    for item in items:
        counts[item.role] = counts.get(item.role, 0) + item.number
    return counts


def count(items: Sequence[InboxItem], today: date) -> InboxCount:
    """How much of this waits, and how much of that is late."""
    late = sum(item.number for item in items if item.is_late(today))
    return InboxCount(sum(item.number for item in items), late)
