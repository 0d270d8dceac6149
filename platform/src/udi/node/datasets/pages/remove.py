"""One version removed alone, and how many a dataset keeps: what goes is said before it goes."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.backups import read_retention
from udi.kit.errors import InvalidError
from udi.node.datasets.actions.remove import (
    RETENTION_CHOICES,
    get_removable,
    list_excess_versions,
    remove_version,
    set_version_retention,
)
from udi.node.datasets.descriptions.description import LONGEST_REASON, clean_text
from udi.node.datasets.models import Dataset
from udi.node.datasets.pages.messages import PageRequest, field_errors
from udi.node.datasets.queries import get_dataset
from udi.ui.decision_guards import require_confirmation
from udi.ui.dependencies import Member, Routes, Session
from udi.ui.site import render, site_of

Errors = dict[str, str]


@get("/datasets/{dataset_id:uuid}/versions/{number:int}/remove")
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
    "/datasets/{dataset_id:uuid}/versions/{number:int}/remove",
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
        await remove_version(session, member, dataset, number, reason=reason)
    except InvalidError as error:
        return await _removal_page(
            request,
            session,
            dataset,
            number,
            field_errors(request, error.refusals),
            status=422,
        )
    return Redirect(f"/datasets/{dataset_id}#versions", status_code=303)


async def _removal_page(
    request: PageRequest,
    session: AsyncSession,
    dataset: Dataset,
    number: int,
    errors: Errors,
    *,
    status: int = 200,
) -> Response[str]:
    version = await get_removable(session, dataset, number)
    days = read_retention(site_of(request).settings)
    about: dict[str, Any] = {"version": version, "errors": errors, "days": days}
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
