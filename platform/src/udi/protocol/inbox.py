"""What waits at a node, as it tells the portal: numbers by producer and kind, never a title, a row or a person's name."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

PATH = "/kalim/v1/inbox"
MOST_NUMBERS = 20_000
MOST_SUBJECTS = 100
MOST_SPACES = 20_000


class NodeInboxKind(StrEnum):
    """What waits at a node: of one dataset, the first that applies; and what is of none."""

    READING = "reading"
    """A file that could not be read."""
    STOPPED = "stopped"
    """A publication that the portal refused, or of which it could not be told."""
    VERSION = "version"
    """A new version that is not published."""
    DRAFT = "draft"
    UPDATE = "update"
    """A dataset whose next version is late."""
    SOURCE = "source"
    """An automatic update that stopped after failures, or that somebody paused."""
    SUBJECT_REQUEST = "subject_request"
    """A request of somebody about the data that the producer holds on them."""


Slug = Annotated[str, Meta(min_length=1, max_length=100)]
Number = Annotated[int, Meta(ge=1, le=1_000_000)]
Moment = Annotated[datetime, Meta(tz=True)]


class WaitingNumber(Struct, frozen=True, kw_only=True):
    """How many things of one kind wait for one producer, since when the oldest does; its due day, if it has one."""

    producer: Slug
    kind: NodeInboxKind
    number: Number
    since: Moment
    due_on: date | None = None


class NodeInbox(Struct, frozen=True, kw_only=True):
    """All that waits at a node; `subjects` are accounts that work there now, of which it asks what waits at the portal."""

    waiting: Annotated[list[WaitingNumber], Meta(max_length=MOST_NUMBERS)]
    subjects: Annotated[
        list[Annotated[str, Meta(min_length=1, max_length=100)]],
        Meta(max_length=MOST_SUBJECTS),
    ]
    spaces: Annotated[list[Slug], Meta(max_length=MOST_SPACES)] | None = None
    """Producers that have a space there; a node of before says none."""
    takes_subject_requests: bool = False
    """Whether people may ask there about their own data; a node of before says nothing, and only the hosted one took any."""


class PersonCount(Struct, frozen=True, kw_only=True):
    """How much waits for an account everywhere but at the node that asks, and how much of it is late."""

    subject: str
    waiting: int
    late: int


class InboxCountAnswer(Struct, frozen=True, kw_only=True):
    """What the portal answers."""

    people: list[PersonCount]
