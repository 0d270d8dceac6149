"""The object store: a local folder or S3, the same calls for both; nothing is ever held whole in memory."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import obstore
import structlog
from obstore import exceptions
from obstore.store import LocalStore, S3Store

from udi.kit.errors import UnavailableError
from udi.settings import Settings

log = structlog.get_logger()
PART = 8 * 1024 * 1024
PIECE = 256 * 1024
SENT = 32 * 1024
"""Bytes read at once: by a process that works, and for somebody who may take them slowly, beside hundreds of others."""
NO_BUCKET = "NoSuchBucket"
ABSENT = "the bucket does not exist"
REFUSED = "access is refused"
SILENT = "it does not answer"
FULL = "no place is left"
PROBE = "probe/object"
# A download may last hours, a read of it may not; a machine that went silent is given up in about fifteen seconds.
PATIENCE = {"connect_timeout": "3s", "read_timeout": "60s", "timeout": "7d"}
RETRIES: Any = {"max_retries": 3, "retry_timeout": timedelta(seconds=15)}


class StoreError(UnavailableError):
    """The store did not do what was asked. `reason` is for the operator, and holds no name of a file."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            "The file storage does not answer.",
            remedy="Nothing was lost: try again in a few minutes.",
            headers={"Retry-After": "30"},
        )
        self.reason = reason


class StoreFullError(StoreError):
    """No place is left in the store."""

    status = 507
    slug = "store-full"
    title = "The file storage is full"
    meaning = "The file storage is full; what arrived before is safe."
    advice = "Try again later, or contact the territory’s team."

    def __init__(self) -> None:
        super().__init__(FULL)
        self.detail = "The file storage is full."
        self.remedy = "What arrived before is kept: try again later, or contact the territory’s team."


class ObjectChangedError(Exception):
    """An object is no longer the one that was looked at."""


@dataclass(frozen=True)
class ObjectContent:
    """An object that is there: how long it all is, the mark of this very content, and the bytes asked for."""

    size: int
    tag: str
    pieces: AsyncIterator[bytes]


class ObjectStore:
    """Objects by key. An upload that fails on the way leaves no object.

    Raises:
        StoreError: S3 cannot be reached, or refuses; from every method.
    """

    def __init__(self, url: str, **s3: Any) -> None:
        """Use a folder, made if it is absent, or `s3://bucket` as the keywords of obstore's `S3Store` say."""
        self.folder = None if "://" in url else Path(url)
        self.url = url
        if self.folder is not None:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._store: Any = LocalStore(self.folder, automatic_cleanup=True)
        else:
            self._store = S3Store(urlsplit(url).netloc, retry_config=RETRIES, **s3)

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The store that the settings name.

        Raises:
            MissingSecretError: it is in S3, and one of the two secret files of its key is absent.
        """
        if "://" not in settings.object_store_url:
            return cls(settings.object_store_url)
        endpoint = settings.object_store_endpoint
        client = {**PATIENCE, "allow_http": endpoint.startswith("http://")}
        return cls(
            settings.object_store_url,
            **({"endpoint": endpoint} if endpoint else {}),
            region=settings.object_store_region,
            virtual_hosted_style_request=not settings.object_store_path_style,
            access_key_id=settings.secret("s3_access_key_id"),
            secret_access_key=settings.secret("s3_secret_access_key"),
            client_options=client,
        )

    async def check_writable(self) -> None:
        """Write an object and remove it: the store is there, and what is asked of it is allowed."""
        await self.put(PROBE, _probe())
        await self.delete(PROBE)

    async def put(self, key: str, content: AsyncIterator[bytes]) -> None:
        """Store what the iterator gives, part by part; an exception of the iterator aborts it all and comes out."""
        with _translate_errors():
            await obstore.put_async(
                self._store, key, content, chunk_size=PART, max_concurrency=2
            )

    async def put_bytes(self, key: str, content: bytes | bytearray) -> None:
        """Store a few megabytes at once."""
        with _translate_errors():
            await obstore.put_async(self._store, key, content, use_multipart=False)

    async def open(self, key: str, start: int, end: int) -> AsyncIterator[bytes]:
        """Find an object, then give its bytes from `start` up to but not including `end`.

        Raises:
            FileNotFoundError: there is no such object.
        """
        if start >= end:
            return _empty_stream()
        return (await self.find(key, start, end)).pieces

    async def find(
        self, key: str, start: int, end: int, *, tag: str = ""
    ) -> ObjectContent:
        """The same with what is known of the object; with a `tag`, only if its content is still that one.

        Raises:
            FileNotFoundError: there is no such object.
            ObjectChangedError: its content is another.
        """
        options: Any = {"range": (start, end), **({"if_match": tag} if tag else {})}
        with _translate_errors():
            try:
                result = await obstore.get_async(self._store, key, options=options)
            except exceptions.PreconditionError as error:
                raise ObjectChangedError from error
        return ObjectContent(
            result.meta["size"], result.meta["e_tag"] or "", _pieces(result)
        )

    async def stream(self, key: str, start: int, end: int) -> AsyncIterator[bytes]:
        """The same bytes, found when the first is asked for."""
        async for piece in await self.open(key, start, end):
            yield piece

    def read(self, key: str) -> Iterator[bytes]:
        """The whole object piece by piece, for a thread."""
        yield from self.fetch(key)[1]

    def fetch(self, key: str) -> tuple[int, Iterator[bytes]]:
        """How long an object is and its bytes, for a thread."""
        with _translate_errors():
            result = obstore.get(self._store, key)
        return result.meta["size"], _read(result)

    async def exists(self, key: str) -> bool:
        """Whether there is such an object."""
        try:
            with _translate_errors():
                await obstore.head_async(self._store, key)
        except FileNotFoundError:
            return False
        return True

    async def delete(self, key: str) -> None:
        """Remove an object; one that is not there is no error."""
        try:
            with _translate_errors():
                await obstore.delete_async(self._store, key)
        except FileNotFoundError:
            return

    async def purge(self, prefix: str) -> tuple[int, int]:
        """Remove every object below a prefix, and in a folder what stopped uploads left there; objects and bytes."""
        objects = 0
        size = 0
        async for entry in self.list(prefix):
            await self.delete(entry["path"])
            objects = objects + 1
            size = size + entry["size"]
        if self.folder is not None:
            await asyncio.to_thread(
                shutil.rmtree, self.folder / prefix, ignore_errors=True
            )
        return objects, size

    async def purge_file(self, key: str) -> tuple[int, int]:
        """The same for an object and those made of it (`key.suffix`), beside which others stay."""
        folder, _, name = key.rpartition("/")
        objects = 0
        size = 0
        async for entry in self.list(folder):
            if entry["path"] == key or entry["path"].startswith(f"{key}."):
                await self.delete(entry["path"])
                objects = objects + 1
                size = size + entry["size"]
        if self.folder is not None:
            for staged in await asyncio.to_thread(
                list, (self.folder / folder).glob(f"{name}*#*")
            ):
                await asyncio.to_thread(staged.unlink, missing_ok=True)
        return objects, size

    async def copy(self, key: str, target: Path) -> None:
        """Write a whole object, whatever its size, to a local file.

        Raises:
            FileNotFoundError: there is no such object.
        """

        def copy() -> None:
            with target.open("wb") as out:
                for piece in self.read(key):
                    out.write(piece)

        await asyncio.to_thread(copy)

    async def reading_folder(self, key: str) -> Path | None:  # noqa: ARG002 - for stores that seal
        """Where an object may be in clear while it is read; None: in a temporary folder of a disk."""
        return None

    async def list(self, prefix: str) -> AsyncIterator[dict[str, Any]]:
        """Every object below a prefix: `path`, `size`, `last_modified`."""
        with _translate_errors():
            async for batch in obstore.list(self._store, prefix):
                for entry in batch:
                    yield dict(entry)


async def _pieces(result: Any) -> AsyncIterator[bytes]:
    with _translate_errors():
        async for piece in result.stream(min_chunk_size=SENT):
            yield bytes(piece)


def _read(result: Any) -> Iterator[bytes]:
    with _translate_errors():
        for piece in result.stream(min_chunk_size=PIECE):
            yield bytes(piece)


async def _empty_stream() -> AsyncIterator[bytes]:
    for piece in list[bytes]():
        yield piece


async def _probe() -> AsyncIterator[bytes]:
    yield b"udi"


@contextmanager
def _translate_errors() -> Iterator[None]:
    """What goes wrong in the store, in words; an absent object and an error of the caller's own pass."""
    try:
        yield
    except FileNotFoundError as error:
        if NO_BUCKET in str(error):
            raise StoreError(ABSENT) from error
        raise
    except exceptions.BaseError as error:
        reason = _reason(error)
        log.warning("store failed", reason=reason)
        raise (StoreFullError() if reason == FULL else StoreError(reason)) from error


def _reason(error: exceptions.BaseError) -> str:
    """Never the library's own words: they hold addresses of objects, and more than one line."""
    message = str(error)
    if isinstance(
        error, exceptions.PermissionDeniedError | exceptions.UnauthenticatedError
    ):
        return REFUSED
    if (
        "os error 28" in message
        or "No space left" in message
        or "StorageFull" in message
    ):
        return FULL
    if "error sending request" in message or "timed out" in message:
        return SILENT
    return f"it refuses ({type(error).__name__})"
