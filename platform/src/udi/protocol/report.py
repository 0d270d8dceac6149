"""RUDI's integration report: what a portal tells a node became of a record it sent."""

from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, cast
from uuid import UUID

from msgspec import Struct

from udi.protocol import validators
from udi.protocol.faults import (
    Fault,
    Gettext,
    InvalidDocument,
    in_english,
    without_repeats,
)
from udi.protocol.scan import scan

METHODS = ("POST", "PUT", "DELETE")
LINE = 300
MESSAGE = 10_000
MOST_ERRORS = 1000


class ReportStatus(StrEnum):
    """Whether the portal did what was asked."""

    OK = "OK"
    KO = "KO"


class ReportError(Struct, frozen=True, kw_only=True):
    """A fault as it travels: already in words, in the language of the portal."""

    code: str
    message: str
    field: str = ""


class IntegrationReport(Struct, frozen=True, kw_only=True):
    """`resource_id` is None where the record was too broken to have one; `version` is that of the record.

    `by_team` (not RUDI's): the territory's team withdrew the dataset, the comment says why; the node had asked nothing.
    """

    id: UUID
    method: str
    submitted: datetime
    treated: datetime
    status: ReportStatus
    resource_id: UUID | None = None
    resource_title: str = ""
    version: str = ""
    harvested: bool = False
    comment: str = ""
    by_team: bool = False
    errors: tuple[ReportError, ...] = ()


class InvalidReport(InvalidDocument):
    """A report that cannot be understood."""

    title = "This report cannot be understood"


_ERROR = validators.group(
    {"error_code": validators.text(LINE)},
    {
        "error_message": validators.text(MESSAGE, blank=True),
        "field_name": validators.text(LINE, blank=True),
    },
)
_REPORT = validators.group(
    {
        "report_id": validators.uuid,
        "submission_date": validators.moment,
        "treatment_date": validators.moment,
        "method": validators.choice(METHODS),
        "integration_status": validators.choice(list(ReportStatus)),
    },
    {
        "resource_id": validators.uuid,
        "resource_title": validators.text(MESSAGE, blank=True),
        "version": validators.text(LINE, blank=True),
        "submitted_by_harvesting": validators.boolean,
        "withdrawn_by_team": validators.boolean,
        "comment": validators.text(MESSAGE, blank=True),
        "integration_errors": validators.list_of(_ERROR, MOST_ERRORS),
    },
)


def describe_faults(
    faults: Iterable[Fault], gettext: Gettext = in_english
) -> tuple[ReportError, ...]:
    """Faults in the words of a report: what is wrong, then what to do."""
    messages = ((fault, " ".join(fault.translate(gettext))) for fault in faults)
    return tuple(
        ReportError(code=fault.code, message=words, field=fault.field)
        for fault, words in messages
    )


def read_report(data: object) -> IntegrationReport:
    """The report in a portal's JSON; fields that RUDI adds later are ignored.

    Raises:
        InvalidReport: with all its faults.
    """
    faults = without_repeats([*_REPORT(data, ""), *scan(data)])
    if faults:
        raise InvalidReport(faults)
    document = cast("dict[str, Any]", data)
    resource = document.get("resource_id")
    return IntegrationReport(
        id=UUID(document["report_id"]),
        method=document["method"],
        submitted=_parse_moment(document["submission_date"]),
        treated=_parse_moment(document["treatment_date"]),
        status=ReportStatus(document["integration_status"]),
        resource_id=UUID(resource) if resource else None,
        resource_title=document.get("resource_title") or "",
        version=document.get("version") or "",
        harvested=bool(document.get("submitted_by_harvesting")),
        comment=document.get("comment") or "",
        by_team=bool(document.get("withdrawn_by_team")),
        errors=tuple(
            _read_error(error) for error in document.get("integration_errors") or ()
        ),
    )


def write_report(report: IntegrationReport) -> dict[str, Any]:
    """The JSON that RUDI's nodes read."""
    document = {
        "report_id": str(report.id),
        "submission_date": _format_moment(report.submitted),
        "submitted_by_harvesting": report.harvested,
        "treatment_date": _format_moment(report.treated),
        "method": report.method,
        "version": report.version,
        "resource_id": str(report.resource_id) if report.resource_id else None,
        "resource_title": report.resource_title,
        "integration_status": report.status.value,
        "comment": report.comment,
        "withdrawn_by_team": report.by_team or None,
        "integration_errors": [
            {
                "error_code": error.code,
                "error_message": error.message,
                "field_name": error.field,
            }
            for error in report.errors
        ],
    }
    return {name: value for name, value in document.items() if value is not None}


def _read_error(data: dict[str, Any]) -> ReportError:
    return ReportError(
        code=data["error_code"],
        message=data.get("error_message") or "",
        field=data.get("field_name") or "",
    )


def _parse_moment(value: str) -> datetime:
    return cast("datetime", validators.read_moment(value))


def _format_moment(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
