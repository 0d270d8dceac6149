"""What the page of a restricted dataset says of how it opens; the catalogue asks for it through a part of the program."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from litestar import Request
from litestar.datastructures import State
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.identity import Actor
from udi.kit.tenancy import Territory
from udi.portal.access.agreements.queries import list_for_dataset as list_agreements
from udi.portal.access.agreements.states import LIVE
from udi.portal.access.models import AccessAgreement, AccessPolicy, AccessRequest
from udi.portal.access.policies.queries import Kept, find_policy, measure, policy_of
from udi.portal.access.requests.queries import list_for_dataset as list_requests
from udi.portal.access.requests.states import OPEN
from udi.portal.catalogue.models import Dataset
from udi.protocol.policy import Policy, Requester
from udi.ui.site import site_of


@dataclass(frozen=True)
class Opening:
    """The part of the page, and what it shows."""

    row: AccessPolicy | None
    policy: Policy | None
    kept: Kept | None
    sets: bool = False
    """Whether who reads it may set the policy."""
    alone: bool = False
    """Whether they belong to no organisation, where only organisations may ask."""
    requests: Sequence[AccessRequest] = ()
    agreements: Sequence[AccessAgreement] = ()
    template: str = "access/_opening.html"

    @property
    def under_way(self) -> list[AccessRequest]:
        """What they asked and what waits."""
        return [each for each in self.requests if each.state in OPEN]

    @property
    def in_force(self) -> list[AccessAgreement]:
        """Under what they may read the data."""
        return [each for each in self.agreements if each.state in LIVE]


async def find_opening(
    request: Request[Any, Any, State],
    session: AsyncSession,
    territory: Territory,
    actor: Actor | None,
    dataset: Dataset,
) -> Opening:
    """How a restricted dataset opens, for who reads its page. A passer-by's says nothing of anybody."""
    row = await find_policy(session, dataset.id)
    policy, kept = (policy_of(row), measure(row)) if row else (None, None)
    if actor is None:
        return Opening(row, policy, kept)
    database = site_of(request).database
    async with database.session(territory.id, role="app", person=actor.person_id) as own:
        requests = await list_requests(own, actor, dataset.id)
        agreements = await list_agreements(own, actor, dataset.id)
    alone = policy is not None and Requester.PERSON not in policy.requesters and not actor.memberships
    sets = actor.may_publish(dataset.organisation.slug)
    return Opening(row, policy, kept, sets=sets, alone=alone, requests=requests, agreements=agreements)
