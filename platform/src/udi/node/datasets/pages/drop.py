"""Step 1: a file comes in, for a new dataset or as a new version of one."""

import asyncio
import uuid
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import ConflictError, InvalidError, TooLargeError
from udi.kit.identity import Actor
from udi.kit.tenancy import Territory
from udi.node.datasets.actions.draft import Dropped, add_version, start_dataset
from udi.node.datasets.description import Answers
from udi.node.datasets.models import Dataset
from udi.node.datasets.pages.saying import PageRequest, locale_of, refusal_errors, speaker
from udi.node.datasets.prefill import prefill, renew
from udi.node.datasets.queries import get_dataset, last_licence
from udi.node.files.models import object_key
from udi.node.files.queries import used_bytes
from udi.node.files.receive import FIELD, receive_file
from udi.node.files.store import ObjectStore
from udi.node.spaces.models import Space
from udi.node.spaces.queries import get_space
from udi.node.tables.profile import Profile, profile_file
from udi.ui.site import render, site_of

Refused = (InvalidError, TooLargeError, ConflictError)


@get("/spaces/{slug:str}/datasets/new")
async def ask_file(
    request: PageRequest,
    session: NamedDependency[AsyncSession],
    member: NamedDependency[Actor],
    slug: FromPath[str],
) -> Response[str]:
    """The form of step 1."""
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
        dropped = await _receive(request, territory, space, uuid.uuid4(), left)
        try:
            async with database.session(territory.id, person=member.person_id) as session:
                space = await get_space(session, member, slug, lock=True)
                answers = await _proposed(request, session, territory, space, dropped)
                await start_dataset(session, member, space, dropped, answers)
        except BaseException:
            await store_of(request).delete(object_key(territory.id, space.id, dropped.dataset_id, dropped.id))
            raise
    except Refused as error:
        return drop_page(request, space, status=error.status, errors=refusal_errors(request, error, FIELD))
    return Redirect(f"/datasets/{dropped.dataset_id}/describe", status_code=303)


@get("/datasets/{dataset_id:uuid}/versions/new")
async def ask_version(
    request: PageRequest,
    session: NamedDependency[AsyncSession],
    member: NamedDependency[Actor],
    dataset_id: FromPath[UUID],
) -> Response[str]:
    """The form of a new version."""
    dataset = await get_dataset(session, member, dataset_id)
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
        dataset = await get_dataset(session, member, dataset_id)
        space, left = dataset.space, dataset.space.quota_bytes - await used_bytes(session, dataset.space)
    try:
        dropped = await _receive(request, territory, space, dataset_id, left)
        try:
            orphans = await _replace(request, territory, member, dropped)
        except BaseException:
            await store_of(request).delete(object_key(territory.id, space.id, dataset_id, dropped.id))
            raise
    except Refused as error:
        errors = refusal_errors(request, error, FIELD)
        return drop_page(request, space, dataset, status=error.status, errors=errors)
    for key in orphans:
        await store_of(request).delete(key)
    return Redirect(f"/datasets/{dataset_id}/describe", status_code=303)


async def _replace(request: PageRequest, territory: Territory, member: Actor, dropped: Dropped) -> list[str]:
    database = site_of(request).database
    async with database.session(territory.id, person=member.person_id) as session:
        dataset = await get_dataset(session, member, dropped.dataset_id, lock=True)
        space = await get_space(session, member, dataset.space.slug, lock=True)
        before = dataset.latest
        old = _guess(request, territory, space, before.file.name, Profile.from_json(before.profile))
        new = _guess(request, territory, space, dropped.name, dropped.profile)
        orphans = await add_version(session, member, dataset, dropped)
        dataset.description = renew(dataset.description, old, new)
        return orphans


async def _receive(
    request: PageRequest, territory: Territory, space: Space, dataset_id: UUID, quota_left: int
) -> Dropped:
    store, file_id = store_of(request), uuid.uuid4()
    key = object_key(territory.id, space.id, dataset_id, file_id)
    limit = site_of(request).settings.upload_limit
    incoming = await receive_file(request, store, key, limit=limit, quota_left=quota_left)
    profile = await asyncio.to_thread(
        profile_file, incoming.name, bytes(incoming.sample), incoming.size, lambda: store.read(key)
    )
    return Dropped(file_id, dataset_id, incoming.name, incoming.size, incoming.sha256, profile)


async def _proposed(
    request: PageRequest, session: AsyncSession, territory: Territory, space: Space, dropped: Dropped
) -> Answers:
    proposed = _guess(request, territory, space, dropped.name, dropped.profile)
    return {**proposed, "licence": await last_licence(session, space) or proposed["licence"]}


def _guess(request: PageRequest, territory: Territory, space: Space, name: str, profile: Profile) -> Answers:
    return prefill(
        name,
        profile,
        say=speaker(request),
        locale=locale_of(request),
        languages=territory.languages,
        contact=space.email,
    )


def drop_page(
    request: PageRequest,
    space: Space,
    dataset: Dataset | None = None,
    *,
    status: int = 200,
    errors: dict[str, str] | None = None,
) -> Response[str]:
    """The form that takes one file."""
    limit = min(site_of(request).settings.upload_limit, space.quota_bytes)
    return render(
        request, "datasets/drop.html", status=status, space=space, dataset=dataset, errors=errors or {}, limit=limit
    )


def store_of(request: PageRequest) -> ObjectStore:
    """The object store of the node."""
    store: ObjectStore = site_of(request).parts["objects"]
    return store


routes: Sequence[ControllerRouterHandler] = [ask_file, drop_file, ask_version, drop_version]
