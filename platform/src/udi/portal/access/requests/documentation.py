"""The operations of requests for access, for the document of the API."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from msgspec import to_builtins

from udi.kit.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    PreconditionFailedError,
)
from udi.portal.access.policies.documentation import ID as DATASET
from udi.portal.access.policies.documentation import TERMS, make_example_dataset
from udi.portal.access.policies.schemas import AccessTerms
from udi.portal.access.requests.schemas import (
    BASE,
    SCOPE,
    AccessProject,
    AccessRequestCorrection,
    AccessRequestDetail,
    AccessRequestEventInput,
    AccessRequestItem,
    AccessThreadItem,
    MyAccessRequests,
    NewAccessRequest,
)
from udi.portal.catalogue.documentation.operations import Chapter, Operation

ID = UUID("2b8d7f36-91c4-4e0a-a7d5-3c4e5f60718a")
PROJECT = UUID("6d4a3b1c-2f58-4c0e-9a44-0e5f6a7b8d01")
WHEN = datetime(2026, 12, 1, 8, 0, tzinfo=UTC)
ONE = f"{BASE}/{{access_request_id}}"
OPERATIONS = (
    Operation(
        name="listMyAccessRequests",
        path=BASE,
        summary="List my requests for access",
        detail="Those that the person of the token sent, and those to organisations for which they publish.",
        answer=MyAccessRequests,
        refusals=(ForbiddenError,),
        scope=SCOPE,
    ),
    Operation(
        name="askForAccess",
        path=BASE,
        summary="Ask for access to restricted data",
        detail="For a project that you lead. Read the access policy first: by asking, its terms are accepted.",
        answer=AccessRequestDetail,
        refusals=(ForbiddenError, NotFoundError, ConflictError, InvalidError),
        method="post",
        asks=NewAccessRequest,
        statuses=(201,),
        scope=SCOPE,
    ),
    Operation(
        name="readAccessRequest",
        path=ONE,
        summary="Read a request for access",
        detail="With its messages, for its two sides.",
        answer=AccessRequestDetail,
        refusals=(ForbiddenError, NotFoundError),
        scope=SCOPE,
    ),
    Operation(
        name="correctAccessRequest",
        path=ONE,
        summary="Correct a request for access",
        detail="Send the whole request again, under the terms of today; after a refusal too.",
        answer=AccessRequestDetail,
        refusals=(ForbiddenError, NotFoundError, ConflictError, InvalidError),
        method="put",
        asks=AccessRequestCorrection,
        scope=SCOPE,
    ),
    Operation(
        name="actOnAccessRequest",
        path=f"{ONE}/events",
        summary="Take a request for access on",
        detail="What either side does with it; a decision says the revision that was read.",
        answer=AccessRequestDetail,
        refusals=(
            ForbiddenError,
            NotFoundError,
            ConflictError,
            PreconditionFailedError,
            InvalidError,
        ),
        method="post",
        asks=AccessRequestEventInput,
        scope=SCOPE,
    ),
)


def make_examples(origin: str) -> dict[str, Any]:
    """By operation, as the portal at `origin` would answer."""
    project = AccessProject(
        id=PROJECT, title="L’ombre des rues", summary="Où marcher au frais en été."
    )
    common_fields: dict[str, Any] = {
        **make_example_dataset(origin),
        "id": ID,
        "project": project,
        "state": "submitted",
        "side": "requester",
        "submitted": WHEN,
        "due": WHEN.replace(day=31),
        "revision": 1,
        "page": f"{origin}/access-requests/{ID}",
    }
    item = AccessRequestItem(**common_fields, url=f"{BASE}/{ID}")
    request = AccessRequestDetail(
        **common_fields,
        purpose="research",
        words="Repérer les rues chaudes.",
        interest="",
        months=6,
        columns=["îlot"],
        answers={"lecteurs": "une équipe"},
        documents=[],
        terms=AccessTerms.of(TERMS),
        offer=None,
        offered="",
        renews=None,
        agreement=None,
        thread=[
            AccessThreadItem(
                at=WHEN, event="correct", side="requester", words="", offer=None
            )
        ],
    )
    answers: dict[str, Any] = dict.fromkeys(
        (
            "askForAccess",
            "readAccessRequest",
            "correctAccessRequest",
            "actOnAccessRequest",
        ),
        request,
    )
    answers["listMyAccessRequests"] = MyAccessRequests(own=[item], to_answer=[])
    return {name: to_builtins(answer) for name, answer in answers.items()}


EXAMPLE_INPUT: dict[str, Any] = {
    "purpose": "research",
    "words": "Repérer les rues chaudes.",
    "months": 6,
    "columns": ["îlot"],
    "answers": {"lecteurs": "une équipe"},
}
CHAPTER = Chapter(
    operations=OPERATIONS,
    places={
        "access_request_id": (
            "Identifier of the request.",
            {"type": "string", "format": "uuid"},
            str(ID),
        )
    },
    body_examples={
        NewAccessRequest: NewAccessRequest(
            **EXAMPLE_INPUT, dataset=str(DATASET), project=str(PROJECT)
        ),
        AccessRequestCorrection: AccessRequestCorrection(**EXAMPLE_INPUT),
        AccessRequestEventInput: AccessRequestEventInput(
            event="grant", words="L’usage est d’intérêt public.", revision=1
        ),
    },
    make_examples=make_examples,
)
