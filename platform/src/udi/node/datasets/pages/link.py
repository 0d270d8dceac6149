"""A link that opens one version for some minutes, without login: for a colleague, DuckDB or QGIS."""

from collections.abc import Sequence
from uuid import UUID

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.errors import NotFoundError
from udi.kit.identity import Actor
from udi.kit.tenancy import Territory
from udi.node.audit import record
from udi.node.datasets.pages.saying import PageRequest
from udi.node.datasets.queries import get_dataset
from udi.node.datasets.standing import access_of
from udi.node.files.models import Access
from udi.node.files.pages import ring_of
from udi.node.files.queries import allow_access
from udi.node.files.signed import LIFETIME, sign_path
from udi.ui.decisions import decides
from udi.ui.site import render


@get("/datasets/{dataset_id:uuid}/versions/{number:int}/link", guards=[decides()])
async def show_link(
    request: PageRequest,
    session: NamedDependency[AsyncSession],
    territory: NamedDependency[Territory],
    member: NamedDependency[Actor],
    dataset_id: FromPath[UUID],
    number: FromPath[int],
) -> Response[str]:
    """A fresh link each time the page is asked for."""
    dataset = await get_dataset(session, member, dataset_id)
    version = next((each for each in dataset.versions if each.number == number), None)
    if version is None:
        raise NotFoundError
    access = Access(version.file.access) if version.published_at else access_of(dataset, version)
    allow_access(access, dataset_id, let=True)
    record(session, member, "link.made", version.id, dataset=str(dataset_id))
    return render(
        request,
        "datasets/link.html",
        dataset=dataset,
        version=version,
        link=territory.origin + sign_path(ring_of(request), territory.id, version.file.path),
        until=now() + LIFETIME,
    )


routes: Sequence[ControllerRouterHandler] = [show_link]
