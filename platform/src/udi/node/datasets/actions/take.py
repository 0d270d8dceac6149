"""A file that came in, whichever way: understood in a child, then a draft with proposed answers, or a version."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.tenancy import Territory
from udi.node.datasets.actions.copies import copy_to, place
from udi.node.datasets.actions.draft import Dropped, add_version, start_dataset
from udi.node.datasets.actions.history import Author
from udi.node.datasets.actions.prepare import LARGEST
from udi.node.datasets.description import Answers
from udi.node.datasets.models import Dataset
from udi.node.datasets.prefill import prefill, renew
from udi.node.datasets.queries import list_earlier
from udi.node.datasets.recall import complete, recall
from udi.node.files.store import ObjectStore
from udi.node.spaces.models import Space
from udi.node.tables.child import ChildError, TooLongError, TooMuchMemoryError
from udi.node.tables.kind import HEAD, Kind, recognise
from udi.node.tables.notes import Note
from udi.node.tables.opening import SCANNED
from udi.node.tables.profile import Profile, profile_copy
from udi.node.tables.readers import NoTurnError, Reading
from udi.node.tables.source import PIECE

log = structlog.get_logger()
SECONDS = 30.0
BEGINNING = SCANNED + 2 * PIECE
"""Bytes of a text that are looked at here; all of it is read once it is a version."""
READ_FROM_ITS_BEGINNING = frozenset({"", "text", "gzip"})


@dataclass(frozen=True)
class Stored:
    """A file in the object store, not looked at yet."""

    key: str
    name: str
    size: int


@dataclass(frozen=True)
class Words:
    """The language in which answers are proposed."""

    territory: Territory
    locale: str
    gettext: Callable[[str, str], str]

    def propose(self, space: Space, name: str, profile: Profile) -> Answers:
        """What can be said of a file without asking anybody."""
        say = partial(self.gettext, self.locale)
        languages = self.territory.languages
        return prefill(name, profile, say=say, locale=self.locale, languages=languages, contact=space.email)


async def understand_file(store: ObjectStore, reading: Reading, file: Stored) -> Profile:
    """What a file is, as a child sees it; a file that defeats the child is a plain one, with the reason.

    Raises:
        NoRoomError: the disk on which it would be read is full.
    """
    kind = recognise(await _head(store, file), file.name)
    plain = Profile(kind.media_type, kind.label, reads=kind.reads)
    taken = min(file.size, BEGINNING) if kind.reads in READ_FROM_ITS_BEGINNING else file.size
    if taken > LARGEST:
        return plain
    with place("udi-take-") as folder:
        copy = folder / "source"
        await copy_to(copy, store.stream(file.key, 0, taken))
        try:
            return await reading.call(profile_copy, copy, file.name, file.size, seconds=SECONDS)
        except NoTurnError:
            return plain
        except ChildError as error:
            log.info("file not understood", error=type(error).__name__)
            return _defeated(kind, error)


async def _head(store: ObjectStore, file: Stored) -> bytes:
    return b"".join([piece async for piece in store.stream(file.key, 0, min(file.size, HEAD))])


def _defeated(kind: Kind, error: ChildError) -> Profile:
    codes = {TooLongError: "too_long", TooMuchMemoryError: "too_heavy"}
    failure = Note(codes.get(type(error), "unread"))
    return Profile(kind.media_type, kind.label, reads=kind.reads, failure=failure)


async def take_first(
    session: AsyncSession, author: Author | None, space: Space, dropped: Dropped, words: Words
) -> Dataset:
    """A draft with this file, and answers proposed from it and from earlier datasets; the space must be locked.

    Raises:
        TooLargeError: the space has no place left for it.
    """
    columns = [column.name for column in dropped.profile.columns]
    recalled = recall(dropped.name, columns, await list_earlier(session, space))
    answers = complete(words.propose(space, dropped.name, dropped.profile), recalled)
    return await start_dataset(session, author, space, dropped, answers)


async def take_next(
    session: AsyncSession, author: Author | None, dataset: Dataset, dropped: Dropped, words: Words
) -> list[str]:
    """A version that waits; answers left as they were proposed follow the new file. Keys to delete after the commit.

    The dataset must be locked, and its space.

    Raises:
        ConflictError: the dataset is withdrawn, or these are the bytes it already has.
        TooLargeError: the space has no place left for it.
    """
    before = dataset.latest
    old = words.propose(dataset.space, before.file.name, Profile.from_json(before.profile))
    new = words.propose(dataset.space, dropped.name, dropped.profile)
    orphans = await add_version(session, author, dataset, dropped)
    dataset.description = renew(dataset.description, old, new)
    return orphans
