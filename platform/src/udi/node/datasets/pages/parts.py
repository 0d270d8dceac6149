"""A producer adds, describes, orders, replaces and removes the files, links and services beside the main file."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from udi.kit.backups import read_retention
from udi.kit.errors import ConflictError, InvalidError, Refusal
from udi.kit.identity import Actor
from udi.kit.tenancy import Territory
from udi.node.datasets.actions.announce import is_public
from udi.node.datasets.actions.draft import DroppedFile
from udi.node.datasets.actions.parts import (
    ADDRESS_ROLES,
    FILE_ROLES,
    LONGEST_TITLE,
    PartDescription,
    add_part,
    add_part_version,
    describe_part,
    get_part,
    is_listed,
    publish_part,
    remove_part,
    set_main_period,
)
from udi.node.datasets.actions.prepare import prepare_promptly
from udi.node.datasets.descriptions.description import (
    LONGEST_REASON,
    clean_text,
    read_day,
)
from udi.node.datasets.models import Dataset, DatasetPart, PartRole, Version
from udi.node.datasets.pages.messages import (
    PART_ROLE_NAMES,
    PageRequest,
    field_errors,
    refusal_errors,
    translator,
)
from udi.node.datasets.pages.part_checks import list_part_checks
from udi.node.datasets.pages.upload import (
    UPLOAD_ERRORS,
    build_preparation_context,
    deleted_on_failure,
    readers_of,
    receive_form_file,
    store_of,
)
from udi.node.datasets.queries import get_dataset
from udi.node.datasets.records.parts import part_path
from udi.node.datasets.versions.findings import is_being_read, is_harmful
from udi.node.datasets.versions.publishability import STOPS, part_stops_of
from udi.node.datasets.versions.table_list import list_tables_of
from udi.node.files.intake.reception import FIELD
from udi.node.files.queries import used_bytes
from udi.node.spaces.queries import lock_space
from udi.protocol.faults import InvalidRecord
from udi.ui.decision_guards import require_confirmation
from udi.ui.dependencies import CurrentTerritory, Member, Routes, Session
from udi.ui.site import render, site_of

Errors = dict[str, str]
REMOVAL_REASON = "removal-reason"
LONGEST_PLACE = 3


@get("/datasets/{dataset_id:uuid}/parts/new")
async def show_new_part(
    request: PageRequest,
    session: Session,
    member: Member,
    dataset_id: FromPath[UUID],
) -> Response[str]:
    """Two forms: a file, or an address."""
    dataset = await get_dataset(session, member, dataset_id)
    readers_of(request).start_standby()
    return _new_part_page(request, dataset, {})


@post("/datasets/{dataset_id:uuid}/parts", request_max_body_size=None)
async def upload_part(
    request: PageRequest,
    territory: CurrentTerritory,
    member: Member,
    dataset_id: FromPath[UUID],
) -> Response[Any]:
    """Take in a file beside the main one; nothing is published yet."""
    return await _receive_part_file(request, territory, member, dataset_id, None)


@post("/datasets/{dataset_id:uuid}/parts/links")
async def submit_link(
    request: PageRequest,
    session: Session,
    member: Member,
    dataset_id: FromPath[UUID],
) -> Response[Any]:
    """Keep a link or a service; nothing is published yet."""
    dataset = await get_dataset(session, member, dataset_id, lock=True)
    form = await request.form()
    about, refusals = _read_form(form)
    if not about.address:
        refusals.append(Refusal("address", "Give its address."))
    try:
        _require_no_refusal(refusals)
        part = await add_part(session, member, dataset, about)
    except InvalidError as error:
        errors = field_errors(request, error.refusals)
        return _new_part_page(request, dataset, errors, form, status=422)
    return Redirect(f"/datasets/{dataset_id}/parts/{part.id}", status_code=303)


@get("/datasets/{dataset_id:uuid}/parts/{part_id:uuid}")
async def show_part(
    request: PageRequest,
    session: Session,
    territory: CurrentTerritory,
    member: Member,
    dataset_id: FromPath[UUID],
    part_id: FromPath[UUID],
) -> Response[str]:
    """Where a part stands, what is said of it, and what can be done."""
    dataset = await get_dataset(session, member, dataset_id)
    return await _part_page(request, territory, dataset, get_part(dataset, part_id), {})


@post("/datasets/{dataset_id:uuid}/parts/{part_id:uuid}")
async def submit_part(
    request: PageRequest,
    session: Session,
    territory: CurrentTerritory,
    member: Member,
    dataset_id: FromPath[UUID],
    part_id: FromPath[UUID],
) -> Response[Any]:
    """Keep what is said of it; with `publish`, publish it too."""
    dataset = await get_dataset(session, member, dataset_id, lock=True)
    part = get_part(dataset, part_id)
    form = await request.form()
    about, refusals = _read_form(form)
    reason = clean_text(str(form.get("reason") or ""))[:LONGEST_REASON]
    publish = bool(form.get("publish"))
    try:
        _require_no_refusal(refusals)
        async with session.begin_nested():
            await describe_part(
                session, member, dataset, part, about, territory, announce=not publish
            )
            if publish:
                await publish_part(
                    session, member, dataset, part, territory, reason=reason
                )
    except InvalidRecord:
        raise
    except InvalidError as error:
        dataset = await get_dataset(session, member, dataset_id, lock=True)
        part = get_part(dataset, part_id)
        errors = field_errors(request, error.refusals)
        return await _part_page(
            request, territory, dataset, part, errors, form, status=422
        )
    return Redirect(f"/datasets/{dataset_id}#parts", status_code=303)


@post(
    "/datasets/{dataset_id:uuid}/parts/{part_id:uuid}/file", request_max_body_size=None
)
async def upload_part_version(
    request: PageRequest,
    territory: CurrentTerritory,
    member: Member,
    dataset_id: FromPath[UUID],
    part_id: FromPath[UUID],
) -> Response[Any]:
    """Take in the file that replaces that of a part; the others are not touched, and nothing is published yet."""
    return await _receive_part_file(request, territory, member, dataset_id, part_id)


@post(
    "/datasets/{dataset_id:uuid}/parts/{part_id:uuid}/remove",
    guards=[require_confirmation()],
)
async def submit_part_removal(
    request: PageRequest,
    session: Session,
    territory: CurrentTerritory,
    member: Member,
    dataset_id: FromPath[UUID],
    part_id: FromPath[UUID],
) -> Response[Any]:
    """Remove it for good."""
    dataset = await get_dataset(session, member, dataset_id, lock=True)
    part = get_part(dataset, part_id)
    form = await request.form()
    reason = clean_text(str(form.get("reason") or ""))[:LONGEST_REASON]
    try:
        await remove_part(session, member, dataset, part, territory, reason=reason)
    except InvalidRecord:
        raise
    except (ConflictError, InvalidError) as error:
        [words] = refusal_errors(request, error, REMOVAL_REASON).values()
        errors = {REMOVAL_REASON: words}
        return await _part_page(
            request, territory, dataset, part, errors, status=error.status
        )
    return Redirect(f"/datasets/{dataset_id}#parts", status_code=303)


@post("/datasets/{dataset_id:uuid}/period")
async def submit_main_period(
    request: PageRequest,
    session: Session,
    territory: CurrentTerritory,
    member: Member,
    dataset_id: FromPath[UUID],
) -> Redirect:
    """Keep of which period the main file is; empty: of none.

    Raises:
        InvalidError: it is no period.
    """
    dataset = await get_dataset(session, member, dataset_id, lock=True)
    about, refusals = _read_form(await request.form())
    _require_no_refusal(refusals)
    await set_main_period(
        session,
        member,
        dataset,
        territory,
        first_day=about.first_day,
        last_day=about.last_day,
    )
    return Redirect(f"/datasets/{dataset_id}#parts", status_code=303)


async def _receive_part_file(
    request: PageRequest,
    territory: Territory,
    member: Actor,
    dataset_id: UUID,
    part_id: UUID | None,
) -> Response[Any]:
    """The file of a form, for a part or a new one (None); no transaction is open while it comes."""
    database = site_of(request).database
    async with database.session(territory.id, person=member.person_id) as session:
        dataset = await get_dataset(session, member, dataset_id)
        part = get_part(dataset, part_id) if part_id else None
        if part is not None:
            part.require_file()
        space = dataset.space
        left = space.quota_bytes - await used_bytes(session, space)
    store = store_of(request)
    try:
        memory = await store.reading_folder(f"{territory.id}/{space.id}")
        async with readers_of(request).open_reader(space.id, memory) as reading:
            dropped, key = await receive_form_file(
                request, territory, space, dataset_id, left, reading
            )
            async with deleted_on_failure(store, key):
                version, orphans = await _keep_version(
                    request, territory, member, part_id, dropped
                )
            for orphan in orphans:
                await store.delete(orphan)
            await prepare_promptly(
                build_preparation_context(request, territory), version, reading
            )
    except UPLOAD_ERRORS as error:
        errors = refusal_errors(request, error, FIELD)
        if part is None:
            return _new_part_page(request, dataset, errors, status=error.status)
        return await _part_page(
            request, territory, dataset, part, errors, status=error.status
        )
    return Redirect(f"/datasets/{dataset_id}/parts/{version.part_id}", status_code=303)


async def _keep_version(
    request: PageRequest,
    territory: Territory,
    member: Actor,
    part_id: UUID | None,
    dropped: DroppedFile,
) -> tuple[Version, list[str]]:
    database = site_of(request).database
    async with database.session(territory.id, person=member.person_id) as session:
        dataset = await get_dataset(session, member, dropped.dataset_id, lock=True)
        await lock_space(session, dataset.space)
        part = get_part(dataset, part_id) if part_id else None
        return await add_part_version(session, member, dataset, part, dropped)


def _require_no_refusal(refusals: Sequence[Refusal]) -> None:
    if refusals:
        raise InvalidError(refusals=refusals)


def _read_form(form: Mapping[str, Any]) -> tuple[PartDescription, list[Refusal]]:
    """What the form says of a part, and what cannot be read of it."""
    texts = {name: clean_text(str(form.get(name) or "")) for name in form}
    refusals = [
        Refusal(name, "This is not a date.")
        for name in ("first_day", "last_day")
        if texts.get(name) and read_day(texts[name]) is None
    ]
    about = PartDescription(
        title=texts.get("title", ""),
        role=texts.get("role", ""),
        first_day=read_day(texts.get("first_day", "")),
        last_day=read_day(texts.get("last_day", "")),
        address=texts.get("address", ""),
        documentation=texts.get("documentation", ""),
        is_public=bool(texts.get("is_public")),
        place=read_place(texts.get("place", "")),
    )
    return about, refusals


def read_place(text: str) -> int | None:
    """A place in the list; None where it is no number."""
    if text.isascii() and text.isdigit() and len(text) <= LONGEST_PLACE:
        return int(text)
    return None


def _new_part_page(
    request: PageRequest,
    dataset: Dataset,
    errors: Errors,
    form: Mapping[str, Any] | None = None,
    *,
    status: int = 200,
) -> Response[str]:
    settings = site_of(request).settings
    return render(
        request,
        "datasets/new_part.html",
        status=status,
        dataset=dataset,
        errors=errors,
        form=form or {},
        limit=min(settings.upload_limit, dataset.space.quota_bytes),
        roles=_list_roles(request, ADDRESS_ROLES),
        longest_title=LONGEST_TITLE,
    )


async def _part_page(
    request: PageRequest,
    territory: Territory,
    dataset: Dataset,
    part: DatasetPart,
    errors: Errors,
    form: Mapping[str, Any] | None = None,
    *,
    status: int = 200,
) -> Response[str]:
    say = translator(request)
    newest = next(iter(part.versions), None)
    pending = part.pending
    stops = part_stops_of(dataset, part, pending) if pending else []
    values: dict[str, Any] = {
        "title": part.title,
        "role": part.role,
        "first_day": part.first_day or "",
        "last_day": part.last_day or "",
        "place": part.position,
        "address": part.address,
        "documentation": part.documentation,
        "is_public": part.is_public,
        "reason": "",
        **(form or {}),
    }
    settings = site_of(request).settings
    about: dict[str, Any] = {
        "part": part,
        "listed": is_listed(part),
        "pending": pending,
        "reading": bool(pending and is_being_read(pending)),
        "harmful": bool(pending and is_harmful(pending)),
        "stops": [say(STOPS[name]) for name in stops],
        "values": values,
        "errors": errors,
        "tables": list_tables_of(dataset, newest) if newest else [],
        "version_number": newest.number if newest else 0,
        "checks": await list_part_checks(request, dataset, part),
    }
    return render(
        request,
        "datasets/part.html",
        status=status,
        dataset=dataset,
        public=is_public(dataset),
        roles=_list_roles(request, FILE_ROLES if part.is_file else ADDRESS_ROLES),
        places=[(number, number) for number in range(1, len(dataset.parts) + 1)],
        url=_address(territory, part),
        limit=min(settings.upload_limit, dataset.space.quota_bytes),
        days=read_retention(settings),
        longest_title=LONGEST_TITLE,
        **about,
    )


def _address(territory: Territory, part: DatasetPart) -> str:
    """Where a published part is read; empty before."""
    if part.published is None:
        return part.address
    return territory.origin + part_path(part, part.published.file.name)


def _list_roles(
    request: PageRequest, roles: frozenset[PartRole]
) -> list[tuple[str, str]]:
    say = translator(request)
    return [
        (role, say(name)) for role, name in PART_ROLE_NAMES.items() if role in roles
    ]


routes: Routes = [
    show_new_part,
    upload_part,
    submit_link,
    show_part,
    submit_part,
    upload_part_version,
    submit_part_removal,
    submit_main_period,
]
