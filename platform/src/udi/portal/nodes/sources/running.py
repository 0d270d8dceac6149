"""A worker's turn at a source: document after document, each slice of records stored with the place it was at."""

import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, replace

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.db import Database, is_away
from udi.kit.tenancy import Territory
from udi.portal.nodes.harvest import source_kinds
from udi.portal.nodes.harvest.discover import candidates
from udi.portal.nodes.harvest.document_reader import DocumentReader
from udi.portal.nodes.harvest.faults import Fault
from udi.portal.nodes.harvest.record import Page
from udi.portal.nodes.harvest.vocabulary import own_words
from udi.portal.nodes.models import Node
from udi.portal.nodes.sources import course, ending
from udi.portal.nodes.sources.bodies import HEAVY
from udi.portal.nodes.sources.course import Cost, Place
from udi.portal.nodes.sources.leases import Claim, LostError, claim, find_open_run, give_back, held
from udi.portal.nodes.sources.models import Action, CatalogueSource, RunOutcome, RunPhase, SourceRun, SourceState
from udi.portal.nodes.sources.reading import Given, NotModifiedError, Reader, UnreadError, agent_of
from udi.portal.nodes.sources.sheaves import Sheaf
from udi.portal.nodes.sources.standing import Fate
from udi.portal.nodes.sources.storing import Ground, Stored, Thing, Told, store_slice
from udi.portal.nodes.sources.telling import Deed, tell, tell_deeds, tell_others
from udi.portal.organisations.models import Organisation
from udi.portal.tenants.queries import read_vocabularies
from udi.protocol import structures as of
from udi.protocol.faults import shorten

log = structlog.get_logger()
SLICE = 200
TURN = 600.0
"""Seconds after which a reading gives way to the sources that wait; it goes on where it was."""
PAGE_SIZE = 100
LASTING = frozenset({Fate.CREATED, Fate.UPDATED, Fate.REFUSED})
"""What is told of a record, whether there is anything to mend or not."""
COUNTED = (Fate.CREATED, Fate.UPDATED, Fate.UNCHANGED, Fate.REFUSED)
Say = Callable[[str, str], str]
"""A message in a language."""


@dataclass(frozen=True)
class Desk:
    """What a worker reads with, for one territory."""

    database: Database
    reader: Reader
    territory: Territory
    say: Say
    slice: int = SLICE
    turn: float = TURN


async def take_turn(desk: Desk) -> bool:
    """Read the source that is due for longest, to its end or for a turn; False where none is."""
    async with desk.database.session(desk.territory.id, role="worker") as session:
        ours = await claim(session, desk.territory.id, now())
        words = await read_vocabularies(session, desk.territory.id) if ours else {}
    if ours is None:
        return False
    try:
        async with DocumentReader(words) as documents:
            with suppress(LostError), own_words(words):
                await _Turn(desk, ours, documents).go()
    except Exception as error:
        if is_away(error):
            raise
        log.exception("source not read", source=str(ours.source))
        await _give_up(desk, ours)
    return True


async def _give_up(desk: Desk, ours: Claim) -> None:
    """A fault of ours ends the reading, so that it is not met again at once."""
    with suppress(LostError):
        async with held(desk.database, ours) as (session, source):
            run = await find_open_run(session, source.id)
            if run is not None:
                await tell(session, run, [source_kinds.OUR_FAULT.at("")])
                await ending.finish(session, source, run, RunOutcome.FAILED, now())


class _Turn:
    """One worker's turn at one source."""

    def __init__(self, desk: Desk, claimed: Claim, documents: DocumentReader) -> None:
        self._desk = desk
        self._claim = claimed
        self._documents = documents
        self._agent = agent_of(desk.territory.origin)

    async def go(self) -> None:
        began, begun = time.monotonic(), False
        while True:
            async with held(self._desk.database, self._claim) as (session, source):
                run = await find_open_run(session, source.id)
                if begun and time.monotonic() - began > self._desk.turn:
                    give_back(source, now())
                    return
                if run is None or source.state == SourceState.CLOSING:
                    ended = await self._close(session, source, run)
                else:
                    ended = await self._step(session, source, run)
                place = Place.read(run.place) if run is not None and not ended else None
            if ended:
                return
            if place is not None and run is not None and run.phase == RunPhase.READING and place.waiting:
                await self._read(source, place)
            begun = True

    async def _close(self, session: AsyncSession, source: CatalogueSource, run: SourceRun | None) -> bool:
        if run is not None:
            await ending.finish(session, source, run, RunOutcome.PARTIAL, now())
            give_back(source, now())
            return True
        return await ending.close_some(session, source, lambda message: self._desk.say(source.language, message))

    async def _step(self, session: AsyncSession, source: CatalogueSource, run: SourceRun) -> bool:
        """What needs nothing of the site; whether the reading ended."""
        place = Place.read(run.place)
        if run.phase == RunPhase.WITHDRAWING:
            last = await ending.withdraw_some(
                session, source, run, lambda message: self._desk.say(source.language, message)
            )
            if last:
                same = run.outcome == RunOutcome.UNCHANGED
                outcome = RunOutcome.UNCHANGED if same else RunOutcome.COMPLETE
                await ending.finish(session, source, run, outcome, now())
            return last
        if place.waiting and (fault := course.enough(place)):
            await tell(session, run, [fault])
            place = replace(place, waiting=(), broken=True)
            run.place = place.write()
        if not place.waiting:
            await ending.end_reading(session, source, run, now())
        return run.phase == RunPhase.ENDED

    async def _read(self, source: CatalogueSource, place: Place) -> None:
        """Ask for the next document, and store what it gives."""
        address, began = place.waiting[0], time.monotonic()
        if not place.asked:
            self._desk.reader.forget(address)
        try:
            given = await self._ask(source, place, address)
        except NotModifiedError:
            return await self._note_unchanged()
        except UnreadError as error:
            cost = Cost(seconds=int(time.monotonic() - began))
            unread = Page(format="", faults=(error.fault,))
            others = list(candidates(address, unread, b"", most=PAGE_SIZE))
            return await self._pass(address, [error.fault], cost, gone=error.gone, others=others)
        try:
            large = given.body.size > HEAVY and given.body.file is None
            async with self._desk.reader.heavy if large else nullcontext():
                await self._take_in(source, place, address, given, began)
        finally:
            given.body.discard()

    async def _take_in(self, source: CatalogueSource, place: Place, address: str, given: Given, began: float) -> None:
        page = await self._documents.open(given.body.whole, given.url, source.language)
        cost = Cost(given.body.size, int(time.monotonic() - began))
        if (place.finding and not course.holds(page)) or not page.readable:
            others = await self._documents.find_candidates(address, page, given.body.beginning, most=PAGE_SIZE)
            return await self._pass(address, page.faults, cost, others=others)
        return await self._store(address, given, page, cost, place)

    async def _ask(self, source: CatalogueSource, place: Place, address: str) -> Given:
        registered = address in {source.address, source.entry} or not place.folder
        conditions = {}
        if not place.asked and source.entry and source.state == SourceState.ACTIVE and not source.accepts_loss:
            said = {"If-None-Match": source.etag, "If-Modified-Since": source.last_modified}
            conditions = {name: value for name, value in said.items() if value}
        return await self._desk.reader.get(
            address, agent=self._agent, invited=registered, conditions=conditions, folder=self._documents.folder
        )

    async def _note_unchanged(self) -> None:
        async with held(self._desk.database, self._claim) as (session, source):
            run = await _open(session, source)
            await ending.note_unchanged(session, source, run)
            run.outcome = RunOutcome.UNCHANGED
            place = Place.read(run.place)
            run.place = replace(place, waiting=(), start=source.entry).write()

    async def _pass(
        self, address: str, faults: Sequence[Fault], cost: Cost, *, gone: bool = False, others: Sequence[str] = ()
    ) -> None:
        """Nothing could be had there: go on without it, or look elsewhere where the catalogue was never found yet.

        `others` are addresses where the site may have it. One that was found before and is gone is looked for anew in
        the next reading; one that broke is waited for.
        """
        async with held(self._desk.database, self._claim) as (session, source):
            run = await _open(session, source)
            place = Place.read(run.place)
            if not place.finding or not place.asked:
                await tell(session, run, [replace(fault, field=shorten(address, 200)) for fault in faults])
            finding = place.finding
            place = course.passed(place, address, cost, broken=not finding)
            if finding and not source.entry:
                place = course.searching(place, others)
            elif finding and gone:
                source.entry = ""
            _note(run, place)

    async def _store(self, address: str, given: Given, page: Page, cost: Cost, place: Place) -> None:
        """Slice by slice; a reading that was killed in the middle of a document goes on there, if it is the same."""
        at = place.offset if place.sum == given.body.sum else 0
        sheaf = Sheaf(fresh=at > 0)
        while page.readable:
            await self._store_piece(address, given, page, sheaf, at)
            sheaf.gather(page)
            following = await self._documents.next_part()
            if following is None:
                return await self._go_on(address, given, sheaf, cost)
            page = following
        return await self._pass(address, page.faults, cost)

    async def _store_piece(self, address: str, given: Given, page: Page, sheaf: Sheaf, done: int) -> None:
        """What of a piece is not stored yet; `done` things of the document are."""
        things: list[Thing] = [*page.records, *(each for each in page.refused if each.counts)]
        at = max(0, done - sheaf.things)
        while at < len(things) or not sheaf.things:
            some = things[at : at + self._desk.slice]
            at += len(some)
            async with held(self._desk.database, self._claim) as (session, source):
                run = await _open(session, source)
                stored = await store_slice(session, await _ground(session, source), run, some, now())
                sheaf.fresh = sheaf.fresh or stored.count(*COUNTED) > 0
                place = Place.read(run.place)
                if place.finding:
                    source.entry, source.format = address, page.format
                    place = course.found(place, address, page, where=given.url)
                    await ending.forget_faults(session, run)
                await _count(session, run, stored)
                run.place = replace(place, offset=sheaf.things + at, sum=given.body.sum).write()
            if at >= len(things):
                return

    async def _go_on(self, address: str, given: Given, sheaf: Sheaf, cost: Cost) -> None:
        """Past a document whose things are all stored, with what is wrong with it."""
        async with held(self._desk.database, self._claim) as (session, source):
            run = await _open(session, source)
            place = replace(Place.read(run.place), etag=given.etag, last_modified=given.last_modified)
            place, faults = course.onward(
                place, address, sheaf.page, where=given.url, cost=cost, fresh=sheaf.fresh, found=sheaf.found
            )
            await tell_others(session, run, sheaf.others)
            await tell(session, run, [*sheaf.page.faults, *faults])
            _note(run, place)


def _note(run: SourceRun, place: Place) -> None:
    run.place, run.pages, run.size = place.write(), place.pages, place.size


async def _count(session: AsyncSession, run: SourceRun, stored: Stored) -> None:
    run.created += stored.count(Fate.CREATED)
    run.updated += stored.count(Fate.UPDATED)
    run.unchanged += stored.count(Fate.UNCHANGED)
    run.refused += stored.count(Fate.REFUSED)
    run.found += stored.count(*COUNTED)
    said = [each for each in stored.told if each.fate in LASTING or (each.fate is Fate.UNCHANGED and each.faults)]
    await tell_deeds(session, run, map(_deed, said))


def _deed(told: Told) -> Deed:
    return Deed(Action(told.fate.value), told.identifier, told.title, told.shown, told.faults)


async def _open(session: AsyncSession, source: CatalogueSource) -> SourceRun:
    run = await find_open_run(session, source.id)
    if run is None:
        raise LostError
    return run


async def _ground(session: AsyncSession, source: CatalogueSource) -> Ground:
    node = (await session.scalars(select(Node).where(Node.id == source.id))).one()
    theirs = select(Organisation).where(Organisation.id == source.organisation_id)
    producer = (await session.scalars(theirs)).one()
    return Ground(source, node, of.Organisation(id=producer.id, name=producer.name))
