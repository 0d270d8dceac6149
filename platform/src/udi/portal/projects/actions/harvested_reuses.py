"""Reuses that catalogues of others name, among the projects: each is one that is delivered, without anybody of here."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.db import is_among
from udi.kit.jobs import Handlers, Job
from udi.portal.nodes.sources.models import CatalogueSource, SourceReuse
from udi.portal.nodes.sources.reuse_import import SHOW_REUSES
from udi.portal.nodes.sources.service_import import find_datasets
from udi.portal.projects.actions.describe import LONGEST
from udi.portal.projects.actions.report import LOCK
from udi.portal.projects.models import Project, ProjectDataset
from udi.portal.projects.transitions import ProjectState
from udi.portal.projects.translated_texts import tidy_line, tidy_words
from udi.protocol.policy import Requester
from udi.ui.site import Site

ELLIPSIS = "…"


def task_handlers(site: Site) -> Handlers:
    """The handler; for a territory that is not served any more, or a source that is gone, it does nothing."""

    async def show(job: Job) -> None:
        if territory := await site.registry.by_id(job.tenant):
            async with site.database.session(territory.id, role="worker") as session:
                key = (territory.id, UUID(job.payload["source"]))
                source = await session.get(CatalogueSource, key)
                if source is not None:
                    await show_reuses(session, source, now())

    return {SHOW_REUSES: show}


async def show_reuses(
    session: AsyncSession, source: CatalogueSource, moment: datetime
) -> None:
    """Have the projects say what the source says of its reuses; done again, it changes nothing.

    One whose address is here already stays as people wrote it; what the team hid stays hidden.
    """
    await session.execute(text(LOCK))
    query = select(SourceReuse).where(SourceReuse.source_id == source.id)
    reuses = (await session.scalars(query.order_by(SourceReuse.id))).all()
    ids = [reuse.id for reuse in reuses]
    rows = await session.scalars(select(Project).where(is_among(Project.id, ids)))
    projects = {project.id: project for project in rows}
    taken = await _list_taken_addresses(session, reuses)
    for reuse in reuses:
        project = projects.get(reuse.id)
        if reuse.withdrawn_at is not None:
            _archive(project, moment)
        elif project is not None:
            _update(project, reuse, moment)
        elif reuse.url not in taken:
            projects[reuse.id] = _begin(reuse, moment)
            session.add(projects[reuse.id])
            taken.add(reuse.url)
    await session.flush()
    joined_reuses = [reuse for reuse in reuses if reuse.id in projects]
    await _join_datasets(session, source, joined_reuses, moment)


async def _list_taken_addresses(
    session: AsyncSession, reuses: Sequence[SourceReuse]
) -> set[str]:
    """The addresses of reuses that somebody else told of."""
    ids = [reuse.id for reuse in reuses]
    addresses = {reuse.url for reuse in reuses}
    query = select(Project.url).where(
        is_among(Project.url, addresses),
        Project.confidential.is_(False),
        Project.state != ProjectState.ARCHIVED,
        ~is_among(Project.id, ids),
    )
    return set(await session.scalars(query))


def _begin(reuse: SourceReuse, moment: datetime) -> Project:
    return Project(
        id=reuse.id,
        **_describe(reuse),
        state=ProjectState.DELIVERED,
        confidential=False,
        leader_id=None,
        reporter_id=None,
        requester=Requester.PERSON,
        created_at=moment,
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


def _archive(project: Project | None, moment: datetime) -> None:
    if project is not None and project.state != ProjectState.ARCHIVED:
        project.state = ProjectState.ARCHIVED
        project.changed_at = moment
        project.revision += 1


def _describe(reuse: SourceReuse) -> dict[str, str]:
    """Its columns: a short text is its summary alone, of a long one the beginning is."""
    line = tidy_line(reuse.text)
    words = ""
    if len(line) > LONGEST["summary"]:
        words = tidy_words(reuse.text)[: LONGEST["words"]]
        line = line[: LONGEST["summary"] - 1].rpartition(" ")[0] + ELLIPSIS
    return {
        "title": "".join(letter for letter in reuse.title if letter.isprintable()),
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
    moment: datetime,
) -> None:
    """Name the datasets of the source that each uses."""
    datasets = await find_datasets(
        session, source, {name for reuse in reuses for name in reuse.datasets}
    )
    use = ProjectDataset
    joined = {
        (reuse.id, datasets[name])
        for reuse in reuses
        for name in reuse.datasets
        if name in datasets and reuse.withdrawn_at is None
    }
    query = select(use.project_id, use.dataset_id).where(
        is_among(use.project_id, [reuse.id for reuse in reuses])
    )
    before = {(row[0], row[1]) for row in await session.execute(query)}
    for project, dataset in sorted(before - joined):
        left = delete(use).where(use.project_id == project, use.dataset_id == dataset)
        await session.execute(left, execution_options={"synchronize_session": False})
    new = [
        {"project_id": project, "dataset_id": dataset, "added_at": moment}
        for project, dataset in sorted(joined - before)
    ]
    if new:
        await session.execute(insert(use).on_conflict_do_nothing(), new)
