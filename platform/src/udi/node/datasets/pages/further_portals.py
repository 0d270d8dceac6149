"""Where a dataset of a producer's own node is shown, portal by portal, and telling one of them again."""

from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import UUID

from litestar import post
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import NotFoundError
from udi.node.datasets.actions.further_portals import retry_further_portal
from udi.node.datasets.models import Dataset
from udi.node.datasets.pages.messages import PageRequest, portal_faults
from udi.node.datasets.queries import get_dataset
from udi.node.portals.models import FurtherDelivery, FurtherDeliveryState, FurtherPortal
from udi.node.portals.queries import list_further_deliveries, list_portals
from udi.ui.dependencies import Member, Routes, Session

RETRIABLE_STATES = frozenset({FurtherDeliveryState.REFUSED, FurtherDeliveryState.SENT})


@dataclass(frozen=True)
class PortalPublication:
    """A dataset on one further portal."""

    portal: FurtherPortal
    delivery: FurtherDelivery
    address: str
    host: str
    faults: list[dict[str, str]]
    may_retry: bool


async def list_portal_statuses(
    request: PageRequest, session: AsyncSession, dataset: Dataset
) -> list[PortalPublication]:
    """The further portals that were notified of a dataset, by address."""
    return [
        PortalPublication(
            portal=showing.portal,
            delivery=showing.delivery,
            address=f"{showing.portal.origin}/data/{dataset.id}",
            host=urlsplit(showing.portal.origin).netloc,
            faults=portal_faults(request, showing.delivery.report)
            if showing.delivery.state == FurtherDeliveryState.REFUSED
            else [],
            may_retry=showing.delivery.state in RETRIABLE_STATES,
        )
        for showing in await list_further_deliveries(session, dataset.id)
    ]


@post("/datasets/{dataset_id:uuid}/portals/{portal_id:uuid}/retry", status_code=303)
async def retry_portal(
    session: Session,
    member: Member,
    dataset_id: FromPath[UUID],
    portal_id: FromPath[UUID],
) -> Redirect:
    """Tell a further portal again."""
    dataset = await get_dataset(session, member, dataset_id, lock=True)
    portal = next(
        (
            candidate
            for candidate in await list_portals(session)
            if candidate.id == portal_id
        ),
        None,
    )
    if portal is None:
        raise NotFoundError
    await retry_further_portal(session, member, dataset, portal)
    return Redirect(f"/datasets/{dataset_id}", status_code=303)


routes: Routes = [retry_portal]
