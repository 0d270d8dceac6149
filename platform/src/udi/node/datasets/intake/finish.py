"""The end of an upload: one object, what it is, then a draft or a version, in one transaction."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.crash import crash_at
from udi.kit.errors import (
    ConflictError,
    LockedError,
    NotFoundError,
    UdiError,
    UnavailableError,
)
from udi.kit.tenancy import Territory
from udi.node.datasets.actions.draft import (
    DroppedFile,
    create_draft,
    create_next_version,
)
from udi.node.datasets.actions.parts import (
    add_part_version,
    publish_part_when_clear,
)
from udi.node.datasets.actions.prepare import PreparationContext as Preparing
from udi.node.datasets.actions.prepare import prepare_file
from udi.node.datasets.actions.publish import publish_when_clear
from udi.node.datasets.actions.source import is_wanted
from udi.node.datasets.descriptions.prefill import AnswerProposer
from udi.node.datasets.models import Dataset
from udi.node.datasets.queries import find_dataset
from udi.node.files.intake.assemble import LostPartError, assemble_upload
from udi.node.files.intake.reception import ReceivedFile, profile_stored_file
from udi.node.files.intake.uploads import clear_parts
from udi.node.files.models import Upload, UploadState
from udi.node.files.storage.tenant_storage import TenantStorage
from udi.node.spaces.models import Space
from udi.node.spaces.senders import Sender
from udi.tabular.queries.readers import FileReaderPool

Gettext = Callable[[str, str], str]
"""(language, message) to the message in that language."""


@dataclass(frozen=True)
class UploadContext:
    """What the end of an upload needs: its storage, its territory, words for proposed answers, and what looks at it."""

    storage: TenantStorage
    territory: Territory
    gettext: Gettext
    readers: FileReaderPool
    clamd: str = ""
    schemas: Path | None = None

    @property
    def preparation(self) -> Preparing:
        """What the file is looked at with, once it is a version."""
        return Preparing(
            self.storage, self.territory, self.clamd, self.schemas, self.readers
        )


async def finish_upload(context: UploadContext, upload_id: UUID) -> Upload | None:
    """Bring an upload whose bytes are all here to its end: done, or failed with the reason. None when it is gone.

    May be called again at any moment, by a request or a job: each step looks first at what is there.

    Raises:
        LockedError: another process is at it.
        StoreError: the store is away; the same call goes on later.
    """
    upload = await _read(context.storage, upload_id)
    if upload is not None and upload.awaits_record:
        return upload
    try:
        if upload is not None and upload.state == UploadState.ASSEMBLING:
            await assemble_upload(context.storage, upload)
            upload = await _read(context.storage, upload_id)
        if upload is not None and upload.state == UploadState.STORED:
            await _create_version(context, upload)
    except LostPartError:
        await mark_upload_failed(
            context.storage,
            upload_id,
            ConflictError(
                "Some of what was sent is not here any more.", remedy=SEND_AGAIN
            ),
        )
    except (LockedError, UnavailableError):
        raise
    except UdiError as error:
        await mark_upload_failed(context.storage, upload_id, error)
    upload = await _read(context.storage, upload_id)
    if upload is not None and upload.state in {UploadState.DONE, UploadState.FAILED}:
        await clear_parts(context.storage, upload)
    return upload


SEND_AGAIN = "Send the file again."


async def _read(storage: TenantStorage, upload_id: UUID) -> Upload | None:
    async with storage.session() as session:
        upload: Upload | None = await session.get(Upload, (storage.tenant, upload_id))
        return upload


async def _create_version(context: UploadContext, upload: Upload) -> None:
    storage = context.storage
    if upload.announced and upload.announced != upload.sha256:
        raise ConflictError(
            "The file that arrived is not the one that was announced.",
            remedy=SEND_AGAIN,
        )
    memory = await storage.store.reading_folder(upload.key)
    async with context.readers.open_reader(upload.space_id, memory) as reading:
        stored = ReceivedFile(upload.key, upload.name, upload.received)
        profile = await profile_stored_file(storage.store, reading, stored)
        crash_at("upload.profiled")
        dropped = DroppedFile(
            upload.file_id,
            upload.dataset_id,
            upload.name,
            upload.received,
            upload.sha256,
            profile,
        )
        orphans = await _save_version(context, upload, dropped)
        for key in orphans:
            await storage.store.delete(key)
        await prepare_file(context.preparation, upload.file_id, reading)


async def _save_version(
    context: UploadContext, upload: Upload, dropped: DroppedFile
) -> list[str]:
    """The draft or the version of an upload, once; keys of objects to delete."""
    storage = context.storage
    orphans = list[str]()
    words = AnswerProposer(
        context.territory,
        upload.locale or context.territory.languages[0],
        context.gettext,
    )
    async with storage.session() as session:
        dataset = await find_dataset(session, upload.dataset_id, lock=True)
        space = await session.get_one(
            Space, (storage.tenant, upload.space_id), with_for_update=True
        )
        row = await session.get_one(
            Upload, (storage.tenant, upload.id), with_for_update=True
        )
        if row.state != UploadState.STORED:
            return orphans
        row.state = UploadState.DONE
        await session.flush()
        if not upload.replaces:
            await create_draft(session, _sender(upload), space, dropped, words)
        elif dataset is None or dataset.space_id != space.id:
            raise NotFoundError("The dataset that this file was for is gone.")
        elif upload.part_id is not None:
            orphans = await _save_part_version(
                session, context, upload, dataset, dropped
            )
        else:
            await _require_wanted(session, dataset, upload)
            orphans = await create_next_version(
                session, _sender(upload), dataset, dropped, words
            )
            if dataset.latest.preparation is not None:
                dataset.latest.preparation.expectation = upload.expectation
                await session.flush()
            if upload.publish:
                await publish_when_clear(
                    session, _sender(upload), dataset, context.territory
                )
        crash_at("version.added")
    crash_at("version.committed")
    return orphans


async def _require_wanted(
    session: AsyncSession, dataset: Dataset, upload: Upload
) -> None:
    """Refuse a file that was renewed from a source that somebody corrected, paused or stopped meanwhile.

    Raises:
        ConflictError: what renews the dataset is not that any more.
    """
    is_renewal = upload.address and upload.person_id is None and upload.key_id is None
    if is_renewal and not await is_wanted(
        session, dataset, upload.idempotency_key or ""
    ):
        raise ConflictError(
            "This file came from a source that was changed or paused meanwhile."
        )


async def _save_part_version(
    session: AsyncSession,
    context: UploadContext,
    upload: Upload,
    dataset: Dataset,
    dropped: DroppedFile,
) -> list[str]:
    """The version of a part's file; keys of objects to delete."""
    part = dataset.find_part(upload.part_id)
    if part is None:
        raise NotFoundError("The part of the dataset that this file was for is gone.")
    version, orphans = await add_part_version(
        session, _sender(upload), dataset, part, dropped
    )
    if version.preparation is not None:
        version.preparation.expectation = upload.expectation
        await session.flush()
    if upload.publish:
        await publish_part_when_clear(
            session, _sender(upload), dataset, part, context.territory
        )
    return orphans


def _sender(upload: Upload) -> Sender:
    return Sender(person_id=upload.person_id, key_id=upload.key_id)


async def mark_upload_failed(
    storage: TenantStorage, upload_id: UUID, error: UdiError
) -> None:
    """Note why an upload became nothing, and delete its object; its parts go with it or by the sweep."""
    async with storage.session() as session:
        row = await session.get(
            Upload, (storage.tenant, upload_id), with_for_update=True
        )
        if row is None or row.state in {UploadState.DONE, UploadState.FAILED}:
            return
        first = error.refusals[0] if error.refusals else None
        row.state = UploadState.FAILED
        row.lock_holder = None
        row.locked_until = None
        row.error = error.detail or (first.reason if first else error.title)
        row.remedy = error.remedy or (first.remedy if first else "")
    await storage.store.delete(row.key)
