"""Documents of a request: a few small files of known kinds, which the two sides of it see, for a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import undefer

from udi.kit.clock import now
from udi.kit.errors import NotFoundError, Refusal, Refusals
from udi.portal.access.models import AccessDocument, AccessRequest

LARGEST = 5 * 1024 * 1024
MOST = 5
LONGEST_NAME = 100
KINDS = {
    b"%PDF-": "application/pdf",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
}
OFFICE = {
    b"mimetypeapplication/vnd.oasis.opendocument.text": "application/vnd.oasis.opendocument.text",
    b"word/": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}
"""What is found in the first bytes, or the names, of a text in a zip."""


@dataclass(frozen=True)
class UploadedDocument:
    """A file that was sent for a field."""

    field: str
    filename: str
    content: bytes


def detect_media_type(content: bytes) -> str | None:
    """The kind of a document by what it holds, whatever its name says; None where it is none that is taken."""
    for sign, kind in KINDS.items():
        if content.startswith(sign):
            return kind
    if content.startswith(b"PK\x03\x04"):
        return next((kind for sign, kind in OFFICE.items() if sign in content), None)
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return None
    if all(sign.isprintable() or sign in "\n\r\t" for sign in text):
        return "text/plain"
    return None


def check_documents(documents: Sequence[UploadedDocument]) -> list[Refusal]:
    """What is wrong with what was sent."""
    refusals = Refusals()
    for sent in documents:
        at = f"answer_{sent.field}"
        if len(sent.content) > LARGEST:
            refusals.refuse(
                at, "This document is too large.", "Send one of 5 MB at most."
            )
        elif detect_media_type(sent.content) is None:
            remedy = "Send a PDF, a text (ODT, DOCX, TXT) or a picture (PNG, JPEG)."
            refusals.refuse(at, "This type of document is not accepted.", remedy)
    if len(documents) > MOST:
        refusals.refuse("", "There are more than five documents.")
    return refusals


async def store_documents(
    session: AsyncSession, request: AccessRequest, documents: Sequence[UploadedDocument]
) -> None:
    """Keep what was sent, each in the place of what its field had."""
    for sent in documents:
        same = (
            AccessDocument.request_id == request.id,
            AccessDocument.field == sent.field,
        )
        await session.execute(delete(AccessDocument).where(*same))
        name = "".join(
            sign
            for sign in sent.filename.replace("\\", "/").rpartition("/")[2]
            if sign.isprintable()
        )
        session.add(
            AccessDocument(
                request_id=request.id,
                field=sent.field,
                filename=name[-LONGEST_NAME:] or "document",
                media_type=detect_media_type(sent.content)
                or "application/octet-stream",
                size=len(sent.content),
                content=sent.content,
                sent_at=now(),
            )
        )
    await session.flush()


async def list_documents(
    session: AsyncSession, request: AccessRequest
) -> Sequence[AccessDocument]:
    """The documents of a request, without their bytes."""
    query = (
        select(AccessDocument)
        .where(AccessDocument.request_id == request.id)
        .order_by(AccessDocument.sent_at)
    )
    return (await session.scalars(query)).all()


async def get_document(
    session: AsyncSession, request: AccessRequest, id_: UUID
) -> AccessDocument:
    """A document of a request, with its bytes.

    Raises:
        NotFoundError: it has none of this identifier, or its time is over.
    """
    conditions = (AccessDocument.request_id == request.id, AccessDocument.id == id_)
    document = await session.scalar(
        select(AccessDocument)
        .where(*conditions)
        .options(undefer(AccessDocument.content))
    )
    if document is None:
        raise NotFoundError("This document is not here, or not any more.")
    return document
