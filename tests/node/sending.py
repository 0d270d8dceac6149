"""Somebody who sends files in parts (tus 1.0), and what the node keeps meanwhile."""

import base64
import hashlib
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
from sqlalchemy import select

from tests.node.producer import SLUG
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.node.datasets.actions.prepare import PreparationContext
from udi.node.files.encryption.sealing_store import OBJECTS
from udi.node.files.models import StoredFile, Upload, UploadPart
from udi.node.files.storage.store import ObjectStore
from udi.node.files.storage.tenant_storage import TenantStorage
from udi.ui.site import Site

TUS = {"Tus-Resumable": "1.0.0"}
BYTES = {**TUS, "Content-Type": "application/offset+octet-stream"}


def metadata(**values: str) -> str:
    """`Upload-Metadata` as a client writes it."""
    return ",".join(
        f"{name} {base64.b64encode(value.encode()).decode()}"
        for name, value in values.items()
    )


def checksum(content: bytes, algorithm: str = "sha1") -> str:
    """`Upload-Checksum` as a client writes it."""
    return f"{algorithm} {base64.b64encode(hashlib.new(algorithm, content).digest()).decode()}"


@dataclass
class Sender:
    """A tus client, request by request."""

    client: httpx.AsyncClient
    headers: Mapping[str, str] = field(default_factory=dict)

    async def begin(
        self,
        length: int | None,
        name: str = "associations.csv",
        *,
        content: bytes = b"",
        slug: str = SLUG,
        **fields: str,
    ) -> httpx.Response:
        if length is None:
            size = {"Upload-Defer-Length": "1"}
        else:
            size = {"Upload-Length": str(length)}
        key = {"Idempotency-Key": fields.pop("key")} if "key" in fields else {}
        kind = {"Content-Type": BYTES["Content-Type"]} if content else {}
        about = {"Upload-Metadata": metadata(filename=name, **fields)}
        headers = {**TUS, **size, **about, **key, **kind, **self.headers}
        return await self.client.post(
            f"/spaces/{slug}/uploads", headers=headers, content=content
        )

    async def address(self, length: int | None, **fields: Any) -> str:
        answer = await self.begin(length, **fields)
        assert answer.status_code == 201, answer.text
        return answer.headers["location"]

    async def send(
        self,
        address: str,
        offset: int,
        content: bytes | Iterable[bytes] | AsyncIterator[bytes],
        **headers: str,
    ) -> httpx.Response:
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        if not isinstance(content, bytes | AsyncIterator):
            content = _later(content)
        sent = {**BYTES, "Upload-Offset": str(offset), **self.headers, **more}
        return await self.client.patch(address, content=content, headers=sent)

    async def stand(self, address: str) -> httpx.Response:
        return await self.client.head(address, headers={**TUS, **self.headers})

    async def offset(self, address: str) -> int:
        return int((await self.stand(address)).headers["upload-offset"])

    async def look(self, address: str) -> dict[str, Any]:
        answer = await self.client.get(
            address, headers={"Accept": "application/json", **self.headers}
        )
        assert answer.status_code == 200, answer.text
        payload: dict[str, Any] = answer.json()
        return payload


def desk_for(
    site: Site, territory: Territory, *, clamd: str = ""
) -> PreparationContext:
    """What the worker looks at a file with."""
    return PreparationContext(
        TenantStorage(site.database, site.services[OBJECTS], territory.id, "worker"),
        territory,
        clamd,
    )


async def _later(pieces: Iterable[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


async def objects(store: ObjectStore, territory: Territory) -> list[str]:
    """The keys of a territory's objects."""
    return sorted([entry["path"] async for entry in store.list(str(territory.id))])


async def rows(database: Database, territory: Territory, model: Any) -> list[Any]:
    """A territory's rows of one table."""
    async with database.session(territory.id) as session:
        return list((await session.scalars(select(model))).all())


async def sound(
    database: Database, store: ObjectStore, territory: Territory
) -> list[str]:
    """What is wrong between rows and objects: rows without their object, objects without a row."""
    files = await rows(database, territory, StoredFile)
    uploads = {upload.id: upload for upload in await rows(database, territory, Upload)}
    named = {file.key: file.sha256 for file in files}
    parts = {
        uploads[part.upload_id].part_key(part.id)
        for part in await rows(database, territory, UploadPart)
    }
    stored = set(await objects(store, territory))
    faults = [
        f"{key} has a row and is not there" for key in (named.keys() | parts) - stored
    ]
    faults += [
        f"{key} has no row"
        for key in stored - parts
        if key.partition(".")[0] not in named
    ]
    for key in named.keys() & stored:
        if hashlib.sha256(b"".join(store.read(key))).hexdigest() != named[key]:
            faults.append(f"{key} is not what its row says")
    return faults
