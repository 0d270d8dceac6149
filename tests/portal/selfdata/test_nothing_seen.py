"""What a person writes at the node, and what is answered there, has no place at the portal: neither on the wire nor in a table."""

from typing import Any

import msgspec

from tests.portal.selfdata.requests.conftest import Inhabitants, inhabitants, issuer
from udi.portal.selfdata.punctuality.models import (
    LateProducer,
    PunctualityFigure,
    SubjectRequestFigure,
)
from udi.portal.selfdata.requests.models import SubjectRequest, SubjectRequestCount
from udi.protocol.subject_request_reports import (
    PATH,
    PaperRequestReport,
    SubjectRequestReport,
    SubjectRequestReports,
)
from udi.protocol.subject_tickets import SubjectTicket

__all__ = ["inhabitants", "issuer"]
STATUS = {
    "id",
    "sequence",
    "state",
    "received_on",
    "due_on",
    "extended",
    "was_late",
    "decided_on",
    "ended_on",
}
ALLOWED_FIELDS: dict[Any, set[str]] = {
    SubjectRequestReports: {"requests", "paper"},
    SubjectRequestReport: STATUS | {"confirmation", "news", "escalated"},
    PaperRequestReport: STATUS | {"producer", "right"},
    SubjectTicket: {
        "producer",
        "right",
        "number",
        "country",
        "time_zone",
        "language",
        "officer",
    },
}
ALLOWED_COLUMNS: dict[Any, set[str]] = {
    SubjectRequest: STATUS
    | {
        "tenant_id",
        "person_id",
        "organisation_id",
        "node_id",
        "on_paper",
        "number",
        "right",
        "drafted_at",
        "written_at",
        "confirmation_hash",
        "escalated",
        "news_at",
        "reminded_at",
        "outcome",
        "is_published",
    },
    SubjectRequestCount: {
        "tenant_id",
        "organisation_id",
        "right",
        "month",
        "outcome",
        "number",
    },
    PunctualityFigure: {
        "tenant_id",
        "organisation_id",
        "received",
        "on_time",
        "extended",
        "late",
        "published_on",
    },
    SubjectRequestFigure: {"tenant_id", "right", "state", "is_late", "number"},
    LateProducer: {"tenant_id", "organisation_id", "since"},
}
CANARY = "zanzibar-4711-canary"


def test_the_wire_has_the_allowed_fields_alone() -> None:
    fields = {
        kind: {field.name for field in msgspec.structs.fields(kind)}
        for kind in ALLOWED_FIELDS
    }

    assert fields == ALLOWED_FIELDS


def test_tables_have_the_allowed_columns_alone() -> None:
    columns = {
        model: {column.name for column in model.__table__.columns}
        for model in ALLOWED_COLUMNS
    }

    assert columns == ALLOWED_COLUMNS


async def test_what_a_node_says_besides_is_kept_nowhere(
    inhabitants: Inhabitants,
) -> None:
    [request] = await inhabitants.submit("kerlevan")
    report = inhabitants.report(request.id, sequence=2) | {
        "outcome": CANARY,
        "ground": CANARY,
        "message": CANARY,
        "name": CANARY,
    }

    answer = await inhabitants.hosted.send(
        "POST", PATH, {"requests": [report], "paper": [], "words": CANARY}
    )

    assert CANARY not in answer.text
    row = await inhabitants.row(request.id)
    assert row.sequence == 2
    assert CANARY not in str(vars(row))
    for path in ("/my-data/requests", f"/my-data/requests/{request.id}", "/inbox"):
        assert CANARY not in (await inhabitants.person.get(path)).text
