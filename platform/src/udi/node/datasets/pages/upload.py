"""Step 1: a file comes in, for a new dataset or as a new version of one."""

import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.crash import crash_at
from udi.kit.errors import (
    ConflictError,
    InvalidError,
    TooLargeError,
    TooManyRequestsError,
)
from udi.kit.identity import Actor
from udi.kit.tenancy import Territory
from udi.node.datasets.actions.draft import (
    DroppedFile,
    create_draft,
    create_next_version,
)
from udi.node.datasets.actions.prepare import PreparationContext, prepare_promptly
from udi.node.datasets.descriptions.prefill import AnswerProposer
from udi.node.datasets.models import Dataset, PartRole, Version
from udi.node.datasets.pages.messages import (
    PART_ROLE_NAMES,
    PageRequest,
    refusal_errors,
    translator,
)
from udi.node.datasets.queries import get_dataset
from udi.node.files.encryption.sealing_store import OBJECTS
from udi.node.files.intake.reception import (
    FIELD,
    ReceivedFile,
    profile_stored_file,
    receive_file,
)
from udi.node.files.models import object_key
from udi.node.files.queries import used_bytes
from udi.node.files.storage.store import ObjectStore
from udi.node.files.storage.tenant_storage import TenantStorage
from udi.node.spaces.limits import limits_of
from udi.node.spaces.models import Space
from udi.node.spaces.queries import DatasetPermission, get_space, lock_space
from udi.tabular.queries.readers import READERS, FileReader, FileReaderPool
from udi.ui.middleware import content_security_policy, list_form_targets
from udi.ui.site import render, site_of

UPLOAD_ERRORS = (InvalidError, TooLargeError, ConflictError, TooManyRequestsError)


@get("/spaces/{slug:str}/datasets/new")
async def show_upload_form(
    request: PageRequest,
    session: NamedDependency[AsyncSession],
    member: NamedDependency[Actor],
    slug: FromPath[str],
) -> Response[str]:
    """The form of step 1."""
    readers_of(request).start_standby()
    return upload_page(request, await get_space(session, member, slug))


@post("/spaces/{slug:str}/datasets", request_max_body_size=None)
async def upload_file(
    request: PageRequest,
    territory: NamedDependency[Territory],
    member: NamedDependency[Actor],
    slug: FromPath[str],
) -> Response[Any]:
    """Take the file in, guess what can be, and go on to describing; no transaction is open meanwhile."""
    database = site_of(request).database
    async with database.session(territory.id, person=member.person_id) as session:
        space = await get_space(session, member, slug)
        left = space.quota_bytes - await used_bytes(session, space)
    try:
        memory = await store_of(request).reading_folder(f"{territory.id}/{space.id}")
        async with readers_of(request).open_reader(space.id, memory) as reading:
            dropped, key = await receive_form_file(
                request, territory, space, uuid.uuid4(), left, reading
            )
            async with (
                deleted_on_failure(store_of(request), key),
                database.session(territory.id, person=member.person_id) as session,
            ):
                dataset = await create_draft(
                    session,
                    member,
                    await get_space(session, member, slug, lock=True),
                    dropped,
                    build_answer_proposer(request, territory),
                )
            await prepare_promptly(
                build_preparation_context(request, territory), dataset.latest, reading
            )
    except UPLOAD_ERRORS as error:
        return upload_page(
            request,
            space,
            status=error.status,
            errors=refusal_errors(request, error, FIELD),
        )
    return Redirect(f"/datasets/{dropped.dataset_id}/check", status_code=303)


@get("/datasets/{dataset_id:uuid}/versions/new")
async def show_version_form(
    request: PageRequest,
    session: NamedDependency[AsyncSession],
    member: NamedDependency[Actor],
    dataset_id: FromPath[UUID],
) -> Response[str]:
    """The form of a new version."""
    dataset = await get_dataset(
        session, member, dataset_id, to=DatasetPermission.CHANGE
    )
    dataset.require_file()
    readers_of(request).start_standby()
    return upload_page(request, dataset.space, dataset)


@post("/datasets/{dataset_id:uuid}/versions", request_max_body_size=None)
async def upload_version(
    request: PageRequest,
    territory: NamedDependency[Territory],
    member: NamedDependency[Actor],
    dataset_id: FromPath[UUID],
) -> Response[Any]:
    """Take in the file that replaces the current one; nothing is published yet."""
    database = site_of(request).database
    async with database.session(territory.id, person=member.person_id) as session:
        dataset = await get_dataset(
            session, member, dataset_id, to=DatasetPermission.CHANGE
        )
        dataset.require_file()
        space = dataset.space
        left = dataset.space.quota_bytes - await used_bytes(session, dataset.space)
    try:
        memory = await store_of(request).reading_folder(f"{territory.id}/{space.id}")
        async with readers_of(request).open_reader(space.id, memory) as reading:
            dropped, key = await receive_form_file(
                request, territory, space, dataset_id, left, reading
            )
            async with deleted_on_failure(store_of(request), key):
                version, orphans = await _add_version(
                    request, territory, member, dropped
                )
            for orphan in orphans:
                await store_of(request).delete(orphan)
            await prepare_promptly(
                build_preparation_context(request, territory), version, reading
            )
    except UPLOAD_ERRORS as error:
        errors = refusal_errors(request, error, FIELD)
        return upload_page(request, space, dataset, status=error.status, errors=errors)
    return Redirect(f"/datasets/{dataset_id}/check", status_code=303)


async def _add_version(
    request: PageRequest, territory: Territory, member: Actor, dropped: DroppedFile
) -> tuple[Version, list[str]]:
    database = site_of(request).database
    async with database.session(territory.id, person=member.person_id) as session:
        dataset = await get_dataset(
            session, member, dropped.dataset_id, to=DatasetPermission.CHANGE, lock=True
        )
        await lock_space(session, dataset.space)
        orphans = await create_next_version(
            session, member, dataset, dropped, build_answer_proposer(request, territory)
        )
        return dataset.latest, orphans


async def receive_form_file(
    request: PageRequest,
    territory: Territory,
    space: Space,
    dataset_id: UUID,
    quota_left: int,
    reading: FileReader,
) -> tuple[DroppedFile, str]:
    """The file of a form, in the store and understood, and the key of its object."""
    store = store_of(request)
    file_id = uuid.uuid4()
    key = object_key(territory.id, space.id, dataset_id, file_id)
    limit = site_of(request).settings.upload_limit
    async with limits_of(request).hold_upload_slot(territory.id, space.id):
        incoming = await receive_file(
            request, store, key, limit=limit, quota_left=quota_left
        )
    crash_at("form.received")
    async with deleted_on_failure(store, key):
        profile = await profile_stored_file(
            store, reading, ReceivedFile(key, incoming.name, incoming.size)
        )
    return DroppedFile(
        file_id, dataset_id, incoming.name, incoming.size, incoming.sha256, profile
    ), key


@asynccontextmanager
async def deleted_on_failure(store: ObjectStore, key: str) -> AsyncIterator[None]:
    """An object that no row leads to yet."""
    try:
        yield
    except BaseException:
        await store.delete(key)
        raise


def upload_page(
    request: PageRequest,
    space: Space,
    dataset: Dataset | None = None,
    *,
    status: int = 200,
    errors: dict[str, str] | None = None,
    address: str = "",
    link: Mapping[str, Any] | None = None,
) -> Response[str]:
    """The form that takes one file, with the script that goes on after a cut; `link` is what was typed of data elsewhere."""
    limit = min(site_of(request).settings.upload_limit, space.quota_bytes)
    about: dict[str, Any] = {
        "space": space,
        "dataset": dataset,
        "errors": errors or {},
        "limit": limit,
        "link": link or {},
        "link_roles": [
            (role.value, translator(request)(PART_ROLE_NAMES[role]))
            for role in (PartRole.LINK, PartRole.SERVICE)
        ],
    }
    response = render(
        request, "datasets/drop.html", status=status, address=address, **about
    )
    policy = content_security_policy(list_form_targets(request), scripts=True)
    response.headers["Content-Security-Policy"] = policy
    return response


def build_preparation_context(
    request: PageRequest, territory: Territory
) -> PreparationContext:
    """What a page prepares a file with."""
    site = site_of(request)
    storage = TenantStorage(site.database, store_of(request), territory.id)
    settings = site.settings
    return PreparationContext(
        storage, territory, settings.clamd_socket, settings.schemas, readers_of(request)
    )


def build_answer_proposer(request: PageRequest, territory: Territory) -> AnswerProposer:
    """The reader's language, for proposed answers."""
    locale = str(request.scope["state"]["locale"])
    return AnswerProposer(territory, locale, site_of(request).pages.gettext)


def readers_of(request: PageRequest) -> FileReaderPool:
    """The children that read files for this process."""
    return site_of(request).services[READERS]


def store_of(request: PageRequest) -> ObjectStore:
    """The object store of the node."""
    return site_of(request).services[OBJECTS]


routes: Sequence[ControllerRouterHandler] = [
    show_upload_form,
    upload_file,
    show_version_form,
    upload_version,
]
