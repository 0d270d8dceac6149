"""Looks at each part of the service as those who use it would, once a minute, on each machine that works for the portal."""

import asyncio
from collections.abc import Awaitable, Sequence
from datetime import datetime

import msgspec
import structlog

from udi.kit import jobs
from udi.kit.backups import read_state
from udi.kit.clock import now
from udi.kit.db import is_unavailable
from udi.kit.http import OutgoingClient, OutgoingError, RefusedAddressError, exact_host
from udi.kit.schedules import Schedule
from udi.kit.tenancy import Territory
from udi.portal.catalogue.search.feed import cursor_age
from udi.portal.territory.status.record import (
    PartState,
    ServicePart,
    add_measure,
    load_record,
    write_record,
)
from udi.portal.territory.status.territories import (
    choose_turn,
    forget_others,
    keep_measure,
)
from udi.settings import Settings
from udi.ui.site import Site

log = structlog.get_logger()
OwnStates = dict[ServicePart, PartState]
PATIENCE = 10.0
AT_ONCE = 20
"""Territories that are asked at the same time."""
OVERDUE = 15 * 60
"""Seconds after which the search is behind, and jobs wait for nobody."""
MAIL_READY = b"220"
MAIL_END = b"QUIT\r\n"


def list_schedules(site: Site) -> list[Schedule]:
    """What recurs: the measure of the service."""

    async def measure() -> None:
        await measure_service(site)

    return [Schedule("measure_service", "* * * * * 10", measure, per_machine=True)]


async def measure_service(site: Site) -> None:
    """Look at every part, and keep what was found: of the installation, and of each territory whose turn it is."""
    settings = site.settings
    moment = now()
    own_states = await _measure_territories(site, moment)
    measures: dict[ServicePart, Awaitable[bool]] = {
        ServicePart.PAGES: _has_pages(settings, own_states),
        ServicePart.SEARCH: _is_search_true(settings),
        ServicePart.LOGIN: _answers(_find_login(settings)),
        ServicePart.MAIL: _takes_mail(settings),
        ServicePart.JOBS: _does_jobs(site),
    }
    outcomes = await asyncio.gather(*measures.values())
    states = {
        part: PartState.UP if well else PartState.DOWN
        for part, well in zip(measures, outcomes, strict=True)
    }
    states[ServicePart.NODE] = _summarise(own_states, ServicePart.NODE)
    state = read_state(settings)
    drilled_at = state.verified.at if state and state.verified else None
    record = add_measure(load_record(settings), states, moment, drilled_at)
    write_record(settings, record)


async def _measure_territories(site: Site, moment: datetime) -> list[OwnStates]:
    """How the pages and the hosted node of each territory stand, of those whose turn it is; kept in their files."""
    territories = await site.registry.list_served()
    turn, every = choose_turn(territories, moment)
    places = asyncio.Semaphore(AT_ONCE)

    async def measure(territory: Territory) -> OwnStates:
        async with places:
            addresses = {ServicePart.PAGES: territory.origin}
            if node := territory.links.get("node"):
                addresses[ServicePart.NODE] = node
            outcomes = await asyncio.gather(
                *(_answers(f"{origin}/health") for origin in addresses.values())
            )
        states = {
            part: PartState.UP if well else PartState.DOWN
            for part, well in zip(addresses, outcomes, strict=True)
        }
        try:
            keep_measure(site.settings, territory.slug, states, moment, every)
        except (OSError, msgspec.MsgspecError) as error:
            # One file that cannot be read or written takes nothing from the others.
            log.warning(
                "measures of a territory are not kept",
                territory=territory.slug,
                error=type(error).__name__,
            )
        return states

    own_states = await asyncio.gather(*(measure(territory) for territory in turn))
    forget_others(site.settings, await site.registry.list_all())
    return own_states


def _summarise(own_states: Sequence[OwnStates], part: ServicePart) -> PartState:
    """Down where it is down for all who have it: one territory's trouble is shown on its own page."""
    states = [states[part] for states in own_states if part in states]
    if states and PartState.UP not in states:
        return PartState.DOWN
    return PartState.UP


async def _has_pages(settings: Settings, own_states: Sequence[OwnStates]) -> bool:
    """Whether a territory has its pages; without territories, whether the installation has."""
    if own_states:
        return _summarise(own_states, ServicePart.PAGES) is PartState.UP
    origin = settings.origin("portal", settings.installation_host)
    return await _answers(f"{origin}/health")


def _find_login(settings: Settings) -> str:
    realm = f"{settings.keycloak_internal_url}/realms/{settings.identity_realm}"
    return f"{realm}/.well-known/openid-configuration"


async def _answers(address: str) -> bool:
    """Whether an address answers well."""
    client = OutgoingClient([exact_host(address)])
    try:
        async with asyncio.timeout(PATIENCE):
            answer = await client.request("GET", address, patience=PATIENCE)
    except (OutgoingError, RefusedAddressError, TimeoutError) as error:
        log.info("part of the service does not answer", error=type(error).__name__)
        return False
    finally:
        await client.close()
    return answer.is_success


async def _is_search_true(settings: Settings) -> bool:
    age = cursor_age(settings)
    return age is not None and age <= OVERDUE


async def _takes_mail(settings: Settings) -> bool:
    """Whether the relay greets; over TLS from the beginning, whether it takes a connection."""
    try:
        async with asyncio.timeout(PATIENCE):
            reader, writer = await asyncio.open_connection(
                settings.smtp_host, settings.relay_port
            )
            try:
                if settings.smtp_security == "tls":
                    return True
                greeting = await reader.readline()
                writer.write(MAIL_END)
                await writer.drain()
                return greeting.startswith(MAIL_READY)
            finally:
                writer.close()
    except (OSError, TimeoutError, ValueError):
        return False


async def _does_jobs(site: Site) -> bool:
    try:
        async with site.database.platform_session(role="worker") as session:
            queues = await jobs.list_queues(session)
    except Exception as error:
        if not is_unavailable(error):
            raise
        log.info("jobs are not counted", error=type(error).__name__)
        return False
    return all(queue.overdue <= OVERDUE for queue in queues)
