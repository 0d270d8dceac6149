"""A visit to one machine: some of its addresses, one after the other, by one worker at a time."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import structlog
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.tenancy import Territory
from udi.portal.catalogue.links import looking
from udi.portal.catalogue.links.content import Described
from udi.portal.catalogue.links.looking import ADDRESS, PATIENCE, SILENT, Asked, Seen, look, rest
from udi.portal.catalogue.links.saying import words_of
from udi.portal.catalogue.links.standing import Standing, judge
from udi.portal.catalogue.links.turns import claim, hold
from udi.portal.catalogue.models import Distribution, Link, LinkState
from udi.ui.site import Site

log = structlog.get_logger()
A_VISIT, LONGEST, SILENCES = 20, 120.0, 3
"""Addresses and seconds of one visit, and silences in a row after which the machine is not asked more."""
SILENCE = Seen(LinkState.UNREACHABLE, SILENT)
TURN = timedelta(seconds=2 * PATIENCE + 60)
LONGEST_PEACE = timedelta(days=1)
DUE = """
SELECT id, host FROM app.link l WHERE next_at <= now() AND {some}
AND NOT EXISTS (SELECT FROM ops.link_turn t WHERE t.name = l.host AND t.until > now())
ORDER BY next_at LIMIT :most"""
FAILING, ANY = text(DUE.format(some="failures > 0")), text(DUE.format(some="true"))


async def find_due(session: AsyncSession, most: int) -> dict[str, list[UUID]]:
    """So many addresses whose turn it is, by machine; half of the room is for those that failed, if they need it."""
    found = [*(await session.execute(FAILING, {"most": (most + 1) // 2}))]
    found += await session.execute(ANY, {"most": 4 * most})
    due: dict[str, list[UUID]] = defaultdict(list)
    taken: set[UUID] = set()
    for link_id, host in found:
        if link_id not in taken and len(taken) < most and len(due[host]) < A_VISIT:
            taken.add(link_id)
            due[host].append(link_id)
    return {host: ids for host, ids in due.items() if ids}


async def visit(site: Site, territory: Territory, host: str, ids: Sequence[UUID]) -> int:
    """Look at addresses of one machine, unless another worker is there; how many looks.

    It is left in peace for as long as it asks, and not asked any more where it keeps silent: its other addresses of this
    visit are then as silent as those.
    """
    async with site.database.platform_session(role="worker") as session:
        if not await claim(session, host, TURN):
            return 0
    peace, began = timedelta(seconds=looking.PAUSE), asyncio.get_running_loop().time()
    done = silences = 0
    for link_id, asked in await _read(site, territory, ids):
        keeps_silent = silences >= SILENCES
        seen = SILENCE if keeps_silent else await _look(site, territory, host, asked, first=not done)
        done, silences = done + 1, silences + 1 if seen.answer == SILENT else 0
        await _note(site, territory, link_id, seen)
        if seen.wait or asyncio.get_running_loop().time() - began > LONGEST:
            peace = max(peace, min(seen.wait, LONGEST_PEACE))
            break
    async with site.database.platform_session(role="worker") as session:
        await hold(session, host, peace)
    return done


async def _look(site: Site, territory: Territory, host: str, asked: Asked, *, first: bool) -> Seen:
    if not first:
        await rest()
        async with site.database.platform_session(role="worker") as session:
            await hold(session, host, TURN)
    try:
        return await look(site.outgoing, asked, territory.origin)
    except Exception as error:  # noqa: BLE001 - one strange address holds up no other
        log.warning("link not looked at", error=type(error).__name__)
        return Seen(LinkState.UNCHECKED, ADDRESS)


async def _read(site: Site, territory: Territory, ids: Sequence[UUID]) -> list[tuple[UUID, Asked]]:
    """Those that are due still, with what datasets say of them; those that no dataset has any more are left out."""
    async with site.database.session(territory.id, role="worker") as session:
        due = await session.scalars(select(Link).where(Link.id.in_(ids), Link.next_at <= now()).order_by(Link.next_at))
        links = due.all()
        rows = await session.scalars(select(Distribution).where(Distribution.url.in_([link.url for link in links])))
        described: dict[str, list[Distribution]] = defaultdict(list)
        for row in rows:
            described[row.url].append(row)
    return [(link.id, _question(link, described[link.url])) for link in links if described[link.url]]


def _question(link: Link, rows: Sequence[Distribution]) -> Asked:
    return Asked(
        link.url,
        tuple(Described(row.size, row.hash_algorithm, row.hash_value) for row in rows),
        is_service=all(row.kind != "FILE" for row in rows),
        doubted=link.failures > 0,
    )


async def _note(site: Site, territory: Territory, link_id: UUID, seen: Seen) -> None:
    """Keep what a look saw; what is to be said of it otherwise is said at the next occasion."""
    moment = now()
    async with site.database.session(territory.id, role="worker") as session:
        link = await session.get(Link, (territory.id, link_id), with_for_update=True)
        if link is None:
            return
        before = Standing(link.state, link.since, link.failures, link.failing_since, link.last_reachable)
        after, delay = judge(before, seen.state, moment, seen.wait)
        link.state, link.since, link.failures = after.state, after.since, after.failures
        link.failing_since, link.last_reachable = after.failing_since, after.last_reachable
        link.checked_at, link.next_at, link.answer = moment, moment + delay, seen.answer
        if seen.state in {LinkState.REACHABLE, LinkState.MOVED}:
            link.moved_to, link.size, link.content = seen.moved_to, seen.size, seen.content
        link.unsaid = words_of(link) != link.said
