"""A producer adds, describes, orders, replaces and removes the files, links and services beside the main file."""

from collections.abc import Collection, Mapping
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
    add_part,
    add_part_version,
    describe_part,
    discard_part_version,
    get_part,
    is_listed,
    publish_part,
    remove_part,
    set_main_period,
)
from udi.node.datasets.actions.prepare import prepare_promptly
from udi.node.datasets.actions.remove import list_removable
from udi.node.datasets.descriptions.description import (
    LONGEST_REASON,
    clean_text,
)
from udi.node.datasets.descriptions.part_description import (
    ADDRESS_ROLES,
    FILE_ROLES,
    LONGEST_TITLE,
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
from udi.node.datasets.pages.part_forms import read_part_form, require_no_refusal
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
from udi.node.datasets.versions.breaking_changes import list_breaking_changes
from udi.node.datasets.versions.findings import (
    compared_version_number,
    is_being_read,
    is_harmful,
    read_difference,
)
from udi.node.datasets.versions.publishability import STOPS, part_stops_of
from udi.node.datasets.versions.table_list import list_tables_of
from udi.node.files.intake.reception import FIELD
from udi.node.files.queries import used_bytes
from udi.node.spaces.queries import DatasetPermission, list_permissions, lock_space
from udi.protocol.faults import InvalidRecord
from udi.ui.decision_guards import require_confirmation
from udi.ui.dependencies import CurrentTerritory, Member, Routes, Session
from udi.ui.site import render, site_of

Errors = dict[str, str]
REMOVAL_REASON = "removal-reason"


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
    about, refusals = read_part_form(form)
    if not about.address:
        refusals.append(Refusal("address", "Give its address."))
    try:
        require_no_refusal(refusals)
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
    dataset = await get_dataset(
        session, member, dataset_id, to=DatasetPermission.CHANGE
    )
    part = get_part(dataset, part_id)
    allowed = await list_permissions(session, member, dataset.space, dataset.id)
    return await _part_page(request, territory, dataset, part, {}, allowed=allowed)


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
    about, refusals = read_part_form(form)
    reason = clean_text(str(form.get("reason") or ""))[:LONGEST_REASON]
    intended = str(form.get("intended") or "").split()
    publish = bool(form.get("publish"))
    try:
        require_no_refusal(refusals)
        async with session.begin_nested():
            await describe_part(
                session, member, dataset, part, about, territory, announce=not publish
            )
            if publish:
                await publish_part(
                    session,
                    member,
                    dataset,
                    part,
                    territory,
                    reason=reason,
                    intended=intended,
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


@post("/datasets/{dataset_id:uuid}/parts/{part_id:uuid}/discard")
async def discard_pending_part(
    request: PageRequest,
    territory: CurrentTerritory,
    member: Member,
    dataset_id: FromPath[UUID],
    part_id: FromPath[UUID],
) -> Redirect:
    """Give up the version of its file that waits; its objects go once that is certain."""
    database = site_of(request).database
    async with database.session(territory.id, person=member.person_id) as session:
        dataset = await get_dataset(session, member, dataset_id, lock=True)
        part = get_part(dataset, part_id)
        keys = await discard_part_version(session, member, dataset, part)
    for key in keys:
        await store_of(request).delete(key)
    return Redirect(f"/datasets/{dataset_id}/parts/{part_id}", status_code=303)


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
    about, refusals = read_part_form(await request.form())
    require_no_refusal(refusals)
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
        permission = part_permission(part_id)
        dataset = await get_dataset(session, member, dataset_id, to=permission)
        part = get_part(dataset, part_id) if part_id else None
        if part is not None:
            part.require_file()
        space = dataset.space
        allowed = await list_permissions(session, member, space, dataset.id)
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
            request,
            territory,
            dataset,
            part,
            errors,
            status=error.status,
            allowed=allowed,
        )
    return Redirect(f"/datasets/{dataset_id}/parts/{version.part_id}", status_code=303)


def part_permission(part_id: UUID | None) -> DatasetPermission:
    """What a new version of a part needs, as one of the main file; a new part (None) is for who publishes."""
    return DatasetPermission.CHANGE if part_id else DatasetPermission.PUBLISH


async def _keep_version(
    request: PageRequest,
    territory: Territory,
    member: Actor,
    part_id: UUID | None,
    dropped: DroppedFile,
) -> tuple[Version, list[str]]:
    database = site_of(request).database
    async with database.session(territory.id, person=member.person_id) as session:
        dataset = await get_dataset(
            session, member, dropped.dataset_id, to=part_permission(part_id), lock=True
        )
        await lock_space(session, dataset.space)
        part = get_part(dataset, part_id) if part_id else None
        return await add_part_version(session, member, dataset, part, dropped)


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
    allowed: Collection[str] = frozenset(DatasetPermission),
) -> Response[str]:
    newest = next(iter(part.versions), None)
    pending = part.pending
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
        "intended": "",
        **(form or {}),
    }
    settings = site_of(request).settings
    about: dict[str, Any] = {
        "part": part,
        "listed": is_listed(part),
        "pending": pending,
        "reading": bool(pending and is_being_read(pending)),
        "harmful": bool(pending and is_harmful(pending)),
        "allowed": allowed,
        **_list_part_stops(request, dataset, part),
        "values": values,
        "errors": errors,
        "tables": list_tables_of(dataset, newest) if newest else [],
        "version_number": newest.number if newest else 0,
        "checks": await list_part_checks(request, dataset, part),
        "removable": [version.id for version in list_removable(dataset, part)],
        "compared": [
            version.id for version in part.versions if compared_version_number(version)
        ],
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


def _list_part_stops(
    request: PageRequest, dataset: Dataset, part: DatasetPart
) -> dict[str, Any]:
    """What keeps the version that waits from being published: with a reason, or once a person wants what it breaks."""
    version = part.pending
    if version is None:
        return {"stops": [], "breaks": [], "difference": None}
    say = translator(request)
    breaks = list_breaking_changes(dataset, version)
    broken = {change.stop for change in breaks}
    stops = part_stops_of(dataset, part, version)
    changes = read_difference(version)
    return {
        "stops": [say(STOPS[name]) for name in stops if name not in broken],
        "breaks": [(change.stop, change.explain(say)) for change in breaks],
        "difference": changes[1] if changes else None,
    }


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
    discard_pending_part,
    submit_main_period,
]
