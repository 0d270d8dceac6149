"""Tables of what is followed and told. Rows of a person are theirs alone: the database keeps pages to them."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ARRAY, ForeignKeyConstraint, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from udi.kit.db import TenantColumns, tenant_foreign_key
from udi.kit.sealed_columns import SealedText
from udi.portal.schema import PortalTable


class ChangeKind(StrEnum):
    """What happened to a dataset."""

    PUBLISHED = "published"
    UPDATED = "updated"
    WITHDRAWN = "withdrawn"


class DigestRhythm(StrEnum):
    """How often someone gets a digest."""

    DAILY = "daily"
    WEEKLY = "weekly"
    NEVER = "never"


class WebhookState(StrEnum):
    """Whether a webhook is called: paused by its owner, or stopped because its address does not take what it is sent."""

    ACTIVE = "active"
    PAUSED = "paused"
    STOPPED = "stopped"


class WebhookDeliveryState(StrEnum):
    """Where the delivery of one message to a webhook stands."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"


def _of_person() -> ForeignKeyConstraint:
    return tenant_foreign_key("person_id", "person", ondelete="CASCADE")


class Change(TenantColumns, PortalTable):
    """Something happened to what can be followed; kept some weeks, for digests and webhooks."""

    __tablename__ = "change"
    __table_args__ = (
        Index(None, "tenant_id", "at"),
        Index(
            "ix_change_unspread", "tenant_id", "at", postgresql_where=text("NOT spread")
        ),
    )

    at: Mapped[datetime]
    event: Mapped[ChangeKind] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    """Of thing: `dataset`."""
    subject_id: Mapped[UUID]
    title: Mapped[str] = mapped_column(Text)
    path: Mapped[str] = mapped_column(Text)
    """Of its page; `api_path`, of what a program reads."""
    api_path: Mapped[str] = mapped_column(Text)
    topics: Mapped[list[str]] = mapped_column(ARRAY(Text))
    """Each `kind:target` that it belongs to."""
    spread: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    """Whether webhooks were given it."""


class Following(TenantColumns, PortalTable):
    """A person follows a target of some kind; kinds are given by the domains that have them."""

    __tablename__ = "following"
    __table_args__ = (
        _of_person(),
        UniqueConstraint("tenant_id", "person_id", "kind", "target"),
    )

    person_id: Mapped[UUID]
    kind: Mapped[str] = mapped_column(Text)
    target: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]


class Subscription(TenantColumns, PortalTable):
    """How a person is notified; the identifier is drawn at random and stands in the address that unsubscribes."""

    __tablename__ = "subscription"
    __table_args__ = (_of_person(), UniqueConstraint("tenant_id", "person_id"))

    person_id: Mapped[UUID]
    rhythm: Mapped[DigestRhythm] = mapped_column(Text, default=DigestRhythm.DAILY)
    language: Mapped[str] = mapped_column(Text)
    notified_until: Mapped[datetime]
    """What changed until then was told, or was not to be."""
    inbox_rhythm: Mapped[DigestRhythm] = mapped_column(
        Text, default=DigestRhythm.NEVER, server_default=DigestRhythm.NEVER
    )
    """How often they get what waits for them."""
    inbox_mailed_until: Mapped[datetime | None]
    """The hour of the last such mail; None as long as none was chosen."""


class Digest(TenantColumns, PortalTable):
    """A mail that tells one person what changed in (since, until]; `done_at` once it left, or had nothing to say."""

    __tablename__ = "digest"
    __table_args__ = (_of_person(), UniqueConstraint("tenant_id", "person_id", "until"))

    person_id: Mapped[UUID]
    since: Mapped[datetime]
    until: Mapped[datetime]
    done_at: Mapped[datetime | None]


class Webhook(TenantColumns, PortalTable):
    """An address of a person's program that is told what changed (Standard Webhooks)."""

    __tablename__ = "webhook"
    __table_args__ = (_of_person(), Index(None, "tenant_id", "person_id"))

    person_id: Mapped[UUID]
    url: Mapped[str] = mapped_column(Text)
    everything: Mapped[bool]
    """All of the catalogue, or what the person follows."""
    readings: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    """Whether it is told also of readings of the sources that the person looks after."""
    projects: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    """Whether it is told also what becomes of the data that projects of the person read."""
    secret: Mapped[str] = mapped_column(SealedText("webhook.secret"))
    former_secret: Mapped[str] = mapped_column(
        SealedText("webhook.former_secret"), default="", server_default=""
    )
    former_until: Mapped[datetime | None]
    """Until when the secret before this one signs too."""
    state: Mapped[WebhookState] = mapped_column(Text, default=WebhookState.ACTIVE)
    reason: Mapped[str] = mapped_column(Text, default="", server_default="")
    """Why it is stopped: `gone` (it answered 410) or `failing` (no attempt of one message succeeded)."""
    created_at: Mapped[datetime]


class WebhookDelivery(TenantColumns, PortalTable):
    """A message for a webhook; its identifier is the message's own, the same at each attempt."""

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        tenant_foreign_key("webhook_id", "webhook", ondelete="CASCADE"),
        UniqueConstraint("tenant_id", "webhook_id", "change_id"),
        Index(None, "tenant_id", "webhook_id", "created_at"),
    )

    person_id: Mapped[UUID]
    webhook_id: Mapped[UUID]
    change_id: Mapped[UUID]
    """The change that it tells; of a test, an identifier of its own."""
    type: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)
    state: Mapped[WebhookDeliveryState] = mapped_column(
        Text, default=WebhookDeliveryState.WAITING
    )
    attempts: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    answer: Mapped[str] = mapped_column(Text, default="", server_default="")
    """Of the last attempt: a status, `unreachable` or `address` (it may not be reached from here); `stopped` for none."""
    created_at: Mapped[datetime]
    tried_at: Mapped[datetime | None]
    next_at: Mapped[datetime | None]
