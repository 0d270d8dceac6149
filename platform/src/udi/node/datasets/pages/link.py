"""A link that opens one version for some minutes, without login: for a colleague, DuckDB or QGIS."""

from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath

from udi.kit.clock import now
from udi.kit.errors import NotFoundError
from udi.node.audit import record_audit_event
from udi.node.datasets.pages.messages import PageRequest
from udi.node.datasets.queries import get_dataset
from udi.node.datasets.versions.publishability import access_of
from udi.node.files.delivery.downloads import keyring_of
from udi.node.files.delivery.signed_urls import LIFETIME, sign_path
from udi.node.files.models import FileAccess
from udi.node.files.queries import check_access
from udi.ui.decision_guards import require_confirmation
from udi.ui.dependencies import CurrentTerritory, Member, Routes, Session
from udi.ui.site import render


@get(
    "/datasets/{dataset_id:uuid}/versions/{number:int}/link",
    guards=[require_confirmation()],
)
async def show_link(
    request: PageRequest,
    session: Session,
    territory: CurrentTerritory,
    member: Member,
    dataset_id: FromPath[UUID],
    number: FromPath[int],
) -> Response[str]:
    """A fresh link each time the page is asked for."""
    dataset = await get_dataset(session, member, dataset_id)
    version = next(
        (candidate for candidate in dataset.versions if candidate.number == number),
        None,
    )
    if version is None:
        raise NotFoundError
    if version.published_at:
        access = FileAccess(version.file.access)
    else:
        access = access_of(dataset, version)
    check_access(access, dataset_id, let=True)
    record_audit_event(
        session, member, "link.made", version.id, dataset=str(dataset_id)
    )
    return render(
        request,
        "datasets/link.html",
        dataset=dataset,
        version=version,
        link=territory.origin
        + sign_path(keyring_of(request), territory.id, version.file.path),
        until=now() + LIFETIME,
    )


routes: Routes = [show_link]
