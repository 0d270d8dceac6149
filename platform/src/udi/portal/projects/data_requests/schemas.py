"""What the API says of requests for data, and what it is told: these types are what is sent and described."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from litestar.openapi.spec import Tag
from litestar.params import PathParameter
from msgspec import Meta, Struct

from udi.kit.paging import PAGE_SIZE, Page
from udi.portal.catalogue.models import Dataset
from udi.portal.organisations.models import Organisation
from udi.portal.projects.data_requests import models
from udi.portal.projects.data_requests.decisions import DECISIONS
from udi.portal.projects.data_requests.queries import BOARDS, DataRequestRecipient
from udi.portal.projects.data_requests.transitions import DataRequestState
from udi.portal.projects.schemas import Address, Instant, Language
from udi.protocol.themes import THEMES
from udi.ui.openapi.parameters import PageNumber, page_size

SCOPE = "access"
BASE = "/api/v1/data-requests"
PAGE = "/data-requests"
WITHDRAW = "withdraw"
EVENTS = (WITHDRAW, *DECISIONS)
DataRequestStateCode = Annotated[
    str,
    Meta(
        description="Where the request stands.",
        extra_json_schema={"enum": list(DataRequestState)},
    ),
]
Theme = Annotated[
    str,
    Meta(
        description="Code of a theme; empty: none.",
        extra_json_schema={"enum": [*THEMES, ""]},
    ),
]
Need = Annotated[str, Meta(description="What the data are needed for.")]
Due = Annotated[date, Meta(description="By when a producer should have answered.")]
Supporters = Annotated[
    int, Meta(description="How many others need the same data.", ge=0)
]


TAG = Tag("data-requests", "Requests for data")
DataRequestPath = Annotated[
    UUID, PathParameter(description="Identifier of the request.")
]


class DataRequestListParameters(Struct, kw_only=True):
    """The query of the list of requests for data."""

    show: Annotated[
        str,
        Meta(
            description="Those that are open, that are answered, or both.",
            extra_json_schema={"enum": list(BOARDS)},
            examples=["all"],
        ),
    ] = "open"
    page: PageNumber = 1
    size: Annotated[int, page_size("Requests a page.")] = PAGE_SIZE


class DataProducer(Struct, frozen=True, kw_only=True):
    """A producer."""

    slug: str
    name: str


class DataRequestRecipientItem(Struct, frozen=True, kw_only=True):
    """A producer to whom the request was sent."""

    slug: str
    name: str
    sent: Instant
    passed: Annotated[
        Instant | None,
        Meta(description="Since when it says that it does not hold such data."),
    ]


class ResultingDataset(Struct, frozen=True, kw_only=True):
    """The dataset that came of the request."""

    id: UUID
    title: str
    page: Address


class DataRequestItem(Struct, frozen=True, kw_only=True):
    """A request for data in a list."""

    id: UUID
    title: str
    language: Language
    theme: Theme
    state: DataRequestStateCode
    supporters: Supporters
    submitted: Instant
    due: Due
    url: Annotated[str, Meta(description="Path of the request in this API.")]
    page: Address

    @classmethod
    def of(cls, row: models.DataRequest, origin: str) -> "DataRequestItem":
        """A row, on the portal at `origin`."""
        return cls(**_common_fields(row, origin), url=f"{BASE}/{row.id}")


@dataclass(frozen=True)
class DataRequestRelations:
    """What belongs to a request."""

    routes: Sequence[DataRequestRecipient]
    dataset: Dataset | None
    answered_by: Organisation | None


class DataRequestDetail(Struct, frozen=True, kw_only=True):
    """A request for data that nobody publishes."""

    id: UUID
    title: str
    words: Need
    language: Language
    theme: Theme
    state: DataRequestStateCode
    supporters: Supporters
    submitted: Instant
    changed: Instant
    due: Due
    producers: list[DataRequestRecipientItem]
    answer: Annotated[str, Meta(description="What was answered, in words.")]
    answered: Annotated[Instant | None, Meta(description="When it was answered.")]
    answered_by: Annotated[
        DataProducer | None,
        Meta(description="Who answered; null of an answer: the territory’s team."),
    ]
    promised: Annotated[date | None, Meta(description="By when the data are promised.")]
    dataset: Annotated[
        ResultingDataset | None, Meta(description="The dataset that came of it.")
    ]
    merged_into: Annotated[
        UUID | None, Meta(description="The request that it was joined with.")
    ]
    page: Address

    @classmethod
    def of(
        cls, row: models.DataRequest, around: DataRequestRelations, origin: str
    ) -> "DataRequestDetail":
        """A row with what belongs to it, on the portal at `origin`."""
        dataset = around.dataset
        by = around.answered_by
        return cls(
            **_common_fields(row, origin),
            words=row.words,
            changed=row.changed_at,
            answer=row.answer,
            answered=row.answered_at,
            producers=[
                DataRequestRecipientItem(
                    slug=route.organisation.slug,
                    name=route.organisation.name,
                    sent=route.row.sent_at,
                    passed=route.row.passed_at,
                )
                for route in around.routes
            ],
            answered_by=DataProducer(slug=by.slug, name=by.name) if by else None,
            promised=row.promised_on,
            dataset=ResultingDataset(
                id=dataset.id, title=dataset.title, page=f"{origin}/data/{dataset.id}"
            )
            if dataset
            else None,
            merged_into=row.merged_into,
        )


class DataRequestPage(Struct, frozen=True, kw_only=True):
    """One page of requests for data."""

    total: Annotated[int, Meta(ge=0)]
    page: Annotated[
        int,
        Meta(description="Which page this is; past the last one, the last one.", ge=1),
    ]
    size: Annotated[int, Meta(description="Requests a page.", ge=1, le=100)]
    items: list[DataRequestItem]

    @classmethod
    def of(cls, page: Page[models.DataRequest], origin: str) -> "DataRequestPage":
        """What a board shows."""
        items = [DataRequestItem.of(row, origin) for row in page.items]
        return cls(total=page.total, page=page.number, size=page.size, items=items)


class MyDataRequests(Struct, frozen=True, kw_only=True):
    """The requests for data of a person."""

    sent: Annotated[list[DataRequestItem], Meta(description="Those that I made.")]
    to_answer: Annotated[
        list[DataRequestItem],
        Meta(description="Those that wait for an organisation for which I publish."),
    ]


class NewDataRequest(Struct, kw_only=True):
    """Data that somebody needs and does not find."""

    title: Annotated[str, Meta(description="The data, in a few words.")]
    words: Need
    theme: Theme = ""


class DataRequestDraftParameters(Struct, kw_only=True):
    """The query of a draft of a request for data."""

    title: Annotated[
        str, Meta(description="The data, in a few words.", examples=["Noise at night"])
    ] = ""
    words: Annotated[
        str,
        Meta(
            description="What the data are needed for.",
            examples=["A map of quiet streets."],
        ),
    ] = ""
    theme: Theme = ""


class DataRequestEventInput(Struct, kw_only=True):
    """What happens to a request for data."""

    event: Annotated[
        str,
        Meta(
            description="It is withdrawn, promised, declined, answered by a dataset, or passed on; by the team, merged with another, sent, hidden, shown or reopened.",
            extra_json_schema={"enum": list(EVENTS)},
        ),
    ]
    words: Annotated[str, Meta(description="The message with it.")] = ""
    day: Annotated[
        str, Meta(description="By when the data are promised, such as 2026-05-31.")
    ] = ""
    dataset: Annotated[
        str, Meta(description="Identifier of the dataset that answers.")
    ] = ""
    into: Annotated[
        str, Meta(description="Identifier of the request that it is joined with.")
    ] = ""
    organisation: Annotated[
        str, Meta(description="Readable name of the producer to whom it is sent.")
    ] = ""


def _common_fields(row: models.DataRequest, origin: str) -> dict[str, Any]:
    return {
        "id": row.id,
        "title": row.title,
        "language": row.language,
        "theme": row.theme,
        "state": row.state,
        "supporters": row.supporters,
        "submitted": row.submitted_at,
        "due": row.due_on,
        "page": f"{origin}{PAGE}/{row.id}",
    }
