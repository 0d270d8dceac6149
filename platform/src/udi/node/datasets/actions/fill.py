"""A draft filled on a page by a model: its rows become a file of the space, as if they had been dropped."""

import uuid
from dataclasses import dataclass
from pathlib import Path

import structlog

from udi.kit.child import ChildError
from udi.kit.errors import NotFoundError, UnavailableError
from udi.kit.file_names import clean_name
from udi.kit.identity import Actor
from udi.node.datasets.actions.draft import DroppedFile, create_draft
from udi.node.datasets.actions.prepare import PreparationContext, prepare_promptly
from udi.node.datasets.actions.rows import WRITING_SECONDS, uneditable_error
from udi.node.datasets.descriptions.prefill import AnswerProposer
from udi.node.datasets.models import Dataset
from udi.node.files.models import object_key
from udi.node.files.storage.local_copies import open_temporary_folder, read_file
from udi.node.spaces.models import Space
from udi.node.spaces.queries import get_space
from udi.tabular.editing.model_files import FilledFile, ModelRows, write_model_file
from udi.tabular.profiles.corrections import Corrections
from udi.tabular.profiles.profile import Profile
from udi.tabular.queries.readers import QueueTimeoutError
from udi.tabular.schemas.report import SchemaCellError

log = structlog.get_logger()


@dataclass(frozen=True)
class FilledDraft:
    """The draft that was started, or the cells that the model refuses: then nothing was."""

    dataset: Dataset | None = None
    faults: tuple[SchemaCellError, ...] = ()


async def fill_model(
    context: PreparationContext,
    actor: Actor,
    slug: str,
    filled: ModelRows,
    words: AnswerProposer,
) -> FilledDraft:
    """Start a draft of the space with these rows, checked by their model from now on.

    Raises:
        NotFoundError: there is no such space or model, or the person does not belong to the space.
        ForbiddenError: they may not publish there.
        ConflictError: a file of these rows would be read in another way.
        TooLargeError: the space has no place left for it.
        UnavailableError: too many files are being read, or the child failed.
    """
    async with context.storage.session() as session:
        space = await get_space(session, actor, slug)
    if context.readers is None:
        raise UnavailableError("This table cannot be read at the moment.")
    store = context.storage.store
    memory = await store.reading_folder(f"{context.storage.tenant}/{space.id}")
    name = clean_name(f"{filled.model.replace('#', '-')}.csv")
    try:
        async with context.readers.open_reader(space.id, memory) as reading:
            with open_temporary_folder("udi-fill-", memory) as folder:
                target = folder / "filled"
                written = await reading.call(
                    write_model_file,
                    target,
                    name,
                    filled,
                    context.schemas,
                    seconds=WRITING_SECONDS,
                )
                if written.faults:
                    return FilledDraft(faults=written.faults)
                dataset = await _start(
                    context, actor, space, written, target, name, words
                )
            await prepare_promptly(context, dataset.latest, reading)
    except (ChildError, QueueTimeoutError) as error:
        log.info("model not filled", error=type(error).__name__)
        raise UnavailableError("This table cannot be read at the moment.") from None
    return FilledDraft(dataset)


async def _start(
    context: PreparationContext,
    actor: Actor,
    space: Space,
    written: FilledFile,
    target: Path,
    name: str,
    words: AnswerProposer,
) -> Dataset:
    if written.refusal == "model":
        raise NotFoundError("No model of this name is installed here.")
    if written.refusal or written.profile is None:
        raise uneditable_error("other_reading")
    profile = Profile.from_json(written.profile)
    corrections = Corrections.from_json(written.corrections)
    dropped = DroppedFile.from_path(target, uuid.uuid4(), name, profile)
    key = object_key(context.storage.tenant, space.id, dropped.dataset_id, dropped.id)
    store = context.storage.store
    await store.put(key, read_file(target))
    try:
        async with context.storage.session() as session:
            locked = await get_space(session, actor, space.slug, lock=True)
            dataset = await create_draft(
                session, actor, locked, dropped, words, corrections
            )
            schema = corrections.schema
            dataset.record_event(
                actor, "schema.declared", schema=schema.name if schema else ""
            )
    except BaseException:
        await store.delete(key)
        raise
    return dataset
