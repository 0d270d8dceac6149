"""What the API says of calls for projects: these types are what is sent, and what the OpenAPI document describes."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta, Struct

from udi.kit.paging import Page
from udi.portal.catalogue.models import Dataset
from udi.portal.organisations.models import Organisation
from udi.portal.projects.calls import models
from udi.portal.projects.calls.queries import standing
from udi.portal.projects.calls.states import State
from udi.portal.projects.shapes import Address, Instant, Language

BASE = "/api/v1/calls"
PAGE = "/calls"
SHOWN = [state for state in State if state != State.DRAFT]
Standing = Annotated[str, Meta(description="Where the call stands.", extra_json_schema={"enum": SHOWN})]


class CallOrganiser(Struct, frozen=True, kw_only=True):
    """An organisation that calls."""

    slug: str
    name: str


Organiser = Annotated[CallOrganiser | None, Meta(description="Who calls; null: the territory’s team.")]


class CallItem(Struct, frozen=True, kw_only=True):
    """A call for projects in a list."""

    id: UUID
    title: str
    summary: str
    language: Language
    state: Standing
    organiser: Organiser
    opened: Instant
    closes: Annotated[datetime, Meta(tz=True, description="Until when projects may answer.")]
    results: Annotated[datetime, Meta(tz=True, description="When the results are expected.")]
    url: Annotated[str, Meta(description="Path of the call in this API.")]
    page: Address

    @classmethod
    def of(cls, row: models.Call, organiser: Organisation | None, origin: str) -> "CallItem":
        """A row, on the portal at `origin`."""
        return cls(**_said(row, organiser, origin), url=f"{BASE}/{row.id}")


class CallCriterion(Struct, frozen=True, kw_only=True):
    """What answers are judged by."""

    label: str
    points: Annotated[int, Meta(description="As many at most.", ge=1)]


class CallDataset(Struct, frozen=True, kw_only=True):
    """A dataset that the call offers."""

    id: UUID
    title: str
    page: Address


class CallQuestion(Struct, frozen=True, kw_only=True):
    """A question, once it is answered; nobody is told who asked."""

    question: str
    answer: str
    answered: Instant


class Laureate(Struct, frozen=True, kw_only=True):
    """A project that was chosen."""

    title: str
    summary: str
    points: Annotated[float, Meta(description="The mean of its jurors.")]
    reason: Annotated[str, Meta(description="Why it was chosen.")]


class Call(Struct, frozen=True, kw_only=True):
    """A call for projects."""

    id: UUID
    title: str
    summary: str
    words: Annotated[str, Meta(description="The text of the call; an empty line begins a new paragraph.")]
    language: Language
    state: Standing
    organiser: Organiser
    opened: Instant
    closes: Annotated[datetime, Meta(tz=True, description="Until when projects may answer.")]
    results: Annotated[datetime, Meta(tz=True, description="When the results are expected.")]
    published: Annotated[Instant | None, Meta(description="Since when the results are public.")]
    criteria: list[CallCriterion]
    datasets: list[CallDataset]
    questions: list[CallQuestion]
    laureates: Annotated[list[Laureate], Meta(description="Those that were chosen, once the results are public.")]
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
    ) -> "Call":
        """A row with what belongs to it, on the portal at `origin`."""
        return cls(
            **_said(row, organiser, origin), words=row.words, published=row.published_at,
            criteria=[CallCriterion(label=each.label, points=each.points) for each in criteria],
            datasets=[CallDataset(id=each.id, title=each.title, page=f"{origin}/data/{each.id}") for each in datasets],
            questions=[
                CallQuestion(question=each.question, answer=each.answer, answered=each.answered_at)
                for each in questions if each.answered_at
            ],
            laureates=[
                Laureate(title=each.title, summary=each.summary, points=each.total or 0.0, reason=each.reason)
                for each in laureates
            ],
        )  # fmt: skip


class CallPage(Struct, frozen=True, kw_only=True):
    """One page of calls."""

    total: Annotated[int, Meta(ge=0)]
    page: Annotated[int, Meta(description="Which page this is; past the last one, the last one.", ge=1)]
    size: Annotated[int, Meta(description="Calls a page.", ge=1, le=100)]
    items: list[CallItem]

    @classmethod
    def of(cls, page: Page[models.Call], organisers: Mapping[UUID, Organisation], origin: str) -> "CallPage":
        """What a list found, with the organisations that call."""
        items = [
            CallItem.of(row, organisers.get(row.organisation_id) if row.organisation_id else None, origin)
            for row in page.items
        ]
        return cls(total=page.total, page=page.number, size=page.size, items=items)


def _said(row: models.Call, organiser: Organisation | None, origin: str) -> dict[str, Any]:
    return {
        "id": row.id, "title": row.title, "summary": row.summary, "language": row.language, "state": standing(row),
        "organiser": CallOrganiser(slug=organiser.slug, name=organiser.name) if organiser else None,
        "opened": row.opened_at, "closes": row.closes_at, "results": row.results_at, "page": f"{origin}{PAGE}/{row.id}",
    }  # fmt: skip
