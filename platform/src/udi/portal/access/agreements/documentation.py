"""The operations of agreements, for the document of the API."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from msgspec import to_builtins

from udi.kit.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from udi.kit.paging import MAX_PAGE_SIZE
from udi.portal.access.agreements.schemas import (
    BASE,
    SCOPE,
    USUAL_SIZE,
    AgreementDataset,
    AgreementDetail,
    AgreementEventInput,
    AgreementProducer,
    AgreementProject,
    MyAgreements,
    PublicAgreementItem,
    PublicAgreementPage,
)
from udi.portal.access.policies.documentation import TERMS
from udi.portal.access.policies.schemas import AccessTerms
from udi.portal.catalogue.documentation.operations import Chapter, Operation
from udi.portal.catalogue.documentation.parameters import PATH

ID = UUID("0b6f5a0e-3c1d-4f53-8f0a-5d1b2c3d4e5f")
WHEN = datetime(2026, 12, 1, 8, 0, tzinfo=UTC)
OPERATIONS = (
    Operation(
        name="listAgreements",
        path=BASE,
        summary="List the agreements on restricted data",
        detail="What everybody may know of each, the last changed first.",
        answer=PublicAgreementPage,
        refusals=(InvalidError,),
        takes={
            "page": (
                "Which page, from 1.",
                {"type": "integer", "minimum": 1, "maximum": 10_000, "default": 1},
                1,
            ),
            "size": (
                "Agreements a page.",
                {
                    "type": "integer",
                    "minimum": 1,
                    "maximum": MAX_PAGE_SIZE,
                    "default": USUAL_SIZE,
                },
                USUAL_SIZE,
            ),
        },
        leads_to=(("readAgreement", "agreement_id", "/items/0/id"),),
    ),
    Operation(
        name="readAgreement",
        path=f"{BASE}/{{agreement_id}}",
        summary="Read an agreement on restricted data",
        detail="What everybody may know of it; its two sides read the rest on its page.",
        answer=PublicAgreementItem,
        refusals=(NotFoundError,),
    ),
    Operation(
        name="listMyAgreements",
        path=f"{BASE}/mine",
        summary="List my agreements",
        detail="Those of the person of the token, of the projects that they lead, and of organisations for which they publish.",
        answer=MyAgreements,
        refusals=(ForbiddenError,),
        scope=SCOPE,
    ),
    Operation(
        name="changeAgreement",
        path=f"{BASE}/{{agreement_id}}/events",
        summary="Change an agreement",
        detail="The node is told at once, and refuses or lets read accordingly.",
        answer=AgreementDetail,
        refusals=(ForbiddenError, NotFoundError, ConflictError, InvalidError),
        method="post",
        asks=AgreementEventInput,
        scope=SCOPE,
    ),
)


def make_examples(origin: str) -> dict[str, Any]:
    """By operation, as the portal at `origin` would answer."""
    agreement_case = PublicAgreementItem(
        id=ID,
        dataset=AgreementDataset(
            id=UUID(PATH["id"][2]), title="Consommation d’électricité par îlot"
        ),
        producer=AgreementProducer(slug="energie-armor", name="Énergie Armor"),
        project=AgreementProject(id=ID, title="Rafraîchir la ville"),
        purpose="research",
        starts=WHEN,
        ends=WHEN.replace(year=2027),
        state="active",
        page=f"{origin}/agreements/{ID}",
    )
    page = PublicAgreementPage(total=1, page=1, size=USUAL_SIZE, items=[agreement_case])
    mine = AgreementDetail(
        id=ID,
        dataset=agreement_case.dataset,
        producer=agreement_case.producer,
        project=AgreementProject(id=ID, title="Rafraîchir la ville"),
        side="producer",
        purpose="research",
        terms=AccessTerms.of(TERMS),
        starts=WHEN,
        ends=WHEN.replace(year=2027),
        closes=None,
        state="suspended",
        reason="La mesure a changé.",
        applied=True,
        page=agreement_case.page,
    )
    answers = {
        "listAgreements": page,
        "readAgreement": agreement_case,
        "changeAgreement": mine,
    }
    answers["listMyAgreements"] = MyAgreements(total=1, items=[mine])
    return {name: to_builtins(answer) for name, answer in answers.items()}


CHAPTER = Chapter(
    operations=OPERATIONS,
    places={
        "agreement_id": (
            "Identifier of the agreement.",
            {"type": "string", "format": "uuid"},
            str(ID),
        )
    },
    body_examples={
        AgreementEventInput: AgreementEventInput(
            event="suspend", words="La mesure a changé."
        )
    },
    make_examples=make_examples,
)
