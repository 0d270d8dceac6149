"""Reporting a fault in a dataset, without an account too; one's own reports, and those to answer."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.budgets import spend_budgets
from udi.kit.errors import InvalidError
from udi.kit.identity import Actor
from udi.portal.catalogue.models import Dataset
from udi.portal.catalogue.queries import get_dataset
from udi.portal.fault_reports.actions import FaultReportInput, report_fault
from udi.portal.fault_reports.models import FaultReportKind
from udi.portal.fault_reports.queries import list_cases_to_answer, list_own_cases
from udi.portal.fault_reports.tokens import follow_path
from udi.portal.tenants.budgets import (
    FAULT_REPORTS,
    TERRITORY_FAULT_REPORTS,
    WHOLE,
    subject_of_address,
)
from udi.ui.dependencies import (
    AnyRequest,
    CurrentTerritory,
    Member,
    Routes,
    Session,
    Visitor,
)
from udi.ui.errors import form_errors
from udi.ui.site import render, site_of

HOME = "/fault-reports"
NEW = "/data/{dataset_id:uuid}/fault-reports/new"
LARGEST_FORM = 64 * 1024
PREFILLED = ("kind", "file", "row", "column")
FIELDS = (*PREFILLED, "words", "name", "email")


@get(HOME)
async def show_reports(
    request: AnyRequest, session: Session, member: Member
) -> Response[str]:
    """What I reported, and what waits for my answer."""
    return render(
        request,
        "fault_reports/fault-reports.html",
        sent=await list_own_cases(session, member),
        to_answer=await list_cases_to_answer(session, member),
    )


@get(NEW)
async def show_report_form(
    request: AnyRequest, session: Session, dataset_id: FromPath[UUID]
) -> Response[str]:
    """The form; what the address says of the place is filled in."""
    dataset = await get_dataset(session, dataset_id)
    values = {name: request.query_params.get(name, "")[:200] for name in PREFILLED}
    report_input = FaultReportInput(**values).tidy()
    return _render_form(request, dataset, report_input)


@post(NEW, status_code=303, request_max_body_size=LARGEST_FORM)
async def send_report(
    request: AnyRequest,
    session: Session,
    territory: CurrentTerritory,
    actor: Visitor,
    dataset_id: FromPath[UUID],
) -> Response[Any]:
    """Report it; whoever is not logged in gets an address where they can follow it."""
    dataset = await get_dataset(session, dataset_id)
    form = await request.form()
    values = {name: str(form.get(name) or "") for name in FIELDS}
    report_input = FaultReportInput(**values)
    await count_report(request, session, actor)
    try:
        async with session.begin_nested():
            report = await report_fault(
                session,
                actor,
                dataset,
                report_input,
                language=request.scope["state"]["locale"],
            )
    except InvalidError as error:
        return _render_form(request, dataset, report_input, error)
    if actor:
        return Redirect(f"{HOME}/{report.id}", status_code=303)
    path = follow_path(site_of(request).settings, territory, report.id)
    return Redirect(path, status_code=303)


async def count_report(
    request: AnyRequest, session: AsyncSession, actor: Actor | None
) -> None:
    """Count a report of a person or an address, and of the whole territory.

    Raises:
        TooManyRequestsError: nothing is left in this hour.
    """
    if actor:
        subject = str(actor.person_id)
    else:
        subject = subject_of_address(request)
    spent = [(FAULT_REPORTS, subject), (TERRITORY_FAULT_REPORTS, WHOLE)]
    await spend_budgets(session, spent)


def _render_form(
    request: AnyRequest,
    dataset: Dataset,
    report_input: FaultReportInput,
    error: InvalidError | None = None,
) -> Response[str]:
    return render(
        request,
        "fault_reports/fault-report-form.html",
        status=422 if error else 200,
        dataset=dataset,
        report_input=report_input,
        kinds=list(FaultReportKind),
        errors=form_errors(request, error),
    )


routes: Routes = [show_reports, show_report_form, send_report]
