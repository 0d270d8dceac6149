"""One version of a file removed alone, and how many a dataset keeps: what goes is said before it goes."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.backups import read_retention
from udi.kit.errors import InvalidError
from udi.node.datasets.actions.parts import get_part
from udi.node.datasets.actions.remove import (
    RETENTION_CHOICES,
    get_removable,
    list_excess_versions,
    remove_version,
    set_version_retention,
)
from udi.node.datasets.descriptions.description import LONGEST_REASON, clean_text
from udi.node.datasets.models import Dataset, DatasetPart
from udi.node.datasets.pages.corrections import ADDRESSES
from udi.node.datasets.pages.messages import PageRequest, field_errors
from udi.node.datasets.queries import get_dataset
from udi.ui.decision_guards import require_confirmation
from udi.ui.dependencies import Member, Routes, Session
from udi.ui.site import render, site_of

Errors = dict[str, str]


@get([f"{address}/versions/{{number:int}}/remove" for address in ADDRESSES])
async def show_removal_form(
    request: PageRequest,
    session: Session,
    member: Member,
    dataset_id: FromPath[UUID],
    number: FromPath[int],
) -> Response[str]:
    """What removing means, and the form that asks why."""
    dataset = await get_dataset(session, member, dataset_id)
    return await _removal_page(request, session, dataset, number, {})


@post(
    [f"{address}/versions/{{number:int}}/remove" for address in ADDRESSES],
    guards=[require_confirmation()],
)
async def submit_removal(
    request: PageRequest,
    session: Session,
    member: Member,
    dataset_id: FromPath[UUID],
    number: FromPath[int],
) -> Response[Any]:
    """Remove it for good."""
    dataset = await get_dataset(session, member, dataset_id, lock=True)
    reason = clean_text(str((await request.form()).get("reason") or ""))[
        :LONGEST_REASON
    ]
    try:
        part = _find_part(request, dataset)
        await remove_version(session, member, dataset, number, part, reason=reason)
    except InvalidError as error:
        return await _removal_page(
            request,
            session,
            dataset,
            number,
            field_errors(request, error.refusals),
            status=422,
        )
    address = f"/datasets/{dataset_id}"
    if part is not None:
        address += f"/parts/{part.id}"
    return Redirect(f"{address}#versions", status_code=303)


def _find_part(request: PageRequest, dataset: Dataset) -> DatasetPart | None:
    """The part that the address names; None for the main file."""
    part_id = request.path_params.get("part_id")
    return get_part(dataset, part_id) if part_id else None


async def _removal_page(
    request: PageRequest,
    session: AsyncSession,
    dataset: Dataset,
    number: int,
    errors: Errors,
    *,
    status: int = 200,
) -> Response[str]:
    part = _find_part(request, dataset)
    version = await get_removable(session, dataset, number, part)
    days = read_retention(site_of(request).settings)
    address = f"/datasets/{dataset.id}"
    crumbs = []
    if part is not None:
        address += f"/parts/{part.id}"
        crumbs = [(part.title, address)]
    about: dict[str, Any] = {
        "version": version,
        "errors": errors,
        "days": days,
        "part": part,
        "part_crumbs": crumbs,
        "file_address": address,
    }
    return render(
        request, "datasets/remove.html", status=status, dataset=dataset, **about
    )


@post("/datasets/{dataset_id:uuid}/keep")
async def save_retention(
    request: PageRequest, session: Session, member: Member, dataset_id: FromPath[UUID]
) -> Response[Any]:
    """Keep the last versions only, or all of them; what that removes at once is shown first, to be agreed to."""
    dataset = await get_dataset(session, member, dataset_id, lock=True)
    form = await request.form()
    choice = str(form.get("retained_versions") or "")
    if choice:
        retained_versions = int(choice) if choice in map(str, RETENTION_CHOICES) else 0
    else:
        retained_versions = None
    gone = (
        list_excess_versions(dataset, retained_versions)
        if retained_versions != 0
        else []
    )
    if gone and form.get("agreed") != ",".join(str(version.number) for version in gone):
        days = read_retention(site_of(request).settings)
        return render(
            request,
            "datasets/keep.html",
            dataset=dataset,
            retained_versions=retained_versions,
            gone=gone,
            days=days,
        )
    await set_version_retention(session, member, dataset, retained_versions)
    return Redirect(f"/datasets/{dataset_id}#versions", status_code=303)


routes: Routes = [
    show_removal_form,
    submit_removal,
    save_retention,
]
