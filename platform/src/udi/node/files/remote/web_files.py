"""Files at web servers of any kind: links, published sheets, WebDAV, S3 objects by signed addresses, Grist documents."""

import base64
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from udi.kit.clock import now
from udi.kit.file_names import clean_name
from udi.kit.http import StreamedResponse
from udi.node.files.remote.grist_addresses import find_description
from udi.node.files.remote.remote_files import (
    FetchError,
    HttpValidators,
    RemoteFile,
    RemoteRequest,
)
from udi.node.files.remote.s3_addresses import S3Object, parse_s3_address

OK = 200
NOT_MODIFIED = 304
DENIED = {401, 403}
GONE = {404, 410}
ELSEWHERE = {301, 307, 400}
"""What S3 answers to a request for another region."""
LONGEST_MARK = 300
LONGEST_WAIT = timedelta(days=31)
LONGEST_DESCRIPTION = 1024 * 1024
SIGNATURE_AGE = timedelta(minutes=15)


@dataclass(frozen=True)
class WebTarget:
    """What is asked of a web server: `headers` authorise; `rejects_pages`: a page of the web is not the file."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    rejects_pages: bool = False
    has_credential: bool = False


@asynccontextmanager
async def open_web_file(request: RemoteRequest) -> AsyncIterator[RemoteFile | None]:
    """A file that anybody can open."""
    target = WebTarget(request.location.address)
    async with _open_target(request, target, request.marks) as file:
        yield file


@asynccontextmanager
async def open_published_sheet(
    request: RemoteRequest,
) -> AsyncIterator[RemoteFile | None]:
    """The file of a published sheet; the page to log in, which stands there when it is not published, is refused."""
    target = WebTarget(request.location.address, rejects_pages=True)
    async with _open_target(request, target, request.marks) as file:
        yield file


@asynccontextmanager
async def open_webdav_file(request: RemoteRequest) -> AsyncIterator[RemoteFile | None]:
    """A file on a WebDAV server (RFC 4918), with a name and a password (RFC 7617)."""
    credential = request.location.credential
    pair = f"{credential['user']}:{credential['password']}".encode()
    token = f"Basic {base64.b64encode(pair).decode()}"
    target = WebTarget(
        request.location.address,
        {"Authorization": token},
        rejects_pages=not request.location.address.lower().endswith((".html", ".htm")),
        has_credential=True,
    )
    require_encryption(request, target.url)
    async with _open_target(request, target, request.marks) as file:
        yield file


@asynccontextmanager
async def open_s3_object(request: RemoteRequest) -> AsyncIterator[RemoteFile | None]:
    """An object, by an address that is signed here, is good for minutes and is written nowhere."""
    location = request.location
    url = _sign(parse_s3_address(location.address), location.credential)
    require_encryption(request, url)
    target = WebTarget(url, has_credential=True)
    try:
        async with _open_target(request, target, request.marks) as file:
            yield file
    except _StatusError as error:
        if error.status_code not in ELSEWHERE:
            raise
        raise FetchError(
            "The storage service does not know the bucket in this region.",
            remedy="Correct the region or the address of the service.",
        ) from error


@asynccontextmanager
async def open_grist_document(
    request: RemoteRequest,
) -> AsyncIterator[RemoteFile | None]:
    """A table of a document, or the whole of it, when the document changed since."""
    location = request.location
    key = location.credential.get("api_key", "")
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    if key:
        require_encryption(request, location.address)
    changed_at = await _read_change(request, headers)
    if changed_at and changed_at == request.marks.etag:
        yield None
        return
    target = WebTarget(
        location.address, headers, rejects_pages=True, has_credential=bool(key)
    )
    async with _open_target(request, target, HttpValidators()) as export:
        if export is None:
            yield None
        else:
            yield replace(export, marks=HttpValidators(changed_at))


def require_encryption(request: RemoteRequest, url: str) -> None:
    """Refuse to send a credential that anybody on the way can read.

    Raises:
        FetchError: the address is not of https, nor of a host that the operator lets be reached at a private address.
    """
    if urlsplit(url).scheme == "https" or request.outgoing.is_private(url):
        return
    raise FetchError(
        "This address would send the password without encryption.",
        remedy="Give an address that begins with https://.",
        waits_for_person=True,
    )


class _StatusError(FetchError):
    """The other side answers with a status that is none of a file."""

    def __init__(self, code: int, wait: timedelta) -> None:
        super().__init__(
            "The address answers that the file is not there.",
            remedy="Open it in a browser and correct the address.",
            passing=code >= 500 or code in {408, 425, 429},  # noqa: PLR2004 - statuses of HTTP
            wait=wait,
        )
        self.status_code = code


@asynccontextmanager
async def _open_target(
    request: RemoteRequest, target: WebTarget, marks: HttpValidators
) -> AsyncIterator[RemoteFile | None]:
    headers = {"User-Agent": request.agent, **marks.conditions(), **target.headers}
    async with request.outgoing.fetch(target.url, headers=headers) as response:
        if response.status == NOT_MODIFIED and marks.conditions():
            yield None
            return
        _check_response(response, target)
        fresh = HttpValidators(
            _mark(response.headers, "etag"), _mark(response.headers, "last-modified")
        )
        yield RemoteFile(
            name_of(response), _length(response.headers), fresh, response.pieces
        )


def _check_response(response: StreamedResponse, target: WebTarget) -> None:
    if response.status in DENIED:
        raise _denied_error(has_credential=target.has_credential)
    if response.status != OK:
        raise _StatusError(response.status, _wait(response.headers))
    if response.headers.get("content-encoding", "identity").lower() not in {
        "",
        "identity",
    }:
        raise FetchError(
            "The address gives the file in a packed form that was not asked for."
        )
    is_page = response.headers.get("content-type", "").lower().startswith("text/html")
    if is_page and target.rejects_pages:
        raise FetchError(
            "The address gives a page of the web, not a file.",
            remedy="Share the file with everybody who has the link, or correct the address.",
        )


def _denied_error(*, has_credential: bool) -> FetchError:
    if has_credential:
        return FetchError(
            "The server refuses the password or the key, or does not let it read this file.",
            remedy="Write the credential again, or ask for the right to read the file.",
            waits_for_person=True,
        )
    return FetchError(
        "The address asks for a login.",
        remedy="Share the file with everybody who has the link, or choose a source that takes a password.",
    )


def _sign(target: S3Object, credential: Mapping[str, str]) -> str:
    """The address of an object, signed; nothing of the environment of this process, which may hold keys, goes into it."""

    def provide_keys() -> Any:
        return {
            "access_key_id": credential["key_id"],
            "secret_access_key": credential["secret_key"],
            "token": None,
            "expires_at": None,
        }

    endpoint = target.endpoint or f"https://s3.{target.region}.amazonaws.com"
    try:
        store = S3Store(
            target.bucket,
            endpoint=endpoint,
            region=target.region,
            credential_provider=provide_keys,
            virtual_hosted_style_request=False,
            skip_signature=False,
        )
        signed: str = obstore.sign(store, "GET", target.key, SIGNATURE_AGE)
    except (BaseError, ValueError, TypeError) as error:
        raise FetchError(
            "This is not the address of a file in S3 storage.",
            remedy="Write it as s3://bucket/folder/file.csv.",
            waits_for_person=True,
        ) from error
    if urlsplit(signed)[:2] != urlsplit(endpoint)[:2]:
        raise FetchError(
            "This machine sends what is asked of S3 storage to another server.",
            remedy="Ask the operator to take the variables AWS_ENDPOINT… from the environment of the node.",
            waits_for_person=True,
        )
    return signed


async def _read_change(request: RemoteRequest, headers: Mapping[str, str]) -> str:
    """When Grist says that the document changed last; empty when it does not say."""
    response = await request.outgoing.request(
        "GET",
        find_description(request.location.address),
        headers={"User-Agent": request.agent, **headers},
        limit=LONGEST_DESCRIPTION,
    )
    if response.status_code in DENIED:
        raise _denied_error(has_credential=bool(headers))
    if response.status_code in GONE:
        raise _StatusError(response.status_code, timedelta())
    try:
        changed_at = json.loads(response.content).get("updatedAt")
    except (ValueError, AttributeError, RecursionError):
        return ""
    if not isinstance(changed_at, str):
        return ""
    return _mark({"updatedAt": changed_at}, "updatedAt")


def _wait(headers: Mapping[str, str]) -> timedelta:
    """How long the other side asks to be left alone (`Retry-After`, in seconds or until a day and hour)."""
    retry_after = headers.get("retry-after", "").strip()
    try:
        if retry_after.isdecimal():
            wait = timedelta(seconds=int(retry_after))
        else:
            wait = parsedate_to_datetime(retry_after) - now()
    except (ValueError, TypeError, OverflowError):
        return timedelta()
    return max(timedelta(), min(wait, LONGEST_WAIT))


def _length(headers: Mapping[str, str]) -> int | None:
    content_length = headers.get("content-length", "")
    if (
        content_length.isascii()
        and content_length.isdigit()
        and len(content_length) < LONGEST_MARK
    ):
        return int(content_length)
    return None


def _mark(headers: Mapping[str, str], name: str) -> str:
    mark = headers.get(name, "")
    if len(mark) <= LONGEST_MARK and mark.isprintable():
        return mark
    return ""


def name_of(response: StreamedResponse) -> str:
    """The name that the other side gives the file, else the end of its address."""
    disposition = Message()
    disposition["Content-Disposition"] = response.headers.get(
        "content-disposition", ""
    ).replace("\n", " ")
    return clean_name(
        disposition.get_filename()
        or unquote(urlsplit(response.url).path).rpartition("/")[2]
    )
