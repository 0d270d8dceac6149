"""The addresses that `rudi-node-write` sends files to, and that both clients of RUDI download from."""

import hashlib
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote
from uuid import UUID

from litestar import HttpMethod, Response, get, post, route
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import ConflictError, InvalidError, NotFoundError, Refusal
from udi.kit.tenancy import Territory
from udi.node.datasets.asking import list_documents, read_question
from udi.node.datasets.intake.finish import Desk
from udi.node.datasets.pages.saying import locale_of
from udi.node.files.assemble import keep_whole
from udi.node.files.hold import Hold
from udi.node.files.incoming import CutError, TooSlowError, patient
from udi.node.files.pages import answer_current, ring_of
from udi.node.files.queries import used_bytes
from udi.node.files.uploads import Announced, create_upload, give_up, too_large
from udi.node.manager.access import Asked, Caller, desk_of, identify
from udi.node.manager.api import BASE, PRIVATE, STORAGE, shown
from udi.node.manager.models import ObjectKind
from udi.node.manager.queries import find_by_media, list_source, list_waiting
from udi.node.manager.reading import parse_id
from udi.node.manager.tokens import make_token
from udi.node.spaces.limits import body_of
from udi.node.spaces.models import Space
from udi.ui.site import site_of

ABOUT = "file_metadata"
ZONE = "udi"
READ = [HttpMethod.GET, HttpMethod.HEAD]


@dataclass(frozen=True)
class About:
    """What the client says of a file beside its bytes."""

    media_id: UUID
    name: str
    size: int | None
    md5: str


@get(f"{BASE}/storage/jwt")
async def give_token(request: Asked, territory: NamedDependency[Territory]) -> Response[dict[str, str]]:
    """A token for sending files."""
    async with desk_of(request, territory).depot.session() as session:
        caller = await identify(request, session, territory)
    return Response({"token": make_token(ring_of(request), territory.id, caller.key.id)}, headers=PRIVATE)


@post(f"{STORAGE}/post", status_code=200, request_max_body_size=None)
async def receive(request: Asked, territory: NamedDependency[Territory]) -> Response[list[dict[str, str]]]:
    """Take a file, which waits a day for the record that names it."""
    desk, about = desk_of(request, territory), _read_about(request)
    async with desk.depot.session() as session:
        caller = await identify(request, session, territory)
        earlier = await list_waiting(session, caller.space, about.media_id)
        hold = await _begin(request, session, desk, caller, about)
    await _take(request, desk, hold, about)
    for upload in earlier:
        await give_up(desk.depot, upload.id)
    ready = {"status": "commit_ready", "zone_name": ZONE, "commit_uuid": str(hold.upload.id)}
    return Response([ready, {"status": "OK"}], headers=PRIVATE)


def _read_about(request: Asked) -> About:
    """The header that comes with a file.

    Raises:
        InvalidError: it is absent, or says nothing usable.
    """
    try:
        said: dict[str, Any] = json.loads(request.headers[ABOUT])
        size = said.get("file_size")
        name = unquote(str(said.get("media_name") or "data"))
        return About(
            UUID(str(said["media_id"])), name, int(size) if size is not None else None, str(said.get("md5") or "")
        )
    except (KeyError, ValueError, TypeError, AttributeError, RecursionError) as error:
        refusal = Refusal(
            ABOUT, "This header says nothing usable about the file.", "Send media_id, media_name and file_size as JSON."
        )
        raise InvalidError(refusals=[refusal]) from error


async def _begin(request: Asked, session: AsyncSession, desk: Desk, caller: Caller, about: About) -> Hold:
    limit = site_of(request).settings.upload_limit
    where = select(Space).where(Space.id == caller.space.id).with_for_update()
    space = (await session.scalars(where)).one()
    length = request.content_length if request.content_length is not None else about.size
    announced = Announced(name=about.name, length=length, locale=locale_of(request))
    upload = await create_upload(session, space, caller.sender, announced, limit=limit)
    upload.media_id, upload.waits = about.media_id, True
    left = space.quota_bytes - await used_bytes(session, space) + (upload.length or 0)
    hold = await Hold.take(session, desk.depot, upload)
    hold.ceiling = min(limit, left)
    return hold


async def _take(request: Asked, desk: Desk, hold: Hold, about: About) -> None:
    try:
        async with aclosing(body_of(request, hold.upload.space_id)) as body:
            await keep_whole(hold, _pieces(request, body, hold.ceiling, about.md5))
    except BaseException as error:
        await hold.release()
        await give_up(desk.depot, hold.upload.id)
        if isinstance(error, (CutError, TooSlowError)):
            raise InvalidError("The file did not arrive whole.", remedy="Send it again.") from error
        raise


async def _pieces(request: Asked, body: AsyncIterator[bytes], ceiling: int, md5: str) -> AsyncIterator[bytes]:
    digest, size = hashlib.md5(usedforsecurity=False), 0
    async for piece in patient(body):
        size += len(piece)
        if size > ceiling:
            raise too_large(site_of(request).settings.upload_limit, ceiling)
        digest.update(piece)
        if piece:
            yield piece
    if not size:
        raise InvalidError("This file is empty: nothing was kept.")
    if md5 and digest.hexdigest() != md5.lower():
        raise ConflictError("The file that arrived is not the one that was announced.", remedy="Send the file again.")


@get([f"{STORAGE}/hash", f"{STORAGE}/list"])
async def list_files(request: Asked, territory: NamedDependency[Territory]) -> Response[Any]:
    """The files of the space, as the catalogue names them; or that the storage answers (`hash`)."""
    async with desk_of(request, territory).depot.session() as session:
        caller = await identify(request, session, territory)
        if request.scope["path"].endswith("/hash"):
            return Response(ZONE, media_type="text/plain", headers=PRIVATE)
        source = list_source(caller.space, ObjectKind.MEDIA)
        found = await list_documents(session, source, read_question(request.query_params.multi_items(), None))
    return Response([shown(ObjectKind.MEDIA, each) for each in found], headers=PRIVATE)


@route(f"{STORAGE}/download/{{media_id:str}}", http_method=READ)
async def download(
    request: Asked,
    session: NamedDependency[AsyncSession],
    territory: NamedDependency[Territory],
    media_id: FromPath[str],
) -> Response[Any]:
    """The newest version of the file of a media, as at the address of its dataset."""
    dataset_id = await find_by_media(session, parse_id(media_id, "media_id"))
    if dataset_id is None:
        raise NotFoundError("No file is published here under this identifier.")
    return await answer_current(request, session, territory, dataset_id)


routes: Sequence[ControllerRouterHandler] = [give_token, receive, list_files, download]
