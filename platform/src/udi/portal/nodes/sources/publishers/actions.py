"""What people decide of a publisher that a source names: which organisation it is here, or that it stays where it is."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.errors import ConflictError, ForbiddenError, NotFoundError
from udi.kit.identity import Actor
from udi.portal.audit import record
from udi.portal.catalogue import actions as catalogue
from udi.portal.catalogue.models import Dataset, DatasetState
from udi.portal.catalogue.services.models import CatalogueService
from udi.portal.nodes.sources.models import (
    CatalogueSource,
    PublisherMatch,
    SourcePublisher,
    SourceRecord,
)
from udi.portal.nodes.sources.publishers.identity import country_of
from udi.portal.nodes.sources.publishers.matching import link_organisations
from udi.portal.nodes.sources.publishers.queries import (
    find_asked,
    find_choice,
    may_answer_for,
)
from udi.portal.nodes.sources.service_changes import note_changed_services
from udi.portal.organisations.joining.unclaimed import (
    create_unclaimed,
    lock_organisations,
)
from udi.portal.organisations.models import Organisation
from udi.portal.organisations.queries import find_organisation

KEEP = ":keep"
NEW = ":new"
"""In the place of the short name of an organisation, which has no colon."""
BATCH = 200
QUIET = {"synchronize_session": False}


async def choose_publisher(
    session: AsyncSession,
    actor: Actor,
    source: CatalogueSource,
    row: SourcePublisher,
    choice: str,
) -> None:
    """Say which organisation a publisher is: one of the territory, by its short name, a new one (`NEW`), or none (`KEEP`).

    Its datasets and services move at once. An organisation that has people of its own is only proposed to them, unless
    the person is one of its administrators, or of the team: nobody publishes in the name of others.

    Raises:
        NotFoundError: the territory has no such organisation.
        ConflictError: a new one cannot be made, for the source gives no name.
    """
    if choice == KEEP:
        await _keep(session, source, row)
    elif choice == NEW:
        organisation = await _create(session, source, row)
        await _settle(session, actor, source, row, organisation)
    else:
        organisation = await find_choice(session, choice)
        is_harvester = organisation.id == source.organisation_id
        if is_harvester or may_answer_for(actor, organisation):
            await _settle(session, actor, source, row, organisation)
        else:
            row.proposed_id = organisation.id
            row.how = PublisherMatch.CHOSEN
    record(
        session,
        actor,
        "source.publisher_chosen",
        source.id,
        organisation=str(row.proposed_id or row.organisation_id),
        is_proposed=row.proposed_id is not None,
    )


async def answer_proposal(
    session: AsyncSession,
    actor: Actor,
    source: CatalogueSource,
    row: SourcePublisher,
    *,
    confirmed: bool,
) -> None:
    """Say for an organisation whether a publisher that a source names is it; if not, its datasets stay where they are.

    Raises:
        ConflictError: nothing is asked about this publisher any more.
        ForbiddenError: the person does not administer the organisation, and is not of the team.
    """
    organisation = await find_asked(session, source, row)
    if organisation is None:
        raise ConflictError(
            "Nothing waits for an answer about this publisher any more.",
            remedy="See the page of the source for what was decided.",
        )
    if not may_answer_for(actor, organisation):
        raise ForbiddenError(
            "Only the administrators of %(name)s, or the territory's team, can answer this.",
            values={"name": organisation.name},
        )
    if confirmed:
        await _settle(session, actor, source, row, organisation)
    else:
        await _keep(session, source, row)
    record(
        session,
        actor,
        "source.publisher_answered",
        source.id,
        organisation=str(organisation.id),
        confirmed=confirmed,
    )


async def _create(
    session: AsyncSession, source: CatalogueSource, row: SourcePublisher
) -> Organisation:
    name = row.names.get(source.language) or next(iter(row.names.values()), "")
    if not name:
        raise ConflictError(
            "The source gives no name for this publisher.",
            remedy="Choose an organisation of the territory.",
        )
    await lock_organisations(session)
    return await create_unclaimed(
        session,
        name=name,
        country=country_of(row.key) if row.number else "",
        number=row.number,
    )


async def _settle(
    session: AsyncSession,
    actor: Actor,
    source: CatalogueSource,
    row: SourcePublisher,
    organisation: Organisation,
) -> None:
    """What was chosen counts; as the word of the organisation only where its people or the team chose."""
    row.how = PublisherMatch.CHOSEN
    row.confirmed = actor.moderator or actor.may_manage(organisation.slug)
    await _move(session, source, row, organisation)


async def _keep(
    session: AsyncSession, source: CatalogueSource, row: SourcePublisher
) -> None:
    organisation = await find_organisation(session, source.organisation_id)
    if organisation is None:
        raise NotFoundError("No producer has this address here.")
    row.how = PublisherMatch.HARVESTER
    row.confirmed = False
    await _move(session, source, row, organisation)


async def _move(
    session: AsyncSession,
    source: CatalogueSource,
    row: SourcePublisher,
    organisation: Organisation,
) -> None:
    row.organisation_id = organisation.id
    row.proposed_id = None
    await link_organisations(session, source)
    ids = await _list_datasets(session, source, row)
    for start in range(0, len(ids), BATCH):
        datasets = await catalogue.lock_datasets(session, ids[start : start + BATCH])
        await catalogue.change_publisher(session, datasets.values(), organisation)
    await _move_services(session, source, row)


async def _move_services(
    session: AsyncSession, source: CatalogueSource, row: SourcePublisher
) -> None:
    """Its services stand under its organisation as its datasets do."""
    moved = (
        update(CatalogueService)
        .where(
            CatalogueService.source_id == source.id,
            CatalogueService.publisher == row.key,
            CatalogueService.organisation_id != row.organisation_id,
            CatalogueService.withdrawn_at.is_(None),
        )
        .values(organisation_id=row.organisation_id, changed_at=now(), digest="")
        .returning(CatalogueService.id)
    )
    ids = (await session.execute(moved, execution_options=QUIET)).scalars().all()
    await note_changed_services(session, ids)


async def _list_datasets(
    session: AsyncSession, source: CatalogueSource, row: SourcePublisher
) -> Sequence[UUID]:
    """Its datasets that stand under another organisation, in an order that does not change."""
    same = (SourceRecord.tenant_id == Dataset.tenant_id) & (
        SourceRecord.id == Dataset.id
    )
    query = (
        select(Dataset.id)
        .join(SourceRecord, same)
        .where(
            SourceRecord.source_id == source.id,
            SourceRecord.publisher == row.key,
            Dataset.node_id == source.id,
            Dataset.state == DatasetState.PUBLISHED,
            Dataset.organisation_id != row.organisation_id,
        )
        .order_by(Dataset.id)
    )
    return (await session.scalars(query)).all()
