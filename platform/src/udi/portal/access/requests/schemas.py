"""What the API says of requests for access, and what it is told: these types are what is sent and described."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from litestar.openapi.spec import Tag
from litestar.params import PathParameter
from msgspec import Meta, Struct

from udi.portal.access.agreements.creation import terms_of_request
from udi.portal.access.models import (
    AccessDocument,
    AccessRequest,
    AccessRequestState,
    AccessSide,
    AccessStep,
)
from udi.portal.access.policies.schemas import (
    AccessTerms,
    RestrictedDataset,
    RestrictingProducer,
)
from udi.portal.access.requests.queries import AccessRequestCase
from udi.portal.access.requests.transitions import ACCESS_REQUEST, AccessRequestEvent
from udi.protocol.policy import Requester
from udi.protocol.terms import Purpose, read_terms

SCOPE = "access"
BASE = "/api/v1/access-requests"
PAGE = "/access-requests"
EVENTS = tuple(
    dict.fromkeys(
        event
        for side in (AccessSide.REQUESTER, AccessSide.PRODUCER)
        for event in ACCESS_REQUEST.events_of(side)
        if event is not AccessRequestEvent.CORRECT
    )
)
Instant = Annotated[datetime, Meta(tz=True)]
Address = Annotated[str, Meta(extra_json_schema={"format": "uri"})]
Standing = Annotated[
    str,
    Meta(
        description="Where the request stands.",
        extra_json_schema={"enum": list(AccessRequestState)},
    ),
]
RequestSide = Annotated[
    str,
    Meta(
        description="On which side the person of the token is.",
        extra_json_schema={"enum": ["requester", "producer"]},
    ),
]
Due = Annotated[
    Instant | None,
    Meta(description="By when the producer answers; null while the days stand still."),
]
Use = Annotated[
    str,
    Meta(
        description="What the data are to be read for.",
        extra_json_schema={"enum": list(Purpose)},
    ),
]
Words = Annotated[str, Meta(description="What would be done with the data.")]
Interest = Annotated[
    str, Meta(description="How the project serves the general interest.")
]
Months = Annotated[int, Meta(description="For how many months.", ge=0)]
Columns = Annotated[
    list[str],
    Meta(description="Requested columns; none: all that the policy gives."),
]
Answers = Annotated[
    dict[str, str],
    Meta(description="Answers to the questions of the policy, by their names."),
]
Documents = Annotated[
    dict[str, str],
    Meta(
        description="Documents that the policy asks for, in base64, by the names of their questions: PDF, ODT, DOCX, TXT, PNG or JPEG, of 5 MB at most."
    ),
]
Filenames = Annotated[
    dict[str, str],
    Meta(description="Names of the files of these documents, by the same names."),
]
Revision = Annotated[
    int,
    Meta(
        description="How many times it was sent: say the one that you read when you decide.",
        ge=0,
    ),
]


TAG = Tag("access-requests", "Requests for access")
AccessRequestPath = Annotated[
    UUID, PathParameter(description="Identifier of the request.")
]
DocumentPath = Annotated[UUID, PathParameter(description="Identifier of the document.")]


class AccessProject(Struct, frozen=True, kw_only=True):
    """The project that asks, as it was said with the request."""

    id: UUID
    title: str
    summary: str


class AccessRequestItem(Struct, frozen=True, kw_only=True):
    """A request for access in a list."""

    id: UUID
    dataset: RestrictedDataset
    producer: RestrictingProducer
    project: AccessProject
    state: Standing
    side: RequestSide
    submitted: Instant
    due: Due
    revision: Revision
    url: Annotated[str, Meta(description="Path of the request in this API.")]
    page: Address

    @classmethod
    def of(cls, case: AccessRequestCase, origin: str) -> "AccessRequestItem":
        """A request as one of its sides reads it, on the portal at `origin`."""
        return cls(**_common_fields(case, origin), url=f"{BASE}/{case.request.id}")


class MyAccessRequests(Struct, frozen=True, kw_only=True):
    """The requests for access of a person."""

    sent: Annotated[list[AccessRequestItem], Meta(description="Those that I sent.")]
    to_answer: Annotated[
        list[AccessRequestItem],
        Meta(
            description="Those to organisations for which I publish: what waits comes first."
        ),
    ]


class AccessDocumentItem(Struct, frozen=True, kw_only=True):
    """A document that was sent with the request."""

    id: UUID
    question: Annotated[str, Meta(description="Name of the question that it answers.")]
    filename: str
    media_type: str
    size: Annotated[int, Meta(description="In bytes.", ge=0)]
    url: Annotated[str, Meta(description="Path of the document in this API.")]


class AccessThreadItem(Struct, frozen=True, kw_only=True):
    """What was done with the request or said about it."""

    at: Instant
    event: Annotated[
        str,
        Meta(
            description="What was done.",
            extra_json_schema={"enum": list(AccessRequestEvent)},
        ),
    ]
    side: Annotated[
        str,
        Meta(
            description="By which side, or by the clock.",
            extra_json_schema={"enum": list(AccessSide)},
        ),
    ]
    words: Annotated[str, Meta(description="The message.")]
    offer: Annotated[
        AccessTerms | None, Meta(description="The terms that were offered.")
    ]


@dataclass(frozen=True)
class AccessRequestRelations:
    """What belongs to a request."""

    steps: Sequence[AccessStep]
    documents: Sequence[AccessDocument]


class AccessRequestDetail(Struct, frozen=True, kw_only=True):
    """A request for access to restricted data, as its two sides read it."""

    id: UUID
    dataset: RestrictedDataset
    producer: RestrictingProducer
    project: AccessProject
    state: Standing
    side: RequestSide
    submitted: Instant
    due: Due
    revision: Revision
    purpose: Use
    words: Words
    interest: Interest
    months: Months
    columns: Columns
    answers: Answers
    documents: list[AccessDocumentItem]
    terms: Annotated[AccessTerms, Meta(description="The requested terms.")]
    offer: Annotated[
        AccessTerms | None,
        Meta(description="The terms that the producer offers instead."),
    ]
    offered: Annotated[
        str,
        Meta(
            description="When it was offered: say it when you accept; empty: nothing is offered."
        ),
    ]
    renews: Annotated[
        UUID | None, Meta(description="The agreement that it would go on with.")
    ]
    agreement: Annotated[UUID | None, Meta(description="The agreement that it became.")]
    thread: list[AccessThreadItem]
    page: Address

    @classmethod
    def of(
        cls, case: AccessRequestCase, around: AccessRequestRelations, origin: str
    ) -> "AccessRequestDetail":
        """A request with what belongs to it, on the portal at `origin`."""
        row = case.request
        same = ("purpose", "words", "interest", "months", "columns", "answers")
        return cls(
            **_common_fields(case, origin),
            **{name: getattr(row, name) for name in same},
            documents=[
                AccessDocumentItem(
                    id=document.id,
                    question=document.field,
                    filename=document.filename,
                    media_type=document.media_type,
                    size=document.size,
                    url=f"{BASE}/{row.id}/documents/{document.id}",
                )
                for document in around.documents
            ],
            terms=AccessTerms.of(terms_of_request(row)),
            offer=_offer(row.offer),
            offered=row.since.isoformat()
            if row.state == AccessRequestState.COUNTERED
            else "",
            renews=row.renews_id,
            agreement=row.agreement_id,
            thread=[_thread_entry(step) for step in around.steps],
        )


class AccessRequestCorrection(Struct, kw_only=True):
    """What is asked, said anew."""

    purpose: Use
    words: Words
    months: Months = 0
    interest: Interest = ""
    columns: Columns = []
    answers: Answers = {}
    documents: Documents = {}
    filenames: Filenames = {}


class NewAccessRequest(AccessRequestCorrection, kw_only=True):
    """A request for access to restricted data."""

    dataset: Annotated[str, Meta(description="Identifier of the dataset.")]
    project: Annotated[str, Meta(description="Identifier of a project that I lead.")]


class AccessDraftParameters(Struct, kw_only=True):
    """The query of a draft of a request for access."""

    dataset: Annotated[UUID, Meta(description="Identifier of a restricted dataset.")]
    title: Annotated[
        str,
        Meta(
            description="Title of the project.", examples=["Paths of school children"]
        ),
    ] = ""
    summary: Annotated[str, Meta(description="What the project is about.")] = ""
    requester: Annotated[
        str,
        Meta(
            description="In which capacity the project is led.",
            extra_json_schema={"enum": [*Requester, ""]},
        ),
    ] = ""
    purpose: Annotated[
        str,
        Meta(
            description="What the data are to be read for.",
            extra_json_schema={"enum": [*Purpose, ""]},
        ),
    ] = ""
    words: Words = ""
    interest: Interest = ""
    months: Months = 0
    columns: Columns = []


class AccessRequestEventInput(Struct, kw_only=True):
    """What happens to a request for access."""

    event: Annotated[
        str,
        Meta(
            description="The requester writes, answers, accepts an offer or withdraws the request; the producer writes, asks a question, offers other terms, grants or refuses.",
            extra_json_schema={"enum": list(EVENTS)},
        ),
    ]
    words: Annotated[
        str, Meta(description="The message with it; the reason of a decision.")
    ] = ""
    revision: Revision = 0
    offered: Annotated[
        str, Meta(description="Of an offer that is accepted: what the request says.")
    ] = ""
    months: Annotated[
        int, Meta(description="Of an offer: for how many months.", ge=0)
    ] = 0
    columns: Annotated[
        list[str],
        Meta(description="Of an offer: its columns; none: the requested ones."),
    ] = []
    rows: Annotated[
        list[str],
        Meta(
            description="Of an offer: conditions, each as a column, an operator and a value."
        ),
    ] = []
    megabytes: Annotated[
        int, Meta(description="Of an offer: megabytes a month; 0: as requested.", ge=0)
    ] = 0


def _offer(offer: dict[str, Any] | None) -> AccessTerms | None:
    if offer:
        return AccessTerms.of(read_terms(offer))
    return None


def _thread_entry(step: AccessStep) -> AccessThreadItem:
    return AccessThreadItem(
        at=step.at,
        event=step.event,
        side=step.side,
        words=step.words,
        offer=_offer(step.offer),
    )


def _common_fields(case: AccessRequestCase, origin: str) -> dict[str, Any]:
    row: AccessRequest = case.request
    project = AccessProject(
        id=case.project.id, title=case.project.title, summary=case.project.summary
    )
    return {
        "id": row.id,
        "dataset": RestrictedDataset.of(case.dataset, origin),
        "project": project,
        "state": row.state,
        "producer": RestrictingProducer(
            slug=case.producer.slug, name=case.producer.name
        ),
        "side": case.side.value,
        "submitted": row.submitted_at,
        "due": row.due_at,
        "revision": row.revision,
        "page": f"{origin}{PAGE}/{row.id}",
    }
