"""What the API says of agreements: these types are what is sent, and what the OpenAPI document describes."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar.openapi.spec import Tag
from litestar.params import PathParameter
from msgspec import Meta, Struct

from udi.portal.access.agreements.queries import SignedAgreement
from udi.portal.access.agreements.transitions import AGREEMENT, AgreementState
from udi.portal.access.models import AccessSide, PublicAgreement
from udi.portal.access.policies.schemas import AccessTerms
from udi.protocol.terms import Purpose
from udi.ui.openapi.parameters import PageNumber, page_size

BASE = "/api/v1/agreements"
USUAL_SIZE = 20
SCOPE = "access"
READING_SCOPE = "reading"
"""The right to what opens restricted data to a project."""
EVENTS = (
    *AGREEMENT.events_of(AccessSide.PRODUCER),
    *AGREEMENT.events_of(AccessSide.REQUESTER),
)
Instant = Annotated[datetime, Meta(tz=True)]
Standing = Annotated[
    str,
    Meta(
        description="How it stands.", extra_json_schema={"enum": list(AgreementState)}
    ),
]
Use = Annotated[
    str,
    Meta(
        description="What the data are read for.",
        extra_json_schema={"enum": list(Purpose)},
    ),
]
Address = Annotated[str, Meta(extra_json_schema={"format": "uri"})]


TAG = Tag("agreements", "Agreements")
AgreementPath = Annotated[
    UUID, PathParameter(description="Identifier of the agreement.")
]


class AgreementListParameters(Struct, kw_only=True):
    """The query of the public list of agreements."""

    page: PageNumber = 1
    size: Annotated[int, page_size("Agreements a page.")] = USUAL_SIZE


class AgreementDataset(Struct, frozen=True, kw_only=True):
    """The restricted dataset."""

    id: UUID
    title: str


class AgreementProducer(Struct, frozen=True, kw_only=True):
    """Who holds it."""

    slug: str
    name: str


class AgreementProject(Struct, frozen=True, kw_only=True):
    """Who reads it."""

    id: UUID
    title: str


class PublicAgreementItem(Struct, frozen=True, kw_only=True):
    """What everybody may know of an agreement."""

    id: UUID
    dataset: AgreementDataset
    producer: AgreementProducer
    project: Annotated[
        AgreementProject | None, Meta(description="None of a confidential project.")
    ]
    purpose: Use
    starts: Instant
    ends: Instant
    state: Standing
    page: Address

    @classmethod
    def of(cls, row: PublicAgreement, origin: str) -> "PublicAgreementItem":
        """A row of the public list, on the portal at `origin`."""
        return cls(
            id=row.id,
            dataset=AgreementDataset(id=row.dataset_id, title=row.dataset_title),
            producer=AgreementProducer(
                slug=row.organisation_slug, name=row.organisation_name
            ),
            project=AgreementProject(id=row.project_id, title=row.project_title)
            if row.project_id
            else None,
            purpose=row.purpose,
            starts=row.starts_at,
            ends=row.ends_at,
            state=row.state,
            page=f"{origin}/agreements/{row.id}",
        )


class AgreementReadingKey(Struct, frozen=True, kw_only=True):
    """What opens the data of an agreement at the node for a few minutes."""

    agreement: UUID
    dataset: AgreementDataset
    key: Annotated[
        str,
        Meta(
            description="Show it to the node after the word Bearer, or as reading_key to its tools."
        ),
    ]
    expires: Instant
    api: Annotated[Address, Meta(description="Address of the rows.")]
    mcp_server: Annotated[Address, Meta(description="The tools of the node.")]


class PublicAgreementPage(Struct, frozen=True, kw_only=True):
    """One page of the public list."""

    total: int
    page: int
    size: int
    items: list[PublicAgreementItem]


class AgreementDetail(Struct, frozen=True, kw_only=True):
    """An agreement, as its two sides read it."""

    id: UUID
    dataset: AgreementDataset
    producer: AgreementProducer
    project: AgreementProject
    side: Annotated[
        str,
        Meta(
            description="On which side the person of the token is.",
            extra_json_schema={"enum": ["requester", "producer"]},
        ),
    ]
    purpose: Use
    terms: Annotated[AccessTerms, Meta(description="What both accepted.")]
    starts: Instant
    ends: Instant
    closes: Annotated[
        Instant | None, Meta(description="When the notice that was given is over.")
    ]
    state: Standing
    reason: Annotated[
        str,
        Meta(
            description="Why it is suspended or revoked, in the words of the producer."
        ),
    ]
    applied: Annotated[
        bool, Meta(description="Whether the node knows how it stands now.")
    ]
    page: Address

    @classmethod
    def of(cls, agreement_case: SignedAgreement, origin: str) -> "AgreementDetail":
        """A deed, on the portal at `origin`."""
        row = agreement_case.agreement
        signed_agreement = agreement_case.signed_agreement
        return cls(
            id=row.id,
            dataset=AgreementDataset(
                id=signed_agreement.dataset, title=signed_agreement.dataset_title
            ),
            side=agreement_case.side.value,
            producer=AgreementProducer(
                slug=agreement_case.producer.slug, name=agreement_case.producer.name
            ),
            project=AgreementProject(
                id=signed_agreement.project, title=signed_agreement.project_title
            ),
            purpose=signed_agreement.purpose.value,
            terms=AccessTerms.of(signed_agreement.terms),
            starts=row.starts_at,
            ends=row.ends_at,
            closes=row.closes_at,
            state=row.state,
            reason=row.reason,
            applied=row.delivered >= row.revision,
            page=f"{origin}/agreements/{row.id}",
        )


class SignedAgreementText(Struct, frozen=True, kw_only=True):
    """What both sides accepted."""

    id: UUID
    text: Annotated[
        dict[str, str], Meta(description="The words of the agreement, by language.")
    ]
    jws: Annotated[
        str,
        Meta(
            description="The agreement as the portal signed it (RFC 7515); its keys are at /.well-known/jwks.json."
        ),
    ]
    sha256: Annotated[
        str, Meta(description="Of the signed agreement, as its PDF prints it.")
    ]


class MyAgreements(Struct, frozen=True, kw_only=True):
    """The agreements of a person and of the organisations for which they publish."""

    total: int
    items: list[AgreementDetail]


class AgreementEventInput(Struct, kw_only=True):
    """What happens to an agreement."""

    event: Annotated[
        str,
        Meta(
            description="The producer suspends it, resumes, revokes at once or gives notice, or keeps it after all; who leads the project gives it up.",
            extra_json_schema={"enum": list(EVENTS)},
        ),
    ]
    words: Annotated[
        str,
        Meta(
            description="The reason, which the project reads, and whoever is refused."
        ),
    ] = ""
    days: Annotated[int, Meta(description="Of a notice: how many days.", ge=0)] = 0
