"""The end of a reading: what was not there is kept, asked about or withdrawn, and the next one is set."""

from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.db import Database, is_among
from udi.portal import audit
from udi.portal.catalogue import actions as catalogue
from udi.portal.catalogue.models import DatasetState
from udi.portal.catalogue.services.models import CatalogueService
from udi.portal.nodes.harvest import source_kinds
from udi.portal.nodes.sources.crawl import CrawlState
from udi.portal.nodes.sources.emails import queue_emails
from udi.portal.nodes.sources.leases import (
    READ_STATES,
    TAKEN_UP,
    LeaseLostError,
    SourceLease,
    find_open_run,
    leased_source,
    release_lease,
)
from udi.portal.nodes.sources.models import (
    CatalogueSource,
    RecordOutcome,
    RunOutcome,
    RunPhase,
    SourceFault,
    SourceRecord,
    SourceRun,
    SourceState,
)
from udi.portal.nodes.sources.other_origins import forget_other_origins
from udi.portal.nodes.sources.outlines import forget_outlines
from udi.portal.nodes.sources.reconciliation import (
    MISSES,
    RunAssessment,
    assess_run,
    find_alert,
    next_reading,
)
from udi.portal.nodes.sources.renames import Renames, find_renames
from udi.portal.nodes.sources.reuse_import import (
    keep_reuses,
    settle_reuses,
    withdraw_reuses,
)
from udi.portal.nodes.sources.run_log import (
    RecordLogEntry,
    log_faults,
    log_missing,
    log_records,
)
from udi.portal.nodes.sources.service_import import settle_services, withdraw_services
from udi.portal.nodes.sources.shared_datasets import hand_over
from udi.portal.nodes.sources.webhooks import queue_notification

KEPT_RUNS = 30
BATCH = 100
QUIET = {"synchronize_session": False}
Translate = Callable[[str], str]


async def abandon_run(database: Database, lease: SourceLease) -> None:
    """A fault of ours ends the reading, so that it is not met again at once."""
    with suppress(LeaseLostError):
        async with leased_source(database, lease, TAKEN_UP) as (session, source):
            run = await find_open_run(session, source.id)
            if run is not None:
                await log_faults(session, run, [source_kinds.INTERNAL_ERROR.at("")])
                await finish_run(session, source, run, RunOutcome.FAILED, now())


async def reconcile_missing(
    session: AsyncSession, source: CatalogueSource, run: SourceRun, moment: datetime
) -> None:
    """Decide, of a reading that has nowhere to go any more, what to do about what it did not meet."""
    place = CrawlState.from_json(run.crawl_state)
    away = [*_published(source), _unmet(run), *_asked_about(source)]
    missing = await _count(session, away)
    if place.is_complete and missing:
        renames = await find_renames(session, source, run, away)
    else:
        renames = Renames()
    new_count = run.created + renames.known
    asked_about = [*_published(source), *_asked_about(source)]
    published_count = await _count(session, asked_about) - new_count
    assessment = assess_run(
        renamed=renames.total,
        complete=place.is_complete,
        published_count=published_count,
        missing=missing,
        accepts_loss=source.accepts_loss,
    )
    if assessment is RunAssessment.NOTHING:
        if place.is_searching:
            outcome = RunOutcome.FAILED
        else:
            outcome = RunOutcome.PARTIAL
        await finish_run(session, source, run, outcome, moment)
    elif assessment is RunAssessment.VANISHED:
        run.missing = missing
        is_known = source.state == SourceState.VANISHED
        source.state = SourceState.VANISHED
        await log_missing(session, run, away)
        if not is_known:
            audit.record(
                session,
                None,
                "source.vanished",
                source.id,
                missing=missing,
                known=published_count,
            )
        await finish_run(
            session, source, run, RunOutcome.VANISHED, moment, is_known=is_known
        )
    else:
        if source.state == SourceState.VANISHED:
            source.state = SourceState.ACTIVE
            audit.record(session, None, "source.healed", source.id)
        times = MISSES if assessment is RunAssessment.LOST else 1
        later = (
            update(SourceRecord)
            .where(*away)
            .values(missing=SourceRecord.missing + times)
        )
        await session.execute(later, execution_options=QUIET)
        missing_conditions = [*away, SourceRecord.missing < MISSES]
        run.missing = await _count(session, missing_conditions)
        await log_missing(session, run, missing_conditions)
        run.phase = RunPhase.WITHDRAWING


async def withdraw_batch(
    session: AsyncSession, source: CatalogueSource, run: SourceRun, say: Translate
) -> bool:
    """Withdraw a batch of what is to go; whether that was the last."""
    if not await forget_other_origins(session, source, now(), except_run=run.id):
        return False
    gone = [*_published(source), _unmet(run), _is_to_go(source)]
    query = (
        select(SourceRecord.id, SourceRecord.identifier, SourceRecord.filtered)
        .where(*gone)
        .order_by(SourceRecord.id)
        .limit(BATCH)
    )
    rows = (await session.execute(query)).all()
    names = {row.id: row.identifier for row in rows}
    filtered = {row.id for row in rows if row.filtered}
    titles = await withdraw_records(
        session,
        source,
        names.keys() - filtered,
        say("It is no longer in the catalogue of its producer."),
    )
    titles |= await withdraw_records(
        session,
        source,
        filtered,
        say("Its catalogue is no longer read for it: filters choose what is taken."),
    )
    entries = [
        RecordLogEntry(RecordOutcome.WITHDRAWN, names[id_], title, id_)
        for id_, title in titles.items()
    ]
    await log_records(session, run, entries)
    run.withdrawn += len(entries)
    return len(names) < BATCH


async def close_batch(
    session: AsyncSession, source: CatalogueSource, say: Translate
) -> bool:
    """Withdraw a batch of the datasets of a source that is being closed, unless they stay; whether that was the last."""
    if source.state == SourceState.CLOSING and not await _close_records(
        session, source, say
    ):
        return False
    if not await forget_other_origins(session, source, now()):
        return False
    if source.state == SourceState.CLOSING:
        await withdraw_services(session, source, now())
        await withdraw_reuses(session, source, now())
        source.state = SourceState.CLOSED
        source.dataset_count = 0
    release_lease(source, None)
    return True


async def _close_records(
    session: AsyncSession, source: CatalogueSource, say: Translate
) -> bool:
    query = (
        select(SourceRecord.id)
        .where(*_published(source))
        .order_by(SourceRecord.id)
        .limit(BATCH)
    )
    ids = (await session.scalars(query)).all()
    await withdraw_records(
        session,
        source,
        ids,
        say("The catalogue that it came from is not read any more."),
    )
    return len(ids) < BATCH


async def withdraw_records(
    session: AsyncSession, source: CatalogueSource, ids: Collection[UUID], reason: str
) -> dict[UUID, str]:
    """Withdraw their datasets, unless somebody did already; each address keeps saying what was there.

    The titles of those that no other source reads on.
    """
    datasets = await catalogue.lock_datasets(session, ids)
    handed_over = await hand_over(session, source, datasets.values(), now())
    for dataset in datasets.values():
        if dataset.id in handed_over:
            continue
        if dataset.node_id == source.id and dataset.state == DatasetState.PUBLISHED:
            await catalogue.withdraw_dataset(session, dataset, reason=reason)
    theirs = update(SourceRecord).where(
        SourceRecord.source_id == source.id, is_among(SourceRecord.id, ids)
    )
    await session.execute(theirs.values(withdrawn=True), execution_options=QUIET)
    return {
        id_: dataset.title
        for id_, dataset in datasets.items()
        if id_ not in handed_over
    }


async def finish_run(
    session: AsyncSession,
    source: CatalogueSource,
    run: SourceRun,
    outcome: RunOutcome,
    moment: datetime,
    *,
    is_known: bool = False,
) -> None:
    """Close a reading, and set the next; people were told already of an outcome that `is_known`."""
    place = CrawlState.from_json(run.crawl_state)
    run.outcome = outcome
    run.phase = RunPhase.ENDED
    run.ended_at = moment
    run.crawl_state = {}
    good = outcome in {RunOutcome.COMPLETE, RunOutcome.UNCHANGED}
    if outcome in {RunOutcome.COMPLETE, RunOutcome.VANISHED} and not run.incremental:
        await forget_outlines(session, run)
    if good or outcome == RunOutcome.PARTIAL:
        is_whole = good and not run.incremental
        complete = is_whole and not place.others_broken
        await settle_services(session, source, run, moment, complete=complete)
        await settle_reuses(session, source, run, moment, complete=complete)
    await _note_place(session, source, run, place)
    source.failures = 0 if good else source.failures + 1
    source.accepts_loss = source.accepts_loss and not good
    source.dataset_count = await _count(session, _published(source))
    alert = find_alert(
        outcome,
        failures=source.failures,
        refused=0 if run.incremental else run.refused,
        refused_before=await _refused_before(session, run),
    )
    if alert is not None and not is_known:
        await queue_emails(session, source, run, alert)
    await queue_notification(session, source, run)
    paused = source.state not in READ_STATES
    release_lease(
        source,
        None
        if paused
        else next_reading(source.rhythm, moment, failures=source.failures),
    )
    await session.flush()
    await _forget_old_runs(session, source)


async def _forget_old_runs(session: AsyncSession, source: CatalogueSource) -> None:
    """Keep the latest readings, and the latest that were whole: their reports and outlines stand until another has its own."""
    latest = (
        select(SourceRun.id)
        .where(SourceRun.source_id == source.id)
        .order_by(SourceRun.started_at.desc())
        .limit(KEPT_RUNS)
    )
    whole = latest.where(
        ~SourceRun.incremental,
        SourceRun.outcome.in_((RunOutcome.COMPLETE, RunOutcome.VANISHED)),
    )
    old = delete(SourceRun).where(
        SourceRun.source_id == source.id,
        SourceRun.id.not_in(latest.scalar_subquery()),
        SourceRun.id.not_in(whole.scalar_subquery()),
    )
    await session.execute(old, execution_options=QUIET)


async def _note_place(
    session: AsyncSession, source: CatalogueSource, run: SourceRun, place: CrawlState
) -> None:
    """Note from where on the next reading may ask for changes alone, and by what it knows that there are none."""
    if run.outcome in {RunOutcome.COMPLETE, RunOutcome.UNCHANGED}:
        source.changes_read_at = run.started_at
        if not run.incremental:
            source.whole_read_at = run.started_at
            source.filters_changed = source.filters_changed and (
                run.outcome == RunOutcome.UNCHANGED
            )
    if run.outcome != RunOutcome.UNCHANGED and not run.incremental:
        is_single_page = run.outcome == RunOutcome.COMPLETE and place.pages == 1
        source.etag, source.last_modified = (
            (place.etag, place.last_modified) if is_single_page else ("", "")
        )
    if await _is_to_be_read_anew(session, source, run):
        source.etag = source.last_modified = ""
        source.whole_read_at = None


async def _is_to_be_read_anew(
    session: AsyncSession, source: CatalogueSource, run: SourceRun
) -> bool:
    """Whether somebody asked, during a reading, for a description that it had passed already."""
    is_conditional = bool(source.etag or source.last_modified)
    if run.outcome == RunOutcome.UNCHANGED and not is_conditional:
        return True
    passed = select(SourceRecord.id).where(
        SourceRecord.source_id == source.id,
        SourceRecord.seen_run == run.id,
        SourceRecord.digest == "",
        SourceRecord.same_as.is_(None),
    )
    return await session.scalar(passed.limit(1)) is not None


async def _refused_before(session: AsyncSession, run: SourceRun) -> int | None:
    whole = select(SourceRun.refused).where(
        SourceRun.source_id == run.source_id,
        SourceRun.id != run.id,
        ~SourceRun.incremental,
    )
    latest = (
        whole.where(SourceRun.outcome == RunOutcome.COMPLETE)
        .order_by(SourceRun.started_at.desc())
        .limit(1)
    )
    return await session.scalar(latest)


async def note_unchanged(
    session: AsyncSession, source: CatalogueSource, run: SourceRun
) -> None:
    """Nothing changed since the last complete reading: what was there then is there now."""
    statement = (
        update(SourceRecord)
        .where(*_published(source), SourceRecord.missing == 0)
        .values(seen_run=run.id)
    )
    await session.execute(statement, execution_options=QUIET)
    shared = update(SourceRecord).where(
        SourceRecord.source_id == source.id, SourceRecord.same_as.is_not(None)
    )
    await session.execute(shared.values(seen_run=run.id), execution_options=QUIET)
    services = update(CatalogueService).where(
        CatalogueService.source_id == source.id,
        CatalogueService.withdrawn_at.is_(None),
        CatalogueService.missing == 0,
    )
    await session.execute(services.values(seen_run=run.id), execution_options=QUIET)
    await keep_reuses(session, source, run)
    run.total = run.unchanged = await _count(
        session, [*_published(source), SourceRecord.missing == 0]
    )


async def forget_faults(session: AsyncSession, run: SourceRun) -> None:
    """What went wrong while the catalogue was looked for does not matter once it is found."""
    await session.execute(
        delete(SourceFault).where(SourceFault.run_id == run.id), execution_options=QUIET
    )
    run.faults = 0


def _published(source: CatalogueSource) -> list[Any]:
    return [SourceRecord.source_id == source.id, ~SourceRecord.withdrawn]


def _asked_about(source: CatalogueSource) -> list[Any]:
    """What new filters leave out is no loss: a person saw it before."""
    return [~SourceRecord.filtered] if source.filters_changed else []


def _is_to_go(source: CatalogueSource) -> Any:
    """Of what was not met: whether it is withdrawn now."""
    missed = SourceRecord.missing >= MISSES
    if source.filters_changed:
        return or_(missed, SourceRecord.filtered)
    return missed


def _unmet(run: SourceRun) -> Any:
    return or_(SourceRecord.seen_run.is_(None), SourceRecord.seen_run != run.id)


async def _count(session: AsyncSession, conditions: Collection[Any]) -> int:
    return (
        await session.scalar(
            select(func.count()).select_from(SourceRecord).where(*conditions)
        )
        or 0
    )
