"""Erasing a dataset: what it means, typed confirmation, and what the address says after."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.backups import read_retention
from udi.kit.errors import ConflictError, InvalidError
from udi.kit.identity import Actor
from udi.kit.tenancy import space_context
from udi.node.datasets.actions.erase import erase_dataset, may_erase
from udi.node.datasets.models import Dataset
from udi.node.datasets.pages.history import describe_events
from udi.node.datasets.pages.messages import PageRequest, field_errors
from udi.node.datasets.queries import get_dataset, list_events
from udi.node.files.models import ErasedDataset
from udi.node.identity.queries import list_names
from udi.node.spaces.models import Space
from udi.ui.decision_guards import require_confirmation
from udi.ui.dependencies import Member, Routes, Session
from udi.ui.site import render, site_of


@get("/datasets/{dataset_id:uuid}/erase")
async def show_erasure_form(
    request: PageRequest, session: Session, member: Member, dataset_id: FromPath[UUID]
) -> Response[str]:
    """What erasing means, and the form that asks for the title."""
    dataset = await get_dataset(session, member, dataset_id)
    if not may_erase(dataset):
        raise ConflictError(
            "This dataset is public.",
            remedy="Withdraw it first: people who use it will read the reason.",
        )
    return erase_page(request, dataset, {})


@post("/datasets/{dataset_id:uuid}/erase", guards=[require_confirmation()])
async def submit_erasure(
    request: PageRequest, session: Session, member: Member, dataset_id: FromPath[UUID]
) -> Response[Any]:
    """Erase it, once its title was typed."""
    dataset = await get_dataset(session, member, dataset_id, lock=True)
    try:
        await erase_dataset(
            session,
            member,
            dataset,
            title_text=str((await request.form()).get("title") or ""),
        )
    except InvalidError as error:
        return erase_page(
            request, dataset, field_errors(request, error.refusals), status=422
        )
    return Redirect(f"/datasets/{dataset_id}", status_code=303)


def erase_page(
    request: PageRequest, dataset: Dataset, errors: dict[str, str], *, status: int = 200
) -> Response[str]:
    """The warning and the form."""
    days = read_retention(site_of(request).settings)
    return render(
        request,
        "datasets/erase.html",
        status=status,
        dataset=dataset,
        errors=errors,
        days=days,
    )


async def erased_page(
    request: PageRequest, session: AsyncSession, actor: Actor, erased: ErasedDataset
) -> Response[str]:
    """What stays to be said, to those who published it; with its row went what ties its history to their space."""
    with space_context(None):
        async with site_of(request).database.session(erased.tenant_id) as free:
            events = await list_events(free, erased)
    space = await session.get_one(Space, (erased.tenant_id, erased.space_id))
    return render(
        request,
        "datasets/erased.html",
        status=410,
        erased=erased,
        space=space,
        history=describe_events(
            request, actor, events, await list_names(session, space.slug), parts=()
        ),
        days=read_retention(site_of(request).settings),
    )


routes: Routes = [show_erasure_form, submit_erasure]
