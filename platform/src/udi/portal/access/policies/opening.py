"""What the page of a restricted dataset says of how it opens; the catalogue asks for it through a part of the program."""

from dataclasses import dataclass, field
from typing import Any

from litestar import Request
from litestar.datastructures import State
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.identity import Actor
from udi.kit.tenancy import Territory
from udi.portal.access.models import AccessPolicy
from udi.portal.access.policies.queries import Kept, find_policy, measure, policy_of
from udi.portal.catalogue.models import Dataset
from udi.protocol.policy import Policy


@dataclass(frozen=True)
class Opening:
    """The part of the page, and what it shows."""

    row: AccessPolicy | None
    policy: Policy | None
    kept: Kept | None
    sets: bool
    """Whether who reads it may set the policy."""
    own: list[Any] = field(default_factory=list)
    """Requests and agreements of who reads it."""
    template: str = "access/_opening.html"


async def find_opening(
    _request: Request[Any, Any, State],
    session: AsyncSession,
    _territory: Territory,
    actor: Actor | None,
    dataset: Dataset,
) -> Opening:
    """How a restricted dataset opens, for who reads its page."""
    row = await find_policy(session, dataset.id)
    sets = actor is not None and actor.may_publish(dataset.organisation.slug)
    return Opening(row, policy_of(row) if row else None, measure(row) if row else None, sets)
