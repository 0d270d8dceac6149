"""What the API says of sources, of their readings and of each record: the types that answer, which its document shows."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from litestar.openapi.spec import Tag
from litestar.params import PathParameter
from msgspec import UNSET, Meta, Struct, UnsetType

from udi.kit.paging import MAX_PAGE_SIZE
from udi.portal.nodes.harvest.faults import FaultLevel
from udi.portal.nodes.sources.filter_preview import FilterPreview, PreviewBasis
from udi.portal.nodes.sources.filters import SourceFilters, read_row
from udi.portal.nodes.sources.models import (
    CatalogueSource,
    RecordOutcome,
    RunOutcome,
    SourceAction,
    SourceFault,
    SourceRhythm,
    SourceRun,
    SourceState,
)
from udi.portal.nodes.sources.run_log import read_fault
from udi.portal.organisations.models import Organisation

PATH = "/api/v1/sources"
Translate = Callable[[str], str]


def _described(description: str, **more: Any) -> Meta:
    return Meta(description=description, **more)


def one_of(values: Iterable[str]) -> dict[str, Any]:
    """What a schema says of a text that is one of these."""
    return {"enum": [str(value) for value in values]}


def _instant(description: str) -> Meta:
    return Meta(description=description, tz=True)


Address = Annotated[str, _described("Address.", extra_json_schema={"format": "uri"})]
Rhythm = Annotated[
    str, _described("How often it is read.", extra_json_schema=one_of(SourceRhythm))
]
TAG = Tag("sources", "Catalogues that are read")
SourcePath = Annotated[UUID, PathParameter(description="Identifier of the source.")]
ReadingPath = Annotated[UUID, PathParameter(description="Identifier of the reading.")]
RecordPath = Annotated[
    UUID,
    PathParameter(description="Identifier of the dataset that the record is here."),
]
Links = Annotated[
    dict[str, Address],
    _described("Where the list goes on: self, first, and next until its end."),
]
Size = Annotated[int, _described("How many at most.", ge=1, le=100)]


BatchSize = Annotated[int, _described("How many at most.", ge=1, le=MAX_PAGE_SIZE)]
CURSOR = "Where to go on, as the link “next” of an answer says."


class SourceListParameters(Struct, kw_only=True):
    """The query of the list of sources."""

    cursor: Annotated[UUID, _described(CURSOR)] | UnsetType = UNSET
    size: BatchSize = MAX_PAGE_SIZE


class ReadingListParameters(SourceListParameters, kw_only=True):
    """The query of the list of the readings of a source."""


class RecordListParameters(Struct, kw_only=True):
    """The query of the report of a reading."""

    cursor: Annotated[int, _described(CURSOR, ge=0)] | UnsetType = UNSET
    size: BatchSize = MAX_PAGE_SIZE
    action: (
        Annotated[
            str,
            _described(
                "Only what was done so.", extra_json_schema=one_of(RecordOutcome)
            ),
        ]
        | UnsetType
    ) = UNSET


class RecordFault(Struct, kw_only=True):
    """Something to mend, in the reader’s language."""

    level: Annotated[
        str,
        _described(
            "How grave it is: a refusal keeps the record out.",
            extra_json_schema=one_of(FaultLevel),
        ),
    ]
    code: str
    field: Annotated[str, _described("Where it is, in the words of the source.")]
    value: Annotated[
        str | int | float | None, _described("What the source says there, cut short.")
    ]
    reason: Annotated[str, _described("What is wrong with it.")]
    remedy: Annotated[str, _described("The edit that mends it.")]

    @classmethod
    def of(cls, row: SourceFault, say: Translate) -> Self:
        """A fault that was kept."""
        reason, remedy = read_fault(row).translate(say)
        value = row.filled.get("value")
        return cls(
            level=row.level,
            code=row.code,
            field=row.field,
            value=value,
            reason=reason,
            remedy=remedy,
        )


class SourceReading(Struct, kw_only=True):
    """One reading of a source: found is created, updated, unchanged and refused together."""

    id: UUID
    started: Annotated[datetime, _instant("When it began.")]
    ended: Annotated[
        Annotated[datetime, Meta(tz=True)] | None,
        _described("When it ended; null while it goes on."),
    ]
    outcome: Annotated[
        str | None,
        _described(
            "How it ended; null while it goes on.",
            extra_json_schema={"enum": [*map(str, RunOutcome), None]},
        ),
    ]
    total: Annotated[int, _described("Records that were there.")]
    created: int
    updated: int
    unchanged: int
    refused: int
    withdrawn: Annotated[
        int, _described("Those that were not there for the second time.")
    ]
    missing: Annotated[int, _described("Those that were not there, and are kept.")]
    left_out: Annotated[
        int,
        _described("Things that are no dataset: services, organisations, reuses."),
    ]
    filtered: Annotated[
        int, _described("Datasets that the filters leave out; in no other count.")
    ]
    incremental: Annotated[
        bool, _described("Whether only what changed was read, and the rest listed.")
    ]
    documents: Annotated[int, _described("Documents that were read.")]
    bytes: int
    faults: Annotated[
        list[RecordFault], _described("What was wrong with the source itself.")
    ]
    records: Annotated[
        str,
        _described(
            "Address of what was done with each record.",
            extra_json_schema={"format": "uri"},
        ),
    ]

    @classmethod
    def of(
        cls, run: SourceRun, faults: Sequence[SourceFault], origin: str, say: Translate
    ) -> Self:
        """A reading with what was wrong with its source."""
        counts = (
            "total",
            "created",
            "updated",
            "unchanged",
            "refused",
            "withdrawn",
            "missing",
            "left_out",
            "filtered",
            "incremental",
        )
        return cls(
            id=run.id,
            started=run.started_at,
            ended=run.ended_at,
            outcome=run.outcome or None,
            **{name: getattr(run, name) for name in counts},
            documents=run.pages,
            bytes=run.size,
            faults=[RecordFault.of(fault, say) for fault in faults],
            records=f"{origin}{PATH}/{run.source_id}/readings/{run.id}/records",
        )


class SourceReadingBatch(Struct, kw_only=True):
    """Some readings of a source, the newest first; the last thirty are kept."""

    size: Size
    items: list[SourceReading]
    links: Links


class SourceRecordResult(Struct, kw_only=True):
    """What a reading did with one record."""

    action: Annotated[
        str,
        _described(
            "Those that are as before are told where something can be mended.",
            extra_json_schema=one_of(RecordOutcome),
        ),
    ]
    identifier: Annotated[str, _described("As the source writes it.")]
    title: str
    dataset: Annotated[
        UUID | None,
        _described("The dataset that it is here; null where nothing of it is shown."),
    ]
    original: Annotated[
        str | None,
        _described("Address of the record as the source wrote it, where it is kept."),
    ]
    faults: list[RecordFault]

    @classmethod
    def of(
        cls,
        row: SourceAction,
        faults: Sequence[SourceFault],
        source: UUID,
        origin: str,
        say: Translate,
    ) -> Self:
        """An action with what there is to mend."""
        if row.dataset_id:
            original = f"{origin}{PATH}/{source}/records/{row.dataset_id}"
        else:
            original = None
        return cls(
            action=str(row.action),
            identifier=row.identifier,
            title=row.title,
            dataset=row.dataset_id,
            original=original,
            faults=[RecordFault.of(fault, say) for fault in faults],
        )


class SourceRecordResultBatch(Struct, kw_only=True):
    """What a reading did with some of the records, in the order in which it met them."""

    size: Size
    items: list[SourceRecordResult]
    links: Links


class SourceProducer(Struct, kw_only=True):
    """The producer for whom a source is read."""

    id: UUID
    slug: str
    name: str


class SourceItem(Struct, kw_only=True):
    """A catalogue of somebody else’s that is read here at a rhythm."""

    id: UUID
    address: Annotated[str, _described("As it was registered.")]
    producer: SourceProducer
    rhythm: Rhythm
    language: Annotated[str, _described("Of texts that do not say theirs.")]
    state: Annotated[
        str,
        _described(
            "Whether it is read; vanished: it waits for a person.",
            extra_json_schema=one_of(SourceState),
        ),
    ]
    format: Annotated[str, _described("As it was recognised; empty until it was read.")]
    catalogue: Annotated[
        str, _described("Where its catalogue was found from there; empty until it was.")
    ]
    next: Annotated[
        Annotated[datetime, Meta(tz=True)] | None,
        _described("When it is to be read; null: when asked."),
    ]
    filters: Annotated[
        SourceFilters, _described("Which of its datasets are taken; empty: all.")
    ]
    failures: Annotated[int, _described("Readings that failed one after the other.")]
    datasets: Annotated[int, _described("Datasets of it that are published.")]
    registered: Annotated[datetime, Meta(tz=True)]
    last: Annotated[SourceReading | None, _described("The last reading that ended.")]
    url: Address
    page: Annotated[
        str,
        _described(
            "Address of its page for people.", extra_json_schema={"format": "uri"}
        ),
    ]

    @classmethod
    def of(
        cls,
        source: CatalogueSource,
        producer: Organisation,
        last: SourceReading | None,
        origin: str,
    ) -> Self:
        """A source with its producer and its last reading."""
        return cls(
            id=source.id,
            address=source.address,
            rhythm=str(source.rhythm),
            language=source.language,
            producer=SourceProducer(
                id=producer.id, slug=producer.slug, name=producer.name
            ),
            state=str(source.state),
            format=source.format,
            catalogue=source.entry,
            next=source.next_at,
            filters=read_row(source.filters),
            failures=source.failures,
            datasets=source.dataset_count,
            registered=source.created_at,
            last=last,
            url=f"{origin}{PATH}/{source.id}",
            page=f"{origin}/sources/{source.id}",
        )


class SourceBatch(Struct, kw_only=True):
    """Some of the sources that the person looks after."""

    size: Size
    items: list[SourceItem]
    links: Links


class NewSource(Struct, kw_only=True):
    """A catalogue to read from now on; rhythm is daily, and language the territory’s first, where they are left out."""

    address: Annotated[str, _described("That of its home page is often enough.")]
    producer: Annotated[
        str,
        _described(
            "Readable name of the producer under whose name the datasets appear."
        ),
    ]
    rhythm: Rhythm = "daily"
    language: Annotated[str, _described("Of texts that do not say theirs.")] = ""
    filters: Annotated[
        SourceFilters | UnsetType, _described("Which of its datasets are taken.")
    ] = UNSET


class SourceChange(Struct, kw_only=True):
    """What is to change of a source: one of these at least."""

    rhythm: Rhythm | UnsetType = UNSET
    address: Annotated[
        str | UnsetType,
        _described("Where its catalogue is now; its datasets keep their addresses."),
    ] = UNSET
    filters: Annotated[
        SourceFilters | UnsetType,
        _described(
            "Which of its datasets are taken; it is read at once, and the others are withdrawn."
        ),
    ] = UNSET


class FilterPreviewItem(Struct, kw_only=True):
    """What filters would take of a source; nothing is saved."""

    basis: Annotated[
        str,
        _described(
            "What was counted: the last complete reading, or the first page, read now.",
            extra_json_schema=one_of(PreviewBasis),
        ),
    ]
    at: Annotated[datetime, _instant("When that was read.")]
    total: Annotated[int, _described("Datasets that were counted.")]
    taken: int
    left_out_by: Annotated[
        dict[str, int], _described("How many each filter leaves out.")
    ]
    withdrawn: Annotated[int, _described("Datasets that are published, and would go.")]
    announced: Annotated[
        int | None, _described("How many datasets the catalogue says that it has.")
    ]
    left_out_titles: Annotated[
        list[str], _described("Some that would be left out, for example.")
    ]
    faults: Annotated[
        list[str], _described("Why the first page could not be read, if so.")
    ]

    @classmethod
    def of(cls, preview: FilterPreview, say: Translate) -> Self:
        """A preview, in the reader’s language."""
        return cls(
            basis=str(preview.met.basis),
            at=preview.met.moment,
            total=preview.count.total,
            taken=preview.count.taken,
            left_out_by=preview.count.left_out_by,
            withdrawn=preview.withdrawn,
            announced=preview.met.announced,
            left_out_titles=list(preview.count.left_out_titles),
            faults=[fault.translate(say)[0] for fault in preview.met.faults],
        )
