"""People known to the portal, and their sessions."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Index, LargeBinary, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from udi.kit.db import TenantColumns, TenantKey, tenant_foreign_key
from udi.kit.sessions import (
    PersonColumns,
    SessionTables,
    UsedTokenColumns,
    WebSessionColumns,
)
from udi.portal.schema import PortalTable

TEAM = ""
"""What stands for the territory itself among the slugs of organisations."""


class Person(TenantColumns, PersonColumns, PortalTable):
    """Someone who logged in at least once."""

    __tablename__ = "person"
    __table_args__ = (UniqueConstraint("tenant_id", "issuer", "subject"),)

    left_at: Mapped[datetime | None]
    """When their account was found disabled or deleted; none again once it is found open, or they log in."""
    deletion_requested_at: Mapped[datetime | None]
    """When they asked that their account be deleted: until the worker has done it, nobody counts on them."""
    checked_at: Mapped[datetime | None]
    """When the identity service was asked about them last, whatever it told of changes."""
    inbox_visited_at: Mapped[datetime | None]
    """When they last looked at their inbox."""
    mail_refused_at: Mapped[datetime | None]
    """When their address last refused a mail for good; none again once a mail is taken."""
    node_used_on: Mapped[date | None]
    """The last day, in UTC, on which a node or the identity service told of a use elsewhere than here."""
    unused_warned_at: Mapped[datetime | None]
    """When the relay took the first mail that says that nobody uses their account; it counts until they come back."""
    unused_warned_again_at: Mapped[datetime | None]
    """When it took the second."""
    unused_warned_hash: Mapped[str] = mapped_column(Text, default="", server_default="")
    """The digest of the address to which the first one left; empty: to that of the last login."""
    unused_reported_at: Mapped[datetime | None]
    """When the team was told that the account nobody uses is still needed here."""


class WebSession(TenantColumns, WebSessionColumns, PortalTable):
    """An open session."""

    __tablename__ = "web_session"
    __table_args__ = (
        UniqueConstraint("tenant_id", "token_hash"),
        tenant_foreign_key("person_id", "person", ondelete="CASCADE"),
        Index(None, "tenant_id", "person_id"),
        Index(None, "tenant_id", "sid"),
    )


class AccountWatch(PortalTable):
    """How far the accounts of a territory were compared with the identity service."""

    __tablename__ = "account_watch"

    tenant_id: Mapped[TenantKey]
    confirmed_at: Mapped[datetime]
    """When that was done last: up to then, who left is known."""


class WatchedAccount(PortalTable):
    """An account of which a node asks, and which the portal does not know as a person."""

    __tablename__ = "watched_account"

    tenant_id: Mapped[TenantKey]
    subject: Mapped[str] = mapped_column(Text, primary_key=True)
    requested_at: Mapped[datetime]
    checked_at: Mapped[datetime | None]
    gone: Mapped[bool] = mapped_column(server_default=text("false"))
    node_used_on: Mapped[date | None]
    """As for people: it is carried to the territories that know them."""
    memberships: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    """Groups by slug of the organisation."""


class ErasedAccount(PortalTable):
    """An account that was deleted here: a digest of its subject, which nobody can be found from; nodes erase it too."""

    __tablename__ = "erased_account"

    tenant_id: Mapped[TenantKey]
    digest: Mapped[str] = mapped_column(Text, primary_key=True)
    erased_at: Mapped[datetime]


class UsedToken(UsedTokenColumns, PortalTable):
    """A logout token already obeyed."""

    __tablename__ = "used_token"


class Membership(PortalTable):
    """A person in an organisation, or (`TEAM`) in the territory's team, as Keycloak said last.

    For lists, mails and the tokens of people's programs; pages go by what the session says.
    """

    __tablename__ = "membership"
    __table_args__ = (tenant_foreign_key("person_id", "person", ondelete="CASCADE"),)

    tenant_id: Mapped[TenantKey]
    person_id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_slug: Mapped[str] = mapped_column(Text, primary_key=True)
    groups: Mapped[list[str]] = mapped_column(ARRAY(Text))


class ProviderGrant(PortalTable):
    """A group of an organisation that a login through an identity service of others gave to an account."""

    __tablename__ = "provider_grant"

    tenant_id: Mapped[TenantKey]
    subject: Mapped[str] = mapped_column(Text, primary_key=True)
    organisation_slug: Mapped[str] = mapped_column(Text, primary_key=True)
    group_name: Mapped[str] = mapped_column(Text, primary_key=True)
    joined: Mapped[bool]
    """Whether they were put into the organisation for it."""
    confirmed_at: Mapped[datetime]
    """When a login gave it last."""
    rules_digest: Mapped[str] = mapped_column(Text)
    """Of the territory's rules, when it was looked at last."""


class ApiToken(TenantColumns, PortalTable):
    """What a program of a person shows to the API; its text is shown once, a digest of it is kept."""

    __tablename__ = "api_token"
    __table_args__ = (
        UniqueConstraint("tenant_id", "token_hash"),
        tenant_foreign_key("person_id", "person", ondelete="CASCADE"),
        Index(None, "tenant_id", "person_id"),
    )

    person_id: Mapped[UUID]
    name: Mapped[str] = mapped_column(Text)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    """What it may do besides reading what is open: names of `tokens.SCOPES`."""
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    expires_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class InboxClaim(PortalTable):
    """Who is looking at an item of the inbox; the kind and identifier are those of the item."""

    __tablename__ = "inbox_claim"
    __table_args__ = (
        tenant_foreign_key("person_id", "person", ondelete="CASCADE"),
        Index(None, "tenant_id", "person_id"),
    )

    tenant_id: Mapped[TenantKey]
    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    item_id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID]
    claimed_at: Mapped[datetime]


TABLES = SessionTables(Person, WebSession, UsedToken, {"left_at": None}, ErasedAccount)
