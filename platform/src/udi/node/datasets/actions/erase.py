"""Erasing: nothing of a dataset stays but a mark that it was, and its history, which holds no cell."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Table,
    any_,
    delete,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit import jobs
from udi.kit.clock import now
from udi.kit.errors import ConflictError, InvalidError, Refusal
from udi.kit.identity import Actor
from udi.node.datasets.actions.remove import list_removed_public_versions
from udi.node.datasets.models import Dataset, Version
from udi.node.files.models import ErasedDataset, StoredFile
from udi.node.schema import NodeTable
from udi.node.spaces.models import ScriptKey

ERASE_DATASET = "erase_dataset"
RETAINED_TABLES = frozenset(
    {
        "dataset",
        "delivery",
        "further_delivery",
        "dataset_event",
        "erased_dataset",
        "use_count",
    }
)
"""Tables that no row is taken from at once: the first three until the portals took its description off; none of the others
holds a cell, and what a dataset was used for is on its producer's sheet of costs."""
LINKS = ("dataset_id", "version_id", "file_id")


def may_erase(dataset: Dataset) -> bool:
    """Whether it is a draft that never was public, or is withdrawn."""
    return dataset.opened_at is None or dataset.withdrawn_at is not None


async def erase_dataset(
    session: AsyncSession, actor: Actor, dataset: Dataset, *, title_text: str
) -> None:
    """Forget a dataset for good: rows at once, objects by a job that follows; nobody can undo it.

    Raises:
        ConflictError: it is public.
        InvalidError: what was typed is not its title.
    """
    if not may_erase(dataset):
        raise ConflictError(
            "This dataset is public.",
            remedy="Withdraw it first: people who use it will read the reason.",
        )
    if _normalise_title(title_text) != _normalise_title(dataset.title):
        raise InvalidError(
            refusals=[
                Refusal(
                    "title", "This is not its title.", "Copy it as it is written above."
                )
            ]
        )
    public = [
        version.file_id for version in dataset.files if version.published_at is not None
    ]
    public += [
        removed.id
        for removed in await list_removed_public_versions(session, dataset.id)
    ]
    session.add(
        ErasedDataset(
            id=dataset.id,
            space_id=dataset.space_id,
            person_id=actor.person_id,
            published=dataset.opened_at is not None,
            files=public,
        )
    )
    dataset.record_event(actor, "dataset.erasing")
    await delete_dataset_rows(session, dataset.id)
    await _detach_from_space(session, dataset)
    dataset.title = ""
    dataset.description = {}
    dataset.updated_at = now()
    dataset.document = None
    dataset.media_id = None
    await session.flush()
    await session.refresh(dataset, ["versions", "parts"])
    await jobs.enqueue(session, ERASE_DATASET, {"dataset": str(dataset.id)})


async def _detach_from_space(session: AsyncSession, dataset: Dataset) -> None:
    """No key names it any more; one that was made for it alone is refused. Its figures are not published anew."""
    named = literal(dataset.id) == any_(ScriptKey.datasets)
    mine = update(ScriptKey).where(ScriptKey.space_id == dataset.space_id)
    single_dataset_keys = mine.where(
        ScriptKey.datasets == [dataset.id], ScriptKey.revoked_at.is_(None)
    )
    await session.execute(single_dataset_keys.values(revoked_at=now()))
    await session.execute(
        mine.where(named).values(
            datasets=func.array_remove(ScriptKey.datasets, dataset.id)
        )
    )
    if dataset.space.figures_dataset_id == dataset.id:
        dataset.space.publishes_figures = False


async def delete_dataset_rows(session: AsyncSession, dataset_id: UUID) -> int:
    """Delete the rows of every table that name the dataset, one of its versions or files, or such a row; how many.

    A table that comes later is covered by naming its column as those before it do, or by its foreign key.
    """
    versions = list(
        await session.scalars(
            select(Version.id).where(Version.dataset_id == dataset_id)
        )
    )
    files = list(
        await session.scalars(
            select(StoredFile.id).where(StoredFile.dataset_id == dataset_id)
        )
    )
    ids = dict(zip(LINKS, ([dataset_id], versions, files), strict=True))
    deleted = 0
    for table in list_dataset_tables():
        done = await session.execute(
            delete(table).where(_belongs_to_dataset(table, ids))
        )
        deleted += max(getattr(done, "rowcount", 0), 0)
    return deleted


def list_dataset_tables() -> list[Table]:
    """The tables whose rows belong to a dataset, those that point to others first."""
    tables = list[Table]()
    for table in NodeTable.metadata.sorted_tables:
        named = any(name in table.c for name in LINKS)
        if table.name not in RETAINED_TABLES and (
            named or any(parent in tables for parent, _ in _parents(table))
        ):
            tables.append(table)
    return tables[::-1]


def _belongs_to_dataset(
    table: Table, ids: Mapping[str, Sequence[UUID]]
) -> ColumnElement[bool]:
    """Whether a row of one of these tables is of the dataset with these ids."""
    reached = list_dataset_tables()
    direct = [table.c[name].in_(ids[name]) for name in LINKS if name in table.c]
    through = [
        column.in_(select(parent.c.id).where(_belongs_to_dataset(parent, ids)))
        for parent, column in _parents(table)
        if parent in reached and not direct
    ]
    return or_(*direct, *through)


def _parents(table: Table) -> list[tuple[Table, ColumnElement[UUID]]]:
    """The tables that a table points to, each with the column that names the row there."""
    keys = [key for key in table.foreign_keys if key.column.name == "id"]
    return [(key.column.table, key.parent) for key in keys]


def _normalise_title(title: str) -> str:
    return " ".join(title.split()).casefold()
