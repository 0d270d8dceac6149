"""What a catalogue of others says, in one shape whatever the format; `extra` keeps what has no field here.

Dates are ISO 8601 as precise as the source: `2019`, `2019-09`, `2019-09-30` or `2019-09-30T22:00:00+02:00`.
Terms of a vocabulary are the EU's identifiers; what cannot be mapped stays under its own words.
"""

import hashlib
import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from udi.portal.nodes.harvest.faults import FaultLevel, HarvestFault
from udi.protocol.texts import Texts
from udi.protocol.userinfo import strip_credentials, without_credentials

Words = dict[str, tuple[str, ...]]
"""Keywords by language."""


class RecordKind(StrEnum):
    """What a description is about; services and reuses are found and shown, and are no dataset."""

    DATASET = "dataset"
    SERIES = "series"
    SERVICE = "service"
    REUSE = "reuse"


NO_DATASETS = frozenset({RecordKind.SERVICE, RecordKind.REUSE})
NAMES_OF_ONE = 3
"""Names by which a service or a reuse may call each dataset, such as an identifier, an address and a page."""


class IdentityBasis(StrEnum):
    """What a record is known by: its own identifier, or what stands for one."""

    IDENTIFIER = "identifier"
    FILE = "file"
    TITLE = "title"


class DistributionKind(StrEnum):
    """How a distribution is used: downloaded, called, or only read about on a page."""

    FILE = "file"
    SERVICE = "service"
    PAGE = "page"


@dataclass(frozen=True)
class VocabularyTerm:
    """A word of a vocabulary: its address where the source gives one, and its words."""

    uri: str = ""
    label: str = ""


@dataclass(frozen=True, kw_only=True)
class Agent:
    """Who publishes, made or owns the data."""

    name: Texts = field(default_factory=dict)
    identifier: str = ""
    uri: str = ""
    type: str = ""
    email: str = ""
    url: str = ""
    is_person: bool = False
    """Whether the source says that it is a natural person."""


PERSON = re.compile(
    r"(?:.*[/#:])?(?:person|private[\W_]*individual(?:s|\(s\)|%28s%29)?)",
    re.IGNORECASE,
)


def is_person_type(wording: str) -> bool:
    """Whether a type of somebody means a natural person: `foaf:Person`, ADMS's `PrivateIndividual(s)`."""
    return PERSON.fullmatch(wording.strip()) is not None


@dataclass(frozen=True, kw_only=True)
class HarvestedContact:
    """Whom to write to, and in which organisation; `role` as the source says it, empty where it says nothing."""

    name: str = ""
    organisation: str = ""
    email: str = ""
    phone: str = ""
    url: str = ""
    role: str = ""


@dataclass(frozen=True, kw_only=True)
class HarvestedLicence:
    """`uri` is the EU's identifier where one is known, else the source's; `code` one of `protocol.licences`.

    `source` is what the source wrote; `match` says how it was found, as `vocabulary.LicenceMatch` does.
    `labels` are its names by language, where the source gives several and no table knows it.
    """

    uri: str = ""
    label: str = ""
    code: str = ""
    match: str = ""
    source: str = ""
    labels: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class HarvestedChecksum:
    """`algorithm` as `MD5`, `SHA-1`, `SHA-256` or `SHA-512`; the value in lower case."""

    algorithm: str
    value: str


@dataclass(frozen=True)
class HarvestedPeriod:
    """An empty side is open."""

    start: str = ""
    end: str = ""


@dataclass(frozen=True, kw_only=True)
class SpatialCoverage:
    """`box` is west, south, east, north in degrees of WGS 84; `geometry` is GeoJSON; `resolution` in metres."""

    box: tuple[float, float, float, float] | None = None
    geometry: dict[str, Any] | None = None
    places: tuple[VocabularyTerm, ...] = ()
    resolution: float | None = None
    systems: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class DataService:
    """The service behind a distribution."""

    endpoint: str = ""
    description: str = ""
    conforms_to: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class HarvestedDistribution:
    """A file, a service or a page; `format` is a code of the EU's file types (`CSV`), `format_label` the source's words."""

    identifier: str = ""
    title: Texts = field(default_factory=dict)
    description: Texts = field(default_factory=dict)
    kind: DistributionKind = DistributionKind.FILE
    access_url: str = ""
    download_url: str = ""
    format: str = ""
    format_label: str = ""
    media_type: str = ""
    is_media_type_stated: bool = False
    """Whether the source says the media type: else it is that of the format."""
    compress_format: str = ""
    package_format: str = ""
    byte_size: int | None = None
    checksum: HarvestedChecksum | None = None
    licence: HarvestedLicence | None = None
    rights: Texts = field(default_factory=dict)
    rights_statements: tuple[str, ...] = ()
    documentation: tuple[str, ...] = ()
    periods: tuple[HarvestedPeriod, ...] = ()
    issued: str = ""
    modified: str = ""
    languages: tuple[str, ...] = ()
    conforms_to: tuple[str, ...] = ()
    availability: str = ""
    status: str = ""
    service: DataService | None = None
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """The file itself where it is known, else where to get it."""
        return self.download_url or self.access_url


@dataclass(frozen=True)
class SourceStatement:
    """One value that a source says of a record, under the name of its own format."""

    field: str
    value: str


@dataclass(frozen=True)
class OriginalRecord:
    """The record as the source wrote it, or the part of the source's document that speaks of it.

    `statements` is the same value by value, where the reader of its format lists them.
    """

    media_type: str
    body: bytes
    statements: tuple[SourceStatement, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "body", without_credentials(self.body))

    @property
    def sha256(self) -> str:
        """In hexadecimal. The same description gives the same sum, whatever stands around it in the document."""
        return hashlib.sha256(self.body).hexdigest()


@dataclass(frozen=True, kw_only=True)
class HarvestedRecord:
    """One dataset, series, service or reuse of a source.

    `identifier` is the source's own, as written; `aliases` are the other names under which it is known there.
    `usage` is what it says of the use of the data besides a licence, `access_conditions` of access, `rights` of neither.
    Languages are ISO 639-1 codes; `frequency` is a code of the EU's table (`ANNUAL`), `access` of its table of rights.
    """

    identifier: str
    title: Texts
    source_record: OriginalRecord
    kind: RecordKind = RecordKind.DATASET
    identified_by: IdentityBasis = IdentityBasis.IDENTIFIER
    aliases: tuple[str, ...] = ()
    identifiers: tuple[str, ...] = ()
    """What the source calls it besides `identifier`: among `aliases`, without addresses that only stand for one."""
    description: Texts = field(default_factory=dict)
    keywords: Words = field(default_factory=dict)
    themes: tuple[str, ...] = ()
    themes_other: tuple[VocabularyTerm, ...] = ()
    hvd_categories: tuple[str, ...] = ()
    publisher: Agent | None = None
    publisher_stated: bool = True
    """Whether the source calls it so: where it names none, who holds the rights or wrote the data stands for it."""
    creators: tuple[Agent, ...] = ()
    rights_holders: tuple[Agent, ...] = ()
    contacts: tuple[HarvestedContact, ...] = ()
    distributions: tuple[HarvestedDistribution, ...] = ()
    licence: HarvestedLicence | None = None
    access: str = ""
    access_reason: str = ""
    rights: Texts = field(default_factory=dict)
    created: str = ""
    usage: Texts = field(default_factory=dict)
    access_conditions: Texts = field(default_factory=dict)
    issued: str = ""
    modified: str = ""
    frequency: str = ""
    temporal: tuple[HarvestedPeriod, ...] = ()
    temporal_resolution: str = ""
    spatial: SpatialCoverage = field(default_factory=SpatialCoverage)
    languages: tuple[str, ...] = ()
    landing_page: str = ""
    documentation: tuple[str, ...] = ()
    provenance: Texts = field(default_factory=dict)
    provenance_statements: tuple[Texts, ...] = ()
    """All of them, where there are several."""
    sources: tuple[VocabularyTerm, ...] = ()
    conforms_to: tuple[str, ...] = ()
    standards: tuple[VocabularyTerm, ...] = ()
    """The same with their names, where the source gives them."""
    applicable_legislation: tuple[str, ...] = ()
    version: str = ""
    version_notes: Texts = field(default_factory=dict)
    series: tuple[str, ...] = ()
    series_titles: tuple[tuple[str, Texts], ...] = ()
    """Of those among them that are series of DCAT at an address: it, and the title by language."""
    source_modified: str = ""
    serves: tuple[str, ...] = ()
    """Of a service: the identifiers of the datasets that it serves; of a reuse, of those that it uses."""
    is_serving_elsewhere: bool = False
    """Of a service: whether another document names those datasets, and not this one."""
    extra: dict[str, Any] = field(default_factory=dict)
    faults: tuple[HarvestFault, ...] = ()

    def __post_init__(self) -> None:
        strip_credentials(self)


@dataclass(frozen=True, kw_only=True)
class RefusedRecord:
    """What was found and could not become a record, with at least one fault that says why.

    Its level is `FaultLevel.REFUSED` when the source must mend something, `FaultLevel.IGNORED` when it is no dataset at all.
    """

    faults: tuple[HarvestFault, ...]
    kind: RecordKind = RecordKind.DATASET
    identifier: str = ""
    title: str = ""
    source_record: OriginalRecord | None = None

    def __post_init__(self) -> None:
        strip_credentials(self)

    @property
    def is_dataset(self) -> bool:
        """Whether it is a dataset that was found and refused, and not a service or something else."""
        levels = {fault.level for fault in self.faults}
        return (
            self.kind not in NO_DATASETS
            and FaultLevel.REFUSED in levels
            and FaultLevel.IGNORED not in levels
        )


@dataclass(frozen=True, kw_only=True)
class HarvestedPage:
    """What one document of a source holds.

    `records` are datasets and series, `services` and `reuses` are counted apart. `next` is the address of the following page, empty on
    the last; `links` are documents to read one by one (a folder, a list without descriptions). `total` is what the source
    announces, never to be trusted. `present` are identifiers of what is there, of a document that names no more. `faults` are those of the document itself; one of level REFUSED means that nothing of
    it may be used, and nothing withdrawn because of it.
    """

    format: str
    records: tuple[HarvestedRecord, ...] = ()
    services: tuple[HarvestedRecord, ...] = ()
    reuses: tuple[HarvestedRecord, ...] = ()
    refused: tuple[RefusedRecord, ...] = ()
    next: str = ""
    links: tuple[str, ...] = ()
    present: tuple[str, ...] = ()
    total: int | None = None
    faults: tuple[HarvestFault, ...] = ()

    @property
    def dataset_count(self) -> int:
        """Datasets and series that the document holds, whether they can be used or not."""
        return len(self.records) + sum(refusal.is_dataset for refusal in self.refused)

    @property
    def thing_count(self) -> int:
        """Whatever the document holds: datasets, services and the rest."""
        return (
            len(self.records)
            + len(self.services)
            + len(self.reuses)
            + len(self.refused)
            + len(self.present)
        )

    @property
    def readable(self) -> bool:
        """Whether the document could be read at all."""
        return all(fault.level is not FaultLevel.REFUSED for fault in self.faults)
