"""RUDI's words for what became of a push: the report, a line of the node's own requests, and the HTTP refusal."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from udi.kit.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    UdiError,
)
from udi.portal.nodes.models import Report, ReportDeliveryState
from udi.protocol.faults import Fault, FaultCode, Gettext, in_english
from udi.protocol.report import (
    IntegrationReport,
    ReportStatus,
    describe_faults,
    write_report,
)

WHOLE_DOCUMENT = "body"
SENT = "value"
ABOUT_IDENTITY = "ERR-1"
PROGRESS = {
    ReportDeliveryState.PENDING: "INTEGRATION_HANDLED",
    ReportDeliveryState.SENT: "REPORT_SUCCESS",
    ReportDeliveryState.FAILED: "REPORT_ERROR",
    ReportDeliveryState.ANSWERED: "INTEGRATION_HANDLED",
}
REFUSALS: Sequence[tuple[type[UdiError], set[FaultCode]]] = (
    (
        ForbiddenError,
        {
            FaultCode.NOT_ALLOWED,
            FaultCode.NODE_WITHOUT_PROVIDER,
            FaultCode.OTHER_PROVIDER,
            FaultCode.PRODUCER_NOT_LINKED,
            FaultCode.NOT_CREATOR,
        },
    ),
    (NotFoundError, {FaultCode.UNKNOWN_DATASET}),
    (UdiError, {FaultCode.BAD_DOCUMENT}),
    (ConflictError, {FaultCode.ALREADY_USED}),
)


class RefusedRecordError(InvalidError):
    """A record that breaks a rule of the format."""

    title = "This dataset description cannot be accepted"


def refusal_error(faults: Sequence[Fault], gettext: Gettext = in_english) -> UdiError:
    """The answer to a refused push: its status follows from the gravest code, each fault is named."""
    codes = {fault.code for fault in faults}
    kind = next(
        (kind for kind, covered in REFUSALS if codes & covered), RefusedRecordError
    )
    return kind(
        "Nothing was changed.",
        refusals=[_with_field(fault).as_refusal(gettext) for fault in faults],
    )


def _with_field(fault: Fault) -> Fault:
    if fault.field:
        return fault
    return replace(fault, field=WHOLE_DOCUMENT)


def store_fault(fault: Fault) -> dict[str, Any]:
    """A fault as the report keeps it, untranslated, and without what was sent (identifiers and versions aside)."""
    is_about_identity = fault.code.startswith(ABOUT_IDENTITY)
    values = {
        name: value if is_about_identity or name != SENT else "…"
        for name, value in fault.values.items()
    }
    return {
        "code": fault.code.value,
        "field": _with_field(fault).field,
        "message": fault.message,
        "remedy": fault.remedy,
        "values": values,
    }


def report_document(report: Report, gettext: Gettext = in_english) -> dict[str, Any]:
    """The report as a node receives it."""
    faults = [
        Fault(**{**fault, "code": FaultCode(fault["code"])}) for fault in report.faults
    ]
    return write_report(
        IntegrationReport(
            id=report.id,
            method=report.method,
            submitted=report.submitted_at,
            treated=report.treated_at,
            status=ReportStatus.OK if report.accepted else ReportStatus.KO,
            resource_id=report.resource_id,
            resource_title=report.resource_title,
            version=report.version,
            comment=report.comment
            or (_describe_translations(faults, gettext) if report.accepted else ""),
            by_team=bool(report.comment),
            errors=() if report.accepted else describe_faults(faults, gettext),
        )
    )


def _describe_translations(faults: Sequence[Fault], gettext: Gettext) -> str:
    """What an accepted record of an old node was read as, a line each: it has no errors."""
    return "\n".join(
        f"{fault.field}: {fault.translate(gettext)[0]}" for fault in faults
    )


def request_document(report: Report, gettext: Gettext = in_english) -> dict[str, Any]:
    """The same as a line of `/integrationRequest/search`, with how the delivery of its report goes."""
    document = report_document(report, gettext)
    return {
        **{
            name: value
            for name, value in document.items()
            if name not in {"report_id", "resource_id", "comment"}
        },
        "uuid": str(report.id),
        "global_id": report.resource_id and str(report.resource_id),
        "node_provider_id": str(report.node_id),
        "send_request_date": report.sent_at and report.sent_at.isoformat(),
        "progress_status": PROGRESS[ReportDeliveryState(report.delivery)],
        "attempts": report.attempts,
        "last_error": report.last_error,
    }
