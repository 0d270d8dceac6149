"""Tables of datasets, their versions, their announcement to the portal and their history."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import ARRAY, Index, Text, UniqueConstraint, Uuid, and_, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, foreign, mapped_column, object_session, relationship
from sqlalchemy.orm.exc import DetachedInstanceError

from udi.kit.db import TenantColumns, tenant_foreign_key
from udi.kit.errors import ConflictError, NotFoundError
from udi.node.files.models import StoredFile
from udi.node.schema import NodeTable
from udi.node.spaces.models import Space
from udi.node.spaces.senders import Sender


class Author(Protocol):
    """Who did it: somebody logged in, or a sender."""

    @property
    def person_id(self) -> UUID | None:
        """Their id; None for a script."""


class DatasetState(StrEnum):
    """Where a dataset stands between its producer and the portal."""

    DRAFT = "draft"
    PUBLISHING = "publishing"
    PUBLISHED = "published"
    REFUSED = "refused"
    WITHDRAWING = "withdrawing"
    WITHDRAWN = "withdrawn"


class DeliveryState(StrEnum):
    """Where the announcement stands: `failed` waits for a person, `sent` for the portal's report."""

    QUEUED = "queued"
    SENT = "sent"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    FAILED = "failed"


class Dataset(TenantColumns, NodeTable):
    """What a producer publishes; its id is RUDI's `global_id`.

    `description` holds the producer's answers as typed; `record` what the portal last accepted; `opened_at` is set
    while anyone may see it, or could until it was withdrawn; `retained_versions` is how many versions stay, None for
    all. `document` is what a client of RUDI said of it besides, in RUDI's words, and `media_id` how that client calls
    its file. `restricted` is how it was published last: what the answers say since counts once it is published again.
    `proposals` are the answers that the node proposed from the file (`prefill.Proposals`); `accepted_file_id` is the
    file of the `record`, `accepted_parts` what `Delivery.listed_parts` was for it. Restricted data were open until
    `closed_at`, under `former_licence`. `default_view` is the canonical query that the page of the data opens with;
    empty: it chooses. `column_roles` (`ChosenRole`) and `column_units` are of columns by name, as the producer says
    them. `versions` are those of its main file, of a period (`file_first_day`, `file_last_day`).
    """

    __tablename__ = "dataset"
    __table_args__ = (
        tenant_foreign_key("space_id", "space"),
        Index("ix_dataset_space", "tenant_id", "space_id", "updated_at"),
        Index("ix_dataset_media", "tenant_id", "media_id"),
        Index(
            "ix_dataset_restricted", "tenant_id", postgresql_where=text("restricted")
        ),
    )

    space_id: Mapped[UUID]
    state: Mapped[str] = mapped_column(Text, server_default=DatasetState.DRAFT)
    title: Mapped[str] = mapped_column(Text)
    description: Mapped[dict[str, str]]
    record: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    updated_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    described_at: Mapped[datetime | None]
    opened_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    withdrawal_reason: Mapped[str] = mapped_column(Text, server_default="")
    retained_versions: Mapped[int | None]
    document: Mapped[dict[str, Any] | None]
    media_id: Mapped[UUID | None]
    restricted: Mapped[bool] = mapped_column(server_default="false")
    proposals: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    accepted_file_id: Mapped[UUID | None]
    accepted_parts: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid), server_default="{}")
    former_licence: Mapped[str] = mapped_column(Text, server_default="")
    closed_at: Mapped[datetime | None]
    default_view: Mapped[str] = mapped_column(Text, server_default="")
    column_roles: Mapped[dict[str, str]] = mapped_column(server_default="{}")
    column_units: Mapped[dict[str, str]] = mapped_column(server_default="{}")
    file_first_day: Mapped[date | None]
    file_last_day: Mapped[date | None]

    space: Mapped[Space] = relationship(lazy="joined", innerjoin=True)
    versions: Mapped[list["Version"]] = relationship(
        lazy="selectin",
        primaryjoin=lambda: and_(
            Dataset.tenant_id == foreign(Version.tenant_id),
            Dataset.id == foreign(Version.dataset_id),
            Version.part_id.is_(None),
        ),
        order_by="Version.number.desc()",
        back_populates="dataset",
        cascade="all, delete-orphan",
    )
    parts: Mapped[list["DatasetPart"]] = relationship(
        lazy="selectin",
        order_by="DatasetPart.position",
        back_populates="dataset",
        cascade="all, delete-orphan",
    )
    delivery: Mapped["Delivery | None"] = relationship(
        lazy="selectin",
        uselist=False,
        back_populates="dataset",
        cascade="all, delete-orphan",
    )

    @property
    def titles(self) -> dict[str, str]:
        """The title by the language of the description; empty where that says none."""
        return {code: self.title for code in [self.description.get("locale")] if code}

    @property
    def has_file(self) -> bool:
        """Whether it has a main file; without one it is made of links, and of what else stands beside them."""
        return bool(self.versions)

    @property
    def newest(self) -> "Version | None":
        """The newest version of its main file, published or not; None where it has no main file."""
        return next(iter(self.versions), None)

    @property
    def latest(self) -> "Version":
        """The same, where there is nothing to do or to show without a file.

        Raises:
            NotFoundError: it has no main file.
        """
        self.require_file()
        return self.versions[0]

    def require_file(self) -> None:
        """Refuse what is about its main file, where it has none (`NotFoundError`)."""
        if not self.versions:
            raise NotFoundError(
                "This dataset has no file of its own: it links to data elsewhere."
            )

    @property
    def pending(self) -> "Version | None":
        """The version that waits to be published, if any."""
        newest = self.newest
        if newest is not None and newest.published_at is None:
            return newest
        return None

    @property
    def in_catalogue(self) -> bool:
        """Whether the portal holds a description of it, as far as the node knows."""
        return self.record is not None and self.withdrawn_at is None

    def find_part(self, part_id: UUID | None) -> "DatasetPart | None":
        """One of its parts; None for none of them, or the main file."""
        return next((part for part in self.parts if part.id == part_id), None)

    def list_versions_of(self, part_id: UUID | None) -> list["Version"]:
        """The versions of the file of a part, or of the main file (None), newest first; none of a part that it has not."""
        if part_id is None:
            return self.versions
        part = self.find_part(part_id)
        return part.versions if part else []

    @property
    def files(self) -> list["Version"]:
        """Every version of its main file and of its parts."""
        of_parts = [version for part in self.parts for version in part.versions]
        return [*self.versions, *of_parts]

    def find_published_before(self, version: "Version") -> "Version | None":
        """The version that was published last before this one."""
        public = [
            earlier
            for earlier in self.list_versions_of(version.part_id)
            if earlier.published_at is not None and earlier.number < version.number
        ]
        return max(public, key=lambda earlier: earlier.number, default=None)

    def is_accepted(self, version: "Version") -> bool:
        """Whether the portal last accepted this version."""
        return self.record is not None and version.file_id == self.accepted_file_id

    def record_event(self, author: Author | None, action: str, **detail: Any) -> None:
        """Add one line to its history; no author when the portal or the node did it.

        Raises:
            DetachedInstanceError: it belongs to no open session.
        """
        session = object_session(self)
        if session is None:
            raise DetachedInstanceError(f"The dataset {self.id} has no session.")
        session.add(DatasetEvent.by(author, self.id, action, detail))


class PartRole(StrEnum):
    """What a part is to its dataset: the first three are files kept here, the others are addresses elsewhere."""

    DATA = "data"
    DOCUMENTATION = "documentation"
    ARCHIVE = "archive"
    LINK = "link"
    SERVICE = "service"


class DatasetPart(TenantColumns, NodeTable):
    """What a dataset has beside its main file: a further file with its own versions, a link or a service.

    Its id is RUDI's `media_id`; `position` counts from 1. `published_at` is that of a link or a service, whose `address`
    it is; a file is published version by version. `first_day` and `last_day` are the period that it is about.
    `is_public`: everybody reads this documentation, even if the dataset is restricted.
    """

    __tablename__ = "dataset_part"
    __table_args__ = (
        tenant_foreign_key("dataset_id", "dataset"),
        Index("ix_dataset_part_dataset", "tenant_id", "dataset_id", "position"),
    )

    dataset_id: Mapped[UUID]
    position: Mapped[int]
    role: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    first_day: Mapped[date | None]
    last_day: Mapped[date | None]
    address: Mapped[str] = mapped_column(Text, server_default="")
    documentation: Mapped[str] = mapped_column(Text, server_default="")
    is_public: Mapped[bool] = mapped_column(server_default="false")
    published_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    updated_at: Mapped[datetime] = mapped_column(server_default=text("now()"))

    dataset: Mapped[Dataset] = relationship(back_populates="parts")
    versions: Mapped[list["Version"]] = relationship(
        lazy="selectin",
        order_by="Version.number.desc()",
        back_populates="part",
        cascade="all, delete-orphan",
        overlaps="dataset,versions",
    )

    @property
    def is_file(self) -> bool:
        """Whether its bytes are kept here."""
        return not self.address

    def require_file(self) -> None:
        """Refuse bytes for a link or a service (`ConflictError`)."""
        if not self.is_file:
            raise ConflictError("This is a link: it has no file here.")

    @property
    def pending(self) -> "Version | None":
        """The version of its file that waits to be published, if any."""
        if self.versions and self.versions[0].published_at is None:
            return self.versions[0]
        return None

    @property
    def published(self) -> "Version | None":
        """The version of its file that was published last, if any."""
        return next(
            (version for version in self.versions if version.published_at), None
        )


class Version(TenantColumns, NodeTable):
    """One file of a dataset, with what was understood of it; of its main file where it names no part."""

    __tablename__ = "version"
    __table_args__ = (
        tenant_foreign_key("dataset_id", "dataset"),
        tenant_foreign_key("file_id", "stored_file"),
        tenant_foreign_key("part_id", "dataset_part"),
        UniqueConstraint(
            "tenant_id",
            "dataset_id",
            "part_id",
            "number",
            name="uq_version_number",
            postgresql_nulls_not_distinct=True,
        ),
        Index("ix_version_part", "tenant_id", "part_id"),
    )

    dataset_id: Mapped[UUID]
    part_id: Mapped[UUID | None]
    file_id: Mapped[UUID]
    number: Mapped[int]
    profile: Mapped[dict[str, Any]]
    note: Mapped[str] = mapped_column(Text, server_default="")
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    published_at: Mapped[datetime | None]

    dataset: Mapped[Dataset] = relationship(
        back_populates="versions", overlaps="file,part"
    )
    part: Mapped[DatasetPart | None] = relationship(
        back_populates="versions", overlaps="dataset,file,versions"
    )
    file: Mapped[StoredFile] = relationship(
        lazy="joined", innerjoin=True, overlaps="dataset,part,versions"
    )
    preparation: Mapped["Preparation | None"] = relationship(
        lazy="joined",
        uselist=False,
        back_populates="version",
        cascade="all, delete-orphan",
    )

    @property
    def is_publication_requested(self) -> bool:
        """Whether somebody asked that it be published with nobody looking."""
        return (
            self.preparation is not None and self.preparation.requested_by is not None
        )


class PreparationState(StrEnum):
    """How far the look at a file went: `failed` waits for a person, `plain` is what is no table."""

    WAITING = "waiting"
    READY = "ready"
    PLAIN = "plain"
    FAILED = "failed"


class Preparation(TenantColumns, NodeTable):
    """What the node found out about the file of a version, beside its profile.

    `revision` counts how often it was asked, so that an answer to an earlier question changes nothing. `corrections`
    is what the producer said of the file, `findings` what was found by kind of look, `derived` the suffixes of the
    objects that were made of it (`StoredFile.derived_key`), `reason` why it is published in spite of a stop. `requested_by`
    is who asked that it be published once nothing stops it: `person` or `key`, empty for the node itself.
    """

    __tablename__ = "preparation"
    __table_args__ = (
        tenant_foreign_key("version_id", "version"),
        UniqueConstraint("tenant_id", "version_id", name="uq_preparation_version"),
    )

    version_id: Mapped[UUID]
    revision: Mapped[int] = mapped_column(server_default="1")
    state: Mapped[str] = mapped_column(Text, server_default=PreparationState.WAITING)
    corrections: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    findings: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    derived: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    failure: Mapped[str] = mapped_column(Text, server_default="")
    reason: Mapped[str] = mapped_column(Text, server_default="")
    requested_by: Mapped[dict[str, str] | None] = mapped_column(
        JSONB(none_as_null=True)
    )
    expectation: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """What its script expects of it (`Expectation`): where it is not met, it is not published by itself."""
    updated_at: Mapped[datetime] = mapped_column(server_default=text("now()"))

    version: Mapped[Version] = relationship(
        back_populates="preparation", overlaps="file,dataset,versions"
    )

    def request_publication(self, author: Author) -> None:
        """Keep that somebody asks that the version be published with nobody looking."""
        key_id = author.key_id if isinstance(author, Sender) else None
        ids = {"person": author.person_id, "key": key_id}
        self.requested_by = {
            name: str(identifier)
            for name, identifier in ids.items()
            if identifier is not None
        }

    @property
    def requester(self) -> Sender:
        """Who asked for that; without a person and a key, the node itself."""
        ids = self.requested_by or {}
        person = UUID(ids["person"]) if "person" in ids else None
        key = UUID(ids["key"]) if "key" in ids else None
        return Sender(person, key)

    @property
    def table(self) -> str:
        """The suffix of the typed table; empty when there is none."""
        return next(iter(self.derived), "")

    @property
    def cells(self) -> str:
        """The suffix of the list of every cell to look at; empty when there is none."""
        return next(iter(self.derived[1:]), "")

    def forget_cells(self) -> None:
        """Drop the cells that do not fit, which only the newest version lists; their numbers stay."""
        schema = self.findings.get("schema")
        trimmed = {"schema": {**schema, "errors": []}} if schema else {}
        self.findings = {**self.findings, "errors": [], **trimmed}

    @property
    def suffixes(self) -> list[str]:
        """Of every object that a look may have left, those that were cut short too."""
        suffix_functions = (table_suffix, cells_suffix, tables_suffix)
        return [
            suffix(revision)
            for revision in range(1, self.revision + 1)
            for suffix in suffix_functions
        ]


def table_suffix(revision: int) -> str:
    """Each look writes a table of its own: one that ends late takes the place of no newer one."""
    return f"{revision}.table.parquet"


def cells_suffix(revision: int) -> str:
    """The list of every cell to look at, which the same look wrote."""
    return f"{revision}.cells.jsonl.gz"


def tables_suffix(revision: int) -> str:
    """The tables of the file beside its main one, end to end."""
    return f"{revision}.tables.bin"


class Delivery(TenantColumns, NodeTable):
    """What the portal should know of a dataset, and how far that went: one row a dataset.

    `revision` counts what was asked; a job or a report of an earlier one changes nothing. `file_id` is the file that the
    `record` describes, `listed_parts` the files of parts that it names, and the links and services by their part's id.
    """

    __tablename__ = "delivery"
    __table_args__ = (
        tenant_foreign_key("dataset_id", "dataset"),
        UniqueConstraint("tenant_id", "dataset_id", name="uq_delivery_dataset"),
    )

    dataset_id: Mapped[UUID]
    revision: Mapped[int] = mapped_column(server_default="1")
    method: Mapped[str] = mapped_column(Text)
    record: Mapped[dict[str, Any] | None]
    file_id: Mapped[UUID | None]
    listed_parts: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid), server_default="{}")
    state: Mapped[str] = mapped_column(Text, server_default=DeliveryState.QUEUED)
    attempts: Mapped[int] = mapped_column(server_default="0")
    next_attempt_at: Mapped[datetime | None]
    error: Mapped[str] = mapped_column(Text, server_default="")
    report_id: Mapped[str] = mapped_column(Text, server_default="")
    earlier_reports: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    report: Mapped[dict[str, Any] | None]
    updated_at: Mapped[datetime] = mapped_column(server_default=text("now()"))

    dataset: Mapped[Dataset] = relationship(back_populates="delivery")


class DatasetEvent(TenantColumns, NodeTable):
    """Who did what, when: rows are only ever added. A person is an id; None is the portal or the node itself."""

    __tablename__ = "dataset_event"
    __table_args__ = (
        Index("ix_dataset_event_dataset", "tenant_id", "dataset_id", "happened_at"),
    )

    dataset_id: Mapped[UUID]
    person_id: Mapped[UUID | None]
    action: Mapped[str] = mapped_column(Text)
    detail: Mapped[dict[str, Any]]
    happened_at: Mapped[datetime] = mapped_column(
        server_default=text("clock_timestamp()")
    )

    @classmethod
    def by(
        cls,
        author: Author | None,
        dataset_id: UUID,
        action: str,
        detail: dict[str, Any],
    ) -> "DatasetEvent":
        """What somebody did, with the key of a script that did it."""
        if isinstance(author, Sender) and author.key_id is not None:
            detail = {**detail, "key": str(author.key_id)}
        person_id = author.person_id if author else None
        return cls(
            dataset_id=dataset_id, person_id=person_id, action=action, detail=detail
        )
