"""The operations of requests for data, for the document of the API."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from msgspec import to_builtins

from udi.kit.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from udi.kit.paging import MAX_PAGE_SIZE, PAGE_SIZE
from udi.portal.catalogue.documentation.operations import Chapter, Operation
from udi.portal.catalogue.documentation.parameters import PATH
from udi.portal.projects.data_requests.queries import BOARDS
from udi.portal.projects.data_requests.schemas import (
    BASE,
    SCOPE,
    DataProducer,
    DataRequestDetail,
    DataRequestEventInput,
    DataRequestItem,
    DataRequestPage,
    DataRequestRecipientItem,
    MyDataRequests,
    NewDataRequest,
    ResultingDataset,
)

ID = UUID("7c1e9d54-02ab-4d3f-9b17-5a6c8e0f1d23")
DATASET = UUID(PATH["id"][2])
WHEN = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)
ONE = f"{BASE}/{{data_request_id}}"
SUPPORT = f"{BASE}/{{data_request_id}}/support"
OPERATIONS = (
    Operation(
        name="listDataRequests",
        path=BASE,
        summary="List the requests for data",
        detail="What people need and nobody publishes: what most people need first.",
        answer=DataRequestPage,
        refusals=(InvalidError,),
        takes={
            "show": (
                "Those that are open, that are answered, or both.",
                {"type": "string", "enum": list(BOARDS), "default": "open"},
                "all",
            ),
            "page": (
                "Which page, from 1.",
                {"type": "integer", "minimum": 1, "maximum": 10_000, "default": 1},
                1,
            ),
            "size": (
                "Requests a page.",
                {
                    "type": "integer",
                    "minimum": 1,
                    "maximum": MAX_PAGE_SIZE,
                    "default": PAGE_SIZE,
                },
                PAGE_SIZE,
            ),
        },
        leads_to=(("readDataRequest", "data_request_id", "/items/0/id"),),
    ),
    Operation(
        name="askForData",
        path=BASE,
        summary="Ask for data",
        detail="Ask in public for data that nobody publishes, once no search finds them; the producers that may hold them are told.",
        answer=DataRequestDetail,
        refusals=(ForbiddenError, ConflictError, InvalidError),
        method="post",
        asks=NewDataRequest,
        statuses=(201,),
        scope=SCOPE,
    ),
    Operation(
        name="readDataRequest",
        path=ONE,
        summary="Read a request for data",
        detail="What is needed, to whom it was sent, and what was answered.",
        answer=DataRequestDetail,
        refusals=(NotFoundError,),
    ),
    Operation(
        name="correctDataRequest",
        path=ONE,
        summary="Correct a request for data",
        detail="Send the whole request again, while nobody has answered.",
        answer=DataRequestDetail,
        refusals=(ForbiddenError, NotFoundError, ConflictError, InvalidError),
        method="put",
        asks=NewDataRequest,
        scope=SCOPE,
    ),
    Operation(
        name="settleDataRequest",
        path=f"{ONE}/events",
        summary="Settle a request for data",
        detail="Who asked takes it back; a producer to whom it was sent answers; the territory’s team does the rest.",
        answer=DataRequestDetail,
        refusals=(ForbiddenError, NotFoundError, ConflictError, InvalidError),
        method="post",
        asks=DataRequestEventInput,
        scope=SCOPE,
    ),
    Operation(
        name="supportDataRequest",
        path=SUPPORT,
        summary="Need the same data",
        detail="Say that you need the same data; once more changes nothing.",
        answer=None,
        refusals=(ForbiddenError, NotFoundError, ConflictError),
        method="put",
        statuses=(204,),
        scope=SCOPE,
    ),
    Operation(
        name="leaveDataRequest",
        path=SUPPORT,
        summary="Need the same data no more",
        detail="Say that you do not need these data any more.",
        answer=None,
        refusals=(ForbiddenError, NotFoundError),
        method="delete",
        statuses=(204,),
        scope=SCOPE,
    ),
    Operation(
        name="listMyDataRequests",
        path=f"{BASE}/mine",
        summary="List my requests for data",
        detail="Those that the person of the token asked, and those that wait for an answer of theirs.",
        answer=MyDataRequests,
        refusals=(ForbiddenError,),
        scope=SCOPE,
    ),
)


def make_examples(origin: str) -> dict[str, Any]:
    """By operation, as the portal at `origin` would answer."""
    common_fields: dict[str, Any] = {
        "id": ID,
        "title": "Ombres portées des bâtiments",
        "language": "fr",
        "theme": "environment",
        "state": "delivered",
        "supporters": 3,
        "submitted": WHEN,
        "due": date(2026, 4, 1),
        "page": f"{origin}/data-requests/{ID}",
    }
    item = DataRequestItem(**common_fields, url=f"{BASE}/{ID}")
    request = DataRequestDetail(
        **common_fields,
        words="Savoir où planter.",
        changed=WHEN,
        answer="Les voici.",
        answered=WHEN,
        promised=None,
        merged_into=None,
        producers=[
            DataRequestRecipientItem(
                slug="portelune", name="Ville de Portelune", sent=WHEN, passed=None
            )
        ],
        answered_by=DataProducer(slug="portelune", name="Ville de Portelune"),
        dataset=ResultingDataset(
            id=DATASET, title="Arbres de la ville", page=f"{origin}/data/{DATASET}"
        ),
    )
    answers: dict[str, Any] = dict.fromkeys(
        ("askForData", "readDataRequest", "correctDataRequest", "settleDataRequest"),
        request,
    )
    answers["listDataRequests"] = DataRequestPage(
        total=1, page=1, size=PAGE_SIZE, items=[item]
    )
    answers["listMyDataRequests"] = MyDataRequests(own=[item], to_answer=[])
    return {name: to_builtins(answer) for name, answer in answers.items()}


CHAPTER = Chapter(
    operations=OPERATIONS,
    places={
        "data_request_id": (
            "Identifier of the request.",
            {"type": "string", "format": "uuid"},
            str(ID),
        )
    },
    body_examples={
        NewDataRequest: NewDataRequest(
            title="Ombres portées des bâtiments",
            words="Savoir où planter.",
            theme="environment",
        ),
        DataRequestEventInput: DataRequestEventInput(
            event="promise", words="Après la campagne de mesures.", day="2027-05-31"
        ),
    },
    make_examples=make_examples,
)
