"""Files of requests: each is sealed with a key of its own, in the form of sealed spaces, and goes with its key.

They are sealed whether their space is or not; the key is a sealed column.
"""

import base64
import csv
import io
import json
import uuid
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from itertools import islice
from uuid import UUID

from udi.kit.errors import Refusals
from udi.kit.file_names import clean_name
from udi.node.files.encryption import sealed_format
from udi.node.files.encryption.sealed_format import BrokenSealError, ChunkRange, Seal
from udi.node.files.encryption.sealing_store import SealError
from udi.node.subject_requests.models import SubjectFile

LARGEST = 10 * 1024 * 1024
MOST_FILES = 5
MOST_KEPT = 30
"""Files that each side may send in one request, and their bytes."""
MOST_BYTES = 100 * 1024 * 1024
MOST_COLUMNS = 60
LONGEST_MEANING = 300
SAMPLE = 64 * 1024
TABLE_SUFFIX = ".csv"
KINDS = {
    b"%PDF-": "application/pdf",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
}
"""What people may send, by its first bytes."""


@dataclass(frozen=True)
class UploadedFile:
    """A file that was sent in a form."""

    name: str
    content: bytes

    @property
    def media_type(self) -> str:
        """Its kind by what it holds."""
        for sign, kind in KINDS.items():
            if self.content.startswith(sign):
                return kind
        return "application/octet-stream"


def check_files(
    files: Sequence[UploadedFile], *, field: str, of_person: bool
) -> Refusals:
    """What is wrong with what was sent: too many, too large, empty, or of a kind that people may not send."""
    refusals = Refusals()
    if len(files) > MOST_FILES:
        refusals.refuse(field, "There are too many files.", "Send five at most.")
    for file in files:
        if len(file.content) > LARGEST:
            refusals.refuse(
                field, "This file is too large.", "Send one of 10 MB at most."
            )
        elif not file.content:
            refusals.refuse(field, "This file is empty.", "Choose another one.")
        elif of_person and file.media_type not in KINDS.values():
            refusals.refuse(
                field,
                "This type of file is not accepted.",
                "Send a PDF or a picture (PNG, JPEG).",
            )
    return refusals


async def seal_content(file_id: UUID, content: bytes) -> tuple[str, bytes]:
    """A new key for a file, as its column holds it, and its bytes sealed with it."""
    key = sealed_format.new_key()
    seal = Seal.create(file_id, key, str(file_id))
    sealed = b"".join([piece async for piece in seal.seal(_pieces(content))])
    return base64.b64encode(key).decode(), sealed


async def open_content(file: SubjectFile) -> bytes:
    """The bytes of a file.

    Raises:
        SealError: it is not as it was written.
    """
    key = base64.b64decode(file.key)
    header = file.content[: sealed_format.HEADER]
    try:
        seal = Seal.open(header, {file.id: key}.get, str(file.id))
        if seal is None:
            raise SealError("a file of a request is not sealed")
        part = ChunkRange(0, file.size, file.size)
        begin, end = part.span
        pieces = seal.unseal(_pieces(file.content[begin:end]), part)
        return b"".join([piece async for piece in pieces])
    except BrokenSealError as error:
        raise SealError(str(error)) from error


async def _pieces(content: bytes) -> AsyncIterator[bytes]:
    yield content


def new_file_id() -> UUID:
    """The identifier of a new file, to which its seal is bound."""
    return uuid.uuid4()


def safe_name(name: str) -> str:
    """The name of a file as it is kept."""
    return clean_name(name, default="file")


def read_columns(file: UploadedFile) -> list[str]:
    """The names of the columns of a CSV file; none for other files, or where they cannot be read."""
    if not file.name.lower().endswith(TABLE_SUFFIX):
        return []
    sample = file.content[:SAMPLE].decode("utf-8-sig", "replace").replace("\x00", "")
    first_lines = "".join(islice(io.StringIO(sample, newline=""), 2))
    delimiter = max(",;\t", key=first_lines.count)
    lines = io.StringIO(first_lines, newline="")
    try:
        header = next(csv.reader(lines, delimiter=delimiter), [])
    except csv.Error:
        return []
    return [name.strip()[:200] for name in header[:MOST_COLUMNS] if name.strip()]


def write_meanings(columns: Sequence[tuple[str, str]]) -> str:
    """Columns with what each means, as they are kept; empty where there is none."""
    if not columns:
        return ""
    return json.dumps([[name, meaning] for name, meaning in columns])


def read_meanings(document: str) -> list[tuple[str, str]]:
    """The columns of a file with what each means."""
    if not document:
        return []
    return [(str(name), str(meaning)) for name, meaning in json.loads(document)]
