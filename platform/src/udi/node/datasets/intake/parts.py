"""A script adds, describes, orders and removes the files, links and services beside the main file of a dataset."""

from typing import Any, TypeVar

import msgspec
from litestar import HttpMethod, Response, Router, delete, get, patch, post, route
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import (
    ConflictError,
    ForbiddenError,
    GoneError,
    InvalidError,
    Refusal,
)
from udi.kit.tenancy import Territory
from udi.node.datasets import part_schemas, schemas
from udi.node.datasets.actions.parts import (
    add_part,
    describe_part,
    get_part,
    is_listed,
    publish_part,
    publish_part_when_clear,
    remove_part,
)
from udi.node.datasets.descriptions.description import LONGEST_REASON, clean_text
from udi.node.datasets.descriptions.part_description import (
    PartDescription,
)
from udi.node.datasets.intake.access import (
    build_upload_context,
    get_script_dataset,
    require_token,
)
from udi.node.datasets.models import Dataset, DatasetPart, PartRole
from udi.node.datasets.pages.messages import PageRequest
from udi.node.datasets.records.parts import part_path
from udi.node.datasets.versions.publishability import may_publish
from udi.node.spaces.keys import require_fresh_accounts
from udi.node.spaces.operations import DatasetPath, PartPath, sending_operation
from udi.node.spaces.senders import Sender
from udi.ui.dependencies import CurrentTerritory, Routes

MAX_BODY = 64 * 1024
PRIVATE = {"Cache-Control": "no-store"}
ERRORS = (ConflictError, GoneError, InvalidError)
PartBody = TypeVar("PartBody", part_schemas.NewPart, part_schemas.PartChange)


@route(
    ["/", "/{part_id:uuid}"],
    http_method=[HttpMethod.OPTIONS],
    status_code=204,
    sync_to_thread=False,
)
def show_methods(request: PageRequest) -> Response[None]:
    """Which methods the list and its entries have: those of handlers that share an address are not told together."""
    methods = "DELETE, OPTIONS, PATCH"
    if "part_id" not in request.path_params:
        methods = "GET, OPTIONS, POST"
    return Response(None, status_code=204, headers={"Allow": methods})


@get(
    "/",
    **sending_operation(
        "listParts",
        summary="List the parts of a dataset",
        description="The files, links and services beside its main file, in order, published or not.",
        answer=part_schemas.PartList,
        errors=(GoneError,),
    ),
)
async def list_parts(
    request: PageRequest,
    territory: CurrentTerritory,
    dataset_id: DatasetPath,
) -> Response[part_schemas.PartList]:
    """All of them, for a script of the space."""
    require_token(request)
    async with build_upload_context(request, territory).storage.session() as session:
        dataset, _ = await get_script_dataset(session, request, dataset_id)
        items = [build_detail(part, territory) for part in dataset.parts]
    return Response(part_schemas.PartList(items=items), headers=PRIVATE)


@post(
    "/",
    request_max_body_size=MAX_BODY,
    **sending_operation(
        "addPart",
        summary="Add a part to a dataset",
        description="A link or a service with its address; or a file, whose bytes are sent next to its own address.",
        answer=part_schemas.PartDetail,
        statuses=(201,),
        errors=ERRORS,
        body=part_schemas.NewPart,
    ),
)
async def create_part(
    request: PageRequest,
    territory: CurrentTerritory,
    dataset_id: DatasetPath,
) -> Response[part_schemas.PartDetail]:
    """Put it at the end of the list."""
    require_token(request)
    body = await _read_body(request, part_schemas.NewPart)
    _refuse_opening(body)
    about = PartDescription(
        title=clean_text(body.title),
        role=body.role,
        first_day=body.first_day,
        last_day=body.last_day,
        address=body.address.strip(),
        documentation=body.documentation.strip(),
    )
    async with build_upload_context(request, territory).storage.session() as session:
        dataset, sender = await get_script_dataset(
            session, request, dataset_id, lock=True
        )
        part = await add_part(session, sender, dataset, about)
        if body.publish:
            await _publish(session, sender, dataset, part, territory)
        detail = build_detail(part, territory)
    return Response(detail, status_code=201, headers=PRIVATE)


@patch(
    "/{part_id:uuid}",
    request_max_body_size=MAX_BODY,
    **sending_operation(
        "changePart",
        summary="Change the description of a part",
        description="Its title, role, period, address or place in the list; its file has an address of its own.",
        answer=part_schemas.PartDetail,
        errors=ERRORS,
        body=part_schemas.PartChange,
    ),
)
async def change_part(
    request: PageRequest,
    territory: CurrentTerritory,
    dataset_id: DatasetPath,
    part_id: PartPath,
) -> Response[part_schemas.PartDetail]:
    """Keep what is sent of it; of a published one, the portals are told."""
    require_token(request)
    body = await _read_body(request, part_schemas.PartChange)
    async with build_upload_context(request, territory).storage.session() as session:
        dataset, sender = await get_script_dataset(
            session, request, dataset_id, lock=True
        )
        part = get_part(dataset, part_id)
        if not part.is_public:
            _refuse_opening(body)
        about = _merge_change(part, body)
        await describe_part(session, sender, dataset, part, about, territory)
        if body.publish:
            await _publish(session, sender, dataset, part, territory)
        detail = build_detail(part, territory)
    return Response(detail, headers=PRIVATE)


@delete(
    "/{part_id:uuid}",
    **sending_operation(
        "removePart",
        summary="Remove a part of a dataset",
        description="For good, with every version of its file; its address says then that it was removed, and why.",
        statuses=(204,),
        errors=ERRORS,
        query=schemas.RemovalParameters,
    ),
)
async def delete_part(
    request: PageRequest,
    territory: CurrentTerritory,
    dataset_id: DatasetPath,
    part_id: PartPath,
) -> None:
    """Remove it; `reason` is asked for one that was public."""
    require_token(request)
    reason = clean_text(request.query_params.get("reason") or "")[:LONGEST_REASON]
    async with build_upload_context(request, territory).storage.session() as session:
        dataset, sender = await get_script_dataset(
            session, request, dataset_id, lock=True
        )
        await require_fresh_accounts(session)
        part = get_part(dataset, part_id)
        await remove_part(session, sender, dataset, part, territory, reason=reason)


def _refuse_opening(body: part_schemas.NewPart | part_schemas.PartChange) -> None:
    """Refuse what would open a file of restricted data to everybody: a person decides that, and a key takes it back.

    Raises:
        ForbiddenError: it asks for it.
    """
    if body.is_public is True:
        raise ForbiddenError(
            "A key may not give everybody a file of restricted data.",
            remedy="Leave “is_public” out: a person who publishes decides that, on the page of the file.",
        )


async def _publish(
    session: AsyncSession,
    sender: Sender,
    dataset: Dataset,
    part: DatasetPart,
    territory: Territory,
) -> None:
    """Publish a link or a service where a person published its dataset; a file once nothing stops it."""
    if part.is_file:
        await publish_part_when_clear(session, sender, dataset, part, territory)
    elif may_publish(dataset) and not is_listed(part):
        await publish_part(session, sender, dataset, part, territory)


def _merge_change(part: DatasetPart, body: part_schemas.PartChange) -> PartDescription:
    fields: dict[str, Any] = {
        "title": part.title,
        "role": part.role,
        "first_day": part.first_day,
        "last_day": part.last_day,
        "address": part.address,
        "documentation": part.documentation,
        "is_public": part.is_public,
    }
    changes = msgspec.structs.asdict(body)
    changes.pop("publish")
    fields |= {
        name: value for name, value in changes.items() if value is not msgspec.UNSET
    }
    for name in ("title", "address", "documentation"):
        fields[name] = clean_text(str(fields[name]))
    return PartDescription(**fields)


def build_detail(part: DatasetPart, territory: Territory) -> part_schemas.PartDetail:
    """A part as the API says it."""
    newest = part.versions[0] if part.versions else None
    url = part.address
    file = None
    if newest is not None:
        url = territory.origin + part_path(part, newest.file.name)
        file = part_schemas.PartFile(
            version=newest.number,
            name=newest.file.name,
            media_type=newest.file.media_type,
            size=newest.file.size,
            sha256=newest.file.sha256,
            published=newest.published_at is not None,
        )
    return part_schemas.PartDetail(
        id=part.id,
        place=part.position,
        title=part.title,
        role=PartRole(part.role),
        first_day=part.first_day,
        last_day=part.last_day,
        address=part.address,
        documentation=part.documentation,
        is_public=part.is_public,
        published=is_listed(part),
        url=url,
        file=file,
    )


async def _read_body(request: PageRequest, kind: type[PartBody]) -> PartBody:
    try:
        return msgspec.json.decode(await request.body(), type=kind)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise InvalidError(
            refusals=[
                Refusal(
                    "",
                    "This is not the description of a part.",
                    "Send the fields that the documentation of the API lists, as JSON.",
                )
            ]
        ) from error


routes: Routes = [
    Router(
        "/api/v1/datasets/{dataset_id:uuid}/parts",
        route_handlers=[
            show_methods,
            list_parts,
            create_part,
            change_part,
            delete_part,
        ],
    )
]
