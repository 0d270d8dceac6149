"""What people, addresses and the territory may do in a while on the portal, with the table that counts it."""

from typing import Any

from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.handlers import BaseRouteHandler

from udi.kit.budgets import RateLimit, address_subject, spend_budgets
from udi.kit.identity import Actor
from udi.kit.rates import network_of
from udi.kit.tenancy import Territory
from udi.settings import Settings
from udi.ui.middleware import SAFE
from udi.ui.rate_limits import READS_ONLY, address_of

MINUTE = 60
HOUR = 3600
DAY = 86400
WRITES = RateLimit("writes", 120, MINUTE)
"""Of one person."""
ADDRESS_WRITES = RateLimit("address-writes", 600, MINUTE)
"""Of one address, people who are logged in included: an office has one."""
TERRITORY_WRITES = RateLimit("territory-writes", 6000, MINUTE)
PROJECTS = RateLimit("projects", 40, HOUR)
"""Projects and reuses that one person begins."""
MAILS = RateLimit("mails", 60, DAY)
"""Mails that one person has sent to people who did not ask for them: invitations."""
DRAFTS = RateLimit("drafts", 10, HOUR)
"""What one address begins to write before anybody is logged in."""
FAULT_REPORTS = RateLimit("fault-reports", 10, HOUR)
"""Faults in data that one address reports without a login, or one person."""
TERRITORY_FAULT_REPORTS = RateLimit("territory-fault-reports", 200, HOUR)
WRONG_CREDENTIALS = RateLimit("wrong-credentials", 10, 5 * MINUTE)
"""Of one address."""
WHOLE = "territory"
Connection = ASGIConnection[Any, Any, Any, State]


def subject_of_address(connection: Connection) -> str:
    """The address of a request, as it is counted."""
    settings: Settings = connection.app.state.site.settings
    return address_subject(
        network_of(address_of(connection)), settings.secret("portal_client_key")
    )


async def count_write(connection: Connection, handler: BaseRouteHandler) -> None:
    """Count a request that changes something: of its person, its address and the whole territory.

    Machines are not counted: they show a token, and what it allows is bounded elsewhere.

    Raises:
        TooManyRequestsError: nothing is left.
    """
    state = connection.scope["state"]
    territory: Territory | None = state.get("territory")
    if connection.scope.get("method") in SAFE or territory is None:
        return
    if handler.opt.get(READS_ONLY) or connection.headers.get("authorization"):
        return
    actor: Actor | None = state.get("actor")
    spent = [
        (ADDRESS_WRITES, subject_of_address(connection)),
        (TERRITORY_WRITES, WHOLE),
    ]
    if actor is not None:
        spent.insert(0, (WRITES, str(actor.person_id)))
    async with connection.app.state.site.database.session(
        territory.id, role="app"
    ) as session:
        await spend_budgets(session, spent)
