"""One dataset, for its producer: where it stands, what the portal said, its versions, what can be done."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import today
from udi.kit.errors import ErasedError, InvalidError, UnauthenticatedError
from udi.kit.identity import Actor
from udi.kit.tenancy import Territory
from udi.node.datasets.actions.draft import discard_draft, is_fileless_draft
from udi.node.datasets.actions.erase import may_erase
from udi.node.datasets.actions.publish import (
    RETRIABLE_STATES,
    retry_delivery,
    withdraw_dataset,
)
from udi.node.datasets.actions.remove import RETENTION_CHOICES, list_removable
from udi.node.datasets.actions.schema import find_declared_schema
from udi.node.datasets.actions.source import find_source
from udi.node.datasets.descriptions.description import LONGEST_REASON, clean_text
from udi.node.datasets.models import Dataset, DatasetState, DeliveryState
from udi.node.datasets.pages.describe import description_details, home_of
from udi.node.datasets.pages.erase import erased_page
from udi.node.datasets.pages.further_portals import list_portal_statuses
from udi.node.datasets.pages.history import describe_events
from udi.node.datasets.pages.messages import (
    PART_ROLE_NAMES,
    PageRequest,
    field_errors,
    portal_faults,
    translator,
)
from udi.node.datasets.pages.source import describe_source_form
from udi.node.datasets.pages.upload import store_of
from udi.node.datasets.queries import (
    find_dataset,
    find_erased,
    get_dataset,
    list_events,
    read_version_marks,
)
from udi.node.datasets.upkeep.reminders import find_due
from udi.node.datasets.versions.findings import (
    can_correct_rows,
    is_being_read,
    profile_of,
)
from udi.node.datasets.versions.model_exports import (
    ModelExport,
    find_published,
    list_model_exports,
)
from udi.node.datasets.versions.publishability import explain_stops
from udi.node.datasets.versions.series import (
    find_newest_series,
    find_served_series,
)
from udi.node.datasets.versions.table_list import list_tables_of
from udi.node.files.models import ErasedDataset
from udi.node.files.queries import missing_error
from udi.node.identity.queries import list_names
from udi.node.spaces.queries import DatasetPermission, list_permissions
from udi.ui.decision_guards import require_confirmation
from udi.ui.refresh import refreshing
from udi.ui.site import render, site_of

CHANGING = {DatasetState.PUBLISHING, DatasetState.WITHDRAWING}


@get("/datasets/{dataset_id:uuid}")
async def show_dataset(
    request: PageRequest,
    session: NamedDependency[AsyncSession],
    territory: NamedDependency[Territory],
    actor: NamedDependency[Actor | None],
    dataset_id: FromPath[UUID],
) -> Response[str]:
    """Where a dataset stands; of one that was erased and had been public, anyone reads that it was."""
    if actor is None:
        gone = await missing_error(session, ErasedDataset.id == dataset_id)
        if isinstance(gone, ErasedError):
            raise gone
        raise UnauthenticatedError("Log in to see this page.")
    if erased := await find_erased(session, actor, dataset_id):
        return await erased_page(request, session, actor, erased)
    dataset = await get_dataset(
        session, actor, dataset_id, to=DatasetPermission.READ, lean=True
    )
    delivery = dataset.delivery
    versions = await _versions(session, dataset, translator(request))
    source = await find_source(session, dataset)
    moving = _is_moving(dataset) or bool(versions["reading"])
    page = render(
        request,
        "datasets/dataset.html",
        moving=moving,
        dataset=dataset,
        delivery=delivery,
        faults=portal_faults(request, delivery.report if delivery else None),
        elsewhere=await list_portal_statuses(request, session, dataset),
        may_retry=_may_retry(dataset),
        history=describe_events(
            request,
            actor,
            await list_events(session, dataset),
            await list_names(session, dataset.space.slug),
            dataset.parts,
        ),
        allowed=await list_permissions(session, actor, dataset.space, dataset.id),
        home=home_of(actor, dataset),
        may_erase=may_erase(dataset),
        discardable=is_fileless_draft(dataset),
        profile=profile_of(dataset),
        model_exports=await _list_model_exports(request, dataset),
        correctable=can_correct_rows(dataset, dataset.newest),
        tables=list_tables_of(dataset, dataset.latest) if dataset.has_file else [],
        part_roles=PART_ROLE_NAMES,
        series=find_newest_series(dataset),
        has_served_series=find_served_series(dataset).is_table,
        source=source,
        form=describe_source_form(translator(request), source),
        due=await find_due(session, dataset, territory.zone),
        today=today(territory.zone),
        public_url=f"{territory.links.get('portal', '')}/data/{dataset.id}",
        file_url=f"{territory.origin}/datasets/{dataset.id}/file",
        **versions,
        **description_details(request, dataset, territory),
    )
    return refreshing(request, page) if moving else page


async def _list_model_exports(
    request: PageRequest, dataset: Dataset
) -> list[ModelExport]:
    published = find_published(dataset)
    if published is None:
        return []
    schema = await find_declared_schema(site_of(request).settings.schemas, published)
    return list_model_exports(dataset, published, schema) if schema else []


def _is_moving(dataset: Dataset) -> bool:
    """Whether the portal's answer is still to come."""
    delivery = dataset.delivery
    return dataset.state in CHANGING and bool(
        delivery and delivery.state in {DeliveryState.QUEUED, DeliveryState.SENT}
    )


def _may_retry(dataset: Dataset) -> bool:
    delivery = dataset.delivery
    return bool(
        delivery and delivery.state in RETRIABLE_STATES and dataset.state in CHANGING
    )


async def _versions(
    session: AsyncSession, dataset: Dataset, say: Callable[[str], str]
) -> dict[str, Any]:
    """Those that may be removed, how many may be kept, what stops the one that waits, or that it is being read."""
    waiting_version = dataset.pending
    return {
        "marked": await read_version_marks(session, dataset),
        "removable": [version.id for version in list_removable(dataset)],
        "keep_choices": RETENTION_CHOICES,
        "stops": explain_stops(dataset, waiting_version, say)
        if waiting_version
        else [],
        "reading": bool(
            waiting_version
            and is_being_read(waiting_version)
            and waiting_version.is_publication_requested
        ),
    }


@get("/datasets/{dataset_id:uuid}/withdraw")
async def show_withdrawal_form(
    request: PageRequest,
    session: NamedDependency[AsyncSession],
    member: NamedDependency[Actor],
    dataset_id: FromPath[UUID],
) -> Response[str]:
    """The form that asks why."""
    dataset = await get_dataset(session, member, dataset_id)
    return render(
        request, "datasets/withdraw.html", dataset=dataset, errors={}, reason=""
    )


@post("/datasets/{dataset_id:uuid}/withdraw", guards=[require_confirmation()])
async def submit_withdrawal(
    request: PageRequest,
    session: NamedDependency[AsyncSession],
    member: NamedDependency[Actor],
    dataset_id: FromPath[UUID],
) -> Response[Any]:
    """Close the files at once and tell the portal."""
    dataset = await get_dataset(session, member, dataset_id, lock=True)
    reason = clean_text(str((await request.form()).get("reason") or ""))[
        :LONGEST_REASON
    ]
    try:
        await withdraw_dataset(session, member, dataset, reason=reason)
    except InvalidError as error:
        errors = field_errors(request, error.refusals)
        return render(
            request,
            "datasets/withdraw.html",
            status=422,
            dataset=dataset,
            errors=errors,
            reason=reason,
        )
    return Redirect(f"/datasets/{dataset.id}", status_code=303)


@post("/datasets/{dataset_id:uuid}/retry")
async def retry_dataset_delivery(
    session: NamedDependency[AsyncSession],
    member: NamedDependency[Actor],
    dataset_id: FromPath[UUID],
) -> Redirect:
    """Tell the portal again."""
    await retry_delivery(
        session, member, await get_dataset(session, member, dataset_id, lock=True)
    )
    return Redirect(f"/datasets/{dataset_id}", status_code=303)


@post("/datasets/{dataset_id:uuid}/discard")
async def discard_pending(
    request: PageRequest,
    territory: NamedDependency[Territory],
    member: NamedDependency[Actor],
    dataset_id: FromPath[UUID],
) -> Redirect:
    """Give up a draft or a version that waits; its file goes once that is certain."""
    database = request.app.state.site.database
    async with database.session(territory.id, person=member.person_id) as session:
        dataset = await get_dataset(session, member, dataset_id, lock=True)
        keys = await discard_draft(session, member, dataset)
        left = await find_dataset(session, dataset_id)
    for key in keys:
        await store_of(request).delete(key)
    return Redirect(
        _page_of(left) if left else f"/spaces/{dataset.space.slug}", status_code=303
    )


def _page_of(dataset: Dataset) -> str:
    return f"/datasets/{dataset.id}"


routes: Sequence[ControllerRouterHandler] = [
    show_dataset,
    show_withdrawal_form,
    submit_withdrawal,
    retry_dataset_delivery,
    discard_pending,
]
