"""What the API says of agreements: these types are what is sent, and what the OpenAPI document describes."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from udi.portal.access.agreements.states import AgreementState
from udi.portal.access.models import PublicAgreement
from udi.protocol.terms import Purpose

BASE = "/api/v1/agreements"
USUAL_SIZE = 20
Instant = Annotated[datetime, Meta(tz=True)]
Standing = Annotated[str, Meta(description="How it stands.", extra_json_schema={"enum": list(AgreementState)})]
Use = Annotated[str, Meta(description="What the data are read for.", extra_json_schema={"enum": list(Purpose)})]
Address = Annotated[str, Meta(extra_json_schema={"format": "uri"})]


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


class PublicDeed(Struct, frozen=True, kw_only=True):
    """What everybody may know of an agreement."""

    id: UUID
    dataset: AgreementDataset
    producer: AgreementProducer
    project: Annotated[AgreementProject | None, Meta(description="None of a confidential project.")]
    purpose: Use
    starts: Instant
    ends: Instant
    state: Standing
    page: Address

    @classmethod
    def of(cls, row: PublicAgreement, origin: str) -> "PublicDeed":
        """A row of the public list, on the portal at `origin`."""
        return cls(
            id=row.id, dataset=AgreementDataset(id=row.dataset_id, title=row.dataset_title),
            producer=AgreementProducer(slug=row.organisation_slug, name=row.organisation_name),
            project=AgreementProject(id=row.project_id, title=row.project_title) if row.project_id else None,
            purpose=row.purpose, starts=row.starts_at, ends=row.ends_at, state=row.state,
            page=f"{origin}/agreements/{row.id}",
        )  # fmt: skip


class DeedPage(Struct, frozen=True, kw_only=True):
    """One page of the public list."""

    total: int
    page: int
    size: int
    items: list[PublicDeed]
