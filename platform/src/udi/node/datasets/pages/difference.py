"""What a version changes of the one before it: with examples for those who may read it, in numbers for everybody."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath

from udi.kit.errors import NotFoundError
from udi.kit.tenancy import space_context
from udi.node.datasets.models import Dataset, Version
from udi.node.datasets.pages.messages import PageRequest
from udi.node.datasets.queries import find_dataset
from udi.node.datasets.versions.findings import read_difference
from udi.node.files.models import FileAccess
from udi.node.spaces.queries import DatasetPermission, list_permissions
from udi.ui.dependencies import CurrentTerritory, Routes, Session, Visitor
from udi.ui.site import render, site_of


@get("/datasets/{dataset_id:uuid}/versions/{number:int}/difference")
async def show_difference(
    request: PageRequest,
    session: Session,
    territory: CurrentTerritory,
    actor: Visitor,
    dataset_id: FromPath[UUID],
    number: FromPath[int],
) -> Response[str]:
    """The columns and rows that came, went or changed."""
    with space_context(None):
        async with site_of(request).database.session(territory.id) as reading:
            dataset = await find_dataset(reading, dataset_id)
    if dataset is None:
        raise NotFoundError
    if actor:
        allowed = await list_permissions(session, actor, dataset.space, dataset_id)
    else:
        allowed = frozenset()
    member = DatasetPermission.READ in allowed
    version = next(
        (candidate for candidate in dataset.versions if candidate.number == number),
        None,
    )
    if version is None or not (member or is_open(dataset, version)):
        raise NotFoundError
    earlier, difference = read_difference(version) or (0, None)
    if difference and not member:
        difference = replace(difference, examples=(), added_lines=(), removed_lines=())
        hidden = not any(
            candidate.number == earlier and is_open(dataset, candidate)
            for candidate in dataset.versions
        )
        difference = None if hidden else difference
    about: dict[str, Any] = {
        "version": version,
        "earlier": earlier,
        "difference": difference,
        "member": member,
    }
    return render(request, "datasets/difference.html", dataset=dataset, **about)


def is_open(dataset: Dataset, version: Version) -> bool:
    """Whether everybody may read a version."""
    return (
        dataset.withdrawn_at is None
        and version.published_at is not None
        and version.file.access == FileAccess.OPEN
    )


routes: Routes = [show_difference]
