"""The documents of a request for access, as files to keep: for pages, and for programs of its two sides."""

from litestar import Response, get
from litestar.di import NamedDependency

from udi.kit.errors import ForbiddenError, NotFoundError
from udi.portal.access.models import AccessDocument
from udi.portal.access.requests import queries, schemas
from udi.portal.access.requests.documents import KINDS, OFFICE, get_document
from udi.portal.identity.credentials.tokens import Bearer
from udi.portal.identity.operations import api_operation
from udi.portal.projects.api_dependencies import program_router
from udi.ui.dependencies import Routes, Session

TEXT = "text/plain"
EXTENSIONS = {
    **dict(zip(KINDS.values(), ("pdf", "png", "jpg"), strict=True)),
    **dict(zip(OFFICE.values(), ("odt", "docx"), strict=True)),
    TEXT: "txt",
}
"""Of the names of files, by what they hold."""


def document_response(document: AccessDocument) -> Response[bytes]:
    """A document, to be kept as a file, shown by no page."""
    extension = EXTENSIONS.get(document.media_type, "docx")
    name = f"document-{str(document.id)[:8]}.{extension}"
    headers = {
        "Cache-Control": "no-store",
        "Content-Disposition": f'attachment; filename="{name}"',
        "Content-Security-Policy": "sandbox; default-src 'none'",
    }
    return Response(document.content, media_type=document.media_type, headers=headers)


@get(
    "/{access_request_id:uuid}/documents/{document_id:uuid}",
    **api_operation(
        "readAccessDocument",
        tag=schemas.TAG,
        scope=schemas.SCOPE,
        summary="Download a document of a request for access",
        description="For its two sides, until some time after the request or its agreement has ended.",
        media_types=tuple(EXTENSIONS),
        errors=(ForbiddenError, NotFoundError),
    ),
)
async def read_document(
    session: Session,
    bearer: NamedDependency[Bearer],
    access_request_id: schemas.AccessRequestPath,
    document_id: schemas.DocumentPath,
) -> Response[bytes]:
    """One of the documents that were sent."""
    case = await queries.get_case(session, bearer.member, access_request_id)
    return document_response(await get_document(session, case.request, document_id))


routes: Routes = [program_router(schemas.BASE, [read_document], schemas.SCOPE)]
