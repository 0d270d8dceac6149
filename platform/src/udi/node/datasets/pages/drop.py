"""Step 1: a file comes in, for a new dataset or as a new version of one."""

import uuid
from collections.abc import AsyncIterator, Sequence
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
from udi.kit.errors import ConflictError, InvalidError, TooLargeError, TooManyError
from udi.kit.identity import Actor
from udi.kit.tenancy import Territory
from udi.node.datasets.actions.draft import Dropped
from udi.node.datasets.actions.prepare import Desk, prepare_promptly
from udi.node.datasets.actions.take import Stored, Words, take_first, take_next, understand_file
from udi.node.datasets.models import Dataset, Version
from udi.node.datasets.pages.saying import PageRequest, locale_of, refusal_errors
from udi.node.datasets.queries import get_dataset
from udi.node.files.depot import Depot
from udi.node.files.models import object_key
from udi.node.files.queries import used_bytes
from udi.node.files.receive import FIELD, receive_file
from udi.node.files.store import ObjectStore
from udi.node.spaces.limits import limits_of
from udi.node.spaces.models import Space
from udi.node.spaces.queries import Doing, get_space, hold_space
from udi.node.tables.readers import READERS, Readers, Reading
from udi.ui.middleware import content_security_policy
from udi.ui.site import render, site_of

Refused = (InvalidError, TooLargeError, ConflictError, TooManyError)


@get("/spaces/{slug:str}/datasets/new")
async def ask_file(
    request: PageRequest,
    session: NamedDependency[AsyncSession],
    member: NamedDependency[Actor],
    slug: FromPath[str],
) -> Response[str]:
    """The form of step 1."""
    readers_of(request).stand_ready()
    return drop_page(request, await get_space(session, member, slug))


@post("/spaces/{slug:str}/datasets", request_max_body_size=None)
async def drop_file(
    request: PageRequest, territory: NamedDependency[Territory], member: NamedDependency[Actor], slug: FromPath[str]
) -> Response[Any]:
    """Take the file in, guess what can be, and go on to describing; no transaction is open meanwhile."""
    database = site_of(request).database
    async with database.session(territory.id, person=member.person_id) as session:
        space = await get_space(session, member, slug)
        left = space.quota_bytes - await used_bytes(session, space)
    try:
        memory = await store_of(request).reading_folder(f"{territory.id}/{space.id}")
        async with readers_of(request).reading(space.id, memory) as reading:
            dropped, key = await _receive(request, territory, space, uuid.uuid4(), left, reading)
            async with (
                _deleted_on_failure(store_of(request), key),
                database.session(territory.id, person=member.person_id) as session,
            ):
                space = await get_space(session, member, slug, lock=True)
                dataset = await take_first(session, member, space, dropped, words_of(request, territory))
            await prepare_promptly(preparing(request, territory), dataset.latest, reading)
    except Refused as error:
        return drop_page(request, space, status=error.status, errors=refusal_errors(request, error, FIELD))
    return Redirect(f"/datasets/{dropped.dataset_id}/check", status_code=303)


@get("/datasets/{dataset_id:uuid}/versions/new")
async def ask_version(
    request: PageRequest,
    session: NamedDependency[AsyncSession],
    member: NamedDependency[Actor],
    dataset_id: FromPath[UUID],
) -> Response[str]:
    """The form of a new version."""
    dataset = await get_dataset(session, member, dataset_id, to=Doing.CHANGE)
    readers_of(request).stand_ready()
    return drop_page(request, dataset.space, dataset)


@post("/datasets/{dataset_id:uuid}/versions", request_max_body_size=None)
async def drop_version(
    request: PageRequest,
    territory: NamedDependency[Territory],
    member: NamedDependency[Actor],
    dataset_id: FromPath[UUID],
) -> Response[Any]:
    """Take in the file that replaces the current one; nothing is published yet."""
    database = site_of(request).database
    async with database.session(territory.id, person=member.person_id) as session:
        dataset = await get_dataset(session, member, dataset_id, to=Doing.CHANGE)
        space, left = dataset.space, dataset.space.quota_bytes - await used_bytes(session, dataset.space)
    try:
        memory = await store_of(request).reading_folder(f"{territory.id}/{space.id}")
        async with readers_of(request).reading(space.id, memory) as reading:
            dropped, key = await _receive(request, territory, space, dataset_id, left, reading)
            async with _deleted_on_failure(store_of(request), key):
                version, orphans = await _replace(request, territory, member, dropped)
            for orphan in orphans:
                await store_of(request).delete(orphan)
            await prepare_promptly(preparing(request, territory), version, reading)
    except Refused as error:
        errors = refusal_errors(request, error, FIELD)
        return drop_page(request, space, dataset, status=error.status, errors=errors)
    return Redirect(f"/datasets/{dataset_id}/check", status_code=303)


async def _replace(
    request: PageRequest, territory: Territory, member: Actor, dropped: Dropped
) -> tuple[Version, list[str]]:
    database = site_of(request).database
    async with database.session(territory.id, person=member.person_id) as session:
        dataset = await get_dataset(session, member, dropped.dataset_id, to=Doing.CHANGE, lock=True)
        await hold_space(session, dataset.space)
        orphans = await take_next(session, member, dataset, dropped, words_of(request, territory))
        return dataset.latest, orphans


async def _receive(
    request: PageRequest, territory: Territory, space: Space, dataset_id: UUID, quota_left: int, reading: Reading
) -> tuple[Dropped, str]:
    """The file of a form, in the store and understood, and the key of its object."""
    store, file_id = store_of(request), uuid.uuid4()
    key = object_key(territory.id, space.id, dataset_id, file_id)
    limit = site_of(request).settings.upload_limit
    async with limits_of(request).uploading(territory.id, space.id):
        incoming = await receive_file(request, store, key, limit=limit, quota_left=quota_left)
    crash_at("form.received")
    async with _deleted_on_failure(store, key):
        profile = await understand_file(store, reading, Stored(key, incoming.name, incoming.size))
    return Dropped(file_id, dataset_id, incoming.name, incoming.size, incoming.sha256, profile), key


@asynccontextmanager
async def _deleted_on_failure(store: ObjectStore, key: str) -> AsyncIterator[None]:
    """An object that no row leads to yet."""
    try:
        yield
    except BaseException:
        await store.delete(key)
        raise


def drop_page(
    request: PageRequest,
    space: Space,
    dataset: Dataset | None = None,
    *,
    status: int = 200,
    errors: dict[str, str] | None = None,
    address: str = "",
) -> Response[str]:
    """The form that takes one file, with the script that goes on after a cut."""
    limit = min(site_of(request).settings.upload_limit, space.quota_bytes)
    about: dict[str, Any] = {"space": space, "dataset": dataset, "errors": errors or {}, "limit": limit}
    response = render(request, "datasets/drop.html", status=status, address=address, **about)
    policy = content_security_policy(site_of(request).form_targets, scripts=True)
    response.headers["Content-Security-Policy"] = policy
    return response


def preparing(request: PageRequest, territory: Territory) -> Desk:
    """What a page prepares a file with."""
    site = site_of(request)
    depot, settings = Depot(site.database, store_of(request), territory.id), site.settings
    return Desk(depot, territory, settings.clamd_socket, settings.schemas, readers_of(request))


def words_of(request: PageRequest, territory: Territory) -> Words:
    """The reader's language, for proposed answers."""
    return Words(territory, locale_of(request), site_of(request).pages.gettext)


def readers_of(request: PageRequest) -> Readers:
    """The children that read files for this process."""
    readers: Readers = site_of(request).parts[READERS]
    return readers


def store_of(request: PageRequest) -> ObjectStore:
    """The object store of the node."""
    store: ObjectStore = site_of(request).parts["objects"]
    return store


routes: Sequence[ControllerRouterHandler] = [ask_file, drop_file, ask_version, drop_version]
