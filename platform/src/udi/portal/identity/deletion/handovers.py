"""What somebody else must take over before an account is deleted."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.service_registry import Hook
from udi.kit.tenancy import Territory
from udi.portal.identity.models import Person


@dataclass(frozen=True)
class Handover:
    """Something that would have nobody: what it is (`name`, as people named it), why, and the page of the act that settles it."""

    reason: str
    name: str
    act: str
    address: str
    is_private: bool = False
    """Whether the territory's team may not know what it is: a project, a request."""


ListHandovers = Callable[
    [AsyncSession, Territory, Person], Awaitable[Sequence[Handover]]
]
HANDOVERS = Hook[ListHandovers]("handovers")
"""What the domains above know of it."""
