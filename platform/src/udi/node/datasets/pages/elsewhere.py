"""Where a dataset of a producer's own node is shown, portal by portal, and telling one of them again."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import UUID

from litestar import post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import NotFoundError
from udi.kit.identity import Actor
from udi.node.datasets.actions.elsewhere import retry_elsewhere
from udi.node.datasets.models import Dataset
from udi.node.datasets.pages.saying import PageRequest, portal_faults
from udi.node.datasets.queries import get_dataset
from udi.node.portals.models import FurtherDelivery, FurtherPortal, FurtherState
from udi.node.portals.queries import list_portals, list_showings

AGAIN = frozenset({FurtherState.REFUSED, FurtherState.SENT})


@dataclass(frozen=True)
class There:
    """A dataset on one further portal."""

    portal: FurtherPortal
    delivery: FurtherDelivery
    address: str
    host: str
    faults: list[dict[str, str]]
    may_retry: bool


async def list_there(request: PageRequest, session: AsyncSession, dataset: Dataset) -> list[There]:
    """The further portals that were told of a dataset, by address."""
    return [
        There(
            portal=each.portal,
            delivery=each.delivery,
            address=f"{each.portal.origin}/data/{dataset.id}",
            host=urlsplit(each.portal.origin).netloc,
            faults=portal_faults(request, each.delivery.report) if each.delivery.state == FurtherState.REFUSED else [],
            may_retry=each.delivery.state in AGAIN,
        )
        for each in await list_showings(session, dataset.id)
    ]


@post("/datasets/{dataset_id:uuid}/portals/{portal_id:uuid}/retry", status_code=303)
async def retry(
    session: NamedDependency[AsyncSession],
    member: NamedDependency[Actor],
    dataset_id: FromPath[UUID],
    portal_id: FromPath[UUID],
) -> Redirect:
    """Tell a further portal again."""
    dataset = await get_dataset(session, member, dataset_id, lock=True)
    portal = next((each for each in await list_portals(session) if each.id == portal_id), None)
    if portal is None:
        raise NotFoundError
    await retry_elsewhere(session, member, dataset, portal)
    return Redirect(f"/datasets/{dataset_id}", status_code=303)


routes: Sequence[ControllerRouterHandler] = [retry]
