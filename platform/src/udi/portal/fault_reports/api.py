"""`/api/v1/fault-reports`: faults in data, for programs of who reports them and of who answers."""

from functools import partial
from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency

from udi.kit.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    field_error,
)
from udi.portal.catalogue.queries import get_dataset
from udi.portal.fault_reports import queries, schemas
from udi.portal.fault_reports.actions import (
    FaultReportInput,
    answer_report,
    report_fault,
)
from udi.portal.fault_reports.pages import count_report
from udi.portal.fault_reports.transitions import FaultReportEvent
from udi.portal.identity.credentials.tokens import Bearer
from udi.portal.identity.operations import api_operation
from udi.portal.projects.api_dependencies import PRIVATE, ApiRequest, program_router
from udi.portal.projects.request_bodies import read_body, read_identifiers
from udi.ui.dependencies import CurrentTerritory, Routes, Session

report_operation = partial(api_operation, tag=schemas.TAG, scope=schemas.SCOPE)


@get(
    "/",
    **report_operation(
        "listFaultReports",
        summary="List my reports of faults",
        description="Those that the person of the token sent, and those that wait for their answer.",
        answer=schemas.MyFaultReports,
        errors=(ForbiddenError,),
    ),
)
async def list_reports(
    session: Session, territory: CurrentTerritory, bearer: NamedDependency[Bearer]
) -> Response[schemas.MyFaultReports]:
    """What I reported, and what waits for an answer of mine."""
    sent, waiting = (
        [schemas.FaultReportItem.of(case, territory.origin) for case in cases]
        for cases in (
            await queries.list_own_cases(session, bearer.member),
            await queries.list_cases_to_answer(session, bearer.member),
        )
    )
    return Response(
        schemas.MyFaultReports(sent=sent, to_answer=waiting), headers=PRIVATE
    )


@get(
    "/{fault_report_id:uuid}",
    **report_operation(
        "readFaultReport",
        summary="Read a report of a fault",
        description="What is wrong, and what was answered: for who reported it and who answers.",
        answer=schemas.FaultReportDetail,
        errors=(ForbiddenError, NotFoundError),
    ),
)
async def read_report(
    session: Session,
    territory: CurrentTerritory,
    bearer: NamedDependency[Bearer],
    fault_report_id: schemas.FaultReportPath,
) -> Response[Any]:
    """One report."""
    case = await queries.get_case(session, bearer.member, fault_report_id)
    answer = schemas.FaultReportDetail.of(case, territory.origin, bearer)
    return Response(answer, headers=PRIVATE)


@post(
    "/",
    **report_operation(
        "reportFault",
        summary="Report a fault in a dataset",
        description="Tell the producer of a dataset what is wrong with it.",
        answer=schemas.FaultReportDetail,
        statuses=(201,),
        errors=(ForbiddenError, NotFoundError, InvalidError),
        body=schemas.NewFaultReport,
    ),
)
async def create_report(
    request: ApiRequest,
    session: Session,
    territory: CurrentTerritory,
    bearer: NamedDependency[Bearer],
) -> Response[schemas.FaultReportDetail]:
    """Report a fault, in the name of the person."""
    payload = read_body(await request.body(), schemas.NewFaultReport)
    [dataset_id] = read_identifiers([payload.pop("dataset")])
    dataset = await get_dataset(session, dataset_id)
    await count_report(request, session, bearer.member)
    report = await report_fault(
        session,
        bearer.member,
        dataset,
        FaultReportInput(**payload),
        language=request.scope["state"]["locale"],
    )
    case = await queries.get_case(session, bearer.member, report.id)
    headers = PRIVATE | {"Location": f"{schemas.BASE}/{report.id}"}
    return Response(
        schemas.FaultReportDetail.of(case, territory.origin, bearer),
        status_code=201,
        headers=headers,
    )


@post(
    "/{fault_report_id:uuid}/events",
    **report_operation(
        "settleFaultReport",
        summary="Answer a report of a fault",
        description="Those who publish the dataset answer, or open the report again; so does the territory’s team, where it is theirs too.",
        answer=schemas.FaultReportDetail,
        errors=(ForbiddenError, NotFoundError, ConflictError, InvalidError),
        body=schemas.FaultReportEventInput,
    ),
)
async def apply_event(
    request: ApiRequest,
    session: Session,
    territory: CurrentTerritory,
    bearer: NamedDependency[Bearer],
    fault_report_id: schemas.FaultReportPath,
) -> Response[schemas.FaultReportDetail]:
    """Answer it, or open it again."""
    payload = read_body(await request.body(), schemas.FaultReportEventInput)
    event = payload.pop("event")
    if event not in set(FaultReportEvent):
        raise field_error("event", "There is no such step.", code="unknown-value")
    case = await queries.get_case(session, bearer.member, fault_report_id, lock=True)
    await answer_report(
        session, bearer.member, case, FaultReportEvent(event), **payload
    )
    answer = schemas.FaultReportDetail.of(case, territory.origin, bearer)
    return Response(answer, headers=PRIVATE)


routes: Routes = [
    program_router(
        schemas.BASE,
        [list_reports, read_report, create_report, apply_event],
        schemas.SCOPE,
    )
]
