"""People known to the portal, and their sessions."""

from uuid import UUID

from sqlalchemy import ARRAY, ForeignKeyConstraint, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from udi.kit.db import Owned
from udi.kit.sessions import PersonColumns, Tables, UsedTokenColumns, WebSessionColumns
from udi.portal.schema import PortalTable


class Person(Owned, PersonColumns, PortalTable):
    """Someone who logged in at least once."""

    __tablename__ = "person"
    __table_args__ = (UniqueConstraint("tenant_id", "issuer", "subject"),)


class WebSession(Owned, WebSessionColumns, PortalTable):
    """An open session."""

    __tablename__ = "web_session"
    __table_args__ = (
        UniqueConstraint("tenant_id", "token_hash"),
        ForeignKeyConstraint(["tenant_id", "person_id"], ["app.person.tenant_id", "app.person.id"], ondelete="CASCADE"),
        Index(None, "tenant_id", "person_id"),
        Index(None, "tenant_id", "sid"),
    )


class UsedToken(UsedTokenColumns, PortalTable):
    """A logout token already obeyed."""

    __tablename__ = "used_token"


class Membership(PortalTable):
    """A person in an organisation, as Keycloak said last: for lists and mails, never for rights."""

    __tablename__ = "membership"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "person_id"], ["app.person.tenant_id", "app.person.id"], ondelete="CASCADE"),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("app.current_tenant()"))
    person_id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_slug: Mapped[str] = mapped_column(Text, primary_key=True)
    groups: Mapped[list[str]] = mapped_column(ARRAY(Text))


TABLES = Tables(Person, WebSession, UsedToken)
