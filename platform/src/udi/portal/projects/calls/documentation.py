"""The operations of calls for projects, for the document of the API."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from msgspec import to_builtins

from udi.kit.errors import InvalidError, NotFoundError
from udi.kit.paging import MAX_PAGE_SIZE
from udi.portal.catalogue.documentation.operations import Chapter, Operation
from udi.portal.catalogue.documentation.parameters import PATH
from udi.portal.projects.calls import schemas
from udi.portal.projects.calls.queries import PAGE

ID = UUID("4f0d2c9b-7a31-4b8e-8c65-1d2e3f405162")
DATASET = UUID(PATH["id"][2])
WHEN = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)
OPERATIONS = (
    Operation(
        name="listCalls",
        path=schemas.BASE,
        summary="List the calls for projects",
        detail="Calls that are open or were, the newest first.",
        answer=schemas.CallPage,
        refusals=(InvalidError,),
        takes={
            "page": (
                "Which page, from 1.",
                {"type": "integer", "minimum": 1, "maximum": 10_000, "default": 1},
                1,
            ),
            "size": (
                "Calls a page.",
                {
                    "type": "integer",
                    "minimum": 1,
                    "maximum": MAX_PAGE_SIZE,
                    "default": PAGE,
                },
                PAGE,
            ),
        },
        leads_to=(("readCall", "call_id", "/items/0/id"),),
    ),
    Operation(
        name="readCall",
        path=f"{schemas.BASE}/{{call_id}}",
        summary="Read a call for projects",
        detail="What is looked for, how it is judged, by when, with which data; once they are public, its laureates.",
        answer=schemas.CallDetail,
        refusals=(NotFoundError,),
    ),
)


def make_examples(origin: str) -> dict[str, Any]:
    """By operation, as the portal at `origin` would answer."""
    common_fields: dict[str, Any] = {
        "id": ID,
        "title": "Rafraîchir la ville",
        "summary": "Des idées pour l’ombre des rues.",
        "language": "fr",
        "state": "published",
        "organiser": schemas.CallOrganiser(slug="portelune", name="Ville de Portelune"),
        "opened": WHEN,
        "closes": WHEN.replace(month=4),
        "results": WHEN.replace(month=6),
        "page": f"{origin}/calls/{ID}",
    }
    item = schemas.CallItem(**common_fields, url=f"{schemas.BASE}/{ID}")
    call = schemas.CallDetail(
        **common_fields,
        words="Nous cherchons des projets qui rendent l’été supportable.",
        published=WHEN.replace(month=6),
        criteria=[schemas.CallCriterionItem(label="Utilité", points=40)],
        datasets=[
            schemas.CallDatasetItem(
                id=DATASET, title="Arbres de la ville", page=f"{origin}/data/{DATASET}"
            )
        ],
        questions=[
            schemas.CallQuestionItem(
                question="Une école peut-elle répondre ?", answer="Oui.", answered=WHEN
            )
        ],
        laureates=[
            schemas.Laureate(
                title="L’ombre des rues",
                summary="Où marcher au frais en été.",
                points=34.5,
                reason="Utile dès cet été.",
            )
        ],
    )
    listed = schemas.CallPage(total=1, page=1, size=PAGE, items=[item])
    return {"listCalls": to_builtins(listed), "readCall": to_builtins(call)}


CHAPTER = Chapter(
    operations=OPERATIONS,
    places={
        "call_id": (
            "Identifier of the call.",
            {"type": "string", "format": "uuid"},
            str(ID),
        )
    },
    body_examples={},
    make_examples=make_examples,
)
