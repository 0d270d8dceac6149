"""A portal's refusal of a record, in the shape of its reports."""

import uuid
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from udi.kit.clock import now

LONGEST_MESSAGE = 2000


def build_report(
    method: str, dataset_id: UUID, problem: Mapping[str, Any], *, status: str
) -> dict[str, Any]:
    """A refusal (problem+json) in the shape of a report."""
    errors = [error for error in problem.get("errors") or () if isinstance(error, dict)]
    moment = now().isoformat()
    return {
        "report_id": str(problem.get("report_id") or uuid.uuid4()),
        "submission_date": moment,
        "treatment_date": moment,
        "method": method,
        "resource_id": str(dataset_id),
        "integration_status": status,
        "comment": shorten_text(problem.get("detail")),
        "integration_errors": [
            {
                "error_code": shorten_text(error.get("code")),
                "error_message": " ".join(
                    filter(
                        None,
                        (
                            shorten_text(error.get("reason")),
                            shorten_text(error.get("remedy")),
                        ),
                    )
                ),
                "field_name": shorten_text(error.get("field")),
            }
            for error in errors
        ],
    }


def shorten_text(value: object) -> str:
    """A text of another's answer as it may be kept; empty where it is none."""
    if isinstance(value, str):
        return value[:LONGEST_MESSAGE].replace("\x00", "")
    return ""
