"""What the API says of reports of faults, and what it is told: these types are what is sent and described."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from litestar.openapi.spec import Tag
from litestar.params import PathParameter
from msgspec import Meta, Struct

from udi.portal.fault_reports.models import FaultReportKind
from udi.portal.fault_reports.pages import HOME
from udi.portal.fault_reports.queries import FaultReportCase
from udi.portal.fault_reports.transitions import FaultReportEvent, FaultReportState
from udi.portal.identity.credentials.tokens import Bearer
from udi.portal.projects.schemas import Address, Instant, Language

SCOPE = "access"
BASE = "/api/v1/fault-reports"
TAG = Tag("fault-reports", "Faults in data")
FaultReportPath = Annotated[
    UUID, PathParameter(description="Identifier of the report.")
]
FaultKindCode = Annotated[
    str,
    Meta(
        description="What is wrong; `personal_data`: data about people that should not be public.",
        extra_json_schema={"enum": list(FaultReportKind)},
    ),
]
FaultReportStateCode = Annotated[
    str,
    Meta(
        description="Where the report stands.",
        extra_json_schema={"enum": list(FaultReportState)},
    ),
]
FaultWords = Annotated[
    str,
    Meta(
        description="The fault in words, 2000 characters at most; may be empty where the kind says enough."
    ),
]
FaultFile = Annotated[
    str, Meta(description="Identifier of the file or link of the dataset; empty: none.")
]
FaultRow = Annotated[str, Meta(description="The row, as a reader finds it.")]
FaultColumn = Annotated[str, Meta(description="The column.")]
Due = Annotated[date, Meta(description="By when somebody should have answered.")]


class FaultyDataset(Struct, frozen=True, kw_only=True):
    """The dataset that a report is about."""

    id: UUID
    title: str
    page: Address


class FaultReporter(Struct, frozen=True, kw_only=True):
    """Who reported it, as far as they said."""

    name: str
    email: str


class FaultReportItem(Struct, frozen=True, kw_only=True):
    """A report in a list."""

    id: UUID
    dataset: FaultyDataset
    kind: FaultKindCode
    state: FaultReportStateCode
    submitted: Instant
    due: Due
    url: Annotated[str, Meta(description="Path of the report in this API.")]
    page: Address

    @classmethod
    def of(cls, case: FaultReportCase, origin: str) -> "FaultReportItem":
        """A report, on the portal at `origin`."""
        return cls(**_common_fields(case, origin))


class FaultReportDetail(Struct, frozen=True, kw_only=True):
    """A report of a fault, for who reported it and who answers."""

    id: UUID
    dataset: FaultyDataset
    kind: FaultKindCode
    state: FaultReportStateCode
    submitted: Instant
    due: Due
    url: Annotated[str, Meta(description="Path of the report in this API.")]
    page: Address
    language: Language
    words: FaultWords
    file: FaultFile
    row: FaultRow
    column: FaultColumn
    reporter: Annotated[
        FaultReporter | None, Meta(description="For those who answer it only.")
    ]
    answer: Annotated[str, Meta(description="What was answered, in words.")]
    version: Annotated[str, Meta(description="The version in which it is corrected.")]
    answered: Annotated[Instant | None, Meta(description="When it was answered.")]

    @classmethod
    def of(
        cls, case: FaultReportCase, origin: str, bearer: Bearer
    ) -> "FaultReportDetail":
        """A report for the bearer of a token, on the portal at `origin`."""
        report = case.report
        reporter = None
        if case.may_answer(bearer.member):
            reporter = FaultReporter(name=case.reporter_name, email=case.reporter_email)
        return cls(
            **_common_fields(case, origin),
            language=report.language,
            words=report.words,
            file=str(report.media_id or ""),
            row=report.row_name,
            column=report.column_name,
            reporter=reporter,
            answer=report.answer,
            version=report.version,
            answered=report.answered_at,
        )


class MyFaultReports(Struct, frozen=True, kw_only=True):
    """The reports of a person."""

    sent: Annotated[list[FaultReportItem], Meta(description="Those that I made.")]
    to_answer: Annotated[
        list[FaultReportItem], Meta(description="Those that wait for my answer.")
    ]


class NewFaultReport(Struct, kw_only=True):
    """Something is wrong with a dataset."""

    dataset: Annotated[str, Meta(description="Identifier of the dataset.")]
    kind: FaultKindCode
    words: FaultWords = ""
    file: FaultFile = ""
    row: FaultRow = ""
    column: FaultColumn = ""


class FaultReportEventInput(Struct, kw_only=True):
    """What is done with a report."""

    event: Annotated[
        str,
        Meta(
            description="The fault is corrected, the data are right, the report is sent on, it is no report of a fault, or it is opened again.",
            extra_json_schema={"enum": list(FaultReportEvent)},
        ),
    ]
    words: Annotated[
        str, Meta(description="The answer; required to confirm and to redirect.")
    ] = ""
    version: Annotated[
        str, Meta(description="The version in which it is corrected.")
    ] = ""


def _common_fields(case: FaultReportCase, origin: str) -> dict[str, Any]:
    report = case.report
    return {
        "id": report.id,
        "dataset": FaultyDataset(
            id=report.dataset_id,
            title=case.dataset.title,
            page=f"{origin}/data/{report.dataset_id}",
        ),
        "kind": report.kind,
        "state": report.state,
        "submitted": report.submitted_at,
        "due": report.due_on,
        "url": f"{BASE}/{report.id}",
        "page": f"{origin}{HOME}/{report.id}",
    }
