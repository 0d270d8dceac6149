"""What RUDI's clients write: records, which are published when nothing stops that, and the objects that these name."""

from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    Refusal,
)
from udi.kit.tenancy import Territory
from udi.node.datasets.actions.draft import describe_dataset, discard_draft
from udi.node.datasets.actions.publish import (
    publish_dataset,
    publish_when_clear,
    withdraw_dataset,
)
from udi.node.datasets.models import Dataset, DatasetState
from udi.node.datasets.records.document import COLLECTION, answers_of
from udi.node.datasets.records.rudi_clients import as_version_4
from udi.node.datasets.versions.findings import is_being_read
from udi.node.datasets.versions.publishability import stops_of
from udi.node.files.intake.uploads import cancel_upload
from udi.node.files.storage.tenant_storage import TenantStorage
from udi.node.manager.access import SpaceClient
from udi.node.manager.merge import merge
from udi.node.manager.models import CatalogueObject, ObjectKind
from udi.node.manager.queries import (
    IDS,
    find_catalogue_object,
    find_object,
    list_waiting_uploads,
)
from udi.node.manager.request_bodies import Document, read_id, read_object
from udi.node.spaces.models import Space
from udi.protocol.faults import InvalidRecord
from udi.protocol.schema import contact, media, organisation

WITHDRAWN = "Its producer withdrew it from its own tools."
VALIDATORS = {
    ObjectKind.ORGANISATION: organisation,
    ObjectKind.CONTACT: contact,
    ObjectKind.MEDIA: media,
}
"""What each object must be, as in a record."""
STATUS_BEFORE = "missing"
"""RUDI's word for a file that cannot be downloaded (yet)."""


async def put_object(
    session: AsyncSession, caller: SpaceClient, kind: ObjectKind, body: object
) -> Document:
    """Write an organisation, a contact or a media, or what is new of it; all that is known of it.

    Raises:
        InvalidRecord: it has no identifier of its own, or is not what it should be.
        ForbiddenError: another organisation than that of the space.
    """
    sent = read_object(body)
    object_id = read_id(sent, IDS[kind])
    space = caller.space
    if kind is ObjectKind.ORGANISATION:
        require_own_organisation(space, sent)
        object_id = space.organisation_id
    if kind is ObjectKind.MEDIA and sent.get("media_type") == "FILE":
        # The client says «available» before it commits: what a record says of its file is the node's to know.
        sent = {**sent, "file_storage_status": STATUS_BEFORE}
    row = await find_catalogue_object(session, space, kind, object_id)
    if row is None:
        row = CatalogueObject(
            space_id=space.id, kind=kind, object_id=object_id, document={}
        )
        session.add(row)
    before = row.document or await find_object(session, space, kind, object_id) or {}
    merged = merge(before, sent)
    if faults := list(VALIDATORS[kind](merged, "")):
        raise InvalidRecord(faults)
    row.document = merged
    row.dataset_id = None
    row.updated_at = now()
    await session.flush()
    return await find_object(session, space, kind, object_id) or row.document


def require_own_organisation(space: Space, document: Document) -> None:
    """Refuse a record of somebody else.

    Raises:
        ForbiddenError: it is neither the name nor the identifier of the space's organisation.
    """
    identifiers = {str(space.organisation_id), as_version_4(space.organisation_id)}
    if (
        str(document.get("organization_id")) in identifiers
        or document.get("organization_name") == space.name
    ):
        return
    raise ForbiddenError(
        "This space publishes for %(name)s only.",
        remedy="Ask for the organisation of this name: the node gives its identifier.",
        values={"name": space.name},
    )


async def put_document(
    session: AsyncSession,
    caller: SpaceClient,
    dataset: Dataset,
    document: Document,
    media_id: UUID | None,
    territory: Territory,
) -> None:
    """Take a record in whose file is here; publish it, unless its file is being read or something stops it.

    One of a trial (`COLLECTION`) is kept and not published. The dataset must be locked.

    Raises:
        InvalidError: the description is not complete.
        ConflictError: it is withdrawn, and a person must look at its file before it comes back.
    """
    dataset.media_id = media_id
    dataset.document = document
    if refusals := await describe_dataset(
        session, caller.sender, dataset, answers_of(document)
    ):
        raise InvalidError("The description is not complete yet.", refusals=refusals)
    if media_id:
        catalogue_object = await find_catalogue_object(
            session, caller.space, ObjectKind.MEDIA, media_id
        )
    else:
        catalogue_object = None
    if catalogue_object is not None:
        catalogue_object.dataset_id = dataset.id
    if document.get(COLLECTION):
        _cancel_publication(dataset)
        return
    newest = dataset.newest
    if (
        dataset.withdrawn_at is not None
        and newest is not None
        and (is_being_read(newest) or stops_of(dataset, newest))
    ):
        raise ConflictError(
            "This dataset is withdrawn.", remedy="Publish it again on its page."
        )
    if dataset.pending is None or dataset.withdrawn_at is not None:
        await publish_dataset(session, caller.sender, dataset, territory)
    else:
        await publish_when_clear(session, caller.sender, dataset, territory)


async def delete_resource(
    session: AsyncSession, caller: SpaceClient, dataset: Dataset
) -> list[str]:
    """Withdraw a dataset, or give up one that was never public; keys of objects to delete after the commit.

    Raises:
        ConflictError: it is withdrawn already.
    """
    _cancel_publication(dataset)
    if dataset.opened_at is None and dataset.state in {
        DatasetState.DRAFT,
        DatasetState.REFUSED,
    }:
        await session.execute(
            delete(CatalogueObject).where(CatalogueObject.dataset_id == dataset.id)
        )
        return await discard_draft(session, caller.sender, dataset)
    await withdraw_dataset(session, caller.sender, dataset, reason=WITHDRAWN)
    return []


def _cancel_publication(dataset: Dataset) -> None:
    """The version that waits, if any, is not published once it was looked at."""
    if dataset.pending is not None and dataset.pending.preparation is not None:
        dataset.pending.preparation.requested_by = None


async def delete_object(
    session: AsyncSession, caller: SpaceClient, kind: ObjectKind, object_id: UUID
) -> Document:
    """Forget an object that no record names; what it was.

    Raises:
        NotFoundError: there is none.
        ConflictError: it is the space's organisation, or a record names it.
    """
    document = await find_object(session, caller.space, kind, object_id)
    if document is None:
        raise NotFoundError("This catalogue has no such object.")
    if kind is ObjectKind.ORGANISATION:
        raise ConflictError("The organisation of a space stays with it.")
    row = await find_catalogue_object(session, caller.space, kind, object_id)
    if row is not None:
        await session.delete(row)
        await session.flush()
    if await find_object(session, caller.space, kind, object_id) is not None:
        raise ConflictError(
            "A dataset names it.",
            remedy="Remove it from that dataset, or delete the dataset, first.",
        )
    return document


async def delete_waiting_files(
    storage: TenantStorage, caller: SpaceClient, media_id: UUID
) -> None:
    """Delete the files that arrived for a media and are in no dataset."""
    async with storage.session() as session:
        waiting = await list_waiting_uploads(session, caller.space, media_id)
    for upload in waiting:
        await cancel_upload(storage, upload.id)


async def commit_file(
    session: AsyncSession, caller: SpaceClient, media_id: UUID, commit: UUID
) -> None:
    """Confirm a file that arrived: a record may name it from now on.

    Raises:
        NotFoundError: nothing arrived under these identifiers.
    """
    upload = next(
        (
            waiting_upload
            for waiting_upload in await list_waiting_uploads(
                session, caller.space, media_id
            )
            if waiting_upload.id == commit
        ),
        None,
    )
    if upload is None:
        raise NotFoundError(
            "No file arrived under these identifiers.", remedy="Send it again."
        )
    upload.publish = True
    await session.flush()


def missing_file_error(media_id: object) -> InvalidError:
    """What to say of a record whose file is not here."""
    refusal = Refusal(
        "available_formats",
        "The file %(media)s of this record is not on this node.",
        "Send it first, and commit it; the node keeps what is in no record for a day.",
        values={"media": str(media_id)},
    )
    return InvalidError("Nothing was changed.", refusals=[refusal])
