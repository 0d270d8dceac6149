"""`/sources/{id}/report`: what became of the fields of a source, for the team and the administrators of its producer."""

from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath

from udi.kit.errors import NotFoundError
from udi.portal.nodes.sources.crawl import host_of
from udi.portal.nodes.sources.losses import queries, wording
from udi.portal.nodes.sources.losses.european_score import TOTAL, Dimension
from udi.portal.nodes.sources.queries import get_source
from udi.ui.dependencies import AnyRequest, Member, Routes, Session
from udi.ui.site import render

MOST_SHOWN = 40


@get("/sources/{source_id:uuid}/report")
async def show_report(
    request: AnyRequest, session: Session, member: Member, source_id: FromPath[UUID]
) -> Response[str]:
    """What is here of each field, what is changed, what is lost, and the edit that mends it."""
    source, producer = await get_source(session, member, source_id)
    reading = read_reading(request.query_params.get("reading", ""))
    loss = await queries.find_report(session, source, reading)
    lossy = [
        field
        for field in (loss.fields if loss else ())
        if field.account.lost or field.account.changed
    ]
    return render(
        request,
        "nodes/source-report.html",
        source=source,
        producer=producer,
        host=host_of(source.address),
        loss=loss,
        lossy=lossy,
        whole=[field for field in (loss.fields if loss else ()) if field not in lossy],
        most_shown=MOST_SHOWN,
        points=await queries.list_points(session, source),
        dimensions=list(Dimension),
        names=wording,
        total_points=TOTAL,
        reading=reading,
    )


def read_reading(text: str) -> UUID | None:
    """The reading that is asked for; None where none is.

    Raises:
        NotFoundError: it is no identifier.
    """
    try:
        return UUID(text) if text else None
    except ValueError as error:
        raise NotFoundError("This reading has no report, or not any more.") from error


routes: Routes = [show_report]
