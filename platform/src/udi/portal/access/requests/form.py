"""The form of a request: what was typed and sent, read into what is asked and the project it is for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from litestar.datastructures import FormMultiDict, UploadFile

from udi.portal.access.models import AccessRequest
from udi.portal.access.requests.documents import LARGEST, MOST, UploadedDocument
from udi.portal.access.requests.request_input import AccessRequestInput
from udi.protocol.policy import FieldKind, Policy

ANSWER = "answer_"
NEW = "new"
FORM_FIELDS = (
    "project",
    "title",
    "summary",
    "organisation",
    "requester",
    "purpose",
    "words",
    "interest",
    "months",
)
LONGEST_KEPT = 20_000
"""Characters of a draft of somebody who is not logged in."""


@dataclass(frozen=True)
class AccessRequestForm:
    """The form as it was sent; `values` are what the page shows again."""

    values: Mapping[str, str] = field(default_factory=dict)
    columns: tuple[str, ...] = ()
    documents: tuple[UploadedDocument, ...] = ()

    def get(self, name: str) -> str:
        """What was typed in a field."""
        return self.values.get(name, "")

    def to_request_input(self, policy: Policy) -> AccessRequestInput:
        """What it asks, under a policy."""
        answers = {
            policy_field.name: self.get(f"{ANSWER}{policy_field.name}")
            for policy_field in policy.fields
            if policy_field.kind is not FieldKind.DOCUMENT
        }
        document_fields = {
            policy_field.name
            for policy_field in policy.fields
            if policy_field.kind is FieldKind.DOCUMENT
        }
        return AccessRequestInput(
            purpose=self.get("purpose"),
            words=self.get("words"),
            interest=self.get("interest"),
            months=self.get("months"),
            columns=self.columns,
            answers=answers,
            documents=[
                sent for sent in self.documents if sent.field in document_fields
            ],
        )

    def to_draft(self) -> dict[str, str]:
        """What is kept of it until its person has logged in: no document."""
        values = {**self.values, "columns": "\n".join(self.columns)}
        return {name: text[:LONGEST_KEPT] for name, text in values.items() if text}


def list_form_fields(policy: Policy) -> list[str]:
    """The fields of the form of a dataset that an address may fill in: all but documents."""
    answers = [
        f"{ANSWER}{policy_field.name}"
        for policy_field in policy.fields
        if policy_field.kind is not FieldKind.DOCUMENT
    ]
    return [*FORM_FIELDS, *answers]


def read_draft(draft: Mapping[str, str]) -> AccessRequestForm:
    """What somebody began to write."""
    columns = tuple(line for line in draft.get("columns", "").splitlines() if line)
    return AccessRequestForm(
        {name: text for name, text in draft.items() if name != "columns"}, columns
    )


async def read_request_form(form: FormMultiDict) -> AccessRequestForm:
    """What was sent, with its documents; no more of each than is taken is read."""
    values: dict[str, str] = {}
    documents: list[UploadedDocument] = []
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            if value.filename and name.startswith(ANSWER) and len(documents) <= MOST:
                documents.append(
                    UploadedDocument(
                        name.removeprefix(ANSWER),
                        value.filename,
                        await value.read(LARGEST + 1),
                    )
                )
        elif name in FORM_FIELDS or name.startswith(ANSWER):
            values[name] = str(value).replace("\x00", "").replace("\r\n", "\n").strip()
    columns = tuple(dict.fromkeys(str(value) for value in form.getall("columns", [])))
    return AccessRequestForm(values, columns, tuple(documents))


def form_from_request(request: AccessRequest) -> AccessRequestForm:
    """A request as it would be typed again."""
    values: dict[str, Any] = {
        name: getattr(request, name) for name in ("purpose", "words", "interest")
    }
    values |= {"months": str(request.months), "project": str(request.project_id)}
    values |= {f"{ANSWER}{name}": answer for name, answer in request.answers.items()}
    return AccessRequestForm(values, tuple(request.columns))
