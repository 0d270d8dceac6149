"""Forms that say where a file is: for one dataset, once, or again and again."""

from typing import Any
from uuid import UUID

from litestar import Response, post
from litestar.params import FromPath
from litestar.response import Redirect

from udi.kit.errors import NotFoundError, UdiError, field_error
from udi.node.datasets.actions.source import (
    SourceInput,
    check_source_now,
    confirm_host_key,
    delete_source,
    find_source,
    pause_source,
    set_source,
)
from udi.node.datasets.intake.access import get_member_upload_space
from udi.node.datasets.intake.refresh import FETCH_FILE
from udi.node.datasets.models import Dataset
from udi.node.datasets.pages.messages import (
    PageRequest,
    locale_of,
    refusal_errors,
    translator,
)
from udi.node.datasets.pages.source import describe_source_form
from udi.node.datasets.pages.upload import UPLOAD_ERRORS, upload_page
from udi.node.datasets.queries import find_dataset, get_dataset
from udi.node.files.intake.uploads import UploadAnnouncement, create_upload
from udi.node.files.remote.addresses import understand_address
from udi.node.files.remote.source_kinds import list_source_kinds
from udi.node.spaces.limits import enforce_look_limit, enqueue_heavy_job
from udi.node.spaces.senders import Sender
from udi.ui.dependencies import CurrentTerritory, Member, Routes, Session
from udi.ui.site import render, site_of

FIELD = "address"


@post("/spaces/{slug:str}/fetch")
async def fetch_file(
    request: PageRequest, session: Session, member: Member, slug: FromPath[str]
) -> Response[Any]:
    """Fetch a file once, for a new dataset or, with the field `dataset`, a new version."""
    form = await request.form()
    address = str(form.get(FIELD) or "")
    if form.get("dataset"):
        dataset_id = _parse_id(form.get("dataset"))
    else:
        dataset_id = None
    space = await get_member_upload_space(session, member, slug, dataset_id, lock=True)
    if dataset_id:
        dataset = await find_dataset(session, dataset_id)
    else:
        dataset = None
    try:
        announced = UploadAnnouncement(
            name="",
            dataset_id=dataset.id if dataset else None,
            locale=locale_of(request),
            address=_read_public_address(address),
        )
        limit = site_of(request).settings.upload_limit
        upload = await create_upload(
            session, space, Sender.of(member), announced, limit=limit
        )
        await enqueue_heavy_job(
            session, space.id, FETCH_FILE, {"upload": str(upload.id)}
        )
    except UPLOAD_ERRORS as error:
        errors = refusal_errors(request, error, FIELD)
        return upload_page(
            request, space, dataset, status=error.status, errors=errors, address=address
        )
    return Redirect(f"/uploads/{upload.id}", status_code=303)


@post("/datasets/{dataset_id:uuid}/source")
async def save_source(
    request: PageRequest, session: Session, member: Member, dataset_id: FromPath[UUID]
) -> Response[Any]:
    """Renew the dataset from a source, regularly."""
    form = await request.form()
    dataset = await get_dataset(session, member, dataset_id, lock=True)
    dataset.require_file()
    given = SourceInput(
        address=str(form.get(FIELD) or ""),
        frequency=str(form.get("frequency") or ""),
        kind=str(form.get("kind") or ""),
        values={name: str(form.get(name) or "") for name in _list_field_names()},
    )
    try:
        await set_source(
            session,
            member,
            dataset,
            given,
            person_id=member.person_id,
            locale=locale_of(request),
        )
    except UPLOAD_ERRORS as error:
        return await _show_source_form(request, session, dataset, given, error)
    return Redirect(f"/datasets/{dataset_id}#source", status_code=303)


async def _show_source_form(
    request: PageRequest,
    session: Session,
    dataset: Dataset,
    given: SourceInput,
    error: UdiError,
) -> Response[Any]:
    """The form again, with what was wrong or is still needed."""
    source = await find_source(session, dataset)
    return render(
        request,
        "datasets/source.html",
        status=error.status,
        dataset=dataset,
        errors=refusal_errors(request, error, FIELD),
        form=describe_source_form(translator(request), source, given),
    )


@post("/datasets/{dataset_id:uuid}/source/look")
async def check_source(
    request: PageRequest,
    session: Session,
    member: Member,
    territory: CurrentTerritory,
    dataset_id: FromPath[UUID],
) -> Redirect:
    """Look at the source now; with the field `fingerprint`, trust the key that the server showed."""
    fingerprint = str((await request.form()).get("fingerprint") or "")
    dataset = await get_dataset(session, member, dataset_id, lock=True)
    enforce_look_limit(request, territory, dataset_id)
    if fingerprint:
        await confirm_host_key(session, member, dataset, fingerprint)
    else:
        source = await find_source(session, dataset)
        if source is None:
            raise NotFoundError
        await check_source_now(session, dataset, source)
    return Redirect(f"/datasets/{dataset_id}#source", status_code=303)


@post("/datasets/{dataset_id:uuid}/source/pause")
async def pause_renewal(
    session: Session, member: Member, dataset_id: FromPath[UUID]
) -> Redirect:
    """Do not look until somebody has it looked at; what opens the source is kept."""
    await pause_source(
        session, member, await get_dataset(session, member, dataset_id, lock=True)
    )
    return Redirect(f"/datasets/{dataset_id}#source", status_code=303)


@post("/datasets/{dataset_id:uuid}/source/stop")
async def stop_renewal(
    session: Session, member: Member, dataset_id: FromPath[UUID]
) -> Redirect:
    """Do not look any more, and forget what opened the source."""
    await delete_source(
        session, member, await get_dataset(session, member, dataset_id, lock=True)
    )
    return Redirect(f"/datasets/{dataset_id}", status_code=303)


def _read_public_address(address: str) -> str:
    """The address of a file that is fetched once: nothing opens it.

    Raises:
        InvalidError: it is none, or needs a password.
    """
    understood = understand_address(address)
    if understood.credential or understood.kind.list_missing({}):
        raise field_error(
            FIELD,
            "A file protected by a password cannot be fetched just once.",
            "Drop a first file, then set up the automatic update on the page of the dataset.",
        )
    return understood.address


def _list_field_names() -> set[str]:
    return {
        entry.name for kind in list_source_kinds().values() for entry in kind.fields
    }


def _parse_id(value: object) -> UUID:
    try:
        return UUID(str(value))
    except ValueError as error:
        raise NotFoundError from error


routes: Routes = [
    fetch_file,
    save_source,
    check_source,
    pause_renewal,
    stop_renewal,
]
