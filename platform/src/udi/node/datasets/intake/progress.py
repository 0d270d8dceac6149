"""Where a file on its way in stands, for a person and for a machine; giving it up."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from litestar.types import ControllerRouterHandler

from udi.kit.errors import GoneError, NotFoundError
from udi.kit.identity import Actor
from udi.kit.tenancy import Territory
from udi.node.datasets import schemas
from udi.node.datasets.intake.access import build_upload_context, get_sender, has_token
from udi.node.datasets.intake.responses import describe_publication
from udi.node.datasets.models import Dataset
from udi.node.datasets.pages.messages import PageRequest, translator
from udi.node.datasets.queries import find_dataset
from udi.node.files.intake.uploads import cancel_upload, get_upload
from udi.node.files.models import Upload, UploadState
from udi.node.spaces.models import Space
from udi.node.spaces.operations import sending_operation
from udi.node.spaces.queries import require_publisher
from udi.ui.errors import wants_page
from udi.ui.site import render


@get(
    "/uploads/{upload_id:uuid}",
    **sending_operation(
        "readUpload",
        summary="Read how far an upload is",
        description="How much arrived, which dataset it became, and whether everyone sees it.",
        answer=schemas.UploadStatus,
        errors=(GoneError,),
    ),
)
async def show_upload(
    request: PageRequest,
    territory: NamedDependency[Territory],
    upload_id: schemas.UploadPath,
) -> Response[Any]:
    """How far it is; a person whose file has arrived is led on."""
    async with build_upload_context(request, territory).storage.session() as session:
        upload = await get_upload(
            session, await get_sender(session, request), upload_id
        )
        space = await session.get_one(Space, (upload.tenant_id, upload.space_id))
        if upload.state == UploadState.DONE:
            dataset = await find_dataset(session, upload.dataset_id)
        else:
            dataset = None
    if has_token(request) or not wants_page(request):
        body = describe_upload(request, upload) | {
            "publication": _publication(request, upload, dataset, territory)
        }
        return Response(body, headers={"Cache-Control": "no-store"})
    if upload.state == UploadState.DONE:
        return Redirect(next_page(upload), status_code=303)
    return render(request, "datasets/upload.html", upload=upload, space=space)


@post("/uploads/{upload_id:uuid}/give-up")
async def abandon_upload(
    request: PageRequest,
    territory: NamedDependency[Territory],
    member: NamedDependency[Actor],
    upload_id: FromPath[UUID],
) -> Redirect:
    """Give it up; any publisher of the space may, since it takes place there."""
    storage = build_upload_context(request, territory).storage
    async with storage.session() as session:
        upload = await session.get(Upload, (territory.id, upload_id))
        if upload is None:
            raise NotFoundError
        space = await session.get_one(Space, (territory.id, upload.space_id))
        require_publisher(member, space)
    await cancel_upload(storage, upload_id)
    return Redirect(f"/spaces/{space.slug}", status_code=303)


def _publication(
    request: PageRequest, upload: Upload, dataset: Dataset | None, territory: Territory
) -> dict[str, Any] | None:
    """Whether everyone sees what was sent; None before there is a version, and once a newer file replaced it."""
    versions = dataset.list_versions_of(upload.part_id) if dataset else []
    version = next(
        (version for version in versions if version.file_id == upload.file_id), None
    )
    if dataset and version:
        return describe_publication(dataset, version, territory, translator(request))
    return None


def next_page(upload: Upload) -> str:
    """Where a person goes on once the file has arrived."""
    if upload.part_id is not None:
        return f"/datasets/{upload.dataset_id}/parts/{upload.part_id}"
    return f"/datasets/{upload.dataset_id}" + ("" if upload.publish else "/check")


def describe_upload(request: PageRequest, upload: Upload) -> dict[str, Any]:
    """An upload, for a machine."""
    say = translator(request)
    done = upload.state == UploadState.DONE
    return {
        "id": str(upload.id),
        "state": upload.state,
        "name": upload.name,
        "length": upload.length,
        "received": upload.received,
        "assembled": upload.assembled,
        "sha256": upload.sha256,
        "dataset": str(upload.dataset_id) if done or upload.replaces else None,
        "next": next_page(upload) if done else None,
        "error": say(upload.error),
        "remedy": say(upload.remedy),
    }


routes: Sequence[ControllerRouterHandler] = [show_upload, abandon_upload]
