"""What the API says of datasets and producers: these types are what is sent, and what the OpenAPI document describes."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from litestar.openapi.spec import Example, Tag
from litestar.params import PathParameter
from msgspec import Meta, Struct

from udi.kit.tenancy import Territory
from udi.portal.catalogue import models
from udi.portal.catalogue.dataset_rows import reading_producer_of
from udi.portal.catalogue.file_schemas import DistributionDetail
from udi.portal.catalogue.queries import DatasetSummary, SearchPage
from udi.portal.organisations.models import Organisation
from udi.protocol.metadata_json import read_frequency, read_metadata, write_metadata

BASE = "/api/v1"


def _describe(description: str, **limits: Any) -> Meta:
    return Meta(description=description, **limits)


DatasetId = Annotated[UUID, _describe("Identifier of the dataset, for good.")]
ProducerId = Annotated[UUID, _describe("Identifier of the producer, for good.")]
Name = Annotated[str, _describe("Name, as it is written for people.")]
Texts = Annotated[dict[str, str], _describe("Text by language: two-letter codes.")]
Address = Annotated[str, Meta(extra_json_schema={"format": "uri"})]
Page = Annotated[
    str,
    _describe("Address of the page for people.", extra_json_schema={"format": "uri"}),
]
Slug = Annotated[str, _describe("Readable name in addresses.")]
Title = Annotated[str, _describe("Title, as the producer wrote it.")]
Titles = Annotated[
    dict[str, str],
    _describe(
        "Title by language, where the producer wrote several; empty where there is one."
    ),
]
Theme = Annotated[
    str, _describe("Code of a theme, as the parameter of the same name takes it.")
]
Access = Annotated[
    str, _describe("Who may read the data: public, or restricted.", examples=["public"])
]
Licence = Annotated[
    str,
    _describe(
        "Code of the licence; “other” when the producer’s record names one of its own, “not-stated” when it names none, “agreement” where the terms of an agreement are in its place."
    ),
]
Formats = Annotated[
    list[str], _describe("Kinds of files and services: CSV, GeoJSON, WMS…")
]
Instant = Annotated[datetime, Meta(tz=True)]
Modified = Annotated[
    Instant | None,
    _describe("When the data last changed; null where nobody says it."),
]
Published = Annotated[datetime, _describe("When this portal first showed it.", tz=True)]


CATALOGUE = Tag("catalogue", "The catalogue")
DatasetPath = Annotated[UUID, PathParameter(description="Identifier of the dataset.")]
ProducerPath = Annotated[
    str,
    PathParameter(
        description="Readable name of the producer.",
        min_length=1,
        examples=[Example(value="mairie")],
    ),
]


class ProducerName(Struct, frozen=True, kw_only=True):
    """Who publishes, in short."""

    slug: Slug
    name: Name


class ProducerReference(Struct, frozen=True, kw_only=True):
    """Who publishes a dataset."""

    id: ProducerId
    slug: Slug
    name: Name


class TerritoryReference(Struct, frozen=True, kw_only=True):
    """The territory that publishes a dataset."""

    slug: Slug
    name: Texts
    url: Annotated[Address, _describe("Address of its portal.")]


class DatasetItem(Struct, frozen=True, kw_only=True):
    """A dataset in a list."""

    id: DatasetId
    title: Title
    titles: Titles
    synopsis: Texts
    theme: Theme
    access: Access
    licence: Licence
    formats: Formats
    modified: Modified
    published: Published
    producer: ProducerName
    url: Annotated[
        str,
        _describe(
            "Path of the dataset in this API; its address in that of another territory."
        ),
    ]
    page: Page
    territory: Annotated[
        TerritoryReference | None,
        _describe(
            "Who publishes it, where several territories are searched together; null else."
        ),
    ]

    @classmethod
    def of(cls, line: DatasetSummary, origin: str) -> "DatasetItem":
        """A line of a search, on the portal at `origin`."""
        same = (
            "id",
            "title",
            "titles",
            "synopsis",
            "theme",
            "access",
            "licence",
            "formats",
        )
        return cls(
            **{name: getattr(line, name) for name in same},
            modified=line.stated_update,
            published=line.published_at,
            producer=ProducerName(slug=line.producer, name=line.producer_name),
            url=f"{line.origin}{BASE}/datasets/{line.id}",
            page=f"{line.origin or origin}/data/{line.id}",
            territory=TerritoryReference(
                slug=line.territory, name=line.territory_name, url=line.origin
            )
            if line.territory
            else None,
        )


class DatasetPeriod(Struct, frozen=True, kw_only=True):
    """What time the data are about; either end may be open."""

    start: Instant | None
    end: Instant | None


class OtherOrigin(Struct, frozen=True, kw_only=True):
    """Another catalogue that describes the dataset."""

    site: Annotated[str, _describe("Name of its host.")]
    url: Annotated[str, _describe("Its page there; empty where it has none.")]
    identifier: Annotated[str, _describe("Its identifier there; empty without one.")]
    since: Annotated[str, _describe("The day on which it was first read there.")]

    @classmethod
    def of(cls, other: dict[str, str]) -> "OtherOrigin":
        """An entry of the row of a dataset."""
        return cls(
            site=other["site"],
            url=other["url"],
            identifier=other["identifier"],
            since=other["since"],
        )


class DatasetDetail(Struct, frozen=True, kw_only=True):
    """A dataset: our words for it, and the producer’s record."""

    id: DatasetId
    title: Title
    titles: Titles
    synopsis: Texts
    summary: Texts
    theme: Theme
    keywords: Annotated[list[str], _describe("Words that its producer chose for it.")]
    access: Access
    licence: Licence
    languages: Annotated[
        list[str], _describe("Languages of the data: two-letter codes.")
    ]
    created: Annotated[
        Instant | None,
        _describe("When the data were made; null where nobody says it."),
    ]
    modified: Modified
    published: Published
    frequency: Annotated[
        str,
        _describe(
            "How often the data are updated, a code of the EU’s table; empty where nobody says it.",
            examples=["MONTHLY"],
        ),
    ]
    period: DatasetPeriod
    bbox: Annotated[
        list[float] | None, _describe("West, south, east, north, in degrees (WGS 84).")
    ]
    producer: ProducerReference
    harvester: Annotated[
        ProducerReference | None,
        _describe("The producer that reads it in a catalogue of others; null else."),
    ]
    distributions: list[DistributionDetail]
    other_origins: Annotated[
        list[OtherOrigin], _describe("Other catalogues that describe it as well.")
    ]
    page: Page
    metadata: Annotated[
        dict[str, Any],
        _describe(
            "What DCAT-AP says of it besides, where its source does: themes, subjects, agents, places, periods, pages, provenance, standards, versions."
        ),
    ]
    record: Annotated[
        dict[str, Any], _describe("RUDI’s metadata, as the producer’s node sent it.")
    ]

    @classmethod
    def of(cls, row: models.Dataset, origin: str) -> "DatasetDetail":
        """A row of the catalogue with its producer and its distributions, on the portal at `origin`."""
        same = (
            "id",
            "title",
            "titles",
            "synopsis",
            "summary",
            "theme",
            "keywords",
            "access",
            "licence",
            "languages",
            "record",
        )
        sides = [
            side
            for side in (row.west, row.south, row.east, row.north)
            if side is not None
        ]
        owner = row.organisation
        file_names = row.file_names
        harvester = reading_producer_of(row)
        return cls(
            **{name: getattr(row, name) for name in same},
            created=row.stated_creation,
            modified=row.stated_update,
            published=row.published_at,
            frequency=read_frequency(row.record),
            metadata=write_metadata(read_metadata(row.record)),
            period=DatasetPeriod(start=row.period_start, end=row.period_end),
            bbox=sides if len(sides) == 4 else None,  # noqa: PLR2004 - a rectangle has four sides
            producer=ProducerReference(id=owner.id, slug=owner.slug, name=owner.name),
            harvester=ProducerReference(
                id=harvester.id, slug=harvester.slug, name=harvester.name
            )
            if harvester
            else None,
            distributions=[
                DistributionDetail.of(media, file_names.get(str(media.id), {}))
                for media in row.distributions
            ],
            other_origins=[OtherOrigin.of(other) for other in row.other_origins],
            page=f"{origin}/data/{row.id}",
        )


class Producer(Struct, frozen=True, kw_only=True):
    """A producer of the territory."""

    id: ProducerId
    slug: Slug
    name: Name
    summary: Texts
    email: Annotated[
        str, _describe("Where to write to it; empty when it gives no address.")
    ]
    website: Annotated[str, _describe("Its own site; empty when it has none.")]
    address: Annotated[str, _describe("Where it is; empty when it does not say.")]
    datasets: Annotated[int, _describe("How many datasets it has published.", ge=0)]
    url: Annotated[str, _describe("Path of the producer in this API.")]
    page: Page

    @classmethod
    def of(
        cls, row: Organisation, counts: Mapping[UUID, int], origin: str
    ) -> "Producer":
        """A row, with how many datasets each organisation has, on the portal at `origin`."""
        same = ("id", "slug", "name", "summary", "email", "address")
        return cls(
            **{name: getattr(row, name) for name in same},
            website=row.url,
            datasets=counts.get(row.id, 0),
            url=f"{BASE}/producers/{row.slug}",
            page=f"{origin}/producers/{row.slug}",
        )


class ProducerList(Struct, frozen=True, kw_only=True):
    """Every producer of the territory."""

    total: Annotated[int, _describe("How many producers there are.", ge=0)]
    items: list[Producer]


class FacetCount(Struct, frozen=True, kw_only=True):
    """How many datasets a value of a filter would leave."""

    value: str
    count: Annotated[int, Meta(ge=0)]


class Replacement(Struct, frozen=True, kw_only=True):
    """A word that no dataset has, and the near one that was searched."""

    word: str
    by: Annotated[str, Meta(examples=["arbres"])]


class Completion(Struct, frozen=True, kw_only=True):
    """A word that no dataset has, and those that begin with it."""

    word: str
    by: Annotated[list[str], Meta(examples=[["arbres"]])]


class Synonyms(Struct, frozen=True, kw_only=True):
    """Words of the question, and what else was searched because it means the same."""

    words: str
    synonyms: list[str]
    themes: list[Theme]


class DatasetPage(Struct, frozen=True, kw_only=True):
    """One page of the datasets that answer a search."""

    total: Annotated[int, _describe("How many datasets answer.", ge=0)]
    page: Annotated[
        int, _describe("Which page this is; past the last one, the last one.", ge=1)
    ]
    size: Annotated[int, _describe("Datasets a page.", ge=1, le=100)]
    items: list[DatasetItem]
    facets: Annotated[
        dict[str, list[FacetCount]],
        _describe(
            "For each filter, its 50 most frequent values, or all where `facets` names it, counted as if that filter were not used."
        ),
    ]
    dropped: Annotated[
        list[str],
        _describe(
            "Words of a question of three or more that were left out, since no dataset has them all."
        ),
    ]
    replaced: list[Replacement]
    completed: list[Completion]
    also: list[Synonyms]
    prepared: Annotated[
        bool,
        _describe(
            "False while the index is being made: then the newest datasets, whatever was asked."
        ),
    ]
    links: Annotated[
        dict[str, Address],
        _describe("The pages around: self, first, prev, next, last."),
    ]
    shared: Annotated[bool, _describe("Whether other portals may show these answers.")]
    territory: Annotated[
        dict[str, str],
        _describe("Name of the territory by language: two-letter codes."),
    ]

    @classmethod
    def of(
        cls, page: SearchPage, territory: Territory, links: dict[str, str]
    ) -> "DatasetPage":
        """What a search found."""
        facets = {
            name: [
                FacetCount(value=value, count=count) for value, count in values.items()
            ]
            for name, values in page.facets.items()
        }
        also = [
            group for group in page.parsed_query.groups if group.also or group.themes
        ]
        return cls(
            total=page.total,
            page=page.criteria.page,
            size=page.criteria.size,
            items=[DatasetItem.of(line, territory.origin) for line in page.lines],
            facets=facets,
            replaced=[
                Replacement(word=word.text, by=word.instead)
                for word in page.words
                if word.instead
            ],
            dropped=[group.text for group in page.parsed_query.dropped],
            completed=[
                Completion(word=word.text, by=list(word.completed))
                for word in page.words
                if word.completed
            ],
            also=[
                Synonyms(
                    words=group.text,
                    synonyms=list(group.also),
                    themes=list(group.themes),
                )
                for group in also
            ],
            prepared=page.prepared,
            links=links,
            shared=territory.search.get("shared") is True,
            territory=dict(territory.name),
        )


class DatasetBatch(Struct, frozen=True, kw_only=True):
    """Some datasets of a walk through all of them."""

    size: Annotated[int, _describe("Datasets a batch, at most.", ge=1, le=100)]
    items: list[DatasetItem]
    links: Annotated[
        dict[str, Address],
        _describe("Where the walk goes on: self, first, and next until all were met."),
    ]

    @classmethod
    def of(
        cls, lines: Sequence[DatasetSummary], size: int, after: UUID | None, origin: str
    ) -> "DatasetBatch":
        """The lines after a dataset; one more than `size` says that the walk goes on."""
        start = f"{origin}{BASE}/datasets/all?size={size}"
        page_lines = lines[:size]
        links = {
            "self": start if after is None else f"{start}&cursor={after}",
            "first": start,
        }
        if len(lines) > size:
            links["next"] = f"{start}&cursor={page_lines[-1].id}"
        return cls(
            size=size,
            items=[DatasetItem.of(line, origin) for line in page_lines],
            links=links,
        )
