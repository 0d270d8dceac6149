"""Tables of the catalogue. The producer's record is the source; columns are what lists, filters and keys need."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Computed,
    Double,
    Identity,
    Index,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from udi.kit.db import TenantColumns, TenantKey, tenant_foreign_key
from udi.portal.catalogue.compression import CompressedDescription
from udi.portal.organisations.models import Organisation
from udi.portal.schema import PortalTable
from udi.protocol.texts import read_texts
from udi.ui.locale import localise_title

OTHER_LICENCE = "other"
NO_LICENCE = "not-stated"
AGREEMENT = "agreement"
"""In the place of the licence of restricted data: the terms of each agreement."""
PUBLISHED = text("state = 'published'")


class DatasetState(StrEnum):
    """Shown to all, or withdrawn by its producer."""

    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


class Dataset(TenantColumns, PortalTable):
    """A dataset under its RUDI `global_id`. Restricted ones are here too: their files are restricted, not their name."""

    __tablename__ = "dataset"
    __table_args__ = (
        UniqueConstraint("tenant_id", "seq"),
        tenant_foreign_key("organisation_id", "organisation"),
        Index(None, "tenant_id", "organisation_id", "state"),
        Index(None, "tenant_id", "modified_at"),
        Index(None, "tenant_id", "published_at", "id"),
        Index(None, "tenant_id", "described_at", "id"),
        Index(
            "uq_dataset_local_id",
            "tenant_id",
            "local_id",
            unique=True,
            postgresql_where=text("local_id <> ''"),
        ),
        Index(None, "title_folded", postgresql_using="hash"),
        Index(
            "uq_dataset_doi",
            "tenant_id",
            "doi",
            unique=True,
            postgresql_where=text("doi <> ''"),
        ),
    )

    seq: Mapped[int] = mapped_column(BigInteger, Identity(always=True))
    """The number by which the search index knows the row."""
    node_id: Mapped[UUID]
    organisation_id: Mapped[UUID]
    """Who publishes it."""
    harvester_id: Mapped[UUID | None]
    """The producer whose source it was read in; none where a node pushes it."""
    state: Mapped[DatasetState] = mapped_column(Text, default=DatasetState.PUBLISHED)
    access: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    titles: Mapped[dict[str, str]] = mapped_column(JSONB, server_default=text("'{}'"))
    """The title by language, where its producer wrote several; `title` is the main one."""
    title_folded: Mapped[str] = mapped_column(
        Text, Computed("lower(title)", persisted=True), deferred=True
    )
    """To be compared: `lower` itself is not leakproof, so that no index of it serves beneath row-level security."""
    slug: Mapped[str] = mapped_column(Text)
    synopsis: Mapped[dict[str, str]]
    theme: Mapped[str] = mapped_column(Text)
    keywords: Mapped[list[str]] = mapped_column(ARRAY(Text))
    licence: Mapped[str] = mapped_column(Text)
    """A code of `protocol.licences`, `agreement`, `not-stated`, or `other`: the record has its name and address."""
    languages: Mapped[list[str]] = mapped_column(ARRAY(Text))
    formats: Mapped[list[str]] = mapped_column(ARRAY(Text))
    period_start: Mapped[datetime | None]
    period_end: Mapped[datetime | None]
    west: Mapped[float | None] = mapped_column(Double)
    south: Mapped[float | None] = mapped_column(Double)
    east: Mapped[float | None] = mapped_column(Double)
    north: Mapped[float | None] = mapped_column(Double)
    created_at: Mapped[datetime]
    """When the data were made; `modified_at`, when they last changed: both by the producer."""
    modified_at: Mapped[datetime]
    unstated_dates: Mapped[list[str]] = mapped_column(
        ARRAY(Text), server_default=text("'{}'")
    )
    """`created` and `updated`, where the column only stands for what the source does not say."""
    published_at: Mapped[datetime]
    """When this portal first showed it; `described_at`, when it last received its description."""
    described_at: Mapped[datetime]
    local_id: Mapped[str] = mapped_column(Text)
    doi: Mapped[str] = mapped_column(Text)
    record: Mapped[dict[str, Any]] = mapped_column(CompressedDescription)
    """RUDI's metadata as accepted."""
    other_origins: Mapped[list[dict[str, str]]] = mapped_column(
        JSONB, default=list, server_default=text("'[]'")
    )
    """Other catalogues that describe it: `source`, `record`, `site`, `url`, `identifier` there, and the day `since`."""

    organisation: Mapped[Organisation] = relationship(lazy="raise")
    distributions: Mapped[list["Distribution"]] = relationship(
        lazy="raise",
        order_by="Distribution.position",
        cascade="all, delete-orphan",
        passive_deletes=True,
    )

    @property
    def other_identifiers(self) -> tuple[str, ...]:
        """Its identifiers in other catalogues, each once."""
        return list_other_identifiers(self.other_origins)

    def title_in(self, language: str) -> str:
        """The title for a reader of this language."""
        return localise_title(self.title, self.titles, language)

    @property
    def stated_creation(self) -> datetime | None:
        """`created_at`, where somebody said it."""
        return None if "created" in self.unstated_dates else self.created_at

    @property
    def stated_update(self) -> datetime | None:
        """`modified_at`, where somebody said it."""
        return None if "updated" in self.unstated_dates else self.modified_at

    @property
    def file_names(self) -> dict[str, dict[str, str]]:
        """The names by language of files and services that have several, by identifier."""
        return {
            str(media.get("media_id", "")).lower(): read_texts(media["media_names"])
            for media in self.record.get("available_formats") or ()
            if media.get("media_names")
        }

    @property
    def summary(self) -> dict[str, str]:
        """The text by language, without its HTML."""
        return read_texts(self.record.get("summary"))


def list_other_identifiers(
    other_origins: Iterable[Mapping[str, str]],
) -> tuple[str, ...]:
    """The identifiers of a dataset in other catalogues, each once."""
    names = [other["identifier"] for other in other_origins]
    return tuple(dict.fromkeys(name for name in names if name))


class Distribution(PortalTable):
    """A file, a service or a series of one dataset, at its producer's node."""

    __tablename__ = "distribution"
    __table_args__ = (
        tenant_foreign_key("dataset_id", "dataset", ondelete="CASCADE"),
        Index(None, "url", postgresql_using="hash"),
        Index(
            None,
            "tenant_id",
            "hash_value",
            postgresql_where=text("hash_value <> ''"),
        ),
    )

    tenant_id: Mapped[TenantKey]
    dataset_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    position: Mapped[int]
    kind: Mapped[str] = mapped_column(Text)
    """`FILE`, `SERVICE` or `SERIES`."""
    name: Mapped[str] = mapped_column(Text)
    caption: Mapped[str] = mapped_column(Text)
    url: Mapped[str] = mapped_column(Text)
    media_type: Mapped[str] = mapped_column(Text)
    format: Mapped[str] = mapped_column(Text)
    size: Mapped[int | None] = mapped_column(BigInteger)
    hash_algorithm: Mapped[str] = mapped_column(Text)
    hash_value: Mapped[str] = mapped_column(Text)
    contract: Mapped[str] = mapped_column(Text)
    documentation: Mapped[str] = mapped_column(Text)

    link: Mapped["Link | None"] = relationship(
        lazy="raise",
        viewonly=True,
        primaryjoin="and_(foreign(Distribution.tenant_id) == Link.tenant_id, foreign(Distribution.url) == Link.url)",
    )


class LinkState(StrEnum):
    """What is found at the address of a file or a service."""

    UNCHECKED = "unchecked"
    REACHABLE = "reachable"
    MOVED = "moved"
    """Reachable, by a permanent redirect to another address."""
    REFUSED = "refused"
    """It asks for a right."""
    GONE = "gone"
    UNREACHABLE = "unreachable"


class Link(TenantColumns, PortalTable):
    """An address of files or services, whatever the number of datasets that have it; its id is the MD5 of the address."""

    __tablename__ = "link"
    __table_args__ = (
        Index(None, "url", postgresql_using="hash"),
        Index(None, "tenant_id", "next_at"),
        Index(
            "ix_link_failing",
            "tenant_id",
            "next_at",
            postgresql_where=text("failures > 0"),
        ),
        Index(
            "ix_link_status_pending",
            "tenant_id",
            postgresql_where=text("status_pending"),
        ),
        Index(
            "ix_link_amiss",
            "tenant_id",
            "state",
            postgresql_where=text("state NOT IN ('reachable', 'unchecked')"),
        ),
        Index(
            "ix_link_producer_notified",
            "tenant_id",
            postgresql_where=text("producer_notified"),
        ),
    )

    url: Mapped[str] = mapped_column(Text)
    host: Mapped[str] = mapped_column(Text)
    """Name and port, as the address has them."""
    state: Mapped[LinkState] = mapped_column(Text, default=LinkState.UNCHECKED)
    since: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(default=0)
    """Looks in a row that did not find it; the first alone changes no state."""
    failing_since: Mapped[datetime | None]
    last_reachable: Mapped[datetime | None]
    checked_at: Mapped[datetime | None]
    next_at: Mapped[datetime]
    answer: Mapped[str] = mapped_column(Text, default="")
    """Of the last look: a status, `silent`, or `address` (it may not be reached from here)."""
    moved_to: Mapped[str] = mapped_column(Text, default="")
    size: Mapped[int | None] = mapped_column(BigInteger)
    """Bytes, as the machine of the address says."""
    content: Mapped[str] = mapped_column(Text, default="")
    """A word of `links.content`: what its size and its checksum say beside what was described."""
    public_status: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    """What pages and the API say of it, until a newer status replaces it (`status_pending`)."""
    public_status_at: Mapped[datetime | None]
    status_pending: Mapped[bool] = mapped_column(default=False)
    producer_notified: Mapped[bool] = mapped_column(default=False)
    """Whether its producer was notified that it cannot be had."""


class Withdrawal(TenantColumns, PortalTable):
    """What an address keeps saying of a dataset that was withdrawn: its name, whose it was, since when."""

    __tablename__ = "withdrawal"
    __table_args__ = (
        tenant_foreign_key("id", "dataset", ondelete="CASCADE"),
        tenant_foreign_key("organisation_id", "organisation"),
    )

    title: Mapped[str] = mapped_column(Text)
    organisation_id: Mapped[UUID]
    withdrawn_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(Text, server_default="")
    """In the words of who withdrew it; empty when a node gave none."""
    by_team: Mapped[bool] = mapped_column(server_default=text("false"))
    """Whether the territory's team withdrew it, and has not let it be published again."""

    organisation: Mapped[Organisation] = relationship(lazy="raise")


class PastDescription(PortalTable):
    """What a dataset was said to be from `described_at` until its node said otherwise; people's names are left out."""

    __tablename__ = "past_description"
    __table_args__ = (tenant_foreign_key("dataset_id", "dataset", ondelete="CASCADE"),)

    tenant_id: Mapped[TenantKey]
    dataset_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """From 1, in order; the present description has none."""
    described_at: Mapped[datetime]
    record: Mapped[dict[str, Any]] = mapped_column(CompressedDescription)
    """RUDI's metadata without contacts."""
