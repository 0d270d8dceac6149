"""What the API says of the publishers that a source names."""

from datetime import datetime
from typing import Annotated, Self

from msgspec import Meta, Struct

from udi.portal.nodes.sources.models import PublisherMatch
from udi.portal.nodes.sources.publishers.queries import PublisherSummary
from udi.portal.nodes.sources.schemas import one_of
from udi.portal.organisations.models import Organisation

DECISIONS = ("organisation", "new", "keep")


class PublisherOrganisation(Struct, kw_only=True):
    """An organisation of the territory."""

    slug: str
    name: str
    unclaimed: Annotated[
        bool, Meta(description="Whether nobody has joined for it yet.")
    ]

    @classmethod
    def of(cls, organisation: Organisation) -> Self:
        """An organisation as it is now."""
        return cls(
            slug=organisation.slug,
            name=organisation.name,
            unclaimed=organisation.unclaimed,
        )


class SourcePublisherItem(Struct, kw_only=True):
    """A publisher that records of a source name, and who it is here."""

    key: Annotated[str, Meta(description="What names it in this source.")]
    names: Annotated[
        dict[str, str], Meta(description="As the source writes them, by language.")
    ]
    uri: str
    number: Annotated[
        str, Meta(description="Of a public register, as the source writes it.")
    ]
    datasets: Annotated[int, Meta(description="How many datasets name it.")]
    organisation: Annotated[
        PublisherOrganisation,
        Meta(description="The organisation under which its datasets stand."),
    ]
    proposed: Annotated[
        PublisherOrganisation | None,
        Meta(description="The organisation that it seems to be, until it confirms."),
    ]
    how: Annotated[
        str,
        Meta(
            description="How the organisation was found.",
            extra_json_schema=one_of(PublisherMatch),
        ),
    ]
    first_seen: Annotated[datetime, Meta(description="When it was first met.", tz=True)]

    @classmethod
    def of(cls, summary: PublisherSummary) -> Self:
        """A publisher with its organisation."""
        row = summary.row
        return cls(
            key=row.key,
            names=dict(row.names),
            uri=row.uri,
            number=row.number,
            datasets=summary.count,
            organisation=PublisherOrganisation.of(summary.organisation),
            proposed=PublisherOrganisation.of(summary.proposed)
            if summary.proposed
            else None,
            how=row.how,
            first_seen=row.first_seen_at,
        )


class SourcePublisherList(Struct, kw_only=True):
    """The publishers of a source, those with the most datasets first."""

    total: int
    items: list[SourcePublisherItem]


class PublisherChoice(Struct, kw_only=True):
    """What a person says of one publisher of a source."""

    key: Annotated[str, Meta(description="What names it in this source.")]
    decision: Annotated[
        str,
        Meta(
            description="It is an organisation of the territory, or a new one; or its datasets stay under the producer that reads the source.",
            extra_json_schema=one_of(DECISIONS),
        ),
    ]
    organisation: Annotated[
        str, Meta(description="Short name of the organisation that it is.")
    ] = ""
