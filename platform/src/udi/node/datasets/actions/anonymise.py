"""What a table says of people, taken out: asked for by its producer, done in a child, in a file that takes its place."""

import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased, selectinload

from udi.kit.child import ChildError, run
from udi.kit.clock import now
from udi.kit.errors import (
    ConflictError,
    Refusals,
    TooLargeError,
    UdiError,
)
from udi.kit.identity import Actor
from udi.node.datasets.actions.default_view import set_default_view
from udi.node.datasets.actions.draft import (
    PROMPT,
    DroppedFile,
    add_version,
    strip_cells,
)
from udi.node.datasets.actions.parts import add_part_version
from udi.node.datasets.actions.prepare import (
    MEMORY,
    SECONDS,
    TABLE,
    PreparationContext,
    prepare_file,
)
from udi.node.datasets.descriptions.description import LOCALE
from udi.node.datasets.descriptions.prefill import AnswerProposer, update_answers
from udi.node.datasets.models import Dataset, Preparation, PreparationState, Version
from udi.node.datasets.queries import find_dataset
from udi.node.datasets.versions.anonymisation import TreatmentResult, anonymise_table
from udi.node.files.models import object_key
from udi.node.files.storage.local_copies import open_temporary_folder, read_file
from udi.node.spaces.limits import enqueue_heavy_job
from udi.node.spaces.queries import lock_space
from udi.node.spaces.senders import Sender
from udi.tabular.columns.column import TypedColumn
from udi.tabular.personal.treatment_choices import TreatmentChoice, as_treatments
from udi.tabular.personal.treatments import Treatment, check_treatments
from udi.tabular.profiles.corrections import Corrections
from udi.tabular.profiles.profile import Profile

MAP = "geo"
"""How a file whose places are in no column of its own is read."""
log = structlog.get_logger()
TREAT_VERSION = "treat_version"
NOT_TREATED = "not_treated"
Newer = aliased(Version)
ROOM = 20
"""How many times larger than the stored file the new one may be: a sheet is packed."""


@dataclass(frozen=True)
class AnonymisationContext:
    """What a treatment works with; `root` is what each dataset's own key is derived from."""

    preparation: PreparationContext
    root: bytes
    gettext: Callable[[str, str], str]
    """(language, message) to the message in that language."""

    def key(self, dataset_id: UUID) -> bytes:
        """The dataset's own: the same value has the same code in all its versions, and in no other dataset."""
        return hmac.digest(self.root, dataset_id.bytes, "sha256")


def read_treatments(
    form: Mapping[str, Any],
    counted: Sequence[str],
    choices: Sequence[TreatmentChoice],
    columns: Sequence[TypedColumn],
) -> tuple[Treatment, ...]:
    """What a form asks for: `column-n` for the column at place n, and the places of the columns to count by.

    Raises:
        InvalidError: something else than what was offered, or nothing at all.
    """
    refusals = Refusals()
    code_by_column = dict[str, str]()
    for choice in choices:
        code = str(form.get(f"column-{choice.place}") or "")
        if code and code not in choice.offered:
            refusals.refuse(
                f"column-{choice.place}", "Choose one of the proposed answers."
            )
        code_by_column[choice.column.name] = code
    name_by_place = {str(place): column.name for place, column in enumerate(columns)}
    by = [name_by_place[place] for place in counted if place in name_by_place]
    if len(by) < len(counted):
        refusals.refuse("count", "Choose one of the proposed answers.")
    if not refusals and not by and not any(code_by_column.values()):
        refusals.refuse("count", "Choose what to do with at least one column.")
    dropped = {name for name, code in code_by_column.items() if code == "drop"}
    if not refusals and not by and dropped >= {column.name for column in columns}:
        refusals.refuse(
            "count",
            "Nothing would be left of the table.",
            "Keep at least one column.",
        )
    refusals.check()
    return as_treatments(code_by_column, by)


async def request_anonymisation(
    session: AsyncSession,
    actor: Actor,
    dataset: Dataset,
    version: Version,
    treatments: Sequence[Treatment],
) -> Version:
    """Have the newest file treated, the main one or that of a part; a published one stays open as it is meanwhile, and after.

    The opening view of the main file is given up: its filters may hold what is to be removed.

    Raises:
        ConflictError: it is still being looked at, or is no table; or it is that of a part, and the dataset is withdrawn.
        InvalidError: a treatment that cannot be done.
    """
    if version.part_id is not None and dataset.withdrawn_at is not None:
        raise ConflictError(
            "This dataset is withdrawn.", remedy="Publish it again first."
        )
    preparation = version.preparation
    if preparation is None or preparation.state != PreparationState.READY:
        raise ConflictError(
            "We are still reading your file.", remedy="Wait a little, then try again."
        )
    check_treatments(
        treatments, Profile.from_json(version.profile).columns, geometries=False
    )
    corrections = replace(
        Corrections.from_json(preparation.corrections), treatments=tuple(treatments)
    )
    preparation.corrections = corrections.as_json()
    preparation.failure = ""
    if version.part_id is None:
        set_default_view(actor, dataset, "")
    if version.published_at is None:
        preparation.revision += 1
        preparation.state = PreparationState.WAITING
        preparation.updated_at = now()
    await session.flush()
    payload = {
        "version": str(version.id),
        "revision": preparation.revision,
        "person": str(actor.person_id),
    }
    await enqueue_heavy_job(session, version.file.space_id, TREAT_VERSION, payload)
    return version


async def anonymise_promptly(
    anonymisation: AnonymisationContext, actor: Actor, version: Version
) -> None:
    """Do it at once for a small file; a larger one, or one that fails, is the worker's."""
    preparation = version.preparation
    if preparation is None or version.file.size > PROMPT:
        return
    try:
        await anonymise_version(
            anonymisation, version.id, preparation.revision, actor.person_id
        )
    except (UdiError, OSError):
        log.info("treatment left to the worker", version=str(version.id))


async def anonymise_version(
    anonymisation: AnonymisationContext,
    version_id: UUID,
    revision: int,
    person_id: UUID,
) -> None:
    """Write the harmless file, give it the place of the other, look at it. May be called again at any moment."""
    context = anonymisation.preparation
    async with context.storage.session() as session:
        version = await _find_requested(session, version_id, revision)
    if version is None or version.preparation is None:
        return
    requested_corrections = Corrections.from_json(version.preparation.corrections)
    with open_temporary_folder(
        "udi-treat-", await context.storage.store.reading_folder(version.file.key)
    ) as folder:
        target = folder / "harmless" / "new.csv"
        target.parent.mkdir()
        result = await _write_anonymised_file(
            anonymisation, version, requested_corrections.treatments, folder, target
        )
        if result is None or result.refused:
            await _restore_version(context, version_id, revision)
            return
        dropped = _anonymised_file(version, result, target)
        await context.storage.store.put(
            _object_key(context, version, dropped), read_file(target)
        )
    touched = {
        name
        for treatment in requested_corrections.treatments
        for name in treatment.columns
    }
    columns = Profile.from_json(version.profile).columns
    corrections = requested_corrections.for_treated(
        result.treated,
        set(result.treated["columns"]) - touched,
        [column.name for column in columns],
    )
    await _replace_version(
        anonymisation, version, Sender(person_id, None), dropped, corrections
    )


def _object_key(
    context: PreparationContext, version: Version, dropped: DroppedFile
) -> str:
    return object_key(
        context.storage.tenant, version.file.space_id, dropped.dataset_id, dropped.id
    )


async def _find_requested(
    session: AsyncSession, version_id: UUID, revision: int, *, lock: bool = False
) -> Version | None:
    """The version to treat, unless this was done or something newer was asked."""
    query = (
        select(Version)
        .join(Preparation)
        .where(Version.id == version_id, Preparation.revision == revision)
        .options(selectinload(Version.preparation))  # after a lock was waited for
    )
    is_waiting = (Version.published_at.is_not(None)) | (
        Preparation.state == PreparationState.WAITING
    )
    newer = select(Newer.id).where(
        Newer.dataset_id == Version.dataset_id,
        Newer.part_id.is_not_distinct_from(Version.part_id),
        Newer.number > Version.number,
    )
    query = query.where(is_waiting, ~newer.exists())
    version: Version | None = await session.scalar(
        query.with_for_update(of=Preparation) if lock else query
    )
    return version


async def _write_anonymised_file(
    anonymisation: AnonymisationContext,
    version: Version,
    treatments: Sequence[Treatment],
    folder: Path,
    target: Path,
) -> TreatmentResult | None:
    file = version.file
    profile = Profile.from_json(version.profile)
    table = folder / TABLE
    suffix = version.preparation.table if version.preparation else ""
    await anonymisation.preparation.storage.store.copy(file.derived_key(suffix), table)
    try:
        return await run(
            anonymise_table,
            table,
            profile.columns,
            treatments,
            target,
            anonymised_name(file.name),
            anonymisation.key(version.dataset_id),
            has_own_places=profile.reads == MAP,
            memory_mb=MEMORY,
            seconds=SECONDS,
            file_bytes=max(64 * 1024**2, ROOM * file.size),
        )
    except ChildError as error:
        log.warning(
            "treatment failed", version=str(version.id), error=type(error).__name__
        )
        return None


def anonymised_name(name: str) -> str:
    """The name of the file that takes the place of this one."""
    return f"{PurePath(name).stem or 'data'}.csv"


def _anonymised_file(
    version: Version, result: TreatmentResult, target: Path
) -> DroppedFile:
    return DroppedFile.from_path(
        target,
        version.dataset_id,
        anonymised_name(version.file.name),
        Profile.from_json(result.profile),
    )


async def _replace_version(
    anonymisation: AnonymisationContext,
    before: Version,
    author: Sender,
    dropped: DroppedFile,
    corrections: Corrections,
) -> None:
    context = anonymisation.preparation
    revision = before.preparation.revision if before.preparation else 0
    try:
        async with context.storage.session() as session:
            dataset = await find_dataset(session, before.dataset_id, lock=True)
            version = await _find_requested(session, before.id, revision, lock=True)
            if dataset is None or version is None:
                raise ConflictError("Another file came meanwhile.")  # noqa: TRY301 - the object that was put goes with it
            await lock_space(session, dataset.space)
            orphans = await _add_treated_version(
                session, author, dataset, version, dropped, corrections
            )
            if version.part_id is None:
                _update_answers(anonymisation, dataset, before, dropped)
    except BaseException as error:
        await context.storage.store.delete(_object_key(context, before, dropped))
        if not isinstance(error, (ConflictError, TooLargeError)):
            raise
        await _restore_version(context, before.id, revision)
        return
    for orphan in orphans:
        await context.storage.store.delete(orphan)
    await prepare_file(context, dropped.id)


async def _add_treated_version(
    session: AsyncSession,
    author: Sender,
    dataset: Dataset,
    version: Version,
    dropped: DroppedFile,
    corrections: Corrections,
) -> list[str]:
    """Let the new file wait in the place of this version; the keys of objects to delete."""
    part = dataset.find_part(version.part_id)
    if part is not None:
        _, orphans = await add_part_version(
            session, author, dataset, part, dropped, treated=corrections
        )
        return orphans
    return await add_version(
        session, author, dataset, dropped, version.note, treated=corrections
    )


def _update_answers(
    anonymisation: AnonymisationContext,
    dataset: Dataset,
    before: Version,
    dropped: DroppedFile,
) -> None:
    """Let the answers that were left as proposed for the former file follow the new one."""
    locale = dataset.description.get(LOCALE) or "fr"
    words = AnswerProposer(
        anonymisation.preparation.territory, locale, anonymisation.gettext
    )
    old = dataset.proposals or words.propose_answers(
        dataset.space, before.file.name, Profile.from_json(before.profile)
    )
    new = words.propose_answers(
        dataset.space, dropped.name, strip_cells(dataset.space, dropped).profile
    )
    dataset.description = update_answers(dataset.description, old, new)
    dataset.proposals = new


async def _restore_version(
    context: PreparationContext, version_id: UUID, revision: int
) -> None:
    """The version as it was, with the news that nothing was done."""
    async with context.storage.session() as session:
        version = await _find_requested(session, version_id, revision, lock=True)
        if version is not None and version.preparation is not None:
            version.preparation.state = PreparationState.READY
            version.preparation.failure = NOT_TREATED
