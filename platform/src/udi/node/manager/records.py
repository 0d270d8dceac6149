"""A record put by a client of RUDI: checked, joined to its file, then taken in."""

from dataclasses import dataclass
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import (
    ConflictError,
    ErasedError,
    ForbiddenError,
    InvalidError,
    Refusal,
)
from udi.node.datasets.descriptions.description import check_answers
from udi.node.datasets.intake.finish import UploadContext, finish_upload
from udi.node.datasets.models import Dataset
from udi.node.datasets.queries import find_dataset
from udi.node.datasets.records.document import NODE_FIELDS, answers_of, is_same_media
from udi.node.datasets.records.rudi import media_id_of
from udi.node.datasets.records.rudi_clients import adapt_for_clients
from udi.node.files.intake.upload_lock import FINISH_UPLOAD, SAFETY
from udi.node.files.intake.uploads import cancel_upload
from udi.node.files.models import ErasedDataset, Upload, UploadState, object_key
from udi.node.manager.access import SpaceClient
from udi.node.manager.actions import missing_file_error, require_own_organisation
from udi.node.manager.merge import merge
from udi.node.manager.queries import RESOURCES, find_object, list_waiting_uploads
from udi.node.manager.request_bodies import Document, parse_id, read_id
from udi.node.spaces.limits import enqueue_heavy_job
from udi.protocol.faults import InvalidRecord
from udi.protocol.rules import dig, entries
from udi.protocol.validation import validate
from udi.protocol.vocabulary import MediaKind, StorageStatus

DOWNLOADS = "/storage/download/"
PROVIDER = "metadata_provider"
PENDING = "pending"
FIELDS = {
    "title": "resource_title",
    "keywords": "keywords",
    "language": "resource_languages",
    "contact": "contacts",
    "access": "access_condition.confidentiality",
    "licence": "access_condition.licence",
    "first_day": "temporal_spread",
    "last_day": "temporal_spread",
}
"""The field of a record for a question of the form, where it has another name."""
ONE_FILE = Refusal(
    "available_formats",
    "A dataset of this node has one file, and this record names several that were sent here.",
    "Put each in a dataset of its own; files and services elsewhere may be as many as you like.",
)
SENSITIVE = Refusal(
    "access_condition.confidentiality",
    "This node cannot keep personal data.",
    "Remove the personal data, or keep these data elsewhere.",
)


@dataclass(frozen=True)
class RecordPlan:
    """What a record asks for: the dataset, what is said of it, its file as the client calls it, and that file if it is new."""

    dataset_id: UUID
    document: Document
    media_id: UUID | None
    upload_id: UUID | None = None
    is_elsewhere: bool = False
    """Whether none of its files is here, nor was."""


async def make_plan(
    session: AsyncSession, caller: SpaceClient, origin: str, sent: Document
) -> RecordPlan:
    """What is to be done for a record, once all that can be wrong with it was looked at.

    Raises:
        InvalidRecord, InvalidError: with every fault.
        ForbiddenError: the identifier, or the producer, is another's.
        ErasedError: its dataset was erased.
    """
    dataset_id = read_id(sent, "global_id")
    dataset = await _own_dataset(session, caller, dataset_id)
    existing = (
        await find_object(session, caller.space, RESOURCES, dataset_id)
        or (dataset and dataset.document)
        or {}
    )
    document = _clean_document(merge(adapt_for_clients(existing), sent))
    if faults := validate(document):
        raise InvalidRecord(faults)
    require_own_organisation(caller.space, document["producer"])
    organisation = {
        "organization_id": str(caller.space.organisation_id),
        "organization_name": caller.space.name,
    }
    document["producer"] = {**document["producer"], **organisation}
    media_id, upload_id = await _find_file(session, caller, dataset, document, origin)
    has_file = dataset is not None and dataset.has_file
    _check_document(document, has_file=has_file or upload_id is not None)
    is_elsewhere = dataset is None and media_id is None
    return RecordPlan(dataset_id, document, media_id, upload_id, is_elsewhere)


async def _own_dataset(
    session: AsyncSession, caller: SpaceClient, dataset_id: UUID
) -> Dataset | None:
    if await session.scalar(
        select(ErasedDataset.id).where(ErasedDataset.id == dataset_id)
    ):
        raise ErasedError(
            "You or a colleague erased it, with every version and every copy here."
        )
    dataset = await find_dataset(session, dataset_id)
    if dataset is not None and dataset.space_id != caller.space.id:
        raise ForbiddenError(
            "This identifier is that of another producer’s dataset.",
            remedy="Choose another one.",
        )
    return dataset


def _clean_document(document: Document) -> Document:
    """Without what a node adds for itself; the portal says which node speaks, and a file that is here is online."""
    fields = {
        name: value for name, value in document.items() if name not in NODE_FIELDS
    }
    described = fields.get("metadata_info")
    if isinstance(described, dict):
        fields["metadata_info"] = {
            name: value for name, value in described.items() if name != PROVIDER
        }
    if fields.get("storage_status") == PENDING:
        online = {"storage_status": StorageStatus.ONLINE.value}
    else:
        online = {}
    return {**fields, **online}


def _check_document(document: Document, *, has_file: bool) -> None:
    refusals = [
        Refusal(
            FIELDS.get(refusal.field, refusal.field), refusal.reason, refusal.remedy
        )
        for refusal in check_answers(answers_of(document), has_file=has_file)
    ]
    if dig(document, "access_condition", "confidentiality", "gdpr_sensitive"):
        refusals.append(SENSITIVE)
    if refusals:
        raise InvalidError("Nothing was changed.", refusals=refusals)


async def _find_file(
    session: AsyncSession,
    caller: SpaceClient,
    dataset: Dataset | None,
    document: Document,
    origin: str,
) -> tuple[UUID | None, UUID | None]:
    """How the record calls the file of this node, None to leave that; and the upload that brings it, if it is new.

    All of it may be elsewhere: nothing of such a dataset is kept here.
    """
    matches = list[tuple[UUID | None, UUID | None]]()
    for _, media in entries(document, "available_formats"):
        if media.get("media_type") != MediaKind.FILE:
            continue
        media_id = parse_id(media["media_id"], "media_id")
        waiting = [
            upload
            for upload in await list_waiting_uploads(session, caller.space, media_id)
            if upload.publish
        ]
        if waiting:
            matches.append((media_id, waiting[0].id))
        elif dataset is not None and is_same_media(media, media_id_of(dataset)):
            matches.append((dataset.media_id, None))
        elif dataset is not None and await _has_received(session, dataset, media_id):
            matches.append((media_id, None))
        elif str(dig(media, "connector", "url")).startswith(f"{origin}{DOWNLOADS}"):
            raise missing_file_error(media_id)
    if len(matches) > 1:
        raise InvalidError("Nothing was changed.", refusals=[ONE_FILE])
    if matches:
        return matches[0]
    return (dataset.media_id if dataset else None, None)


async def _has_received(
    session: AsyncSession, dataset: Dataset, media_id: UUID
) -> bool:
    """Whether the file of a media became this dataset, which its record did not reach: the node was stopped between."""
    query = select(Upload.id).where(
        Upload.media_id == media_id,
        Upload.dataset_id == dataset.id,
        ~Upload.awaits_record,
    )
    return await session.scalar(query.limit(1)) is not None


async def attach_file(context: UploadContext, plan: RecordPlan) -> None:
    """Make a file that waited the first or the next version of its dataset; the same bytes again make none.

    Raises:
        ConflictError: it could not become one; says why.
    """
    storage = context.storage
    async with storage.session() as session:
        if plan.upload_id:
            upload = await session.get(Upload, (storage.tenant, plan.upload_id))
        else:
            upload = None
        dataset = await find_dataset(session, plan.dataset_id)
    if upload is None or not upload.awaits_record:
        return
    newest = dataset.newest if dataset is not None else None
    if newest is not None and newest.file.sha256 == upload.sha256:
        await cancel_upload(storage, upload.id)
        return
    file_id = uuid4()
    target = object_key(storage.tenant, upload.space_id, plan.dataset_id, file_id)
    await storage.store.put(
        target, storage.store.stream(upload.key, 0, upload.received)
    )
    async with storage.session() as session:
        row = await session.get_one(
            Upload, (storage.tenant, upload.id), with_for_update=True
        )
        row.dataset_id = plan.dataset_id
        row.file_id = file_id
        row.replaces = dataset is not None
        row.awaits_record = False
        row.publish = False
        await session.flush()
        await enqueue_heavy_job(
            session, row.space_id, FINISH_UPLOAD, {"upload": str(row.id)}, delay=SAFETY
        )
    await storage.store.delete(upload.key)
    ended = await finish_upload(context, upload.id)
    if ended is None or ended.state != UploadState.DONE:
        raise ConflictError(
            ended.error if ended else "", remedy=ended.remedy if ended else ""
        )
