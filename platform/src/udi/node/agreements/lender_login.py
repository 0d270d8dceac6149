"""Who brings a number for a consent, where this node has a login for people: contributed by the domain that has it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.identity import Actor
from udi.kit.service_registry import Hook
from udi.kit.tenancy import Territory
from udi.node.agreements.models import HeldConsent
from udi.ui.dependencies import AnyRequest
from udi.ui.site import site_of


@dataclass(frozen=True)
class LenderLogin:
    """What the login of people knows of those who bring numbers."""

    identify: Callable[[AnyRequest, Territory, str], Awaitable[Actor]]
    """Who asks; whoever is not logged in is led to the login, and then to an address."""
    admit: Callable[[AsyncSession, Actor, HeldConsent], Awaitable[bool]]
    """Refuse whoever brought numbers too often, and a consent that somebody else brought one for; whether one of theirs is counted."""
    count: Callable[[AsyncSession, Actor, HeldConsent], Awaitable[None]]
    """Count a number that was brought."""


LENDER_LOGIN = Hook[LenderLogin]("login of people who lend")
"""One at most: at a producer's own node that was given no client for people, tickets open the form alone."""


@dataclass(frozen=True)
class KnownLender:
    """Somebody whom the login of a node knows."""

    login: LenderLogin
    actor: Actor

    async def admit(self, session: AsyncSession, consent: HeldConsent) -> bool:
        """Refuse whoever may bring no number for a consent now; whether one is counted already, which an archive leaves out."""
        return await self.login.admit(session, self.actor, consent)

    async def count(self, session: AsyncSession, consent: HeldConsent) -> None:
        """Count a number that was brought."""
        await self.login.count(session, self.actor, consent)


async def identify_lender(
    request: AnyRequest, territory: Territory, back: str
) -> KnownLender | None:
    """Who brings a number; None at a node without a login for people."""
    for login in site_of(request).services.contributions(LENDER_LOGIN):
        return KnownLender(login, await login.identify(request, territory, back))
    return None
