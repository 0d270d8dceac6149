"""What RUDI's clients read of a space: its datasets, the people and media that they name, reports."""

from typing import Any
from uuid import UUID

from sqlalchemy import (
    Select,
    Subquery,
    Text,
    case,
    cast,
    func,
    literal,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import JSONB, distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.node.datasets.models import Dataset, DatasetState, Delivery
from udi.node.datasets.records.document_query import with_update_date
from udi.node.datasets.records.rudi_clients import as_version_4
from udi.node.files.models import OPEN_STATES, Upload
from udi.node.manager.models import CatalogueObject, ObjectKind
from udi.node.spaces.models import Space

Document = dict[str, Any]
RESOURCES = "resources"
REPORTS = "reports"
STATUS = {
    DatasetState.DRAFT: "local",
    DatasetState.PUBLISHING: "sent",
    DatasetState.PUBLISHED: "published",
    DatasetState.REFUSED: "refused",
    DatasetState.WITHDRAWING: "deleted",
    DatasetState.WITHDRAWN: "deleted",
}
"""RUDI's words for where a record stands."""
IDS = {
    RESOURCES: "global_id",
    ObjectKind.ORGANISATION: "organization_id",
    ObjectKind.CONTACT: "contact_id",
    ObjectKind.MEDIA: "media_id",
    REPORTS: "report_id",
}
"""The kinds of objects, and the field that tells them apart."""


def select_objects(space: Space, kind: str) -> Subquery:
    """The objects of a kind that a space has, to be asked about (`asking`)."""
    if kind == ObjectKind.ORGANISATION:
        return _organisation(space).subquery()
    if kind == REPORTS:
        return _reports(space).subquery()
    if kind == RESOURCES:
        return _resources(space).subquery()
    return _select_named_objects(space, ObjectKind(kind)).subquery()


def _resources(space: Space) -> Select[*tuple[Any, ...]]:
    announced = case((Delivery.method != "DELETE", Delivery.record))
    status = case(
        *((Dataset.state == state, word) for state, word in STATUS.items()),
        else_="unset",
    )
    source_document = func.coalesce(
        Dataset.document, announced, Dataset.record, type_=JSONB()
    )
    document = with_update_date(source_document, Dataset.updated_at).op(
        "||", return_type=JSONB()
    )(func.jsonb_build_object("metadata_status", status))
    columns = (
        cast(Dataset.id, Text).label("id"),
        document.label("document"),
        Dataset.updated_at.label("changed"),
    )
    same = (Delivery.tenant_id == Dataset.tenant_id) & (
        Delivery.dataset_id == Dataset.id
    )
    query = select(*columns).outerjoin(Delivery, same)
    return query.where(
        Dataset.space_id == space.id,
        Dataset.withdrawn_at.is_(None),
        source_document.is_not(None),
    )


def _select_named_objects(space: Space, kind: ObjectKind) -> Select[*tuple[Any, ...]]:
    """What the records of a space name, each once, and what was written and is in none of them."""
    name = IDS[kind]
    field = {ObjectKind.CONTACT: "contacts", ObjectKind.MEDIA: "available_formats"}[
        kind
    ]
    resources = _resources(space).subquery()
    elements = select(
        func.jsonb_array_elements(resources.c.document[field], type_=JSONB()).label(
            "document"
        ),
        resources.c.changed,
    ).subquery()
    stored = select(
        CatalogueObject.document, CatalogueObject.updated_at.label("changed")
    )
    stored = stored.where(
        CatalogueObject.space_id == space.id, CatalogueObject.kind == kind
    )
    every = union_all(
        select(elements.c.document, elements.c.changed),
        stored.where(CatalogueObject.dataset_id.is_(None)),
    )
    objects = every.subquery()
    identifier = objects.c.document[name].astext.label("id")
    newest = select(identifier, objects.c.document, objects.c.changed).ext(
        distinct_on(identifier)
    )
    last = (
        newest.where(identifier.is_not(None))
        .order_by(identifier, objects.c.changed.desc())
        .subquery()
    )
    return select(
        last.c.id,
        with_update_date(last.c.document, last.c.changed).label("document"),
        last.c.changed,
    )


def _organisation(space: Space) -> Select[*tuple[Any, ...]]:
    """The one for which the space publishes, with what a client said of it."""
    organisation = {
        "organization_id": as_version_4(space.organisation_id),
        "organization_name": space.name,
    }
    document_query = select(CatalogueObject.document).where(
        CatalogueObject.space_id == space.id,
        CatalogueObject.kind == ObjectKind.ORGANISATION,
    )
    stored_document = func.coalesce(
        document_query.limit(1).scalar_subquery(), cast({}, JSONB), type_=JSONB()
    )
    document = stored_document.op("||", return_type=JSONB())(cast(organisation, JSONB))
    return select(
        literal(organisation["organization_id"]).label("id"),
        document.label("document"),
        literal(now()).label("changed"),
    )


def _reports(space: Space) -> Select[*tuple[Any, ...]]:
    columns = (
        cast(Delivery.id, Text).label("id"),
        Delivery.report.label("document"),
        Delivery.updated_at.label("changed"),
    )
    same = (Delivery.tenant_id == Dataset.tenant_id) & (
        Delivery.dataset_id == Dataset.id
    )
    return (
        select(*columns)
        .join(Dataset, same)
        .where(Dataset.space_id == space.id, Delivery.report.is_not(None))
    )


async def find_object(
    session: AsyncSession, space: Space, kind: str, object_id: UUID
) -> Document | None:
    """One object by its identifier."""
    source = select_objects(space, kind)
    identifiers = {str(object_id), as_version_4(object_id)}
    query = select(source.c.document).where(
        source.c.document[IDS[kind]].astext.in_(identifiers)
    )
    document: Document | None = await session.scalar(query.limit(1))
    return document


async def find_catalogue_object(
    session: AsyncSession, space: Space, kind: ObjectKind, object_id: UUID
) -> CatalogueObject | None:
    """The row of an object that a client wrote."""
    query = select(CatalogueObject).where(
        CatalogueObject.space_id == space.id,
        CatalogueObject.kind == kind,
        CatalogueObject.object_id == object_id,
    )
    catalogue_object: CatalogueObject | None = await session.scalar(query)
    return catalogue_object


async def list_waiting_uploads(
    session: AsyncSession, space: Space, media_id: UUID
) -> list[Upload]:
    """The files that arrived for a media and are in no dataset yet, the newest first."""
    mine = (
        Upload.space_id == space.id,
        Upload.media_id == media_id,
        Upload.awaits_record,
        Upload.state.in_(OPEN_STATES),
    )
    return list(
        await session.scalars(
            select(Upload).where(*mine).order_by(Upload.created_at.desc())
        )
    )


async def find_dataset_by_media(session: AsyncSession, media_id: UUID) -> UUID | None:
    """The published dataset whose file a client calls so."""
    query = select(Dataset.id).where(
        Dataset.media_id == media_id, Dataset.opened_at.is_not(None)
    )
    dataset_id: UUID | None = await session.scalar(query.limit(1))
    return dataset_id
