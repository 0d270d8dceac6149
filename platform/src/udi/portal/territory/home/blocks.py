"""The blocks of a home: which there are, in which order, and what each shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.tenancy import Territory
from udi.portal.catalogue.models import Dataset
from udi.portal.catalogue.queries import (
    IS_PUBLISHED,
    LINE,
    DatasetSummary,
    SearchPage,
    read_summary,
    search_datasets,
)
from udi.portal.catalogue.results import mark_titles
from udi.portal.catalogue.search.criteria import MODIFIED, Criteria
from udi.portal.catalogue.search.index import SearchIndexes
from udi.portal.tenants.toml.site_schema import DEFAULT_BLOCKS
from udi.portal.territory.articles.published import PublishedSite, render_article
from udi.portal.territory.home.area_block import HomeMap
from udi.portal.territory.home.civic_life import CivicLife
from udi.protocol.themes import THEMES

COUNTS = {"news": 3, "projects": 3, "latest": 4, "requests": 3}
"""How many a block shows where it says nothing of it."""
MOST_SHOWN = 12


@dataclass(frozen=True)
class HomeBlock:
    """A block of the home, with what it shows under names that its template reads."""

    kind: str
    number: int
    """Its place in the list, from 1: it makes identifiers unique."""
    title: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class HomeSources:
    """What blocks are filled from."""

    catalogue: SearchPage
    chosen: Mapping[UUID, DatasetSummary]
    life: CivicLife
    site: PublishedSite
    language: str
    day: date
    map: HomeMap | None = None


def list_layout(territory: Territory) -> list[dict[str, Any]]:
    """The blocks that the territory shows, in their order; ours where it says nothing of it."""
    written: Sequence[dict[str, Any]] = territory.site.get("home", ())
    if not written:
        return [{"kind": kind} for kind in DEFAULT_BLOCKS]
    return [block for block in written if not block.get("hidden")]


async def read_catalogue(
    session: AsyncSession, indexes: SearchIndexes, territory: Territory
) -> SearchPage:
    """The datasets that changed last, with what is counted of all."""
    latest = Criteria(sort=MODIFIED, size=MOST_SHOWN, facets=("producer",))
    return await search_datasets(session, indexes, territory.id, latest)


async def read_chosen(
    session: AsyncSession, layout: Sequence[Mapping[str, Any]]
) -> dict[UUID, DatasetSummary]:
    """The published datasets that blocks name, by identifier."""
    ids = {UUID(name) for block in layout for name in block.get("datasets", ())}
    ids |= {UUID(block["dataset"]) for block in layout if block.get("dataset")}
    if not ids:
        return {}
    query = LINE.where(Dataset.id.in_(ids), IS_PUBLISHED)
    rows = [read_summary(row) for row in await session.execute(query)]
    return {summary.id: summary for summary in rows}


def fill_blocks(
    layout: Sequence[Mapping[str, Any]], sources: HomeSources
) -> list[HomeBlock]:
    """The blocks that have something to show; the search first carries the title of the page wherever it stands."""
    blocks = []
    for number, block in enumerate(layout, 1):
        values = _fill(block, sources)
        if values is not None:
            title = block.get("title", {})
            blocks.append(HomeBlock(block["kind"], number, title, values))
    return blocks


def _fill(block: Mapping[str, Any], sources: HomeSources) -> dict[str, Any] | None:
    """What a block shows; None where it has nothing to show."""
    kind = block["kind"]
    count = block.get("count") or COUNTS.get(kind, MOST_SHOWN)
    if kind in {"search", "begin"}:
        return {}
    if kind == "latest":
        return {"answers": mark_titles(sources.catalogue, sources.language)[:count]}
    if kind == "page":
        return _page_values(block["page"], sources)
    if kind == "figure":
        return _figure_values(block, sources)
    if kind == "map":
        return _map_values(block, sources)
    if kind == "requests":
        return {"requests": sources.life.requests[:count]}
    values_by_kind: dict[str, Any] = {
        "call": sources.life.call,
        "news": sources.site.list_news(sources.language, sources.day)[:count],
        "projects": sources.life.projects[:count],
        "datasets": _chosen_datasets(block, sources),
        "themes": _themes(sources.catalogue),
        "counts": _counts(sources.catalogue),
    }
    if values_by_kind[kind]:
        return {kind: values_by_kind[kind]}
    return None


def _page_values(slug: str, sources: HomeSources) -> dict[str, Any] | None:
    article = sources.site.find_page(slug, sources.language)
    if article is None:
        return None
    return {"article": article, "body": render_article(article, sources.site, top=3)}


def _map_values(
    block: Mapping[str, Any], sources: HomeSources
) -> dict[str, Any] | None:
    if sources.map is None:
        return None
    identifier = block.get("dataset")
    dataset = sources.chosen.get(UUID(identifier)) if identifier else None
    return {"map": sources.map, "dataset": dataset}


def _figure_values(block: Mapping[str, Any], sources: HomeSources) -> dict[str, Any]:
    identifier = block.get("dataset")
    dataset = sources.chosen.get(UUID(identifier)) if identifier else None
    return {"value": block["value"], "text": block["text"], "dataset": dataset}


def _chosen_datasets(
    block: Mapping[str, Any], sources: HomeSources
) -> list[tuple[DatasetSummary, str]]:
    """The chosen datasets that are published, in the order in which they were chosen."""
    ids = [UUID(name) for name in block.get("datasets", ())]
    chosen = [sources.chosen[id_] for id_ in ids if id_ in sources.chosen]
    return [(summary, summary.title_in(sources.language)) for summary in chosen]


def _themes(page: SearchPage) -> list[tuple[Any, int]]:
    counted = page.facets.get("theme", {})
    return [(theme, counted[code]) for code, theme in THEMES.items() if code in counted]


def _counts(page: SearchPage) -> dict[str, int]:
    """How many datasets, open ones, producers and themes there are; nothing while nothing is counted."""
    if not page.facets.get("theme"):
        return {}
    return {
        "datasets": page.total,
        "open": page.facets.get("access", {}).get("public", 0),
        "producers": len(page.facets.get("producer", {})),
        "themes": len(_themes(page)),
    }
