"""The end of an upload: one object, what it is, then a draft or a version, in one transaction."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from udi.kit.crash import crash_at
from udi.kit.errors import ConflictError, LockedError, NotFoundError, UdiError, UnavailableError
from udi.kit.tenancy import Territory
from udi.node.datasets.actions.draft import Dropped
from udi.node.datasets.actions.prepare import Desk as Preparing
from udi.node.datasets.actions.prepare import prepare_file
from udi.node.datasets.actions.publish import publish_when_clear
from udi.node.datasets.actions.take import Stored, Words, take_first, take_next, understand_file
from udi.node.datasets.queries import find_dataset
from udi.node.files.assemble import LostPartError, assemble
from udi.node.files.depot import Depot
from udi.node.files.models import Upload, UploadState
from udi.node.files.uploads import clear_parts
from udi.node.spaces.models import Space
from udi.node.spaces.senders import Sender
from udi.node.tables.readers import Readers

Gettext = Callable[[str, str], str]
"""(language, message) to the message in that language."""


@dataclass(frozen=True)
class Desk:
    """What the end of an upload needs: its depot, its territory, words for proposed answers, and what looks at it."""

    depot: Depot
    territory: Territory
    gettext: Gettext
    readers: Readers
    clamd: str = ""
    schemas: Path | None = None

    @property
    def preparing(self) -> Preparing:
        """What the file is looked at with, once it is a version."""
        return Preparing(self.depot, self.territory, self.clamd, self.schemas, self.readers)


async def finish_upload(desk: Desk, upload_id: UUID) -> Upload | None:
    """Bring an upload whose bytes are all here to its end: done, or failed with the reason. None when it is gone.

    May be called again at any moment, by a request or a job: each step looks first at what is there.

    Raises:
        LockedError: another process is at it.
        StoreError: the store is away; the same call goes on later.
    """
    upload = await _read(desk.depot, upload_id)
    if upload is not None and upload.waits:
        return upload
    try:
        if upload is not None and upload.state == UploadState.ASSEMBLING:
            await assemble(desk.depot, upload)
            upload = await _read(desk.depot, upload_id)
        if upload is not None and upload.state == UploadState.STORED:
            await _become_version(desk, upload)
    except LostPartError:
        await fail(desk.depot, upload_id, ConflictError("Some of what was sent is not here any more.", remedy=AGAIN))
    except (LockedError, UnavailableError):
        raise
    except UdiError as error:
        await fail(desk.depot, upload_id, error)
    upload = await _read(desk.depot, upload_id)
    if upload is not None and upload.state in {UploadState.DONE, UploadState.FAILED}:
        await clear_parts(desk.depot, upload)
    return upload


AGAIN = "Send the file again."


async def _read(depot: Depot, upload_id: UUID) -> Upload | None:
    async with depot.session() as session:
        found: Upload | None = await session.get(Upload, (depot.tenant, upload_id))
        return found


async def _become_version(desk: Desk, upload: Upload) -> None:
    depot = desk.depot
    if upload.announced and upload.announced != upload.sha256:
        raise ConflictError("The file that arrived is not the one that was announced.", remedy=AGAIN)
    memory = await depot.store.reading_folder(upload.key)
    async with desk.readers.reading(upload.space_id, memory) as reading:
        stored = Stored(upload.key, upload.name, upload.received)
        profile = await understand_file(depot.store, reading, stored)
        crash_at("upload.profiled")
        dropped = Dropped(upload.file_id, upload.dataset_id, upload.name, upload.received, upload.sha256, profile)
        orphans = await _write(desk, upload, dropped)
        for key in orphans:
            await depot.store.delete(key)
        await prepare_file(desk.preparing, upload.file_id, reading)


async def _write(desk: Desk, upload: Upload, dropped: Dropped) -> list[str]:
    """The draft or the version of an upload, once; keys of objects to delete."""
    depot, orphans = desk.depot, list[str]()
    words = Words(desk.territory, upload.locale or desk.territory.languages[0], desk.gettext)
    async with depot.session() as session:
        dataset = await find_dataset(session, upload.dataset_id, lock=True)
        space = await session.get_one(Space, (depot.tenant, upload.space_id), with_for_update=True)
        row = await session.get_one(Upload, (depot.tenant, upload.id), with_for_update=True)
        if row.state != UploadState.STORED:
            return orphans
        row.state = UploadState.DONE
        await session.flush()
        if not upload.replaces:
            await take_first(session, _sender(upload), space, dropped, words)
        elif dataset is None or dataset.space_id != space.id or not dataset.versions:
            raise NotFoundError("The dataset that this file was for is gone.")
        else:
            orphans = await take_next(session, _sender(upload), dataset, dropped, words)
            if upload.publish:
                await publish_when_clear(session, _sender(upload), dataset, desk.territory)
        crash_at("version.added")
    crash_at("version.committed")
    return orphans


def _sender(upload: Upload) -> Sender:
    return Sender(person_id=upload.person_id, key_id=upload.key_id)


async def fail(depot: Depot, upload_id: UUID, error: UdiError) -> None:
    """Note why an upload became nothing, and delete its object; its parts go with it or by the sweep."""
    async with depot.session() as session:
        row = await session.get(Upload, (depot.tenant, upload_id), with_for_update=True)
        if row is None or row.state in {UploadState.DONE, UploadState.FAILED}:
            return
        first = error.refusals[0] if error.refusals else None
        row.state, row.holder, row.held_until = UploadState.FAILED, None, None
        row.error = error.detail or (first.reason if first else error.title)
        row.remedy = error.remedy or (first.remedy if first else "")
    await depot.store.delete(row.key)
