"""A worker's turn at a source: document after document, each slice of records stored with the place it was at."""

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, nullcontext, suppress
from dataclasses import dataclass, replace

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.db import Database, is_unavailable
from udi.kit.tenancy import Territory
from udi.portal.nodes.harvest.ckan import find_smaller_page
from udi.portal.nodes.harvest.discovery import candidates
from udi.portal.nodes.harvest.document_reader import DocumentReader
from udi.portal.nodes.harvest.faults import HarvestFault
from udi.portal.nodes.harvest.record import HarvestedPage
from udi.portal.nodes.harvest.udata import is_companion
from udi.portal.nodes.harvest.vocabulary import territory_vocabulary
from udi.portal.nodes.sources import crawl, other_objects, run_completion
from udi.portal.nodes.sources.changes import (
    find_identifiers_address,
    ignores_question,
    start_reading,
)
from udi.portal.nodes.sources.crawl import CrawlCost, CrawlState
from udi.portal.nodes.sources.document_bodies import HEAVY
from udi.portal.nodes.sources.document_summary import DocumentSummary
from udi.portal.nodes.sources.filtering import leave_out
from udi.portal.nodes.sources.import_results import load_import_context
from udi.portal.nodes.sources.leases import (
    TAKEN_UP,
    LeaseLostError,
    SourceLease,
    acquire_lease,
    find_open_run,
    get_open_run,
    leased_source,
    release_lease,
)
from udi.portal.nodes.sources.models import (
    CatalogueSource,
    RunOutcome,
    RunPhase,
    SourceRun,
    SourceState,
)
from udi.portal.nodes.sources.recognition import HarvestItem
from udi.portal.nodes.sources.record_import import store_slice
from udi.portal.nodes.sources.renames import join_batch
from udi.portal.nodes.sources.run_counts import COUNTED, count_results, note_present
from udi.portal.nodes.sources.run_log import log_faults, log_non_datasets
from udi.portal.nodes.sources.source_client import (
    FetchedDocument,
    FetchError,
    NotModifiedError,
    SourceClient,
    agent_of,
)
from udi.portal.tenants.queries import read_vocabularies
from udi.protocol.faults import shorten

log = structlog.get_logger()
SLICE = 200
CLOSING = (SourceState.CLOSING, SourceState.CLOSED)
TURN = 600.0
"""Seconds after which a reading gives way to the sources that wait; it goes on where it was."""
SITE_TURN = 60.0
"""Seconds of a turn that a site may take for its answers: a slow one gives way sooner."""
PAGE_SIZE = 100
Translate = Callable[[str, str], str]
"""A message in a language."""


@dataclass(frozen=True)
class HarvestContext:
    """What a worker reads with, for one territory."""

    database: Database
    reader: SourceClient
    territory: Territory
    say: Translate
    slice: int = SLICE
    turn: float = TURN
    site_turn: float = SITE_TURN


async def harvest_next_source(context: HarvestContext) -> bool:
    """Read the source that is due for longest, to its end or for a turn; False where none is."""
    turns = context.reader.turns
    with ExitStack() as turn:
        async with context.database.session(
            context.territory.id, role="worker"
        ) as session:
            ours = await acquire_lease(session, now(), turns)
            if ours is None:
                return False
            turn.enter_context(turns.held(ours.host))
            words = await read_vocabularies(session, context.territory.id)
        try:
            async with DocumentReader(words) as documents:
                with suppress(LeaseLostError), territory_vocabulary(words):
                    await _SourceHarvester(context, ours, documents).run()
        except Exception as error:
            if is_unavailable(error):
                raise
            log.exception("source not read", source=str(ours.source))
            await run_completion.abandon_run(context.database, ours)
    return True


class _SourceHarvester:
    """One worker's turn at one source."""

    def __init__(
        self, context: HarvestContext, claimed: SourceLease, documents: DocumentReader
    ) -> None:
        self._context = context
        self._claim = claimed
        self._documents = documents
        self._agent = agent_of(context.territory.origin)

    async def run(self) -> None:
        """Read for a turn, and say at its end whether the site was slow, if it was asked for anything."""
        host = self._claim.host
        answered = self._context.reader.seconds_of(host)
        try:
            await self._read_in_turn(answered)
        finally:
            waited = self._context.reader.seconds_of(host) - answered
            if waited:
                self._context.reader.turns.note_speed(
                    host, slow=waited > self._context.site_turn
                )

    async def _read_in_turn(self, answered: float) -> None:
        began = time.monotonic()
        begun = False
        while True:
            waited = self._context.reader.seconds_of(self._claim.host) - answered
            slow = waited > self._context.site_turn
            over = slow or time.monotonic() - began > self._context.turn
            async with leased_source(self._context.database, self._claim, TAKEN_UP) as (
                session,
                source,
            ):
                run = await find_open_run(session, source.id)
                if begun and over:
                    release_lease(source, now())
                    return
                if run is None or source.state in CLOSING:
                    ended = await self._close(session, source, run)
                else:
                    ended = await self._step(session, source, run)
                if run is not None and not ended:
                    place = CrawlState.from_json(run.crawl_state)
                else:
                    place = None
            if ended:
                return
            if source.accepts_renames:
                continue
            if (
                place is not None
                and run is not None
                and run.phase == RunPhase.READING
                and place.waiting
            ):
                await self._read(source, place)
            begun = True

    async def _close(
        self, session: AsyncSession, source: CatalogueSource, run: SourceRun | None
    ) -> bool:
        if run is not None:
            await run_completion.finish_run(
                session, source, run, RunOutcome.PARTIAL, now()
            )
            release_lease(source, now())
            return True
        return await run_completion.close_batch(
            session, source, lambda message: self._context.say(source.language, message)
        )

    async def _step(
        self, session: AsyncSession, source: CatalogueSource, run: SourceRun
    ) -> bool:
        """What needs nothing of the site; whether the reading ended."""
        if source.accepts_renames:
            await join_batch(
                session,
                source,
                lambda message: self._context.say(source.language, message),
            )
            return False
        place = CrawlState.from_json(run.crawl_state)
        if run.phase == RunPhase.WITHDRAWING:
            last = await run_completion.withdraw_batch(
                session,
                source,
                run,
                lambda message: self._context.say(source.language, message),
            )
            if last:
                same = run.outcome == RunOutcome.UNCHANGED
                outcome = RunOutcome.UNCHANGED if same else RunOutcome.COMPLETE
                await run_completion.finish_run(session, source, run, outcome, now())
            return last
        if place.waiting and (fault := crawl.limit_reached(place)):
            await log_faults(session, run, [fault])
            entry = source.entry or source.address
            is_whole = all(is_companion(address, entry) for address in place.waiting)
            place = replace(
                place,
                waiting=(),
                broken=place.broken or not is_whole,
                others_broken=True,
            )
            run.crawl_state = place.to_json()
        if run.incremental and not (place.waiting or place.sweeping or place.broken):
            place = replace(
                place, waiting=(find_identifiers_address(source),), sweeping=True
            )
            run.crawl_state = place.to_json()
        if not place.waiting:
            await run_completion.reconcile_missing(session, source, run, now())
        return run.phase == RunPhase.ENDED

    async def _read(self, source: CatalogueSource, place: CrawlState) -> None:
        """Ask for the next document, and store what it gives."""
        address = place.waiting[0]
        began = time.monotonic()
        if not place.visited:
            self._context.reader.forget(address)
        try:
            response = await self._fetch_document(source, place, address)
        except NotModifiedError:
            return await self._note_unchanged()
        except FetchError as error:
            if self._changes_only(place) and not place.visited:
                return await self._read_whole()
            cost = CrawlCost(seconds=int(time.monotonic() - began))
            unread = HarvestedPage(format="", faults=(error.fault,))
            others = list(candidates(address, unread, b"", most=PAGE_SIZE))
            return await self._skip_document(
                address, [error.fault], cost, gone=error.gone, others=others
            )
        try:
            large = response.body.size > HEAVY and response.body.file is None
            async with self._context.reader.heavy if large else nullcontext():
                await self._take_in(source, place, address, response, began)
        finally:
            response.body.discard()

    async def _take_in(
        self,
        source: CatalogueSource,
        place: CrawlState,
        address: str,
        response: FetchedDocument,
        began: float,
    ) -> None:
        page = await self._documents.open(
            response.body.content, response.url, source.language
        )
        cost = CrawlCost(response.body.size, int(time.monotonic() - began))
        if place.changes_only and ignores_question(source, page):
            return await self._read_whole()
        smaller = find_smaller_page(source.entry or address, address)
        is_empty = page.format != source.format or not page.thing_count
        if (
            (place.is_searching and not crawl.is_catalogue_page(page))
            or not page.readable
            or (smaller and is_empty)
            or (
                place.visited
                and is_companion(address, source.entry or source.address)
                and page.format != source.format
            )
        ):
            others = await self._documents.find_candidates(
                address, page, response.body.beginning, most=PAGE_SIZE
            )
            return await self._skip_document(address, page.faults, cost, others=others)
        return await self._store(address, response, page, cost, place)

    def _changes_only(self, place: CrawlState) -> bool:
        """Whether a document is to hold only what changed since the last good reading."""
        return place.changes_only and not place.sweeping

    async def _read_whole(self) -> None:
        """Begin anew with all of the catalogue, which does not say what changed."""
        async with leased_source(self._context.database, self._claim) as (
            session,
            source,
        ):
            run = await get_open_run(session, source)
            run.incremental = False
            run.crawl_state = start_reading(source).to_json()

    async def _fetch_document(
        self, source: CatalogueSource, place: CrawlState, address: str
    ) -> FetchedDocument:
        registered = address in {source.address, source.entry} or not place.folder
        conditions = {}
        if (
            not place.visited
            and not place.changes_only
            and source.entry
            and source.state == SourceState.ACTIVE
            and not source.accepts_loss
        ):
            validators = {
                "If-None-Match": source.etag,
                "If-Modified-Since": source.last_modified,
            }
            conditions = {name: value for name, value in validators.items() if value}
        return await self._context.reader.get(
            address,
            agent=self._agent,
            invited=registered,
            conditions=conditions,
            folder=self._documents.folder,
        )

    async def _note_unchanged(self) -> None:
        async with leased_source(self._context.database, self._claim) as (
            session,
            source,
        ):
            run = await get_open_run(session, source)
            await run_completion.note_unchanged(session, source, run)
            run.outcome = RunOutcome.UNCHANGED
            place = CrawlState.from_json(run.crawl_state)
            run.crawl_state = replace(place, waiting=(), start=source.entry).to_json()

    async def _skip_document(
        self,
        address: str,
        faults: Sequence[HarvestFault],
        cost: CrawlCost,
        *,
        gone: bool = False,
        others: Sequence[str] = (),
    ) -> None:
        """Nothing could be had there: go on without it, or look elsewhere where the catalogue was never found yet.

        `others` are addresses where the site may have it. One that was found before and is gone is looked for anew in
        the next reading; one that broke is waited for.
        """
        async with leased_source(self._context.database, self._claim) as (
            session,
            source,
        ):
            run = await get_open_run(session, source)
            place = CrawlState.from_json(run.crawl_state)
            if smaller := find_smaller_page(source.entry or address, address):
                _note(run, crawl.retry_elsewhere(place, address, smaller, cost))
                return
            # A list beside the datasets, which are whole without it; an older site lacks it.
            entry = source.entry or source.address
            is_beside = bool(place.visited) and is_companion(address, entry)
            finding = place.is_searching
            if not (gone if is_beside else finding and place.visited):
                await log_faults(
                    session,
                    run,
                    [replace(fault, field=shorten(address, 200)) for fault in faults],
                )
            broken = not (finding or is_beside)
            place = crawl.mark_visited(place, address, cost, broken=broken)
            if is_beside:
                place = replace(place, others_broken=place.others_broken or not gone)
            elif finding and not source.entry:
                place = crawl.add_candidates(place, others)
            elif finding and gone:
                source.entry = ""
            _note(run, place)

    async def _store(
        self,
        address: str,
        response: FetchedDocument,
        page: HarvestedPage,
        cost: CrawlCost,
        place: CrawlState,
    ) -> None:
        """Slice by slice; a reading that was killed in the middle of a document goes on there, if it is the same."""
        at = place.offset if place.sum == response.body.sha256 else 0
        summary = DocumentSummary(fresh=at > 0)
        while page.readable:
            page = await other_objects.take_served(
                self._context.database, self._claim, address, page, summary
            )
            await self._store_piece(address, response, page, summary, at)
            others = await other_objects.store_other_objects(
                self._context.database, self._claim, page
            )
            summary.add_page(page, others)
            following = await self._documents.next_part()
            if following is None:
                return await self._advance_crawl(address, response, summary, cost)
            page = following
        return await self._skip_document(address, page.faults, cost)

    async def _store_piece(
        self,
        address: str,
        response: FetchedDocument,
        page: HarvestedPage,
        summary: DocumentSummary,
        done: int,
    ) -> None:
        """What of a piece is not stored yet; `done` things of the document are."""
        things: list[HarvestItem] = [
            *page.records,
            *(refusal for refusal in page.refused if refusal.is_dataset),
        ]
        at = max(0, done - summary.things)
        while at < len(things) or not summary.things:
            some = things[at : at + self._context.slice]
            at += len(some)
            async with leased_source(self._context.database, self._claim) as (
                session,
                source,
            ):
                run = await get_open_run(session, source)
                filtered = run.filtered
                stored = await store_slice(
                    session,
                    await load_import_context(session, source),
                    run,
                    await leave_out(session, source, run, some),
                    now(),
                )
                summary.fresh = (
                    summary.fresh
                    or stored.count(*COUNTED) > 0
                    or run.filtered > filtered
                )
                place = CrawlState.from_json(run.crawl_state)
                if place.is_searching:
                    source.entry = address
                    source.format = page.format
                    place = crawl.enter_catalogue(
                        place, address, page, where=response.url
                    )
                    await run_completion.forget_faults(session, run)
                await count_results(session, run, stored)
                run.crawl_state = replace(
                    place, offset=summary.things + at, sum=response.body.sha256
                ).to_json()
            if at >= len(things):
                return

    async def _advance_crawl(
        self,
        address: str,
        response: FetchedDocument,
        summary: DocumentSummary,
        cost: CrawlCost,
    ) -> None:
        """Past a document whose things are all stored, with what is wrong with it."""
        async with leased_source(self._context.database, self._claim) as (
            session,
            source,
        ):
            run = await get_open_run(session, source)
            place = CrawlState.from_json(run.crawl_state)
            entry = source.entry or source.address
            is_beside = bool(place.visited) and is_companion(address, entry)
            place = replace(
                place,
                etag=response.etag,
                last_modified=response.last_modified,
            )
            place, faults = crawl.advance(
                place,
                address,
                summary.page,
                where=response.url,
                cost=cost,
                fresh=summary.fresh,
                dataset_count=summary.dataset_count,
                received=summary.received,
                is_beside=is_beside,
            )
            await other_objects.end_served(session, source, address, summary.page)
            await note_present(session, source, run, summary.page.present)
            await log_non_datasets(session, run, summary.others)
            await log_faults(session, run, [*summary.page.faults, *faults])
            _note(run, place)


def _note(run: SourceRun, place: CrawlState) -> None:
    run.crawl_state = place.to_json()
    run.pages = place.pages
    run.size = place.size
