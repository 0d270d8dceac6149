"""Who may hold the data that somebody asks for: the producers whose datasets are the nearest, with these as the reason."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.portal.catalogue.models import Dataset, DatasetState
from udi.portal.catalogue.search.alike import find_alike
from udi.portal.catalogue.search.index import Reader
from udi.portal.catalogue.search.words import query_words
from udi.portal.organisations.joining.nearness import likeness
from udi.portal.organisations.models import Organisation
from udi.portal.projects.data_requests.models import DataRequest
from udi.portal.projects.data_requests.states import OPEN, State

MOST_NEAR, MOST_SHOWN, MOST_PRODUCERS, MOST_NAMED = 40, 5, 3, 2
NEAR = 0.55
MOST_COMPARED = 500


@dataclass(frozen=True)
class Near:
    """A dataset near what is asked for."""

    id: UUID
    title: str
    slug: str
    theme: str
    access: str
    producer: str
    organisation_id: UUID
    keywords: tuple[str, ...] = ()
    language: str = ""
    """Of the data, where they have one: their title is most often in it too."""


def told_apart(near: Sequence[Near]) -> list[Near]:
    """The same without those whose title a nearer one of the same producer has: a list of links tells them apart."""
    first = {(each.title, each.organisation_id): each for each in reversed(near)}
    return [each for each in near if first[each.title, each.organisation_id] is each]


@dataclass(frozen=True)
class Likely:
    """A producer that may hold the data, and the reason: `datasets` of its own that are near, else how many of the theme."""

    organisation: Organisation
    datasets: tuple[Near, ...] = ()
    of_theme: int = 0

    @property
    def reason(self) -> dict[str, Any]:
        """As the route keeps it."""
        named = [{"id": str(each.id), "title": each.title} for each in told_apart(self.datasets)[:MOST_NAMED]]
        return {"datasets": named, "near": len(self.datasets)} if named else {"of_theme": self.of_theme}


async def find_near_datasets(session: AsyncSession, reader: Reader | None, title: str, theme: str) -> list[Near]:
    """The datasets that share the rarest words of a title, the nearest first; none without an index."""
    seqs = find_near_numbers(reader, title, theme, most=MOST_NEAR)
    rows = await read_near(session, seqs)
    return [rows[seq] for seq in seqs if seq in rows]


def find_near_numbers(reader: Reader | None, title: str, theme: str, *, most: int, producer: str = "") -> list[int]:
    """The numbers of such datasets; `producer`: those of this one only, by its slug."""
    if reader is None or not title.strip():
        return []
    telling = " ".join(word for word, _ in query_words(title))
    return find_alike(reader, dataset="", named=telling, theme=theme, most=most, producer=producer)


async def read_near(session: AsyncSession, seqs: Collection[int]) -> dict[int, Near]:
    """The datasets of these numbers that are published, by number."""
    if not seqs:
        return {}
    columns = (
        Dataset.seq, Dataset.id, Dataset.title, Dataset.slug, Dataset.theme, Dataset.access, Dataset.keywords,
        Dataset.languages,
    )  # fmt: skip
    same = (Organisation.tenant_id == Dataset.tenant_id) & (Organisation.id == Dataset.organisation_id)
    query = select(*columns, Organisation.name, Organisation.id.label("organisation_id")).join(Organisation, same)
    shown = query.where(Dataset.seq.in_(seqs), Dataset.state == DatasetState.PUBLISHED)
    return {row.seq: _near(row) for row in await session.execute(shown)}


def _near(row: Any) -> Near:
    language = row.languages[0] if len(row.languages) == 1 else ""
    same = (row.id, row.title, row.slug, row.theme, row.access, row.name, row.organisation_id)
    return Near(*same, tuple(row.keywords), language)


async def find_likely(session: AsyncSession, near: Sequence[Near], theme: str) -> list[Likely]:
    """The producers of the nearest datasets; where nothing is near, those with the most datasets of the theme."""
    if not near:
        return await _of_theme(session, theme) if theme else []
    found: dict[UUID, list[Near]] = {}
    for each in near:
        found.setdefault(each.organisation_id, []).append(each)
    weights = {each.organisation_id: 0.0 for each in near}
    for place, each in enumerate(near):
        weights[each.organisation_id] += 1 / (place + 1)
    best = sorted(found, key=lambda id_: (-weights[id_], str(id_)))[:MOST_PRODUCERS]
    known = {each.id: each for each in await session.scalars(select(Organisation).where(Organisation.id.in_(best)))}
    return [Likely(known[id_], tuple(found[id_])) for id_ in best if id_ in known]


async def _of_theme(session: AsyncSession, theme: str) -> list[Likely]:
    count = func.count().label("count")
    counted = (
        select(Dataset.organisation_id, count)
        .where(Dataset.theme == theme, Dataset.state == DatasetState.PUBLISHED)
        .group_by(Dataset.organisation_id)
        .order_by(count.desc(), Dataset.organisation_id)
        .limit(MOST_PRODUCERS)
    )
    rows = [(row.organisation_id, row[1]) for row in await session.execute(counted)]
    ids = [id_ for id_, _ in rows]
    known = {each.id: each for each in await session.scalars(select(Organisation).where(Organisation.id.in_(ids)))}
    return [Likely(known[id_], of_theme=number) for id_, number in rows if id_ in known]


async def find_twins(session: AsyncSession, title: str, *, but: UUID | None = None) -> list[DataRequest]:
    """Open or answered requests whose title looks like this one, the most alike first."""
    states = (*OPEN, State.DECLINED, State.DELIVERED)
    query = select(DataRequest).where(DataRequest.state.in_(states)).order_by(DataRequest.asked_at.desc())
    rows = [each for each in await session.scalars(query.limit(MOST_COMPARED)) if each.id != but]
    rated = sorted(((likeness(title, each.title), each) for each in rows), key=lambda pair: -pair[0])
    return [each for rate, each in rated[:MOST_SHOWN] if rate >= NEAR]
