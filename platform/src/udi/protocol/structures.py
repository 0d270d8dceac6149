"""The dataset record as this project holds it: RUDI's metadata with one shape for texts, instants and identifiers.

What a structure has no field for is kept in its `extra`, under RUDI's names, and written back.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct, field

from udi.protocol.access import AccessRights
from udi.protocol.formats import API, file_label, link_label, service_label
from udi.protocol.licences import LICENCES, NOT_STATED, Licence, find_licence
from udi.protocol.restricted_data import is_terms_of_agreement
from udi.protocol.texts import Texts
from udi.protocol.vocabulary import MediaKind, MediaRole, StorageStatus

Extra = dict[str, Any]


class Coordinates(Struct, frozen=True):
    latitude: float
    longitude: float


class Organisation(Struct, frozen=True, kw_only=True):
    id: UUID
    name: str
    address: str = ""
    caption: str = ""
    summary: str = ""
    coordinates: Coordinates | None = None
    extra: Extra = field(default_factory=dict)


class Contact(Struct, frozen=True, kw_only=True):
    id: UUID
    name: str
    email: str
    organisation: str = ""
    role: str = ""
    summary: str = ""
    phone: str = ""
    url: str = ""
    """RUDI has neither: `contact_phone` and `contact_page` are ours."""
    extra: Extra = field(default_factory=dict)


class Dates(Struct, frozen=True, kw_only=True):
    """Instants in UTC.

    RUDI asks for `created` and `updated`. Where a source says neither, `unstated` names the one that only stands for it
    (`created`, `updated`): it orders lists, and is told to nobody. RUDI has no field for it: `unstated` is ours.
    """

    created: datetime
    updated: datetime
    validated: datetime | None = None
    published: datetime | None = None
    expires: datetime | None = None
    deleted: datetime | None = None
    unstated: tuple[str, ...] = ()

    @property
    def stated_creation(self) -> datetime | None:
        """When it was created, where somebody said so."""
        return None if "created" in self.unstated else self.created

    @property
    def stated_update(self) -> datetime | None:
        """When it last changed, where somebody said so."""
        return None if "updated" in self.unstated else self.updated


class Checksum(Struct, frozen=True):
    """`algorithm` is MD5, SHA-256 or SHA-512; RUDI does not say that the value is hexadecimal."""

    algorithm: str
    value: str


class MediaColumn(Struct, frozen=True):
    """A column of an open table: its name in the file, and the unit of its values as the file writes it."""

    name: str
    unit: str = ""


class MediaTable(Struct, frozen=True, kw_only=True):
    """One of several tables of an open file: a sheet, a layer, a member of an archive; `url` is the page of its data."""

    name: str
    url: str = ""
    records: int | None = None
    fields: int | None = None


class NamedResource(Struct, frozen=True, kw_only=True):
    """A place, a subject, a standard or a source: its address, its name, or both."""

    uri: str = ""
    label: str = ""


class Agent(Struct, frozen=True, kw_only=True):
    """Somebody as a source describes them: names by language, address, identifier there, kind, mail and page.

    `is_person`: the source says that it is a natural person.
    """

    name: Texts = field(default_factory=dict)
    uri: str = ""
    identifier: str = ""
    kind: str = ""
    email: str = ""
    url: str = ""
    is_person: bool | None = None


class ContactPoint(Struct, frozen=True, kw_only=True):
    """Whom to ask, without an e-mail address that a `Contact` has: a telephone number, a page, or only a name."""

    name: str = ""
    organisation: str = ""
    phone: str = ""
    url: str = ""
    role: str = ""


class Interval(Struct, frozen=True, kw_only=True):
    """A period that data speak of; the side that nobody said is open."""

    start: datetime | None = None
    end: datetime | None = None


class Metadata(Struct, frozen=True, kw_only=True):
    """What DCAT-AP says of a dataset and RUDI has no field for; `dcat` in RUDI's JSON, a name of ours.

    `themes` are codes of the EU's table, `subjects` those of other vocabularies. Addresses of the EU's tables stay addresses.
    `access` is a code of its table of access rights, which says more than whether a record is public or restricted.
    """

    themes: tuple[str, ...] = ()
    subjects: tuple[NamedResource, ...] = ()
    hvd_categories: tuple[str, ...] = ()
    applicable_legislation: tuple[str, ...] = ()
    keywords: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """By language, where they are in several."""
    publisher: Agent | None = None
    creators: tuple[Agent, ...] = ()
    rights_holders: tuple[Agent, ...] = ()
    contact_points: tuple[ContactPoint, ...] = ()
    periods: tuple[Interval, ...] = ()
    """Where there are several, or one without a start."""
    temporal_resolution: str = ""
    """A duration of ISO 8601."""
    places: tuple[NamedResource, ...] = ()
    spatial_resolution: float | None = None
    """Metres."""
    landing_page: str = ""
    documentation: tuple[str, ...] = ()
    provenance: tuple[Texts, ...] = ()
    sources: tuple[NamedResource, ...] = ()
    conforms_to: tuple[NamedResource, ...] = ()
    version: str = ""
    version_notes: Texts = field(default_factory=dict)
    access: str = ""
    identifiers: tuple[str, ...] = ()
    """What its source calls it besides `local_id`, `doi` and `dataverse_doi`."""


class MediaMetadata(Struct, frozen=True, kw_only=True):
    """What DCAT-AP says of a distribution and RUDI has no field for; `dcat` in RUDI's JSON, a name of ours.

    `format` is a code of the EU's file types. `endpoint` is what programs call, where the address is another.
    `checksum` is of an algorithm that RUDI has not, or of what a service gives.
    """

    captions: Texts = field(default_factory=dict)
    """By language, the main one included, where there are several."""
    rights: Texts = field(default_factory=dict)
    rights_statements: tuple[str, ...] = ()
    access_url: str = ""
    """Where it is not that of the file."""
    is_download: bool | None = None
    """Whether the source says that the address is that of the file itself; None where that follows from what it is."""
    endpoint: str = ""
    format: str = ""
    media_type: str = ""
    size: int | None = None
    checksum: Checksum | None = None
    status: str = ""
    availability: str = ""
    languages: tuple[str, ...] = ()
    conforms_to: tuple[str, ...] = ()
    standards: tuple[str, ...] = ()
    """Names of those that it conforms to and that have no address."""
    documentation: tuple[str, ...] = ()
    periods: tuple[Interval, ...] = ()
    """What it speaks of, where the dataset has a file for each period."""


class Media(Struct, frozen=True, kw_only=True):
    """A file, a service or a series of one dataset; `size` in bytes, `counters` under RUDI's names (SERIES only).

    `role` is a word of `vocabulary.MediaRole`, or of others; `access` is `vocabulary.PUBLIC_MEDIA` where everybody reads a
    file of restricted data, else empty. RUDI has neither: `media_role` and `media_access` are ours.
    RUDI has no field for `columns` and `tables`: `file_columns` and `file_tables` are ours.
    `names` is the name by language, the main one included, where it has several: `media_names` is ours.
    """

    id: UUID
    kind: MediaKind
    url: str
    contract: str = ""
    parameters: tuple[dict[str, Any], ...] = ()
    name: str = ""
    names: Texts = field(default_factory=dict)
    caption: str = ""
    role: str = ""
    access: str = ""
    visual: str = ""
    dates: Dates | None = None
    media_type: str = ""
    size: int | None = None
    checksum: Checksum | None = None
    structure: str = ""
    encoding: str = ""
    columns: tuple[MediaColumn, ...] = ()
    tables: tuple[MediaTable, ...] = ()
    documentation: str = ""
    counters: dict[str, int] = field(default_factory=dict)
    metadata: MediaMetadata = field(default_factory=MediaMetadata)
    extra: Extra = field(default_factory=dict)

    @property
    def format(self) -> str:
        """The short label of `formats.py`: CSV, GeoJSON, WMS, API."""
        if self.role == MediaRole.LINK:
            return link_label(self.url)
        if self.kind is MediaKind.FILE:
            return file_label(self.media_type)
        if self.kind is MediaKind.SERVICE:
            return service_label(self.contract)
        return API

    @property
    def is_service(self) -> bool:
        """Whether programs call it; a link is read by people, though RUDI knows no other kind for it."""
        return self.kind is MediaKind.SERVICE and self.role != MediaRole.LINK


class BoundingBox(Struct, frozen=True, kw_only=True):
    """Degrees in WGS 84; west is greater than east where the area crosses the antimeridian."""

    west: float
    south: float
    east: float
    north: float


class Geography(Struct, frozen=True, kw_only=True):
    """`shape` is GeoJSON; `projection` is that of the data, in words."""

    box: BoundingBox
    shape: dict[str, Any] | None = None
    projection: str = ""


class Period(Struct, frozen=True):
    """What the data speak of; no end while it goes on."""

    start: datetime
    end: datetime | None = None


class Series(Struct, frozen=True):
    """A series that a dataset belongs to: its address, and its title by language where it is known."""

    url: str
    title: Texts = field(default_factory=dict)


class DatasetSize(Struct, frozen=True):
    records: int | None = None
    fields: int | None = None


class LicenceTerms(Struct, frozen=True, kw_only=True):
    """A code of `licences.py`, or the name and address of another licence."""

    code: str = ""
    label: Texts = field(default_factory=dict)
    url: str = ""

    @property
    def is_agreement(self) -> bool:
        """Whether it is no licence but the terms of agreements, each about one project."""
        return not self.code and is_terms_of_agreement(self.label)

    @property
    def standard_licence(self) -> Licence | None:
        """The licence of `licences.py` that its code, or else its address, means; its words, where it has none."""
        if self.code:
            return LICENCES.get(self.code)
        if self.url:
            return find_licence(self.url)
        known = (find_licence(words) for words in self.label.values())
        return next(filter(None, known), None)

    @property
    def is_stated(self) -> bool:
        """Whether its source names a licence."""
        return bool(self.code) or self.label != NOT_STATED

    @property
    def name(self) -> Texts:
        """Its name to show: what the producer wrote, for a licence without a code."""
        if self.code in LICENCES:
            return LICENCES[self.code].name
        return self.label

    @property
    def link(self) -> str:
        """Where to read it."""
        if self.code in LICENCES:
            return LICENCES[self.code].url
        return self.url


class Constraints(Struct, frozen=True, kw_only=True):
    """What a licence does not say: how to use, what to cite, what to mention, how to get access."""

    usage: Texts = field(default_factory=dict)
    reference: Texts = field(default_factory=dict)
    mention: Texts = field(default_factory=dict)
    access: Texts = field(default_factory=dict)
    other: Texts = field(default_factory=dict)


class Description(Struct, frozen=True, kw_only=True):
    """Who describes the dataset, when, and after which source."""

    dates: Dates | None = None
    contacts: tuple[Contact, ...] = ()
    source: str = ""


class Record(Struct, frozen=True, kw_only=True):
    """A dataset. Texts are plain, but for `summary_html`, which is harmless HTML.

    The version of the format and the provider are no part of it: the writer says the first, the portal knows the
    second from the node that speaks.
    """

    id: UUID
    title: str
    titles: Texts = field(default_factory=dict)
    """The title by language, the main one included, where it has several; RUDI has none for it: `resource_titles` is ours."""
    synopsis: Texts
    summary: Texts
    summary_html: Texts = field(default_factory=dict)
    theme: str
    keywords: tuple[str, ...]
    producer: Organisation
    contacts: tuple[Contact, ...]
    media: tuple[Media, ...]
    dates: Dates
    access: AccessRights
    licence: LicenceTerms
    personal: bool = False
    storage: StorageStatus = StorageStatus.ONLINE
    languages: tuple[str, ...] = ("fr",)
    constraints: Constraints = field(default_factory=Constraints)
    period: Period | None = None
    frequency: str = ""
    """How often the data are updated, a code of the EU's table; RUDI has no field for it: `update_frequency` is ours."""
    series: tuple[Series, ...] = ()
    """Those that it belongs to; RUDI has no field for it: `dataset_series` is ours."""
    geography: Geography | None = None
    size: DatasetSize | None = None
    local_id: str = ""
    doi: str = ""
    dataverse_doi: str = ""
    description: Description = field(default_factory=Description)
    metadata: Metadata = field(default_factory=Metadata)
    extensions: Extra = field(default_factory=dict)
    extra: Extra = field(default_factory=dict)

    @property
    def formats(self) -> list[str]:
        """The formats of its files and services, each once, in their order."""
        return list(dict.fromkeys(media.format for media in self.media))
