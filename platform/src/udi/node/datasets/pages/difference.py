"""What a version changes of the one before it, of the main file or of a part: with examples for those who may read it, in numbers for everybody."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath

from udi.kit.errors import NotFoundError
from udi.kit.tenancy import space_context
from udi.node.datasets.models import Dataset, Version
from udi.node.datasets.pages.corrections import ADDRESSES
from udi.node.datasets.pages.messages import PageRequest
from udi.node.datasets.queries import find_dataset
from udi.node.datasets.versions.findings import read_difference
from udi.node.files.models import FileAccess
from udi.node.spaces.queries import DatasetPermission, list_permissions
from udi.ui.dependencies import CurrentTerritory, Routes, Session, Visitor
from udi.ui.site import render, site_of


@get([f"{address}/versions/{{number:int}}/difference" for address in ADDRESSES])
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
    part_id = request.path_params.get("part_id")
    versions = dataset.list_versions_of(part_id)
    version = next(
        (candidate for candidate in versions if candidate.number == number), None
    )
    if version is None or not (member or is_open(dataset, version)):
        raise NotFoundError
    earlier, difference = read_difference(version) or (0, None)
    if difference and not member:
        difference = replace(difference, examples=(), added_lines=(), removed_lines=())
        hidden = not any(
            candidate.number == earlier and is_open(dataset, candidate)
            for candidate in versions
        )
        difference = None if hidden else difference
    part = dataset.find_part(part_id)
    about: dict[str, Any] = {
        "part": part,
        "part_crumbs": [(part.title, f"/datasets/{dataset_id}/parts/{part.id}")]
        if part
        else [],
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
