"""The worker tells the portal which consents people stopped at this node, until it took each."""

from uuid import UUID

import structlog
from msgspec import MsgspecError
from msgspec.json import decode
from sqlalchemy import Select, select, update

from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.schedules import Schedule, run_in_each_territory
from udi.kit.tenancy import Territory
from udi.kit.territories import TerritoryRegistry
from udi.kit.territory_reads import find_territories
from udi.node.datasets.exchange.portal import PortalClient, PortalUnavailableError
from udi.node.subject_requests.models import Lender
from udi.protocol.consent_withdrawals import (
    MOST_WITHDRAWALS,
    PATH,
    ConsentWithdrawalAnswer,
    ConsentWithdrawals,
)

log = structlog.get_logger()


async def report_withdrawals(
    database: Database, portal: PortalClient, territory: Territory
) -> int:
    """Tell what was stopped here and not told yet; of how many consents.

    Raises:
        PortalUnavailableError: the portal did not take it; it is told again later.
    """
    query = _select_stopped().order_by(Lender.stopped_at).limit(MOST_WITHDRAWALS)
    async with database.session(territory.id, role="worker") as session:
        stopped = list(await session.scalars(query))
    if not stopped:
        return 0
    content = await portal.send(territory, PATH, ConsentWithdrawals(consents=stopped))
    taken = _read_answer(content) & set(stopped)
    async with database.session(territory.id, role="worker") as session:
        await session.execute(
            update(Lender).where(Lender.id.in_(taken)).values(reported_at=now())
        )
    return len(taken)


def _select_stopped() -> Select[UUID]:
    """What was stopped here and not told yet."""
    return select(Lender.id).where(
        Lender.stopped_at.is_not(None), Lender.reported_at.is_(None)
    )


def _read_answer(content: bytes) -> set[UUID]:
    try:
        return set(decode(content, type=ConsentWithdrawalAnswer).consents)
    except MsgspecError as error:
        raise PortalUnavailableError(
            "The portal's answer about consents cannot be read."
        ) from error


def schedule_withdrawal_reports(
    database: Database, registry: TerritoryRegistry, portal: PortalClient
) -> Schedule:
    """Tell each territory's portal, twice a minute."""

    async def report(territory: Territory) -> None:
        try:
            await report_withdrawals(database, portal, territory)
        except PortalUnavailableError as error:
            log.info("stopped consents not reported", reason=str(error))
            raise

    async def run() -> None:
        among = await find_territories(database, _select_stopped())
        await run_in_each_territory(registry, report, among=among)

    return Schedule("report_consent_withdrawals", "* * * * * */30", run)
