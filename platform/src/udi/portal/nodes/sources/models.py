"""Tables of sources: what each is, every record known of it, its readings, and what to mend there."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Index,
    LargeBinary,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from udi.kit.db import TenantColumns, TenantKey, tenant_foreign_key
from udi.portal.schema import PortalTable

ZERO = text("0")
EMPTY = text("''")


class SourceRhythm(StrEnum):
    """How often a source is read."""

    HOURLY = "hourly"
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    BY_HAND = "by_hand"


class SourceState(StrEnum):
    """Whether a source is read. `VANISHED`: too much of it left at once, a person is to say whether it is so."""

    ACTIVE = "active"
    PAUSED = "paused"
    VANISHED = "vanished"
    CLOSING = "closing"
    """Its datasets are being withdrawn."""
    CLOSED = "closed"


class RunOutcome(StrEnum):
    """How a reading ended. Only after a complete one, or where nothing changed, is anything missing."""

    COMPLETE = "complete"
    UNCHANGED = "unchanged"
    PARTIAL = "partial"
    FAILED = "failed"
    VANISHED = "vanished"


class RecordOutcome(StrEnum):
    """What a reading did with a record."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REFUSED = "refused"
    MISSING = "missing"
    """It was not there, and is kept."""
    WITHDRAWN = "withdrawn"
    LEFT_OUT = "left_out"
    """It is no dataset: a service, an organisation, a reuse."""
    FILTERED = "filtered"
    """The filters of the source do not take it."""


class PublisherMatch(StrEnum):
    """How the organisation of a publisher was found."""

    NUMBER = "number"
    """By the number of a public register."""
    NAME = "name"
    ALIAS = "alias"
    """By a name that a person confirmed for it."""
    CREATED = "created"
    CHOSEN = "chosen"
    """A person said so."""
    PERSON = "person"
    """The record names a natural person: its datasets stay under the producer that reads the source."""
    HARVESTER = "harvester"
    """A person said that its datasets stay under the producer that reads the source."""
    UNNAMED = "unnamed"
    """The record gives an address without a name: the same."""


class RunPhase(StrEnum):
    """What a reading is at."""

    READING = "reading"
    WITHDRAWING = "withdrawing"
    ENDED = "ended"


class CatalogueSource(TenantColumns, PortalTable):
    """A catalogue that is read for one producer; the node of the same identifier, which never calls, holds its datasets."""

    __tablename__ = "catalogue_source"
    __table_args__ = (
        tenant_foreign_key("id", "node", ondelete="CASCADE"),
        tenant_foreign_key("organisation_id", "organisation"),
        Index(None, "tenant_id", "organisation_id"),
        Index(None, "tenant_id", "next_at"),
    )

    organisation_id: Mapped[UUID]
    address: Mapped[str] = mapped_column(Text)
    """As a person gave it; `entry` is where its catalogue was found from there, empty until it was."""
    entry: Mapped[str] = mapped_column(Text, default="", server_default=EMPTY)
    format: Mapped[str] = mapped_column(Text, default="", server_default=EMPTY)
    language: Mapped[str] = mapped_column(Text)
    """Of texts that do not say theirs."""
    rhythm: Mapped[SourceRhythm] = mapped_column(Text)
    state: Mapped[SourceState] = mapped_column(Text, default=SourceState.ACTIVE)
    next_at: Mapped[datetime | None]
    """When it is to be read; past while a reading goes on."""
    etag: Mapped[str] = mapped_column(Text, default="", server_default=EMPTY)
    last_modified: Mapped[str] = mapped_column(Text, default="", server_default=EMPTY)
    """Both as the site said them of a catalogue in one document that was read whole."""
    changes_read_at: Mapped[datetime | None]
    """When the last good reading began; `whole_read_at` that in which every description was read."""
    whole_read_at: Mapped[datetime | None]
    filters: Mapped[dict[str, Any]] = mapped_column(
        JSONB, default=dict, server_default=text("'{}'")
    )
    """Which of its datasets are taken: see `filters.SourceFilters`; empty: all."""
    filters_changed: Mapped[bool] = mapped_column(
        default=False, server_default=text("false")
    )
    """Whether a person changed the filters since the last whole reading: what they leave out is withdrawn at once."""
    failures: Mapped[int] = mapped_column(default=0, server_default=ZERO)
    """Readings that failed one after the other."""
    accepts_loss: Mapped[bool] = mapped_column(
        default=False, server_default=text("false")
    )
    """Whether a person said that the next reading may withdraw all that is not there."""
    accepts_renames: Mapped[bool] = mapped_column(
        default=False, server_default=text("false")
    )
    """Whether a person said that records are what they seem to have become."""
    dataset_count: Mapped[int] = mapped_column(default=0, server_default=ZERO)
    """Datasets of it that are published, at the end of the last reading."""
    lease: Mapped[UUID | None]
    """Drawn by the worker that reads it; another may take it once `leased_until` is past."""
    leased_until: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class SourceRecord(PortalTable):
    """A record of a source; its dataset's identifier is made of the source's and its own."""

    __tablename__ = "source_record"
    __table_args__ = (
        tenant_foreign_key("source_id", "catalogue_source", ondelete="CASCADE"),
        Index(None, "tenant_id", "same_as"),
    )

    tenant_id: Mapped[TenantKey]
    source_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    """Of the dataset."""
    identifier: Mapped[str] = mapped_column(Text)
    """As the source writes it."""
    digest: Mapped[str] = mapped_column(Text)
    """SHA-256 of our description of it, in hexadecimal."""
    missing: Mapped[int] = mapped_column(default=0, server_default=ZERO)
    """In how many complete readings, one after the other, it was not there."""
    withdrawn: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    """Whether its dataset is not published: it left, or was never taken."""
    same_as: Mapped[UUID | None]
    """The dataset that another source or node publishes, which this record describes as well."""
    renamed_to: Mapped[UUID | None]
    """The record of this source that it seems to have become, under another identifier: a person is to say so."""
    filtered: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    """Whether the filters of the source did not take it when it was last met."""
    seen_run: Mapped[UUID | None]
    """The last reading in which it was."""
    first_read_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    publisher: Mapped[str] = mapped_column(Text, default="", server_default=EMPTY)
    """The key of the `SourcePublisher` that it names; empty: none."""
    original_type: Mapped[str] = mapped_column(Text, default="", server_default=EMPTY)
    original: Mapped[bytes | None] = mapped_column(LargeBinary)
    """As the source wrote it, where that is small."""


class SourceRecordAlias(PortalTable):
    """Another name under which a record of a source is known: made of an identifier, or (`loose`) of its files and titles."""

    __tablename__ = "source_record_alias"
    __table_args__ = (
        tenant_foreign_key("source_id", "catalogue_source", ondelete="CASCADE"),
        Index(None, "tenant_id", "source_id", "record_id"),
    )

    tenant_id: Mapped[TenantKey]
    source_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    """Made of the source's identifier and the name."""
    record_id: Mapped[UUID] = mapped_column(primary_key=True)
    """Of the dataset."""
    loose: Mapped[bool]
    """Whether two records may have it; then it tells nothing."""


class SourcePublisher(PortalTable):
    """A publisher that records of a source name, and the organisation under which their datasets stand here.

    `key` is its number in a public register, else its address, else its name in small letters: see `publishers.identity`.
    """

    __tablename__ = "source_publisher"
    __table_args__ = (
        tenant_foreign_key("source_id", "catalogue_source", ondelete="CASCADE"),
        tenant_foreign_key("organisation_id", "organisation"),
        Index(None, "tenant_id", "organisation_id"),
        Index(
            "ix_source_publisher_waiting",
            "tenant_id",
            "proposed_id",
            postgresql_where=text("proposed_id IS NOT NULL"),
        ),
    )

    tenant_id: Mapped[TenantKey]
    source_id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    names: Mapped[dict[str, str]] = mapped_column(JSONB)
    """As the source writes them, by language."""
    uri: Mapped[str] = mapped_column(Text, default="", server_default=EMPTY)
    number: Mapped[str] = mapped_column(Text, default="", server_default=EMPTY)
    """Of a public register, as the source writes it."""
    organisation_id: Mapped[UUID]
    proposed_id: Mapped[UUID | None]
    """The organisation that it seems to be, whose people, or the territory's team, have still to confirm it."""
    how: Mapped[PublisherMatch] = mapped_column(Text)
    confirmed: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    """Whether the organisation's people, or the territory's team, said that it is this one."""
    first_seen_at: Mapped[datetime]


class MatchState(StrEnum):
    """What a person said of two datasets that seem to be one."""

    PROPOSED = "proposed"
    SAME = "same"
    DIFFERENT = "different"


class DatasetMatch(PortalTable):
    """Two datasets of different places that seem to be one: asked once, and remembered. The lesser identifier comes first."""

    __tablename__ = "dataset_match"
    __table_args__ = (
        tenant_foreign_key("first_id", "dataset", ondelete="CASCADE"),
        tenant_foreign_key("second_id", "dataset", ondelete="CASCADE"),
        Index(None, "tenant_id", "second_id"),
        Index(
            "ix_dataset_match_waiting",
            "tenant_id",
            "proposed_at",
            postgresql_where=text("state = 'proposed'"),
        ),
    )

    tenant_id: Mapped[TenantKey]
    first_id: Mapped[UUID] = mapped_column(primary_key=True)
    second_id: Mapped[UUID] = mapped_column(primary_key=True)
    basis: Mapped[str] = mapped_column(Text)
    """The surest `likeness.MatchBasis` that they have in common."""
    state: Mapped[MatchState] = mapped_column(Text, default=MatchState.PROPOSED)
    proposed_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]


class SourceRun(TenantColumns, PortalTable):
    """One reading of a source: `total` is always created, updated, unchanged and refused together."""

    __tablename__ = "source_run"
    __table_args__ = (
        tenant_foreign_key("source_id", "catalogue_source", ondelete="CASCADE"),
        Index(None, "tenant_id", "source_id", "started_at"),
    )

    source_id: Mapped[UUID]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    phase: Mapped[RunPhase] = mapped_column(Text, default=RunPhase.READING)
    outcome: Mapped[str] = mapped_column(Text, default="", server_default=EMPTY)
    """One of `RunOutcome`, empty while it goes on."""
    total: Mapped[int] = mapped_column(default=0, server_default=ZERO)
    created: Mapped[int] = mapped_column(default=0, server_default=ZERO)
    updated: Mapped[int] = mapped_column(default=0, server_default=ZERO)
    unchanged: Mapped[int] = mapped_column(default=0, server_default=ZERO)
    refused: Mapped[int] = mapped_column(default=0, server_default=ZERO)
    withdrawn: Mapped[int] = mapped_column(default=0, server_default=ZERO)
    missing: Mapped[int] = mapped_column(default=0, server_default=ZERO)
    """Records that were not there and are kept: once is no proof, nor is it where too much left at once."""
    left_out: Mapped[int] = mapped_column(default=0, server_default=ZERO)
    """Things that are no dataset."""
    filtered: Mapped[int] = mapped_column(default=0, server_default=ZERO)
    """Datasets that the filters of the source do not take; they are in no other count."""
    incremental: Mapped[bool] = mapped_column(
        default=False, server_default=text("false")
    )
    """Whether descriptions were asked only of what changed; what is there was listed all the same."""
    pages: Mapped[int] = mapped_column(default=0, server_default=ZERO)
    size: Mapped[int] = mapped_column(BigInteger, default=0, server_default=ZERO)
    """Documents and bytes that were read."""
    faults: Mapped[int] = mapped_column(default=0, server_default=ZERO)
    """Faults that were met; so many of them are kept as `MOST_LOGGED_FAULTS` says."""
    actions: Mapped[int] = mapped_column(default=0, server_default=ZERO)
    """Records that there is something to say of; so many of them are kept as `MOST_ACTIONS` says."""
    crawl_state: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    """Where it is: see `crawl.CrawlState`."""


class SourceReuse(TenantColumns, PortalTable):
    """A reuse that a catalogue of others names; the projects show it under the same identifier."""

    __tablename__ = "source_reuse"
    __table_args__ = (
        tenant_foreign_key("source_id", "catalogue_source", ondelete="CASCADE"),
        Index(None, "tenant_id", "source_id"),
    )

    source_id: Mapped[UUID]
    identifier: Mapped[str] = mapped_column(Text)
    """As the source writes it."""
    title: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    publisher: Mapped[str] = mapped_column(Text)
    """The name of the organisation that made it; empty where it was a person, or nobody says."""
    url: Mapped[str] = mapped_column(Text)
    """Where it is."""
    page: Mapped[str] = mapped_column(Text)
    """Its page at the source; empty where it has none."""
    datasets: Mapped[list[str]] = mapped_column(ARRAY(Text))
    """The identifiers of the datasets that it uses, as the source has them."""
    missing: Mapped[int] = mapped_column(default=0, server_default=ZERO)
    """In how many complete readings, one after the other, it was not there."""
    seen_run: Mapped[UUID | None]
    """The last reading in which it was."""
    withdrawn_at: Mapped[datetime | None]
    """Since when it is in its catalogue no more."""


class SourceOutline(PortalTable):
    """What a whole reading met, as filters see it: from it a preview tells what other filters would take."""

    __tablename__ = "source_outline"
    __table_args__ = (tenant_foreign_key("run_id", "source_run", ondelete="CASCADE"),)

    tenant_id: Mapped[TenantKey]
    run_id: Mapped[UUID] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    records: Mapped[bytes] = mapped_column(LargeBinary)
    """Some records, as `outlines.write_outline` writes them."""


class SourceReport(PortalTable):
    """What became of the fields of a source in one reading; of the catalogue only, without what names people."""

    __tablename__ = "source_report"
    __table_args__ = (tenant_foreign_key("run_id", "source_run", ondelete="CASCADE"),)

    tenant_id: Mapped[TenantKey]
    run_id: Mapped[UUID] = mapped_column(primary_key=True)
    records: Mapped[int] = mapped_column(default=0, server_default=ZERO)
    """Records that were compared: those that could be taken."""
    preserved: Mapped[int] = mapped_column(BigInteger, default=0, server_default=ZERO)
    changed: Mapped[int] = mapped_column(BigInteger, default=0, server_default=ZERO)
    lost: Mapped[int] = mapped_column(BigInteger, default=0, server_default=ZERO)
    """Values of all fields."""
    fields: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    """By the field's name at the source: see `losses.accounts.FieldAccount`."""
    measures: Mapped[dict[str, int]] = mapped_column(JSONB, default=dict)
    """How many datasets and distributions reach each measure of `losses.european_score`."""


class SourceFault(PortalTable):
    """A fault that a reading met: of a record, or of the source itself (no identifier). Metadata only, untranslated."""

    __tablename__ = "source_fault"
    __table_args__ = (tenant_foreign_key("run_id", "source_run", ondelete="CASCADE"),)

    tenant_id: Mapped[TenantKey]
    run_id: Mapped[UUID] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    about: Mapped[int | None]
    """The position of its record's action in the same reading; None for the source itself."""
    identifier: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    level: Mapped[str] = mapped_column(Text)
    code: Mapped[str] = mapped_column(Text)
    field: Mapped[str] = mapped_column(Text)
    message: Mapped[str] = mapped_column(Text)
    remedy: Mapped[str] = mapped_column(Text)
    filled: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """What fills the words of the message."""


class SourceAction(PortalTable):
    """What a reading did with one record; of those that are as before, only those that could be mended."""

    __tablename__ = "source_action"
    __table_args__ = (tenant_foreign_key("run_id", "source_run", ondelete="CASCADE"),)

    tenant_id: Mapped[TenantKey]
    run_id: Mapped[UUID] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    dataset_id: Mapped[UUID | None]
    """None where nothing of it is, or was, shown here."""
    identifier: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    action: Mapped[RecordOutcome] = mapped_column(Text)


class SourceFeed(TenantColumns, PortalTable):
    """Feeds of readings for one person: the identifier, signed, stands in their addresses, and is drawn anew to renew them."""

    __tablename__ = "source_feed"
    __table_args__ = (
        UniqueConstraint("tenant_id", "person_id"),
        tenant_foreign_key("person_id", "person", ondelete="CASCADE"),
    )

    person_id: Mapped[UUID]
