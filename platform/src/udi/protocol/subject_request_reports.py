"""How requests about one's own data stand, as a node tells the portal: dates and states, never a word of anybody.

No outcome («nothing held» is information too), no ground, no name, no account: a report names the request by the
identifier that the portal drew, and proves by its confirmation that the person's browser came back from this node.
"""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from udi.protocol.subject_requests import SubjectRequestState, SubjectRight

PATH = "/kalim/v1/subject-requests"
MOST_REPORTS = 1_000

Slug = Annotated[str, Meta(min_length=1, max_length=100)]
Sequence = Annotated[int, Meta(ge=1, le=1_000_000)]
Confirmation = Annotated[str, Meta(min_length=43, max_length=43)]


class SubjectRequestStatus(Struct, frozen=True, kw_only=True):
    """What the portal may know of any request."""

    id: UUID
    sequence: Sequence
    """Rises with each change; a report that does not rise is old."""
    state: SubjectRequestState
    received_on: date
    due_on: date
    extended: bool
    was_late: bool
    """That it was decided, or ended, after the day by which an answer was due, or that this day is over."""
    decided_on: date | None = None
    """The day of the last answer or refusal; which of both, and why, stays at the node."""
    ended_on: date | None = None


class SubjectRequestReport(SubjectRequestStatus, frozen=True, kw_only=True):
    """A request that began at the portal; its identifier is the portal's."""

    confirmation: Confirmation
    news: bool
    """Something new waits there for the person to read."""
    escalated: bool
    """It went to the data protection officer at some time."""


class PaperRequestReport(SubjectRequestStatus, frozen=True, kw_only=True):
    """A request that came on paper or at a counter: no account has it; it counts for punctuality. Its identifier is the node's."""

    producer: Slug
    right: SubjectRight


class SubjectRequestReports(Struct, frozen=True, kw_only=True):
    """Some requests of the producers of a node."""

    requests: Annotated[list[SubjectRequestReport], Meta(max_length=MOST_REPORTS)]
    paper: Annotated[list[PaperRequestReport], Meta(max_length=MOST_REPORTS)]


class ReportOutcome(StrEnum):
    """What became of one report."""

    ACCEPTED = "accepted"
    """Also of a report that is older than what the portal has: nothing is to be sent again."""
    GONE = "gone"
    """Accepted, and the account of who asked was deleted: they read nothing at the node any more."""
    UNCONFIRMED = "unconfirmed"
    """The browser did not come back yet: send it again later, a day long at most."""
    UNKNOWN = "unknown"
    """The portal has no such request, or no more."""
    REFUSED = "refused"
    """Another confirmation, another node, or a producer that is not this node's."""


class SubjectRequestReportAnswer(Struct, frozen=True, kw_only=True):
    """What the portal answers: one outcome for each identifier of both lists."""

    requests: Mapping[UUID, ReportOutcome]
