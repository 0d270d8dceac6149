"""What producers and the territory's team send from the page of a request for data."""

from typing import Any
from uuid import UUID

from litestar import Response, post
from litestar.params import FromPath
from litestar.response import Redirect

from udi.kit.errors import InvalidError, NotFoundError
from udi.portal.projects.data_requests import queries
from udi.portal.projects.data_requests.decisions import DECISION_FIELDS, DECISIONS
from udi.portal.projects.data_requests.pages import HOME, ONE, render_request
from udi.ui.dependencies import AnyRequest, Member, Routes, Session
from udi.ui.errors import form_errors


@post(f"{ONE}/decide", status_code=303)
async def send_decision(
    request: AnyRequest, session: Session, member: Member, request_id: FromPath[UUID]
) -> Response[Any]:
    """Answer it, pass it on; for the team: send, merge, hide, show, ask anew."""
    data_request = await queries.get_request(session, member, request_id, lock=True)
    form = await request.form()
    values = {name: str(form.get(name) or "") for name in DECISION_FIELDS}
    act = DECISIONS.get(str(form.get("decision") or ""))
    if act is None:
        raise NotFoundError
    try:
        async with session.begin_nested():
            await act(session, member, data_request, values)
    except InvalidError as error:
        await session.refresh(data_request)
        return await render_request(
            request,
            session,
            member,
            data_request,
            status=422,
            values=values,
            errors=form_errors(request, error),
        )
    return Redirect(f"{HOME}/{data_request.id}", status_code=303)


routes: Routes = [send_decision]
