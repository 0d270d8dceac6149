"""What the API says of calls for projects: these types are what is sent, and what the OpenAPI document describes."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from litestar.openapi.spec import Tag
from litestar.params import PathParameter
from msgspec import Meta, Struct

from udi.kit.paging import Page
from udi.portal.catalogue.models import Dataset
from udi.portal.organisations.models import Organisation
from udi.portal.projects.calls import models
from udi.portal.projects.calls.queries import PAGE as PAGE_LENGTH
from udi.portal.projects.calls.queries import call_state
from udi.portal.projects.calls.transitions import CallState
from udi.portal.projects.schemas import Address, Instant, Language, Summaries, Titles
from udi.ui.openapi.parameters import PageNumber, page_size

BASE = "/api/v1/calls"
SCOPE = "calls"
PAGE = "/calls"
PUBLIC_STATES = [state for state in CallState if state != CallState.DRAFT]
CallStateCode = Annotated[
    str,
    Meta(
        description="Where the call stands.", extra_json_schema={"enum": PUBLIC_STATES}
    ),
]


TAG = Tag("calls", "Calls for projects")
CallPath = Annotated[UUID, PathParameter(description="Identifier of the call.")]
SubmissionPath = Annotated[
    UUID, PathParameter(description="Identifier of the submission.")
]


class CallListParameters(Struct, kw_only=True):
    """The query of the list of calls."""

    page: PageNumber = 1
    size: Annotated[int, page_size("Calls a page.")] = PAGE_LENGTH


class CallOrganiser(Struct, frozen=True, kw_only=True):
    """An organisation that calls."""

    slug: str
    name: str


Organiser = Annotated[
    CallOrganiser | None, Meta(description="Who calls; null: the territory’s team.")
]


class CallItem(Struct, frozen=True, kw_only=True):
    """A call for projects in a list."""

    id: UUID
    title: str
    titles: Titles
    summary: str
    summaries: Summaries
    language: Language
    state: CallStateCode
    organiser: Organiser
    opened: Instant
    closes: Annotated[
        datetime, Meta(tz=True, description="Until when projects may answer.")
    ]
    results: Annotated[
        datetime, Meta(tz=True, description="When the results are expected.")
    ]
    url: Annotated[str, Meta(description="Path of the call in this API.")]
    page: Address

    @classmethod
    def of(
        cls, row: models.Call, organiser: Organisation | None, origin: str
    ) -> "CallItem":
        """A row, on the portal at `origin`."""
        return cls(**_common_fields(row, organiser, origin), url=f"{BASE}/{row.id}")


class CallCriterionItem(Struct, frozen=True, kw_only=True):
    """What answers are judged by."""

    label: str
    labels: Annotated[
        dict[str, str],
        Meta(description="The label by language, in that of the call first."),
    ]
    points: Annotated[int, Meta(description="As many at most.", ge=1)]


class CallDatasetItem(Struct, frozen=True, kw_only=True):
    """A dataset that the call offers."""

    id: UUID
    title: str
    page: Address


class CallQuestionItem(Struct, frozen=True, kw_only=True):
    """A question, once it is answered; nobody is told who asked."""

    question: str
    answer: str
    answered: Instant


class Laureate(Struct, frozen=True, kw_only=True):
    """A project that was chosen."""

    title: str
    titles: Titles
    summary: str
    summaries: Summaries
    points: Annotated[float, Meta(description="The mean of its jurors.")]
    reason: Annotated[str, Meta(description="Why it was chosen.")]


class CallDetail(Struct, frozen=True, kw_only=True):
    """A call for projects."""

    id: UUID
    title: str
    titles: Titles
    summary: str
    summaries: Summaries
    words: Annotated[
        str,
        Meta(description="The text of the call; an empty line begins a new paragraph."),
    ]
    words_by_language: Annotated[
        dict[str, str], Meta(description="The text of the call by language.")
    ]
    language: Language
    state: CallStateCode
    organiser: Organiser
    opened: Instant
    closes: Annotated[
        datetime, Meta(tz=True, description="Until when projects may answer.")
    ]
    results: Annotated[
        datetime, Meta(tz=True, description="When the results are expected.")
    ]
    published: Annotated[
        Instant | None, Meta(description="Since when the results are public.")
    ]
    criteria: list[CallCriterionItem]
    datasets: list[CallDatasetItem]
    questions: list[CallQuestionItem]
    laureates: Annotated[
        list[Laureate],
        Meta(description="Those that were chosen, once the results are public."),
    ]
    page: Address

    @classmethod
    def of(
        cls,
        row: models.Call,
        organiser: Organisation | None,
        *,
        criteria: Sequence[models.CallCriterion],
        datasets: Sequence[Dataset],
        questions: Sequence[models.CallQuestion],
        laureates: Sequence[models.Submission],
        origin: str,
    ) -> "CallDetail":
        """A row with what belongs to it, on the portal at `origin`."""
        return cls(
            **_common_fields(row, organiser, origin),
            words=row.words,
            words_by_language=row.texts_of("words"),
            published=row.published_at,
            criteria=[
                CallCriterionItem(
                    label=criterion.label,
                    labels=criterion.texts_of(row),
                    points=criterion.points,
                )
                for criterion in criteria
            ],
            datasets=[
                CallDatasetItem(
                    id=dataset.id,
                    title=dataset.title,
                    page=f"{origin}/data/{dataset.id}",
                )
                for dataset in datasets
            ],
            questions=[
                CallQuestionItem(
                    question=question.question,
                    answer=question.answer,
                    answered=question.answered_at,
                )
                for question in questions
                if question.answered_at
            ],
            laureates=[
                Laureate(
                    title=laureate.title,
                    titles=laureate.titles,
                    summary=laureate.summary,
                    summaries=laureate.summaries,
                    points=laureate.total or 0.0,
                    reason=laureate.reason,
                )
                for laureate in laureates
            ],
        )


class CallPage(Struct, frozen=True, kw_only=True):
    """One page of calls."""

    total: Annotated[int, Meta(ge=0)]
    page: Annotated[
        int,
        Meta(description="Which page this is; past the last one, the last one.", ge=1),
    ]
    size: Annotated[int, Meta(description="Calls a page.", ge=1, le=100)]
    items: list[CallItem]

    @classmethod
    def of(
        cls,
        page: Page[models.Call],
        organisers: Mapping[UUID, Organisation],
        origin: str,
    ) -> "CallPage":
        """What a list found, with the organisations that call."""
        items = [
            CallItem.of(
                row,
                organisers.get(row.organisation_id) if row.organisation_id else None,
                origin,
            )
            for row in page.items
        ]
        return cls(total=page.total, page=page.number, size=page.size, items=items)


def _common_fields(
    row: models.Call, organiser: Organisation | None, origin: str
) -> dict[str, Any]:
    return {
        "id": row.id,
        "title": row.title,
        "titles": row.titles,
        "summary": row.summary,
        "summaries": row.summaries,
        "language": row.language,
        "state": call_state(row),
        "organiser": CallOrganiser(slug=organiser.slug, name=organiser.name)
        if organiser
        else None,
        "opened": row.opened_at,
        "closes": row.closes_at,
        "results": row.results_at,
        "page": f"{origin}{PAGE}/{row.id}",
    }
