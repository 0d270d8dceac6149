"""The words of tus 1.0 (resumable uploads over HTTP, tus.io): what a request says, what an answer says."""

import base64
import binascii
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import format_datetime
from typing import Any

from udi.kit.errors import (
    MediaTypeError,
    PreconditionFailedError,
    UdiError,
    field_error,
)
from udi.node.files.intake.uploads import LIFETIME
from udi.node.files.models import Upload, UploadState

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,creation-defer-length,termination,checksum,expiration"
CONTENT_TYPE = "application/offset+octet-stream"
ALGORITHMS = ("sha1", "sha256")
MOST_DIGITS = 15
LONGEST_METADATA = 8 * 1024
LONGEST_KEY = 200
NO_STORE = {"Tus-Resumable": VERSION, "Cache-Control": "no-store"}


class ChecksumMismatchError(UdiError):
    """The bytes are not those whose digest was announced (tus, «checksum»)."""

    status = 460
    slug = "checksum"
    title = "These bytes changed on the way"
    meaning = "The bytes that arrived are not those whose digest was announced; they were not kept."
    advice = "Send this part again."


class OffsetMismatchError(UdiError):
    """The sender goes on from another place than the one reached."""

    status = 409
    slug = "offset"
    title = "The upload is at another position"
    meaning = "The upload continues from another position than the one it has reached."
    advice = "Ask with HEAD how much was received, and continue from there."


@dataclass(frozen=True)
class UploadChecksum:
    """What a request's body must digest to."""

    algorithm: str
    digest: bytes

    def check(self, hasher: Any) -> None:
        """Compare with a hash of the body.

        Raises:
            ChecksumMismatchError: they differ.
        """
        if hasher.digest() != self.digest:
            raise ChecksumMismatchError(
                "These bytes are not those that were announced.",
                remedy="Send them again.",
            )


def require_version(headers: Mapping[str, str]) -> None:
    """Refuse another version of the protocol.

    Raises:
        PreconditionError: it is not 1.0.0.
    """
    if headers.get("tus-resumable") != VERSION:
        raise PreconditionFailedError(
            "This address uses tus 1.0.0.",
            remedy="State this version in Tus-Resumable.",
            headers={"Tus-Version": VERSION},
        )


def require_content_type(headers: Mapping[str, str]) -> None:
    """Refuse a body of another kind.

    Raises:
        MediaTypeError: it is not `application/offset+octet-stream`.
    """
    if (
        headers.get("content-type", "").partition(";")[0].strip().lower()
        != CONTENT_TYPE
    ):
        raise MediaTypeError("Bytes are sent here as application/offset+octet-stream.")


def read_number(headers: Mapping[str, str], name: str) -> int | None:
    """A number of bytes; None when the header is absent.

    Raises:
        InvalidError: it is no number.
    """
    value = headers.get(name.lower())
    if value is None:
        return None
    if not (value.isascii() and value.isdigit() and len(value) <= MOST_DIGITS):
        raise field_error(name, "This is not a number of bytes.", "Write digits only.")
    return int(value)


def read_length(headers: Mapping[str, str]) -> int | None:
    """The size of the whole file; None when it will be said later.

    Raises:
        InvalidError: neither a size nor the promise of one, or both.
    """
    length = read_number(headers, "Upload-Length")
    deferred = headers.get("upload-defer-length")
    if (length is None) == (deferred is None) or deferred not in {None, "1"}:
        words = "State the size in Upload-Length, or Upload-Defer-Length: 1."
        raise field_error("Upload-Length", "The size of the file is not known.", words)
    return length


def read_metadata(headers: Mapping[str, str]) -> dict[str, str]:
    """`Upload-Metadata`: names, and values in base64 of UTF-8.

    Raises:
        InvalidError: it cannot be read.
    """
    text = headers.get("upload-metadata", "")
    metadata = dict[str, str]()
    try:
        if len(text) > LONGEST_METADATA:
            raise ValueError  # noqa: TRY301 - refused below, as what cannot be read
        for pair in filter(None, (pair.strip() for pair in text.split(","))):
            name, _, value = pair.partition(" ")
            metadata[name] = base64.b64decode(value.strip(), validate=True).decode()
    except (ValueError, binascii.Error) as error:
        words = "Write each as a name, a space and its value in base64."
        raise field_error("Upload-Metadata", "This cannot be read.", words) from error
    return metadata


def read_checksum(headers: Mapping[str, str]) -> UploadChecksum | None:
    """What the body must digest to, when the sender says it.

    Raises:
        InvalidError: another algorithm, or no digest of it.
    """
    value = headers.get("upload-checksum")
    if value is None:
        return None
    algorithm, _, encoded = value.partition(" ")
    try:
        digest = base64.b64decode(encoded.strip(), validate=True)
    except (ValueError, binascii.Error):
        digest = b""
    if algorithm not in ALGORITHMS or len(digest) != hashlib.new(algorithm).digest_size:
        words = "Write sha1 or sha256, a space and the digest in base64."
        raise field_error("Upload-Checksum", "This digest cannot be read.", words)
    return UploadChecksum(algorithm, digest)


def capability_headers(limit: int) -> dict[str, str]:
    """What this server can do, for `OPTIONS`."""
    return {
        **NO_STORE,
        "Tus-Version": VERSION,
        "Tus-Extension": EXTENSIONS,
        "Tus-Max-Size": str(limit),
        "Tus-Checksum-Algorithm": ",".join(ALGORITHMS),
    }


def upload_offset_headers(upload: Upload) -> dict[str, str]:
    """Where an upload stands."""
    headers = {
        **NO_STORE,
        "Upload-Offset": str(upload.received),
        "Upload-State": upload.state,
    }
    if upload.length is None:
        headers["Upload-Defer-Length"] = "1"
    else:
        headers["Upload-Length"] = str(upload.length)
    if upload.state == UploadState.RECEIVING:
        headers["Upload-Expires"] = format_datetime(
            upload.moved_at + LIFETIME, usegmt=True
        )
    return headers
