"""The operations of access policies, for the document of the API."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from msgspec import to_builtins

from udi.kit.errors import ConflictError, InvalidError, NotFoundError
from udi.kit.paging import MAX_PAGE_SIZE
from udi.portal.access.policies.queries import SIZE
from udi.portal.access.policies.schemas import (
    BASE,
    TONGUES,
    AccessPolicyDetail,
    AccessPolicyItem,
    AccessPolicyPage,
    AccessQuestion,
    AccessRequestStatistics,
    AccessTerms,
    RestrictedDataset,
    RestrictingProducer,
)
from udi.portal.catalogue.documentation.operations import Chapter, Operation
from udi.portal.catalogue.documentation.parameters import PATH
from udi.protocol import plain_language
from udi.protocol.policy import Policy, Requester
from udi.protocol.terms import Prohibition, Purpose, Terms

ID = UUID(PATH["id"][2])
WHEN = datetime(2026, 12, 1, 8, 0, tzinfo=UTC)
TERMS = Terms(
    purposes=(Purpose.RESEARCH,),
    prohibitions=(Prohibition.DISTRIBUTE,),
    months=12,
    columns=("îlot", "énergie"),
)
OPERATIONS = (
    Operation(
        name="listAccessPolicies",
        path=BASE,
        summary="List the access policies",
        detail="Of each restricted dataset, who may ask and for what, the last changed first.",
        answer=AccessPolicyPage,
        refusals=(InvalidError,),
        takes={
            "page": (
                "Which page, from 1.",
                {"type": "integer", "minimum": 1, "maximum": 10_000, "default": 1},
                1,
            ),
            "size": (
                "Policies a page.",
                {
                    "type": "integer",
                    "minimum": 1,
                    "maximum": MAX_PAGE_SIZE,
                    "default": SIZE,
                },
                SIZE,
            ),
        },
        leads_to=(("readAccessPolicy", "restricted_id", "/items/0/dataset/id"),),
    ),
    Operation(
        name="readAccessPolicy",
        path=f"{BASE}/{{restricted_id}}",
        summary="Read the access policy of a dataset",
        detail="Who may ask, what is asked of them, under which terms, and within how many days they are answered.",
        answer=AccessPolicyDetail,
        refusals=(NotFoundError, ConflictError),
    ),
)


def make_example_dataset(origin: str) -> dict[str, Any]:
    """The dataset of the examples, and its producer."""
    page = f"{origin}/data/{ID}"
    return {
        "dataset": RestrictedDataset(
            id=ID, title="Consommation d’électricité par îlot", page=page
        ),
        "producer": RestrictingProducer(slug="energie-armor", name="Énergie Armor"),
    }


def make_examples(origin: str) -> dict[str, Any]:
    """By operation, as the portal at `origin` would answer."""
    common_fields: dict[str, Any] = {
        **make_example_dataset(origin),
        "requesters": ["research"],
        "answer_days": 30,
        "changed": WHEN,
        "page": f"{origin}/data/{ID}/access-policy",
    }
    policy = Policy(requesters=(Requester.RESEARCH,), terms=TERMS)
    item = AccessPolicyItem(
        **common_fields, purposes=["research"], months=12, url=f"{BASE}/{ID}"
    )
    question = AccessQuestion(
        name="lecteurs",
        kind="line",
        label={"fr": "Qui lira ?"},
        hint={},
        required=True,
        choices=[],
    )
    rules = AccessPolicyDetail(
        **common_fields,
        why={"fr": "Ces courbes disent quand une maison vit."},
        terms=AccessTerms.of(TERMS),
        questions=[question],
        renewals=1,
        sentences={code: plain_language.write_policy(policy, code) for code in TONGUES},
        revision=2,
        statistics=AccessRequestStatistics(
            received=12, granted=9, median_days=8, in_time=10
        ),
    )
    page = AccessPolicyPage(total=1, page=1, size=SIZE, items=[item])
    return {
        "listAccessPolicies": to_builtins(page),
        "readAccessPolicy": to_builtins(rules),
    }


CHAPTER = Chapter(
    operations=OPERATIONS,
    places={
        "restricted_id": (
            "Identifier of the dataset.",
            {"type": "string", "format": "uuid"},
            str(ID),
        )
    },
    body_examples={},
    make_examples=make_examples,
)
