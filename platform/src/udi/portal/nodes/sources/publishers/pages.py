"""Who the publishers of a source are here: what is chosen on its page, and what waits for an answer."""

from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from udi.kit.errors import NotFoundError
from udi.portal.nodes.sources.crawl import host_of
from udi.portal.nodes.sources.publishers import actions, queries
from udi.portal.nodes.sources.queries import (
    find_source,
    get_source,
    require_source_manager,
)
from udi.ui.dependencies import AnyRequest, Member, Routes, Session
from udi.ui.site import render

WAITING = "/sources/publishers"
CHOICE = "/sources/{source_id:uuid}/publishers"


@get(WAITING)
async def show_proposals(
    request: AnyRequest, session: Session, member: Member
) -> Response[str]:
    """Publishers that seem to be organisations which the person answers for."""
    require_source_manager(member)
    return render(
        request,
        "nodes/publishers.html",
        proposals=await queries.list_proposals(session, member),
        host_of=host_of,
    )


@post(WAITING, status_code=303)
async def answer_proposal(
    request: AnyRequest, session: Session, member: Member
) -> Redirect:
    """Confirm that a publisher is the organisation, or say that it is not."""
    require_source_manager(member)
    form = await request.form()
    source = await find_source(session, _read_id(str(form.get("source") or "")))
    row = await queries.get_publisher(session, source.id, str(form.get("key") or ""))
    await actions.answer_proposal(
        session, member, source, row, confirmed=form.get("answer") == "yes"
    )
    return Redirect(WAITING, status_code=303)


def _read_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise NotFoundError("No source has this address here.") from error


@post(CHOICE, status_code=303)
async def choose_publisher(
    request: AnyRequest, session: Session, member: Member, source_id: FromPath[UUID]
) -> Redirect:
    """Say which organisation a publisher of the source is; its datasets move at once."""
    source, _ = await get_source(session, member, source_id, lock=True)
    form = await request.form()
    row = await queries.get_publisher(session, source.id, str(form.get("key") or ""))
    await actions.choose_publisher(
        session,
        member,
        source,
        row,
        str(form.get("decision") or form.get("organisation") or ""),
    )
    return Redirect(f"/sources/{source_id}#publishers", status_code=303)


routes: Routes = [show_proposals, answer_proposal, choose_publisher]
