"""The dataset that tells everybody the uses of a producer's others: asked for by a switch, renewed by the worker."""

import hashlib
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from io import BytesIO
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit import jobs
from udi.kit.clock import now
from udi.kit.csv_writer import write_csv
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.node.datasets.actions.draft import DroppedFile, add_version, start_dataset
from udi.node.datasets.actions.publish import publish_dataset
from udi.node.datasets.descriptions.description import LOCALE, Answers
from udi.node.datasets.figures import HEADER, find_figures_dataset, list_public_figures
from udi.node.datasets.models import Dataset
from udi.node.datasets.queries import find_dataset, last_licence
from udi.node.files.models import object_key
from udi.node.files.storage.store import ObjectStore
from udi.node.spaces.models import Space
from udi.node.spaces.queries import lock_space
from udi.protocol.licences import DEFAULT
from udi.tabular.profiles.profile import profile_file

PUBLISH_FIGURES = "publish_figures"
FILE_NAME = "uses.csv"
Translate = Callable[[str], str]


async def set_figures_publication(
    session: AsyncSession, space: Space, *, on: bool
) -> None:
    """Tell everybody the uses from now on, or stop; what was published stays until it is withdrawn."""
    space.publishes_figures = on
    await session.flush()
    if on:
        await jobs.enqueue(session, PUBLISH_FIGURES, {"space": str(space.id)})


@dataclass(frozen=True)
class FiguresPublisher:
    """What publishing the figures needs."""

    database: Database
    store: ObjectStore
    gettext: Callable[[str, str], str]
    """A message in a language."""

    async def publish(self, territory: Territory, space_id: UUID) -> bool:
        """Publish what the days that are over changed; False where nothing did, or where it is not to be told."""
        async with self.database.session(territory.id, role="worker") as session:
            publication = await _find_unpublished(session, space_id)
        if publication is None:
            return False
        space, dataset, content = publication
        dropped = _figures_file(space, dataset, content)
        key = object_key(territory.id, space.id, dropped.dataset_id, dropped.id)
        await self.store.put(key, _single_piece(content))
        try:
            async with self.database.session(territory.id, role="worker") as session:
                orphans = await self._save_version(
                    session, territory, space_id, dropped
                )
        except BaseException:
            await self.store.delete(key)
            raise
        for orphan in orphans:
            await self.store.delete(orphan)
        return True

    async def _save_version(
        self,
        session: AsyncSession,
        territory: Territory,
        space_id: UUID,
        dropped: DroppedFile,
    ) -> list[str]:
        dataset = await find_dataset(session, dropped.dataset_id, lock=True)
        orphans = list[str]()
        space = (await session.scalars(select(Space).where(Space.id == space_id))).one()
        await lock_space(session, space)
        if dataset is None:
            answers = await self._answers(session, territory, space)
            dataset = await start_dataset(session, None, space, dropped, answers)
            dataset.described_at = now()
            space.figures_dataset_id = dataset.id
            await session.refresh(dataset, ["delivery", "parts"])
        else:
            orphans = await add_version(session, None, dataset, dropped)
        await publish_dataset(session, None, dataset, territory)
        return orphans

    async def _answers(
        self, session: AsyncSession, territory: Territory, space: Space
    ) -> Answers:
        language = territory.languages[0]
        answers = describe_figures(
            lambda message: self.gettext(language, message), space, language
        )
        return {**answers, "licence": await last_licence(session, space) or DEFAULT}


async def _find_unpublished(
    session: AsyncSession, space_id: UUID
) -> tuple[Space, Dataset | None, bytes] | None:
    space = await session.scalar(select(Space).where(Space.id == space_id))
    if space is None or not space.publishes_figures:
        return None
    dataset = await find_figures_dataset(session, space)
    figures = await list_public_figures(session, space, now().date())
    content = write_csv(HEADER, (figure.row for figure in figures))
    if not figures or (dataset and dataset.withdrawn_at is not None):
        return None
    if dataset and dataset.latest.file.sha256 == hashlib.sha256(content).hexdigest():
        return None
    return space, dataset, content


def _figures_file(space: Space, dataset: Dataset | None, content: bytes) -> DroppedFile:
    """The same id whoever makes it first: two workers make one dataset."""
    if dataset:
        dataset_id = dataset.id
    else:
        dataset_id = uuid.uuid5(space.id, f"figures/{space.figures_dataset_id}")
    profile = profile_file(FILE_NAME, len(content), lambda: iter(BytesIO(content)))
    return DroppedFile(
        uuid.uuid4(),
        dataset_id,
        FILE_NAME,
        len(content),
        hashlib.sha256(content).hexdigest(),
        profile,
    )


def describe_figures(say: Translate, space: Space, language: str) -> Answers:
    """What the dataset says of itself at first; its producer may say it otherwise."""
    return {
        "title": (say("Uses of the datasets of %(name)s") % {"name": space.name})[:150],
        "summary": say(
            "How often each dataset was downloaded or asked for, by day, by people, programs and robots. "
            "Only uses are counted: nothing is kept about who made them."
        ),
        "theme": "citizenship",
        "keywords": say("uses, downloads, open data"),
        "first_day": "",
        "last_day": "",
        "frequency": "daily",
        "language": language,
        "licence": "",
        "contact": space.email,
        LOCALE: language,
    }


async def _single_piece(content: bytes) -> AsyncIterator[bytes]:
    yield content
