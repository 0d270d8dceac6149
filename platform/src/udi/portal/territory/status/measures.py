"""Looks at each part of the service as those who use it would, once a minute, on each machine that works for the portal."""

import asyncio
from collections.abc import Awaitable

import structlog

from udi.kit import jobs
from udi.kit.backups import read_state
from udi.kit.clock import now
from udi.kit.db import is_unavailable
from udi.kit.http import OutgoingClient, OutgoingError, RefusedAddressError, exact_host
from udi.kit.schedules import Schedule
from udi.portal.catalogue.search.feed import cursor_age
from udi.portal.territory.status.record import (
    PartState,
    ServicePart,
    add_measure,
    load_record,
    write_record,
)
from udi.settings import Settings
from udi.ui.site import Site

log = structlog.get_logger()
PATIENCE = 10.0
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
    """Look at every part, and keep what was found."""
    settings = site.settings
    measures: dict[ServicePart, Awaitable[bool]] = {
        ServicePart.PAGES: _answers(await _find_pages(site)),
        ServicePart.SEARCH: _is_search_true(settings),
        ServicePart.NODE: _answers(await _find_node(site)),
        ServicePart.LOGIN: _answers(_find_login(settings)),
        ServicePart.MAIL: _takes_mail(settings),
        ServicePart.JOBS: _does_jobs(site),
    }
    outcomes = await asyncio.gather(*measures.values())
    states = {
        part: PartState.UP if well else PartState.DOWN
        for part, well in zip(measures, outcomes, strict=True)
    }
    state = read_state(settings)
    drilled_at = state.verified.at if state and state.verified else None
    record = add_measure(load_record(settings), states, now(), drilled_at)
    write_record(settings, record)


async def _find_pages(site: Site) -> str:
    """The address of the first territory, else of the installation."""
    territories = await site.registry.list()
    if territories:
        return f"{territories[0].origin}/health"
    settings = site.settings
    return f"{settings.origin('portal', settings.installation_host)}/health"


async def _find_node(site: Site) -> str:
    """The address of the hosted node of the first territory that has one; empty where none has."""
    for territory in await site.registry.list():
        if origin := territory.links.get("node"):
            return f"{origin}/health"
    return ""


def _find_login(settings: Settings) -> str:
    realm = f"{settings.keycloak_internal_url}/realms/{settings.identity_realm}"
    return f"{realm}/.well-known/openid-configuration"


async def _answers(address: str) -> bool:
    """Whether an address answers well; one that there is none of is not missed."""
    if not address:
        return True
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
