"""Reuses of a source: kept as they are met, let go when they left it; the domain of projects shows them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit import jobs
from udi.kit.db import is_among
from udi.kit.web_addresses import is_web_address
from udi.portal.nodes.harvest.facets import read_facets
from udi.portal.nodes.harvest.record import NAMES_OF_ONE, HarvestedRecord
from udi.portal.nodes.sources.filters import FilterMatcher, read_row
from udi.portal.nodes.sources.models import CatalogueSource, SourceReuse, SourceRun
from udi.portal.nodes.sources.reconciliation import MISSES
from udi.portal.nodes.sources.record_import import LONGEST_IDENTIFIER

SHOW_REUSES = "show_harvested_reuses"
"""The job that has the reuses of a source shown among the projects, as its last reading left them."""
MOST_REUSES = 10_000
"""Of one source; the rest is left out."""
MOST_USED = 200
"""Datasets that a reuse may name, each by `NAMES_OF_ONE` names."""
LONGEST_TITLE = 150
LONGEST_TEXT = 5000
LONGEST_ADDRESS = 500
QUIET = {"synchronize_session": False}


async def store_reuses(
    session: AsyncSession,
    source: CatalogueSource,
    run: SourceRun,
    reuses: Sequence[HarvestedRecord],
) -> set[str]:
    """Keep the reuses of a document that the filters take, and note that they were met; the identifiers of those kept.

    One without an address of the web leads nowhere, and is not kept; nor is one without a name, nor more than
    `MOST_REUSES` of the source.
    """
    matcher = FilterMatcher(read_row(source.filters))
    rows = {
        row["id"]: row
        for reuse in reuses
        if matcher.takes(read_facets(reuse))
        and (row := _describe(source, run, reuse))["url"]
        and row["title"]
    }
    rows = await _limit(session, source, rows)
    if not rows:
        return set()
    statement = insert(SourceReuse)
    first = next(iter(rows.values()))
    upsert = statement.on_conflict_do_update(
        index_elements=["tenant_id", "id"],
        set_={name: statement.excluded[name] for name in first if name != "id"},
    )
    await session.execute(upsert, list(rows.values()))
    return {row["identifier"] for row in rows.values()}


async def _limit(
    session: AsyncSession, source: CatalogueSource, rows: dict[UUID, dict[str, Any]]
) -> dict[UUID, dict[str, Any]]:
    """Those that are here already, and as many new ones as there is room for."""
    present = select(SourceReuse.id).where(
        SourceReuse.source_id == source.id, SourceReuse.withdrawn_at.is_(None)
    )
    known = set(
        await session.scalars(present.where(is_among(SourceReuse.id, rows.keys())))
    )
    count = await session.scalar(select(func.count()).select_from(present.subquery()))
    new = [id_ for id_ in rows if id_ not in known]
    left_out = set(new[max(0, MOST_REUSES - (count or 0)) :])
    return {id_: row for id_, row in rows.items() if id_ not in left_out}


def reuse_id(source: UUID, identifier: str) -> UUID:
    """The same source and identifier give the same reuse, for ever."""
    return uuid5(source, f"reuse {identifier.strip()}")


def _describe(
    source: CatalogueSource, run: SourceRun, reuse: HarvestedRecord
) -> dict[str, Any]:
    language, title = next(iter(reuse.title.items()))
    publisher = reuse.publisher
    is_named = publisher is not None and not publisher.is_person
    addresses = [distribution.url for distribution in reuse.distributions]
    return {
        "id": reuse_id(source.id, reuse.identifier),
        "source_id": source.id,
        "identifier": reuse.identifier[:LONGEST_IDENTIFIER],
        "title": _tidy_title(title),
        "language": language,
        "text": next(iter(reuse.description.values()), "")[:LONGEST_TEXT],
        "publisher": next(iter(publisher.name.values()), "")
        if publisher and is_named
        else "",
        "url": next(filter(_is_address, addresses), ""),
        "page": reuse.landing_page if _is_address(reuse.landing_page) else "",
        "datasets": list(reuse.serves[: MOST_USED * NAMES_OF_ONE]),
        "missing": 0,
        "seen_run": run.id,
        "withdrawn_at": None,
    }


def _tidy_title(title: str) -> str:
    """One line of signs that are seen."""
    words = " ".join(title.split())
    seen = "".join(letter for letter in words if letter.isprintable())
    return " ".join(seen.split())[:LONGEST_TITLE].rstrip()


def _is_address(address: str) -> bool:
    return is_web_address(address) and len(address) <= LONGEST_ADDRESS


async def keep_reuses(
    session: AsyncSession, source: CatalogueSource, run: SourceRun
) -> None:
    """Nothing changed since the last complete reading: what was there then is there now."""
    present = update(SourceReuse).where(
        SourceReuse.source_id == source.id,
        SourceReuse.withdrawn_at.is_(None),
        SourceReuse.missing == 0,
    )
    await session.execute(present.values(seen_run=run.id), execution_options=QUIET)


async def settle_reuses(
    session: AsyncSession,
    source: CatalogueSource,
    run: SourceRun,
    moment: datetime,
    *,
    complete: bool,
) -> None:
    """At the end of a reading: let those go that left the catalogue, and have the others shown with the data that they use."""
    if complete:
        times = MISSES if source.accepts_loss or source.filters_changed else 1
        unmet = update(SourceReuse).where(
            SourceReuse.source_id == source.id,
            SourceReuse.withdrawn_at.is_(None),
            or_(SourceReuse.seen_run.is_(None), SourceReuse.seen_run != run.id),
        )
        await session.execute(
            unmet.values(missing=SourceReuse.missing + times), execution_options=QUIET
        )
    await withdraw_reuses(session, source, moment, SourceReuse.missing >= MISSES)


async def withdraw_reuses(
    session: AsyncSession, source: CatalogueSource, moment: datetime, *conditions: Any
) -> None:
    """Take reuses of a source off, and have the projects follow, where it has any."""
    gone = update(SourceReuse).where(
        SourceReuse.source_id == source.id,
        SourceReuse.withdrawn_at.is_(None),
        *conditions,
    )
    await session.execute(
        gone.values(withdrawn_at=moment, text="", publisher=""),
        execution_options=QUIET,
    )
    some = select(SourceReuse.id).where(SourceReuse.source_id == source.id).limit(1)
    if await session.scalar(some):
        payload = {"source": str(source.id), "since": moment.isoformat()}
        await jobs.enqueue(session, SHOW_REUSES, payload)
