"""What the pages of both sides share: which event an address names, whether it is possible, and how a file is given."""

from collections.abc import Sequence

from litestar import Response
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.errors import ConflictError, NotFoundError, field_error
from udi.kit.file_names import content_disposition
from udi.node.files.restricted import PRIVATE
from udi.node.subject_requests.documents.sealed_files import (
    MOST_BYTES,
    MOST_KEPT,
    UploadedFile,
    open_content,
)
from udi.node.subject_requests.models import SubjectFile, SubjectRequest
from udi.node.subject_requests.plan import RequestFacts, plan_move
from udi.node.subject_requests.queries import measure_files
from udi.protocol.subject_requests import (
    DECIDED,
    SEE_REQUEST,
    STATE_CHANGED,
    SubjectRequestActor,
    SubjectRequestEvent,
)


def read_event(name: str) -> SubjectRequestEvent:
    """The event of the table that an address names.

    Raises:
        NotFoundError: there is none of this name.
    """
    try:
        return SubjectRequestEvent(name)
    except ValueError as error:
        raise NotFoundError from error


def require_possible(
    request: SubjectRequest, event: SubjectRequestEvent, role: SubjectRequestActor
) -> None:
    """Refuse what the table does not allow now, before anything that was sent with it is looked at.

    Raises:
        ConflictError: it is not possible in this state, not for this actor, or not now.
    """
    plan_move(RequestFacts.of(request), event, role, now())


def require_open(request: SubjectRequest) -> None:
    """Refuse what is written in a request that ended.

    Raises:
        ConflictError: it did.
    """
    if request.ended_at is not None:
        raise ConflictError(STATE_CHANGED, remedy=SEE_REQUEST)


def require_undecided(request: SubjectRequest) -> None:
    """Refuse files for an answer that was sent.

    Raises:
        ConflictError: the request was decided, or ended.
    """
    require_open(request)
    if request.state in DECIDED:
        raise ConflictError(STATE_CHANGED, remedy=SEE_REQUEST)


async def check_room(
    session: AsyncSession,
    request: SubjectRequest,
    role: SubjectRequestActor,
    files: Sequence[UploadedFile],
) -> None:
    """Refuse files beyond what one side may send in a request, all messages together.

    Raises:
        InvalidError: there are too many, or they are too large.
    """
    if not files:
        return
    number, size = await measure_files(session, request, role)
    size += sum(len(file.content) for file in files)
    if number + len(files) > MOST_KEPT or size > MOST_BYTES:
        raise field_error(
            "file",
            "This request has no room for more files.",
            "It takes 30 files and 100 MB of each side. Write without a file.",
        )


def require_kept(request: SubjectRequest) -> None:
    """Refuse what is about the contents of a request that were destroyed.

    Raises:
        ConflictError: they were.
    """
    if request.destroyed_at is not None:
        raise ConflictError(STATE_CHANGED, remedy=SEE_REQUEST)


async def serve_request_file(file: SubjectFile) -> Response[bytes]:
    """The bytes of a file, to be saved: a browser shows none of it in a page."""
    headers = {**PRIVATE, "Content-Disposition": content_disposition(file.name)}
    content = await open_content(file)
    return Response(content, media_type="application/octet-stream", headers=headers)
