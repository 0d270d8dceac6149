"""The page of a report of a fault: for who reported it, by their account or by its secret address, and for who answers."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import InvalidError, NotFoundError
from udi.kit.identity import Actor
from udi.kit.read_connections import SessionRowReader
from udi.portal.catalogue.dataset_page.dataset_view import build_dataset_view
from udi.portal.catalogue.dataset_page.origins import FIND_ORIGIN
from udi.portal.catalogue.models import Distribution
from udi.portal.fault_reports.actions import answer_report
from udi.portal.fault_reports.pages import HOME
from udi.portal.fault_reports.queries import FaultReportCase, find_case, get_case
from udi.portal.fault_reports.tokens import FOLLOW, read_follow_token
from udi.portal.fault_reports.transitions import FaultReportEvent
from udi.portal.organisations.queries import find_organisation
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Member, Routes, Session
from udi.ui.errors import form_errors
from udi.ui.site import render, site_of

ONE = f"{HOME}/{{report_id:uuid}}"
ANSWER_FIELDS = ("words", "version")
SECRET = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}


@get(ONE)
async def show_report(
    request: AnyRequest, session: Session, member: Member, report_id: FromPath[UUID]
) -> Response[str]:
    """One report, with what may be answered."""
    case = await get_case(session, member, report_id)
    return await _render_report(request, session, case, member)


@post(f"{ONE}/answer", status_code=303)
async def send_answer(
    request: AnyRequest, session: Session, member: Member, report_id: FromPath[UUID]
) -> Response[Any]:
    """Answer it, or open it again."""
    case = await get_case(session, member, report_id, lock=True)
    form = await request.form()
    values = {name: str(form.get(name) or "") for name in ANSWER_FIELDS}
    event = read_event(str(form.get("event") or ""))
    try:
        async with session.begin_nested():
            await answer_report(session, member, case, event, **values)
    except InvalidError as error:
        return await _render_report(request, session, case, member, values, error)
    return Redirect(f"{HOME}/{report_id}", status_code=303)


def read_event(text: str) -> FaultReportEvent:
    """What is done with a report.

    Raises:
        NotFoundError: there is no such step.
    """
    if text not in set(FaultReportEvent):
        raise NotFoundError("There is no such step.")
    return FaultReportEvent(text)


@get(f"{FOLLOW}/{{token:str}}")
async def follow_report(
    request: AnyRequest, territory: CurrentTerritory, token: FromPath[str]
) -> Response[str]:
    """One's own report, for who has its secret address."""
    site = site_of(request)
    report_id = read_follow_token(site.settings, territory, token)
    async with site.database.session(territory.id, role="app") as session:
        case = await find_case(session, report_id)
        if case is None:
            raise NotFoundError("No report of a fault is at this address.")
        page = await _render_report(request, session, case, None)
    page.headers.update(SECRET)
    return page


async def _render_report(
    request: AnyRequest,
    session: AsyncSession,
    case: FaultReportCase,
    actor: Actor | None,
    values: dict[str, str] | None = None,
    error: InvalidError | None = None,
) -> Response[str]:
    """The page; without an actor, for whoever has its secret address."""
    report = case.report
    find_origin = site_of(request).services[FIND_ORIGIN]
    locale = request.scope["state"]["locale"]
    return render(
        request,
        "fault_reports/fault-report.html",
        status=422 if error else 200,
        case=case,
        report=report,
        file=await session.get(
            Distribution, (report.tenant_id, report.dataset_id, report.media_id)
        )
        if report.media_id
        else None,
        source_page=build_dataset_view(case.dataset, locale).source_page,
        origin=await find_origin(SessionRowReader(session), case.dataset),
        answered_by=await find_organisation(session, report.answered_by),
        is_secret=actor is None,
        may_answer=case.may_answer(actor),
        form_values=values or {},
        errors=form_errors(request, error),
    )


routes: Routes = [follow_report, show_report, send_answer]
