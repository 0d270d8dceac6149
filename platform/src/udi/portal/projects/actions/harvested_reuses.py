"""Reuses that catalogues of others name, among the projects: each is one that is delivered, without anybody of here."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, delete, func, literal, or_, select, text, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.db import is_among
from udi.kit.jobs import Handlers, Job
from udi.kit.tenancy import Territory
from udi.portal.catalogue.models import Dataset, DatasetState
from udi.portal.nodes.sources.models import CatalogueSource, SourceReuse
from udi.portal.nodes.sources.named_datasets import NamedDatasets, find_datasets
from udi.portal.nodes.sources.reuse_import import SHOW_REUSES
from udi.portal.projects.actions.describe import LONGEST
from udi.portal.projects.actions.report import LOCK
from udi.portal.projects.emails import write_harvest_email
from udi.portal.projects.models import LISTED, Project, ProjectDataset
from udi.portal.projects.transitions import ProjectState
from udi.portal.projects.translated_texts import tidy_line, tidy_words
from udi.protocol.policy import Requester
from udi.ui.site import Site

BATCH = 500
"""Reuses of a transaction."""
MOST_NAMED = 10
"""Reuses that a mail names."""
FIRST = UUID(int=0)
ELLIPSIS = "…"


def task_handlers(site: Site) -> Handlers:
    """The handler; that of a closed territory waits, and for a source that is gone it does nothing."""

    async def show(job: Job) -> None:
        territory = await site.registry.get_served(job.tenant)
        source = UUID(job.payload["source"])
        moment = now()
        since = job.payload.get("since")
        read_at = datetime.fromisoformat(since) if since else moment
        await show_reuses(site, territory, source, moment, read_at)
        if since:
            await notify_team(site, territory, source, read_at)

    return {SHOW_REUSES: show}


async def show_reuses(
    site: Site,
    territory: Territory,
    source_id: UUID,
    moment: datetime,
    read_at: datetime,
) -> None:
    """Have the projects say what a source says of its reuses, some in each transaction; done again, it changes nothing.

    What left its catalogue goes first, so that others may have its address. One whose address is here already stays as
    people wrote it; what the team hid stays hidden. What is new is created at `read_at`, by which `notify_team` finds it.
    """
    is_archiving = True
    last: UUID | None = None
    while is_archiving or last is not None:
        async with site.database.session(territory.id, role="worker") as session:
            source = await session.get(CatalogueSource, (territory.id, source_id))
            if source is None:
                return
            await session.execute(text(LOCK))
            if is_archiving:
                is_archiving = await _archive_batch(session, source, moment)
                last = None if is_archiving else FIRST
            elif last is not None:
                last = await _show_batch(session, source, moment, read_at, after=last)


async def notify_team(
    site: Site, territory: Territory, source_id: UUID, read_at: datetime
) -> None:
    """Tell the team, in one mail, of the reuses of a source that were shown for the first time after a reading.

    Raises:
        EmailError: the relay did not take it; it is tried again.
    """
    same = (SourceReuse.tenant_id == Project.tenant_id) & (SourceReuse.id == Project.id)
    conditions = (
        SourceReuse.source_id == source_id,
        Project.created_at == read_at,
        Project.state == ProjectState.DELIVERED,
        LISTED,
    )
    query = select(Project).join(SourceReuse, same).where(*conditions)
    counting = select(func.count()).select_from(Project).join(SourceReuse, same)
    async with site.database.session(territory.id, role="worker") as session:
        source = await session.get(CatalogueSource, (territory.id, source_id))
        number = await session.scalar(counting.where(*conditions)) or 0
        first = query.order_by(Project.title, Project.id).limit(MOST_NAMED)
        projects = (await session.scalars(first)).all()
    if source is not None and projects and territory.contact:
        mail = write_harvest_email(
            site, territory, source, projects, number=number, since=read_at
        )
        await site.send_email(territory, mail)


async def _archive_batch(
    session: AsyncSession, source: CatalogueSource, moment: datetime
) -> bool:
    """Archive some that left their catalogue, without what it said of them; whether there may be more."""
    same = (SourceReuse.tenant_id == Project.tenant_id) & (SourceReuse.id == Project.id)
    query = (
        select(Project)
        .join(SourceReuse, same)
        .where(
            SourceReuse.source_id == source.id,
            SourceReuse.withdrawn_at.is_not(None),
            Project.state != ProjectState.ARCHIVED,
        )
        .order_by(Project.id)
        .limit(BATCH)
    )
    projects = (await session.scalars(query)).all()
    for project in projects:
        project.state = ProjectState.ARCHIVED
        project.summary = project.words = project.leader_name = ""
        project.changed_at = moment
        project.revision += 1
    return len(projects) == BATCH


async def _show_batch(
    session: AsyncSession,
    source: CatalogueSource,
    moment: datetime,
    read_at: datetime,
    *,
    after: UUID,
) -> UUID | None:
    """Show some of those that are in their catalogue; the last of them, where there may be more."""
    query = select(SourceReuse).where(
        SourceReuse.source_id == source.id,
        SourceReuse.withdrawn_at.is_(None),
        SourceReuse.id > after,
    )
    reuses = (await session.scalars(query.order_by(SourceReuse.id).limit(BATCH))).all()
    ids = [reuse.id for reuse in reuses]
    rows = await session.scalars(select(Project).where(is_among(Project.id, ids)))
    projects = {project.id: project for project in rows}
    datasets = await find_datasets(
        session, source, {name for reuse in reuses for name in reuse.datasets}
    )
    taken = await _list_taken_addresses(session, reuses)
    for reuse in reuses:
        project = projects.get(reuse.id)
        is_free = not taken.get(reuse.url, set()) - {reuse.id}
        if project is not None:
            if not is_free and project.state == ProjectState.ARCHIVED:
                continue
            _update(project, reuse, moment)
        elif is_free and not datasets.ids.keys().isdisjoint(reuse.datasets):
            projects[reuse.id] = _begin(reuse, moment, read_at)
            session.add(projects[reuse.id])
        else:
            continue
        taken.setdefault(reuse.url, set()).add(reuse.id)
    await session.flush()
    joined_reuses = [reuse for reuse in reuses if reuse.id in projects]
    await _join_datasets(session, source, joined_reuses, datasets, moment)
    return ids[-1] if len(ids) == BATCH else None


async def _list_taken_addresses(
    session: AsyncSession, reuses: Sequence[SourceReuse]
) -> dict[str, set[UUID]]:
    """The projects that have an address already, or that the team hid with it, by that address."""
    query = select(Project.url, Project.id).where(
        is_among(Project.url, {reuse.url for reuse in reuses}),
        Project.confidential.is_(False),
        or_(Project.state != ProjectState.ARCHIVED, Project.hidden_at.is_not(None)),
    )
    taken: dict[str, set[UUID]] = {}
    for row in await session.execute(query):
        taken.setdefault(row.url, set()).add(row.id)
    return taken


def _begin(reuse: SourceReuse, moment: datetime, read_at: datetime) -> Project:
    return Project(
        id=reuse.id,
        **_describe(reuse),
        state=ProjectState.DELIVERED,
        confidential=False,
        leader_id=None,
        reporter_id=None,
        requester=Requester.PERSON,
        created_at=read_at,
        changed_at=moment,
        published_at=moment,
    )


def _update(project: Project, reuse: SourceReuse, moment: datetime) -> None:
    described = {**_describe(reuse), "state": ProjectState.DELIVERED}
    changed = [
        name for name, value in described.items() if getattr(project, name) != value
    ]
    for name in changed:
        setattr(project, name, described[name])
    if changed:
        project.changed_at = moment
        project.revision += 1


def _describe(reuse: SourceReuse) -> dict[str, str]:
    """Its columns: a short text is its summary alone, of a long one the beginning is."""
    line = tidy_line(reuse.text)
    words = ""
    if len(line) > LONGEST["summary"]:
        words = tidy_words(reuse.text)[: LONGEST["words"]]
        beginning = line[: LONGEST["summary"] - 1]
        line = (beginning.rpartition(" ")[0] or beginning) + ELLIPSIS
    return {
        "title": reuse.title,
        "language": reuse.language,
        "summary": line,
        "words": words,
        "leader_name": reuse.publisher[: LONGEST["leader_name"]],
        "url": reuse.url,
        "origin": reuse.page or reuse.url,
    }


async def _join_datasets(
    session: AsyncSession,
    source: CatalogueSource,
    reuses: Collection[SourceReuse],
    datasets: NamedDatasets,
    moment: datetime,
) -> None:
    """Name the datasets that each uses; one that was withdrawn stays, with its thanks, while it may still be meant."""
    use = ProjectDataset
    joined: set[tuple[UUID, UUID]] = set()
    meant: set[tuple[UUID, UUID]] = set()
    for reuse in reuses:
        for name in reuse.datasets:
            if name in datasets.ids:
                joined.add((reuse.id, datasets.ids[name]))
            for id_ in datasets.possible_ids.get(name, ()):
                meant.add((reuse.id, id_))
    query = select(use.project_id, use.dataset_id).where(
        is_among(use.project_id, [reuse.id for reuse in reuses])
    )
    before = {(row[0], row[1]) for row in await session.execute(query)}
    unnamed = before - joined - meant
    away = await _list_withdrawn_elsewhere(session, source, unnamed)
    left = sorted(pair for pair in unnamed if pair[1] not in away)
    if left:
        # Two arrays whatever their number: a statement has at most 32,767 values.
        of_projects = literal([pair[0] for pair in left], ARRAY(use.project_id.type))
        of_datasets = literal([pair[1] for pair in left], ARRAY(use.dataset_id.type))
        pairs = select(func.unnest(of_projects), func.unnest(of_datasets))
        gone = delete(use).where(tuple_(use.project_id, use.dataset_id).in_(pairs))
        await session.execute(gone, execution_options={"synchronize_session": False})
    new = [
        {"project_id": project, "dataset_id": dataset, "added_at": moment}
        for project, dataset in sorted(joined - before)
    ]
    if new:
        await session.execute(insert(use).on_conflict_do_nothing(), new)


async def _list_withdrawn_elsewhere(
    session: AsyncSession, source: CatalogueSource, pairs: Collection[tuple[UUID, UUID]]
) -> set[UUID]:
    """Those of other places that are withdrawn: by which names they were called is not known until they come back."""
    query = select(Dataset.id).where(
        is_among(Dataset.id, {dataset for _, dataset in pairs}),
        Dataset.node_id != source.id,
        Dataset.state != DatasetState.PUBLISHED,
    )
    return set(await session.scalars(query)) if pairs else set()
