"""A file that came in, whichever way: understood in a child, then a draft with proposed answers, or a version."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.child import ChildError, ChildMemoryError, ChildTimeoutError
from udi.kit.tenancy import Territory
from udi.node.datasets.actions.draft import (
    DroppedFile,
    add_version,
    start_dataset,
    strip_cells,
)
from udi.node.datasets.actions.history import Author
from udi.node.datasets.actions.local_copies import open_temporary_folder, write_copy
from udi.node.datasets.actions.prepare import LARGEST
from udi.node.datasets.descriptions.description import Answers, clear_licence
from udi.node.datasets.descriptions.earlier_answers import (
    complete_answers,
    recall_answers,
)
from udi.node.datasets.descriptions.prefill import (
    Proposals,
    cover_period,
    pair_proposals,
    prefill,
    remove_cell_answers,
    update_answers,
)
from udi.node.datasets.models import Dataset
from udi.node.datasets.queries import list_earlier_answers
from udi.node.files.store import ObjectStore
from udi.node.spaces.models import Space
from udi.protocol.access import AccessRights
from udi.tabular.formats.file_kind import HEAD, FileKind, recognise_kind
from udi.tabular.formats.source import PIECE
from udi.tabular.messages.notes import Note
from udi.tabular.profiles.coverage import Coverage
from udi.tabular.profiles.opened_files import SCANNED
from udi.tabular.profiles.profile import Profile, profile_copy
from udi.tabular.queries.readers import FileReader, QueueTimeoutError

log = structlog.get_logger()
SECONDS = 30.0
BEGINNING = SCANNED + 2 * PIECE
"""Bytes of a text that are looked at here; all of it is read once it is a version."""
READ_FROM_ITS_BEGINNING = frozenset({"", "text", "gzip"})


@dataclass(frozen=True)
class ReceivedFile:
    """A file in the object store, not looked at yet."""

    key: str
    name: str
    size: int


@dataclass(frozen=True)
class AnswerProposer:
    """The language in which answers are proposed."""

    territory: Territory
    locale: str
    gettext: Callable[[str, str], str]

    def propose_answers(
        self, space: Space, name: str, profile: Profile
    ) -> tuple[Answers, Proposals]:
        """What can be said of a file without asking anybody, and what of it is made of its cells."""
        say = partial(self.gettext, self.locale)
        languages = self.territory.languages
        guess = partial(
            prefill,
            name,
            profile,
            say=say,
            locale=self.locale,
            languages=languages,
            contact=space.email,
        )
        answers = guess()
        return answers, pair_proposals(answers, guess(access=AccessRights.RESTRICTED))

    def recover_proposals(self, dataset: Dataset) -> Proposals:
        """What was proposed for a dataset of before that was kept, in whichever language its text is."""
        file = dataset.latest.file
        profile = Profile.from_json(dataset.latest.profile)
        by_language = [
            replace(self, locale=language).propose_answers(
                dataset.space, file.name, profile
            )[1]
            for language in self.territory.languages
        ]
        summary = dataset.description.get("summary", "")
        proposals = next(
            (
                candidate
                for candidate in by_language
                if summary in candidate["summary"].values()
            ),
            by_language[0],
        )
        if dataset.latest.preparation:
            coverage = dataset.latest.preparation.findings.get("coverage")
        else:
            coverage = None
        days = {
            name: proposals[name][AccessRights.PUBLIC]
            for name in ("first_day", "last_day")
        }
        if coverage:
            return cover_period(days, proposals, Coverage.from_json(coverage))[1]
        return proposals


async def profile_stored_file(
    store: ObjectStore, reading: FileReader, file: ReceivedFile
) -> Profile:
    """What a file is, as a child sees it; a file that defeats the child is a plain one, with the reason.

    Raises:
        DiskFullError: the disk on which it would be read is full.
    """
    kind = recognise_kind(await _head(store, file), file.name)
    plain = Profile(kind.media_type, kind.label, reads=kind.reads)
    if kind.reads in READ_FROM_ITS_BEGINNING:
        byte_count = min(file.size, BEGINNING)
    else:
        byte_count = file.size
    if byte_count > LARGEST:
        return plain
    with open_temporary_folder(
        "udi-take-", await store.reading_folder(file.key)
    ) as folder:
        copy = folder / "source"
        await write_copy(copy, store.stream(file.key, 0, byte_count))
        try:
            return await reading.call(
                profile_copy, copy, file.name, file.size, seconds=SECONDS
            )
        except QueueTimeoutError:
            return plain
        except ChildError as error:
            log.info("file not understood", error=type(error).__name__)
            return _unreadable_profile(kind, error)


async def _head(store: ObjectStore, file: ReceivedFile) -> bytes:
    return b"".join(
        [piece async for piece in store.stream(file.key, 0, min(file.size, HEAD))]
    )


def _unreadable_profile(kind: FileKind, error: ChildError) -> Profile:
    codes = {ChildTimeoutError: "too_long", ChildMemoryError: "too_heavy"}
    failure = Note(codes.get(type(error), "unread"))
    return Profile(kind.media_type, kind.label, reads=kind.reads, failure=failure)


async def create_draft(
    session: AsyncSession,
    author: Author | None,
    space: Space,
    dropped: DroppedFile,
    words: AnswerProposer,
) -> Dataset:
    """A draft with this file, and answers proposed from it and from earlier datasets; the space must be locked.

    Raises:
        TooLargeError: the space has no place left for it.
    """
    dropped = strip_cells(space, dropped)
    columns = [column.name for column in dropped.profile.columns]
    recalled = recall_answers(
        dropped.name, columns, await list_earlier_answers(session, space)
    )
    proposed, proposals = words.propose_answers(space, dropped.name, dropped.profile)
    answers = remove_cell_answers(
        clear_licence(complete_answers(proposed, recalled)), proposals
    )
    return await start_dataset(session, author, space, dropped, answers, proposals)


async def create_next_version(
    session: AsyncSession,
    author: Author | None,
    dataset: Dataset,
    dropped: DroppedFile,
    words: AnswerProposer,
) -> list[str]:
    """A version that waits; answers left as they were proposed follow the new file. Keys to delete after the commit.

    The dataset must be locked, and its space.

    Raises:
        ConflictError: the dataset is withdrawn, or these are the bytes it already has.
        TooLargeError: the space has no place left for it.
    """
    old = dataset.proposals or words.recover_proposals(dataset)
    dropped = strip_cells(dataset.space, dropped)
    new = words.propose_answers(dataset.space, dropped.name, dropped.profile)[1]
    orphans = await add_version(session, author, dataset, dropped)
    dataset.description = update_answers(dataset.description, old, new)
    dataset.proposals = new
    return orphans
