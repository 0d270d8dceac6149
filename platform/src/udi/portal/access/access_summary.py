"""What the page of a restricted dataset says of how it opens; the catalogue asks for it through a part of the program."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.identity import Actor
from udi.kit.tenancy import Territory
from udi.portal.access.agreements.queries import (
    list_dataset_agreements as list_agreements,
)
from udi.portal.access.agreements.transitions import LIVE
from udi.portal.access.models import AccessAgreement, AccessPolicy, AccessRequest
from udi.portal.access.policies.queries import (
    RequestStatistics,
    find_answer_statistics,
    find_policy,
    policy_of,
)
from udi.portal.access.requests.queries import (
    list_requests_for_dataset as list_requests,
)
from udi.portal.access.requests.transitions import OPEN
from udi.portal.catalogue.models import Dataset
from udi.portal.catalogue.stewards import find_steward
from udi.protocol.policy import Policy, Requester
from udi.ui.dependencies import AnyRequest
from udi.ui.site import site_of


@dataclass(frozen=True)
class AccessSection:
    """The part of the page, and what it shows."""

    row: AccessPolicy | None
    policy: Policy | None
    answer_statistics: RequestStatistics | None
    sets: bool = False
    """Whether who reads it may set the policy."""
    needs_organisation: bool = False
    """Whether they belong to no organisation, where only organisations may ask."""
    requests: Sequence[AccessRequest] = ()
    agreements: Sequence[AccessAgreement] = ()
    template: str = "access/_opening.html"

    @property
    def open_requests(self) -> list[AccessRequest]:
        """What they asked and what waits."""
        return [request for request in self.requests if request.state in OPEN]

    @property
    def live_agreements(self) -> list[AccessAgreement]:
        """Under what they may read the data."""
        return [agreement for agreement in self.agreements if agreement.state in LIVE]


async def summarise_access(
    request: AnyRequest,
    session: AsyncSession,
    territory: Territory,
    actor: Actor | None,
    dataset: Dataset,
) -> AccessSection:
    """How a restricted dataset opens, for who reads its page. A passer-by's says nothing of anybody."""
    row = await find_policy(session, dataset.id)
    policy, answer_statistics = (
        (policy_of(row), find_answer_statistics(row)) if row else (None, None)
    )
    if actor is None:
        return AccessSection(row, policy, answer_statistics)
    database = site_of(request).database
    async with database.session(
        territory.id, role="app", person=actor.person_id
    ) as person_session:
        requests = await list_requests(person_session, actor, dataset.id)
        agreements = await list_agreements(person_session, actor, dataset.id)
    needs_organisation = (
        policy is not None
        and Requester.PERSON not in policy.requesters
        and not actor.memberships
    )
    sets = actor.may_publish((await find_steward(session, dataset)).slug)
    return AccessSection(
        row,
        policy,
        answer_statistics,
        sets=sets,
        needs_organisation=needs_organisation,
        requests=requests,
        agreements=agreements,
    )
