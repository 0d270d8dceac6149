"""The tables of projects: a reuse that somebody reports is one too, delivered, without a leader."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ARRAY, ForeignKeyConstraint, Index, LargeBinary, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from udi.kit.db import TenantColumns, TenantKey, tenant_foreign_key
from udi.portal.projects.transitions import ProjectState
from udi.portal.projects.translated_texts import TranslatedTexts, join_texts
from udi.portal.schema import PortalTable
from udi.protocol.policy import Requester

LISTED = text("NOT confidential AND hidden_at IS NULL")
"""What strangers see; the policy of the role `public` says the same."""


class Audience(StrEnum):
    """For whom a project is."""

    INHABITANTS = "inhabitants"
    PUBLIC_BODIES = "public_bodies"
    COMPANIES = "companies"
    ASSOCIATIONS = "associations"
    RESEARCHERS = "researchers"
    SCHOOLS = "schools"


class Scale(StrEnum):
    """How large the place is that it is about."""

    NEIGHBOURHOOD = "neighbourhood"
    MUNICIPALITY = "municipality"
    TERRITORY = "territory"
    REGION = "region"
    COUNTRY = "country"
    WIDER = "wider"


class SupportKind(StrEnum):
    """What it looks for."""

    DATA = "data"
    SKILLS = "skills"
    FUNDING = "funding"
    PARTNERS = "partners"
    TESTERS = "testers"
    PLACE = "place"


class TeamRight(StrEnum):
    """What a person of the team may do: see it while it is confidential, or change it too."""

    SEE = "see"
    EDIT = "edit"


def person_key(column: str) -> ForeignKeyConstraint:
    """The person goes, the row stays and names nobody."""
    return tenant_foreign_key(column, "person", ondelete=f"SET NULL ({column})")


def project_key() -> ForeignKeyConstraint:
    """The project goes, the row goes."""
    return tenant_foreign_key("project_id", "project", ondelete="CASCADE")


class Project(TranslatedTexts, TenantColumns, PortalTable):
    """Something that is made, or could be, with data of the territory. `revision` counts its changes."""

    __tablename__ = "project"
    __table_args__ = (
        person_key("leader_id"),
        person_key("reporter_id"),
        tenant_foreign_key("organisation_id", "organisation"),
        Index(None, "tenant_id", "leader_id"),
        Index(None, "tenant_id", "reporter_id"),
        Index(None, "tenant_id", "organisation_id"),
        Index(
            "ix_project_listed",
            "tenant_id",
            "published_at",
            "id",
            postgresql_where=LISTED,
        ),
    )

    title: Mapped[str] = mapped_column(Text)
    summary: Mapped[str] = mapped_column(Text)
    words: Mapped[str] = mapped_column(Text, default="", server_default="")
    """What it is for and how it is made: plain text, an empty line between two paragraphs."""
    state: Mapped[str] = mapped_column(Text, default=ProjectState.IDEA)
    confidential: Mapped[bool] = mapped_column(default=True)
    """Only its team knows of it, until its leader says so; from then on it is public for good."""
    leader_id: Mapped[UUID | None]
    """None of a reuse that somebody reported, or once the person is gone."""
    leader_name: Mapped[str] = mapped_column(Text, default="", server_default="")
    """How its page names the leader, in their words, where no organisation leads it."""
    organisation_id: Mapped[UUID | None]
    """In whose name it is led; the leader belonged to it when they said so."""
    requester: Mapped[str] = mapped_column(Text, default=Requester.PERSON)
    reporter_id: Mapped[UUID | None]
    """Of a reported reuse: who reported it, whom no page names."""
    purpose: Mapped[str] = mapped_column(Text, default="", server_default="")
    """A code of `protocol.terms.Purpose`; empty where nobody said."""
    audience: Mapped[list[str]] = mapped_column(
        ARRAY(Text), default=list, server_default=text("'{}'")
    )
    scale: Mapped[str] = mapped_column(Text, default="", server_default="")
    support: Mapped[list[str]] = mapped_column(
        ARRAY(Text), default=list, server_default=text("'{}'")
    )
    url: Mapped[str] = mapped_column(Text, default="", server_default="")
    """Where its result is."""
    origin: Mapped[str] = mapped_column(Text, default="", server_default="")
    """Of a reuse that was read in a catalogue of others: its page there; empty of what people wrote here."""
    impact: Mapped[str] = mapped_column(Text, default="", server_default="")
    """Its impact, described later."""
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    published_at: Mapped[datetime | None]
    hidden_at: Mapped[datetime | None]
    """The territory's team took it off the public pages, and said why."""
    hidden_by: Mapped[UUID | None]
    hidden_reason: Mapped[str] = mapped_column(Text, default="", server_default="")
    revision: Mapped[int] = mapped_column(default=1)

    @property
    def reported(self) -> bool:
        """Whether it is a reuse that somebody reported, whom nobody leads."""
        return self.leader_id is None

    @property
    def listed(self) -> bool:
        """Whether strangers see it."""
        return not self.confidential and self.hidden_at is None


class ProjectDataset(PortalTable):
    """A dataset that a project uses, open or restricted; a withdrawn one stays, and its address says so."""

    __tablename__ = "project_dataset"
    __table_args__ = (
        project_key(),
        tenant_foreign_key("dataset_id", "dataset", ondelete="CASCADE"),
        Index(None, "tenant_id", "dataset_id"),
    )

    tenant_id: Mapped[TenantKey]
    project_id: Mapped[UUID] = mapped_column(primary_key=True)
    dataset_id: Mapped[UUID] = mapped_column(primary_key=True)
    added_at: Mapped[datetime]
    thanked: Mapped[bool] = mapped_column(default=False, server_default="false")
    """Whether the producer of the dataset thanks for it, beside the reuse."""
    thanked_at: Mapped[datetime | None]
    """When they did so first, and the project was told."""


class ProjectMember(TenantColumns, PortalTable):
    """A person of a project's team beside its leader. Of an invitation, `email` says who may answer it."""

    __tablename__ = "project_member"
    __table_args__ = (
        project_key(),
        person_key("person_id"),
        Index(None, "tenant_id", "project_id", "stage"),
        Index(None, "tenant_id", "person_id"),
        Index(None, "tenant_id", "email"),
    )

    project_id: Mapped[UUID]
    person_id: Mapped[UUID | None]
    email: Mapped[str] = mapped_column(Text, default="", server_default="")
    right: Mapped[str] = mapped_column(Text, default=TeamRight.SEE)
    stage: Mapped[str] = mapped_column(Text)
    started_by: Mapped[UUID | None]
    started_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]


class ProjectPicture(TenantColumns, TranslatedTexts, PortalTable):
    """A picture of a project, made anew from what was sent: as large as a page shows it, and small for lists."""

    __tablename__ = "project_picture"
    __table_args__ = (project_key(), Index(None, "tenant_id", "project_id", "position"))

    project_id: Mapped[UUID]
    position: Mapped[int]
    alternative: Mapped[str] = mapped_column(Text)
    """What it shows, for who does not see it."""
    language: Mapped[str] = mapped_column(Text, server_default="")
    """In which that is written; empty where a release without languages wrote it."""
    width: Mapped[int]
    height: Mapped[int]
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    small_width: Mapped[int]
    small_height: Mapped[int]
    small: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    added_at: Mapped[datetime]

    def alternatives(self, project: Project) -> dict[str, str]:
        """What it shows, by language; where none was noted, the words are in the main one of its project."""
        return join_texts(
            self.language or project.language,
            self.alternative,
            self.translations or {},
            "alternative",
        )
