"""What is kept about people: each column of a database that can hold a person, why it is there, and what its end is.

Domains declare theirs (`Domain.personal_data`); pages show each person their own rows, and the deletion of an account goes
by the same list. `tests/rules/test_personal_data.py` fails for a column that nobody declared.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import Table


class PersonalSubject(StrEnum):
    """Under which heading a person reads of rows; the value is the heading."""

    ACCOUNT = "My account"
    PROGRAMS = "My programs and keys"
    FOLLOWING = "What I follow, and my mails"
    ORGANISATIONS = "My organisations and roles"
    PROJECTS = "My projects"
    CALLS = "My calls for projects"
    REQUESTS = "My requests"
    TEXTS = "My messages"
    FILES = "My files and datasets"
    TERRITORY = "My work for the territory"
    LOG = "Log of what I did"


class AtDeletion(StrEnum):
    """What becomes of rows when the person's account is deleted."""

    ERASED = "erased"
    UNNAMED = "unnamed"
    """Kept, because others rely on it, and nothing leads to the person any more."""
    HANDED_OVER = "handed_over"
    """Somebody else takes it over first, where others rely on it; else it is kept without the name."""


class PersonLink(StrEnum):
    """How a column names a person."""

    ID = "id"
    """By the identifier that this program drew."""
    EMAIL = "email"
    SUBJECT = "subject"
    """By the identifier of the identity service."""
    PAIRWISE = "pairwise"
    """By the identifier of somebody whom a client of their own knows under a pairwise subject: no account leads to it.

    Erasing an account passes such rows by; their own clock ends them. `at_deletion` says what the end of the account leaves.
    """


WHILE_ACCOUNT = "As long as your account exists."
UNTIL_STOPPED = "Until you stop it, or delete your account."
UNTIL_ENDED = "Until it ends, or you delete your account."
WHILE_TERRITORY = (
    "As long as the territory is here; without your name once your account is deleted."
)
WHILE_PROJECT = (
    "As long as the project exists; without your name once your account is deleted."
)


@dataclass(frozen=True)
class PersonalRows:
    """Rows of a table that are about the person whom one of its columns names."""

    model: Any
    column: str
    subject: PersonalSubject
    what: str
    """What such rows are, in a few words."""
    why: str
    until: str
    at_deletion: AtDeletion
    labels: Mapping[str, str] = field(default_factory=dict)
    """Columns that the person reads, with their labels."""
    withheld: frozenset[str] = frozenset()
    """Columns that hold something of the person and are not shown: digests and secrets, which would open something."""
    link: PersonLink = PersonLink.ID
    key: str = ""
    """Where the column is a document: the name in it whose value names the person."""
    through: tuple[Any, str] | None = None
    """Where the column names the row of another table: its model, and the column of it that names the person."""
    emptied: frozenset[str] = frozenset()
    """Columns that are emptied when a row is kept without the name."""

    @property
    def table(self) -> Table:
        """The table itself."""
        table: Table = self.model.__table__
        return table

    @property
    def columns(self) -> frozenset[str]:
        """All columns that this declares."""
        return frozenset({self.column, *self.labels, *self.withheld, *self.emptied})


@dataclass(frozen=True)
class NeutralColumns:
    """Columns of a table that hold nobody, and why."""

    model: Any
    reason: str
    columns: frozenset[str]

    @property
    def table(self) -> Table:
        """The table itself."""
        table: Table = self.model.__table__
        return table


def neutral(model: Any, columns: str, reason: str) -> NeutralColumns:
    """Declare columns, separated by spaces, that hold nobody."""
    return NeutralColumns(model, reason, frozenset(columns.split()))


@dataclass(frozen=True)
class PersonalPayload:
    """What a queued task says of a person: the name in its payload, and how it names them."""

    module: str
    """Where it is queued."""
    key: str
    link: PersonLink
    why: str
