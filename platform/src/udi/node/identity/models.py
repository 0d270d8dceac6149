"""People known to the node, and their sessions."""

from sqlalchemy import ForeignKeyConstraint, Index, UniqueConstraint

from udi.kit.db import Owned
from udi.kit.sessions import PersonColumns, Tables, UsedTokenColumns, WebSessionColumns
from udi.node.schema import NodeTable


class Person(Owned, PersonColumns, NodeTable):
    """Someone who logged in at least once."""

    __tablename__ = "person"
    __table_args__ = (UniqueConstraint("tenant_id", "issuer", "subject"),)


class WebSession(Owned, WebSessionColumns, NodeTable):
    """An open session."""

    __tablename__ = "web_session"
    __table_args__ = (
        UniqueConstraint("tenant_id", "token_hash"),
        ForeignKeyConstraint(["tenant_id", "person_id"], ["app.person.tenant_id", "app.person.id"], ondelete="CASCADE"),
        Index(None, "tenant_id", "person_id"),
        Index(None, "tenant_id", "sid"),
    )


class UsedToken(UsedTokenColumns, NodeTable):
    """A logout token already obeyed."""

    __tablename__ = "used_token"


TABLES = Tables(Person, WebSession, UsedToken)
