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
from udi.portal.catalogue.links import probe
from udi.portal.catalogue.links.content import ExpectedFile
from udi.portal.catalogue.links.health import LinkHealth, assess_health
from udi.portal.catalogue.links.leases import claim_lease, extend_lease
from udi.portal.catalogue.links.probe import (
    ADDRESS,
    PATIENCE,
    SILENT,
    LinkCheck,
    LinkCheckResult,
    pause_between_requests,
    probe_link,
)
from udi.portal.catalogue.links.status import build_status
from udi.portal.catalogue.models import Distribution, Link, LinkState
from udi.portal.catalogue.services.models import CatalogueService
from udi.ui.site import Site

log = structlog.get_logger()
A_VISIT = 20
LONGEST = 120.0
SILENCES = 3
"""Addresses and seconds of one visit, and silences in a row after which the machine is not asked more."""
LONGEST_OF_TURNS = 600.0
"""Seconds of one visit at most, however long a territory waits for its turn."""
SILENCE = LinkCheckResult(LinkState.UNREACHABLE, SILENT)
TURN = timedelta(seconds=2 * PATIENCE + 60)
LONGEST_PEACE = timedelta(days=1)
DUE = """
SELECT id, host FROM app.link l WHERE next_at <= now() AND {some}
AND NOT EXISTS (SELECT FROM ops.link_turn t WHERE t.name = l.host AND t.until > now())
ORDER BY next_at LIMIT :most"""
FAILING = text(DUE.format(some="failures > 0"))
ANY = text(DUE.format(some="true"))


async def find_due_links(
    session: AsyncSession, most: int, *, visit: int = A_VISIT
) -> dict[str, list[UUID]]:
    """So many addresses whose turn it is, by machine; half of the room is for those that failed, if they need it.

    A machine has so many of them as a visit has room for.
    """
    candidates = [*(await session.execute(FAILING, {"most": (most + 1) // 2}))]
    candidates += await session.execute(ANY, {"most": 4 * most})
    due: dict[str, list[UUID]] = defaultdict(list)
    selected_ids: set[UUID] = set()
    for link_id, host in candidates:
        if (
            link_id not in selected_ids
            and len(selected_ids) < most
            and len(due[host]) < visit
        ):
            selected_ids.add(link_id)
            due[host].append(link_id)
    return {host: ids for host, ids in due.items() if ids}


async def visit_host(
    site: Site, territory: Territory, host: str, ids: Sequence[UUID], *, turns: int = 1
) -> int:
    """Look at addresses of one machine, in one of so many rounds, unless another worker is there; how many looks.

    It is left in peace for as long as it asks, and not asked any more where it keeps silent: its other addresses of this
    visit are then as silent as those.
    """
    async with site.database.platform_session(role="worker") as session:
        if not await claim_lease(session, host, TURN):
            return 0
    peace = timedelta(seconds=probe.PAUSE)
    began = asyncio.get_running_loop().time()
    longest = min(LONGEST * turns, LONGEST_OF_TURNS)
    done = silences = 0
    for link_id, target in await _read_due_links(site, territory, ids):
        keeps_silent = silences >= SILENCES
        if keeps_silent:
            result = SILENCE
        else:
            result = await _probe_address(site, territory, host, target, first=not done)
        done = done + 1
        silences = silences + 1 if result.answer == SILENT else 0
        await _record_result(site, territory, link_id, result)
        if result.wait or asyncio.get_running_loop().time() - began > longest:
            peace = max(peace, min(result.wait, LONGEST_PEACE))
            break
    async with site.database.platform_session(role="worker") as session:
        await extend_lease(session, host, peace)
    return done


async def _probe_address(
    site: Site, territory: Territory, host: str, target: LinkCheck, *, first: bool
) -> LinkCheckResult:
    if not first:
        await pause_between_requests()
        async with site.database.platform_session(role="worker") as session:
            await extend_lease(session, host, TURN)
    try:
        return await probe_link(site.outgoing, target, territory.origin)
    except Exception as error:  # noqa: BLE001 - one strange address holds up no other
        log.warning("link not looked at", error=type(error).__name__)
        return LinkCheckResult(LinkState.UNCHECKED, ADDRESS)


async def _read_due_links(
    site: Site, territory: Territory, ids: Sequence[UUID]
) -> list[tuple[UUID, LinkCheck]]:
    """Those that are due still, with what datasets say of them; those that no dataset has any more are left out."""
    async with site.database.session(territory.id, role="worker") as session:
        due = await session.scalars(
            select(Link)
            .where(Link.id.in_(ids), Link.next_at <= now())
            .order_by(Link.next_at)
        )
        links = due.all()
        rows = await session.scalars(
            select(Distribution).where(
                Distribution.url.in_([link.url for link in links])
            )
        )
        described: dict[str, list[Distribution]] = defaultdict(list)
        for row in rows:
            described[row.url].append(row)
        endpoints = await session.scalars(
            select(CatalogueService.endpoint).where(
                CatalogueService.endpoint.in_([link.url for link in links]),
                CatalogueService.withdrawn_at.is_(None),
            )
        )
        named = {*described, *endpoints}
    return [
        (link.id, _build_probe(link, described[link.url]))
        for link in links
        if link.url in named
    ]


def _build_probe(link: Link, rows: Sequence[Distribution]) -> LinkCheck:
    return LinkCheck(
        link.url,
        tuple(
            ExpectedFile(row.size, row.hash_algorithm, row.hash_value) for row in rows
        ),
        is_service=all(row.kind != "FILE" for row in rows),
        doubted=link.failures > 0,
    )


async def _record_result(
    site: Site, territory: Territory, link_id: UUID, result: LinkCheckResult
) -> None:
    """Keep what a look saw; what is to be said of it otherwise is said at the next occasion."""
    moment = now()
    async with site.database.session(territory.id, role="worker") as session:
        link = await session.get(Link, (territory.id, link_id), with_for_update=True)
        if link is None:
            return
        before = LinkHealth(
            link.state,
            link.since,
            link.failures,
            link.failing_since,
            link.last_reachable,
        )
        after, delay = assess_health(before, result.state, moment, result.wait)
        link.state = after.state
        link.since = after.since
        link.failures = after.failures
        link.failing_since = after.failing_since
        link.last_reachable = after.last_reachable
        link.checked_at = moment
        link.next_at = moment + delay
        link.answer = result.answer
        if result.state in {LinkState.REACHABLE, LinkState.MOVED}:
            link.moved_to = result.moved_to
            link.size = result.size
            link.content = result.content
        link.status_pending = build_status(link) != link.public_status
