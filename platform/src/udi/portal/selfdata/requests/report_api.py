"""What a node calls to report how requests about one's own data stand."""

from typing import Any

from litestar import Response, post
from msgspec import to_builtins

from udi.kit.errors import field_error
from udi.portal.nodes.api import MIB, as_json, decode_report, take_report
from udi.portal.selfdata.requests.reports import take_reports
from udi.protocol.subject_request_reports import (
    PATH,
    SubjectRequestReportAnswer,
    SubjectRequestReports,
)
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Routes

LARGEST = 2 * MIB


def read_reports(body: bytes) -> SubjectRequestReports:
    """What a node reports.

    Raises:
        InvalidError: it is something else.
    """
    refusal = field_error(
        "requests",
        "These are no reports of requests.",
        "Send “requests” and “paper” as the protocol says, 1,000 of each at most.",
    )
    return decode_report(body, SubjectRequestReports, refusal)


@post(PATH, status_code=200, request_max_body_size=LARGEST)
async def receive_reports(
    request: AnyRequest, territory: CurrentTerritory
) -> Response[Any]:
    """Take how requests stand at the node that calls; say of each what became of the report."""
    outcomes = await take_report(
        request, territory, read_reports, take_reports, largest=LARGEST
    )
    return as_json(to_builtins(SubjectRequestReportAnswer(requests=outcomes)))


routes: Routes = [receive_reports]
