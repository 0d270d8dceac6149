"""The report that a portal sends to a node."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from tests.protocol.examples import IDENTIFIER
from udi.protocol import fault_kinds
from udi.protocol.report import (
    IntegrationReport,
    InvalidReport,
    ReportStatus,
    describe_faults,
    read_report,
    write_report,
)

REPORT_ID = UUID("5b1439e9-77e1-41b2-a98b-b08aa29b344b")
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
SENT: dict[str, Any] = {
    "report_id": str(REPORT_ID),
    "submission_date": "2026-11-25T13:00:00+01:00",
    "submitted_by_harvesting": False,
    "treatment_date": "2026-11-25T12:00:00Z",
    "method": "POST",
    "version": "1.4.1",
    "resource_id": str(IDENTIFIER),
    "resource_title": "Arbres",
    "integration_status": "KO",
    "comment": "",
    "integration_errors": [
        {
            "error_code": "ERR-303",
            "error_message": "Thème inconnu",
            "field_name": "theme",
        }
    ],
}


def test_a_report_is_read() -> None:
    report = read_report(SENT)

    assert (report.id, report.resource_id, report.submitted) == (
        REPORT_ID,
        IDENTIFIER,
        NOON,
    )
    assert report.status is ReportStatus.KO
    assert [(error.code, error.field) for error in report.errors] == [
        ("ERR-303", "theme")
    ]


def test_a_report_is_written_as_it_is_read() -> None:
    report = IntegrationReport(
        id=REPORT_ID,
        method="PUT",
        submitted=NOON,
        treated=NOON,
        status=ReportStatus.KO,
        resource_id=IDENTIFIER,
        resource_title="Arbres",
        version="1.4.1",
        errors=describe_faults(
            [
                fault_kinds.MISSING.at("theme"),
                fault_kinds.UNKNOWN_THEME.at("theme", value="x", allowed=["a"]),
            ]
        ),
    )

    document = write_report(report)

    assert read_report(document) == report
    assert document["integration_errors"][0] == {
        "error_code": "ERR-202",
        "error_message": "This field is required and is missing. Add it, with a value.",
        "field_name": "theme",
    }


def test_a_report_on_a_record_too_broken_to_have_an_identifier_says_none() -> None:
    report = IntegrationReport(
        id=REPORT_ID,
        method="POST",
        submitted=NOON,
        treated=NOON,
        status=ReportStatus.KO,
    )

    document = write_report(report)

    assert "resource_id" not in document
    assert read_report(document) == report


def test_what_another_portal_adds_or_leaves_out_does_not_matter() -> None:
    lean = SENT | {
        "integration_status": "OK",
        "integration_errors": None,
        "comment": None,
        "object_type": "DATASET",
    }

    assert read_report(lean).errors == ()


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("report_id", "x", "ERR-307"),
        ("method", "PATCH", "ERR-302"),
        ("integration_status", "MAYBE", "ERR-302"),
        ("treatment_date", None, "ERR-202"),
        ("comment", "a\x00", "ERR-301"),
        ("integration_errors", [{"error_message": "?"}], "ERR-202"),
    ],
)
def test_a_broken_report_is_refused(field: str, value: object, code: str) -> None:
    with pytest.raises(InvalidReport) as refusal:
        read_report(SENT | {field: value})

    assert [fault.code.value for fault in refusal.value.faults] == [code]
