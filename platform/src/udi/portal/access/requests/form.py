"""The form of a request: what was typed and sent, read into what is asked and the project it is for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from litestar.datastructures import FormMultiDict, UploadFile

from udi.portal.access.models import AccessRequest
from udi.portal.access.requests.asking import Asked
from udi.portal.access.requests.documents import LARGEST, MOST, Sent
from udi.protocol.policy import FieldKind, Policy

ANSWER = "answer_"
NEW = "new"
KEPT = ("project", "title", "summary", "organisation", "requester", "purpose", "words", "interest", "months")
LONGEST_KEPT = 20_000
"""Characters of a draft of somebody who is not logged in."""


@dataclass(frozen=True)
class Typed:
    """The form as it was sent; `values` are what the page shows again."""

    values: Mapping[str, str] = field(default_factory=dict)
    columns: tuple[str, ...] = ()
    documents: tuple[Sent, ...] = ()

    def get(self, name: str) -> str:
        """What was typed in a field."""
        return self.values.get(name, "")

    def as_asked(self, policy: Policy) -> Asked:
        """What it asks, under a policy."""
        answers = {
            each.name: self.get(f"{ANSWER}{each.name}") for each in policy.fields if each.kind is not FieldKind.DOCUMENT
        }
        known = {each.name for each in policy.fields if each.kind is FieldKind.DOCUMENT}
        return Asked(
            purpose=self.get("purpose"), words=self.get("words"), interest=self.get("interest"),
            months=self.get("months"), columns=self.columns, answers=answers,
            documents=[sent for sent in self.documents if sent.field in known],
        )  # fmt: skip

    def as_draft(self) -> dict[str, str]:
        """What is kept of it until its person has logged in: no document."""
        said = {**self.values, "columns": "\n".join(self.columns)}
        return {name: text[:LONGEST_KEPT] for name, text in said.items() if text}


def read_draft(kept: Mapping[str, str]) -> Typed:
    """What somebody began to write."""
    columns = tuple(line for line in kept.get("columns", "").splitlines() if line)
    return Typed({name: text for name, text in kept.items() if name != "columns"}, columns)


async def read_typed(form: FormMultiDict) -> Typed:
    """What was sent, with its documents; no more of each than is taken is read."""
    values: dict[str, str] = {}
    documents: list[Sent] = []
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            if value.filename and name.startswith(ANSWER) and len(documents) <= MOST:
                documents.append(Sent(name.removeprefix(ANSWER), value.filename, await value.read(LARGEST + 1)))
        elif name in KEPT or name.startswith(ANSWER):
            values[name] = str(value).replace("\x00", "").replace("\r\n", "\n").strip()
    columns = tuple(dict.fromkeys(str(value) for value in form.getall("columns", [])))
    return Typed(values, columns, tuple(documents))


def typed_of(request: AccessRequest) -> Typed:
    """A request as it would be typed again."""
    values: dict[str, Any] = {name: getattr(request, name) for name in ("purpose", "words", "interest")}
    values |= {"months": str(request.months), "project": str(request.project_id)}
    values |= {f"{ANSWER}{name}": answer for name, answer in request.answers.items()}
    return Typed(values, tuple(request.columns))
