"""What RUDI's clients read of a space: its datasets, the people and media that they name, reports."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, Subquery, Text, case, cast, func, literal, select, union_all
from sqlalchemy.dialects.postgresql import JSONB, distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.node.datasets.asking import with_moment
from udi.node.datasets.clients import as_version_4
from udi.node.datasets.models import Dataset, Delivery, State
from udi.node.files.models import OPEN_STATES, Upload
from udi.node.manager.models import CatalogueObject, ObjectKind
from udi.node.spaces.models import Space

Document = dict[str, Any]
RESOURCES, REPORTS = "resources", "reports"
STATUS = {
    State.DRAFT: "local",
    State.PUBLISHING: "sent",
    State.PUBLISHED: "published",
    State.REFUSED: "refused",
    State.WITHDRAWING: "deleted",
    State.WITHDRAWN: "deleted",
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


def list_source(space: Space, kind: str) -> Subquery:
    """The objects of a kind that a space has, to be asked about (`asking`)."""
    if kind == ObjectKind.ORGANISATION:
        return _organisation(space).subquery()
    if kind == REPORTS:
        return _reports(space).subquery()
    if kind == RESOURCES:
        return _resources(space).subquery()
    return _named(space, ObjectKind(kind)).subquery()


def _resources(space: Space) -> Select[*tuple[Any, ...]]:
    announced = case((Delivery.method != "DELETE", Delivery.record))
    status = case(*((Dataset.state == state, word) for state, word in STATUS.items()), else_="unset")
    said = func.coalesce(Dataset.document, announced, Dataset.record, type_=JSONB())
    document = with_moment(said, Dataset.updated_at).op("||", return_type=JSONB())(
        func.jsonb_build_object("metadata_status", status)
    )
    columns = (cast(Dataset.id, Text).label("id"), document.label("document"), Dataset.updated_at.label("changed"))
    same = (Delivery.tenant_id == Dataset.tenant_id) & (Delivery.dataset_id == Dataset.id)
    query = select(*columns).outerjoin(Delivery, same)
    return query.where(Dataset.space_id == space.id, Dataset.withdrawn_at.is_(None), said.is_not(None))


def _named(space: Space, kind: ObjectKind) -> Select[*tuple[Any, ...]]:
    """What the records of a space name, each once, and what was written and is in none of them."""
    name, field = IDS[kind], {ObjectKind.CONTACT: "contacts", ObjectKind.MEDIA: "available_formats"}[kind]
    resources = _resources(space).subquery()
    each = select(
        func.jsonb_array_elements(resources.c.document[field], type_=JSONB()).label("document"), resources.c.changed
    ).subquery()
    own = select(CatalogueObject.document, CatalogueObject.updated_at.label("changed"))
    own = own.where(CatalogueObject.space_id == space.id, CatalogueObject.kind == kind)
    every = union_all(select(each.c.document, each.c.changed), own.where(CatalogueObject.dataset_id.is_(None)))
    found = every.subquery()
    identifier = found.c.document[name].astext.label("id")
    newest = select(identifier, found.c.document, found.c.changed).ext(distinct_on(identifier))
    last = newest.where(identifier.is_not(None)).order_by(identifier, found.c.changed.desc()).subquery()
    return select(last.c.id, with_moment(last.c.document, last.c.changed).label("document"), last.c.changed)


def _organisation(space: Space) -> Select[*tuple[Any, ...]]:
    """The one for which the space publishes, with what a client said of it."""
    own = {"organization_id": as_version_4(space.organisation_id), "organization_name": space.name}
    said = select(CatalogueObject.document).where(
        CatalogueObject.space_id == space.id, CatalogueObject.kind == ObjectKind.ORGANISATION
    )
    kept = func.coalesce(said.limit(1).scalar_subquery(), cast({}, JSONB), type_=JSONB())
    document = kept.op("||", return_type=JSONB())(cast(own, JSONB))
    return select(
        literal(own["organization_id"]).label("id"), document.label("document"), literal(now()).label("changed")
    )


def _reports(space: Space) -> Select[*tuple[Any, ...]]:
    columns = (
        cast(Delivery.id, Text).label("id"),
        Delivery.report.label("document"),
        Delivery.updated_at.label("changed"),
    )
    same = (Delivery.tenant_id == Dataset.tenant_id) & (Delivery.dataset_id == Dataset.id)
    return select(*columns).join(Dataset, same).where(Dataset.space_id == space.id, Delivery.report.is_not(None))


async def find_object(session: AsyncSession, space: Space, kind: str, object_id: UUID) -> Document | None:
    """One object by its identifier."""
    source, wanted = list_source(space, kind), {str(object_id), as_version_4(object_id)}
    query = select(source.c.document).where(source.c.document[IDS[kind]].astext.in_(wanted))
    found: Document | None = await session.scalar(query.limit(1))
    return found


async def find_kept(session: AsyncSession, space: Space, kind: ObjectKind, object_id: UUID) -> CatalogueObject | None:
    """The row of an object that a client wrote."""
    query = select(CatalogueObject).where(
        CatalogueObject.space_id == space.id, CatalogueObject.kind == kind, CatalogueObject.object_id == object_id
    )
    found: CatalogueObject | None = await session.scalar(query)
    return found


async def list_waiting(session: AsyncSession, space: Space, media_id: UUID) -> list[Upload]:
    """The files that arrived for a media and are in no dataset yet, the newest first."""
    mine = (Upload.space_id == space.id, Upload.media_id == media_id, Upload.waits, Upload.state.in_(OPEN_STATES))
    return list(await session.scalars(select(Upload).where(*mine).order_by(Upload.created_at.desc())))


async def find_by_media(session: AsyncSession, media_id: UUID) -> UUID | None:
    """The published dataset whose file a client calls so."""
    query = select(Dataset.id).where(Dataset.media_id == media_id, Dataset.opened_at.is_not(None))
    found: UUID | None = await session.scalar(query.limit(1))
    return found
