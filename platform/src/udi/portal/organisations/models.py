"""The tables of organisations, of those who ask to publish here, and of changes of members on their way."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ARRAY, ForeignKeyConstraint, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from udi.kit.db import TenantColumns, TenantKey, tenant_foreign_key
from udi.portal.schema import PortalTable
from udi.protocol.policy import Requester

KINDS = tuple(kind.value for kind in Requester if kind is not Requester.PERSON)
"""What an organisation may say that it is."""


class Organisation(TenantColumns, PortalTable):
    """A legal person; its identifier is given by the territory's files, by the node that knows it, or drawn when it joins.

    `registry_number` is the one of a public register: of France (SIREN, SIRET, RNA) where `country` is FR, else any.
    """

    __tablename__ = "organisation"
    __table_args__ = (UniqueConstraint("tenant_id", "slug"),)

    slug: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    summary: Mapped[dict[str, str]]
    email: Mapped[str] = mapped_column(Text)
    url: Mapped[str] = mapped_column(Text)
    address: Mapped[str] = mapped_column(Text)
    producer: Mapped[bool]
    country: Mapped[str] = mapped_column(Text, default="", server_default="")
    registry_number: Mapped[str] = mapped_column(Text, default="", server_default="")
    kind: Mapped[str] = mapped_column(Text, default="", server_default="")
    """One of `KINDS`; empty: it does not say."""
    unclaimed: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    """Known only as a publisher that catalogues of others name: it has no members and no space, until somebody joins for it."""
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class FormerSlug(PortalTable):
    """A name by which addresses called an organisation before: it leads to the present one."""

    __tablename__ = "former_slug"
    __table_args__ = (
        tenant_foreign_key("organisation_id", "organisation", ondelete="CASCADE"),
        Index(None, "tenant_id", "organisation_id"),
    )

    tenant_id: Mapped[TenantKey]
    slug: Mapped[str] = mapped_column(Text, primary_key=True)
    organisation_id: Mapped[UUID]


class ApplicationState(StrEnum):
    """Where an application stands."""

    SUBMITTED = "submitted"
    INFORMATION_REQUESTED = "information_requested"
    REFUSED = "refused"
    APPROVED = "approved"
    WITHDRAWN = "withdrawn"


class HostingChoice(StrEnum):
    """Where an organisation keeps its data: a space on the hosted node, a node of its own, the portal that it has."""

    HOSTED = "hosted"
    OWN = "own"
    EXISTING = "existing"


def of_person() -> ForeignKeyConstraint:
    """The person of a row goes, the row goes."""
    return tenant_foreign_key("person_id", "person", ondelete="CASCADE")


class Application(TenantColumns, PortalTable):
    """Somebody asks that their organisation publish here. `revision` counts what the person sent: the team decides on one."""

    __tablename__ = "application"
    __table_args__ = (
        of_person(),
        Index(None, "tenant_id", "state", "submitted_at"),
        Index(None, "tenant_id", "person_id"),
    )

    person_id: Mapped[UUID]
    language: Mapped[str] = mapped_column(Text)
    """That the person read when they asked: mails to them are in it."""
    state: Mapped[str] = mapped_column(Text, default=ApplicationState.SUBMITTED)
    revision: Mapped[int] = mapped_column(default=1)
    name: Mapped[str] = mapped_column(Text)
    country: Mapped[str] = mapped_column(Text)
    registry_number: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text, default="", server_default="")
    email: Mapped[str] = mapped_column(Text)
    url: Mapped[str] = mapped_column(Text)
    choice: Mapped[str] = mapped_column(Text)
    words: Mapped[str] = mapped_column(Text, default="", server_default="")
    """Of the team: why it refuses, or what it asks."""
    submitted_at: Mapped[datetime]
    decided_by: Mapped[UUID | None]
    decided_at: Mapped[datetime | None]
    claims_id: Mapped[UUID | None]
    """The organisation that nobody had claimed which it is to become, where the person joins for one."""
    organisation_id: Mapped[UUID | None]
    """What it became."""
    space_ready_at: Mapped[datetime | None]
    """When the hosted node said that the space is there."""


class MemberChangeFailure(StrEnum):
    """Why a change of members waits: nobody answers, or the identity service refuses it."""

    NONE = ""
    AWAY = "away"
    REFUSED = "refused"


class MemberChange(TenantColumns, PortalTable):
    """The groups that a person is to have in an organisation (none of them: a member without rights), or that they leave.

    Without an organisation, it is about the territory's team. The worker makes it so at the identity service, in the order
    they were asked.
    """

    __tablename__ = "member_change"
    __table_args__ = (
        of_person(),
        tenant_foreign_key("organisation_id", "organisation", ondelete="CASCADE"),
        Index(
            "ix_member_change_waiting",
            "tenant_id",
            "organisation_id",
            postgresql_where=text("done_at IS NULL"),
        ),
    )

    organisation_id: Mapped[UUID | None]
    person_id: Mapped[UUID]
    groups: Mapped[list[str]] = mapped_column(ARRAY(Text))
    leaves: Mapped[bool] = mapped_column(default=False)
    requested_by: Mapped[UUID | None]
    requested_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    failure: Mapped[str] = mapped_column(
        Text, default=MemberChangeFailure.NONE, server_default=""
    )


class MembershipEntry(TenantColumns, PortalTable):
    """Somebody is invited into an organisation, or asks to belong to it; without an organisation: into the territory's team.

    Of an invitation, `email` says who may answer it, and `person_id` who did; of a request, `person_id` says who asks.
    """

    __tablename__ = "entry"
    __table_args__ = (
        of_person(),
        tenant_foreign_key("organisation_id", "organisation", ondelete="CASCADE"),
        Index(None, "tenant_id", "organisation_id", "stage"),
        Index(None, "tenant_id", "email"),
        Index(None, "tenant_id", "person_id"),
    )

    organisation_id: Mapped[UUID | None]
    stage: Mapped[str] = mapped_column(Text)
    person_id: Mapped[UUID | None]
    email: Mapped[str] = mapped_column(Text, default="", server_default="")
    groups: Mapped[list[str]] = mapped_column(ARRAY(Text))
    language: Mapped[str] = mapped_column(Text)
    """Of the mails to the person."""
    words: Mapped[str] = mapped_column(Text, default="", server_default="")
    """Of who asks; once refused, of who refuses."""
    started_by: Mapped[UUID | None]
    """None where the operator invites."""
    started_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    """Until when an invitation into the team may be answered."""
    answered_at: Mapped[datetime | None]
