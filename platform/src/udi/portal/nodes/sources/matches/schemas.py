"""What the API says of datasets that seem to be one."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from msgspec import Meta, Struct

from udi.portal.nodes.sources.likeness import MatchBasis
from udi.portal.nodes.sources.matches.queries import ComparedDataset, ProposedMatch
from udi.portal.nodes.sources.schemas import one_of

ANSWERS = ("same", "different")


class ComparedDatasetItem(Struct, kw_only=True):
    """One of two datasets that seem to be one."""

    id: UUID
    title: str
    organisation: Annotated[str, Meta(description="Under whom it stands here.")]
    publisher: Annotated[str, Meta(description="As its description names it.")]
    site: Annotated[
        str, Meta(description="Where it is read; empty: its node pushes it.")
    ]
    page: Annotated[str, Meta(description="Its page there.")]
    files: list[str]

    @classmethod
    def of(cls, compared: ComparedDataset) -> Self:
        """One of a pair."""
        return cls(
            id=compared.dataset.id,
            title=compared.dataset.title,
            organisation=compared.organisation.name,
            publisher=compared.publisher,
            site=compared.site,
            page=compared.page,
            files=list(compared.files),
        )


class DatasetMatchItem(Struct, kw_only=True):
    """Two datasets that seem to be one; the first was here before."""

    first: ComparedDatasetItem
    second: ComparedDatasetItem
    basis: Annotated[
        str,
        Meta(
            description="The surest thing that they have in common.",
            extra_json_schema=one_of(MatchBasis),
        ),
    ]
    since: Annotated[datetime, Meta(tz=True)]

    @classmethod
    def of(cls, proposed: ProposedMatch) -> Self:
        """A pair that waits."""
        return cls(
            first=ComparedDatasetItem.of(proposed.first),
            second=ComparedDatasetItem.of(proposed.second),
            basis=proposed.match.basis,
            since=proposed.match.proposed_at,
        )


class DatasetMatchList(Struct, kw_only=True):
    """Pairs that wait, the oldest first: a hundred at most, and how many there are."""

    total: int
    items: list[DatasetMatchItem]


class MatchAnswer(Struct, kw_only=True):
    """What a person says of two datasets."""

    first: UUID
    second: UUID
    answer: Annotated[
        str,
        Meta(
            description="Whether they are one; the page of the second goes then.",
            extra_json_schema=one_of(ANSWERS),
        ),
    ]
