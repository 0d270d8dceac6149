"""What a request for access says, and what is wrong with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from udi.kit.errors import Refusal, Refusals
from udi.portal.access.requests.documents import UploadedDocument, check_documents
from udi.protocol.policy import FieldKind, FormField, Policy
from udi.protocol.terms import Terms

LONGEST_LINE = 300
LONGEST_WORDS = 5000


@dataclass(frozen=True)
class AccessRequestInput:
    """What the form says, as it was typed; `answers` by name of the policy's fields."""

    purpose: str = ""
    words: str = ""
    interest: str = ""
    months: str = ""
    columns: tuple[str, ...] = ()
    answers: Mapping[str, str] = field(default_factory=dict)
    documents: Sequence[UploadedDocument] = ()


def check_input(
    request_input: AccessRequestInput,
    policy: Policy,
    requester: str,
    existing_documents: Sequence[str] = (),
) -> list[Refusal]:
    """What is wrong with what was typed, and with who asks (the project's `requester`); `existing_documents` are those that
    are here already.
    """
    terms = policy.terms
    refusals = Refusals()
    if requester not in {accepted.value for accepted in policy.requesters}:
        refusals.refuse(
            "project",
            "The leader of this project is not among those who may ask.",
            "Read who may ask on the page of the dataset; a project may be led in the name of an organisation.",
        )
    refusals += _check_intended_use(request_input, terms)
    months = request_input.months
    if not (
        months.isascii()
        and months.isdigit()
        and len(months) < 4  # noqa: PLR2004 - 120 at most
        and 1 <= int(months) <= terms.months
    ):
        refusals.refuse(
            "months",
            "Write a number from %(least)s to %(most)s.",
            values={"least": 1, "most": terms.months},
        )
    if not set(request_input.columns) <= set(terms.columns):
        refusals.refuse(
            "columns",
            "One of these columns is not offered.",
            "Choose among those of the list.",
        )
    for policy_field in policy.fields:
        refusals += _check_answer(policy_field, request_input, existing_documents)
    return refusals + check_documents(request_input.documents)


def _check_intended_use(
    request_input: AccessRequestInput, terms: Terms
) -> list[Refusal]:
    """What is wrong with what the data are asked for: the purpose, the words, the general interest."""
    refusals = Refusals()
    if request_input.purpose not in {purpose.value for purpose in terms.purposes}:
        refusals.refuse(
            "purpose",
            "The use of the data is missing.",
            "Choose one of the uses.",
        )
    if not request_input.words:
        refusals.refuse(
            "words",
            "What you would do with the data is missing.",
            "Describe it in a few sentences.",
        )
    if terms.general_interest and not request_input.interest:
        refusals.refuse(
            "interest",
            "How the project serves the general interest is missing.",
        )
    for name, words in {
        "words": request_input.words,
        "interest": request_input.interest,
    }.items():
        if len(words) > LONGEST_WORDS:
            refusals.refuse(
                name, "This is very long.", "Write 5000 characters at most."
            )
    return refusals


def _check_answer(
    policy_field: FormField,
    request_input: AccessRequestInput,
    existing_documents: Sequence[str],
) -> list[Refusal]:
    at = f"answer_{policy_field.name}"
    answer = request_input.answers.get(policy_field.name, "")
    is_answered = (
        bool(answer)
        or policy_field.name in existing_documents
        or any(sent.field == policy_field.name for sent in request_input.documents)
    )
    if not is_answered:
        if policy_field.required:
            return [Refusal(at, "This question has no answer yet.")]
        return []
    if policy_field.kind is FieldKind.DOCUMENT:
        return []
    if policy_field.kind is FieldKind.WORDS:
        longest = LONGEST_WORDS
    else:
        longest = LONGEST_LINE
    if len(answer) > longest:
        return [
            Refusal(
                at,
                "This is very long.",
                "Write %(most)s characters at most.",
                values={"most": longest},
            )
        ]
    if _is_valid_answer(policy_field, answer):
        return []
    return [Refusal(at, "This is not what is asked for.", REMEDIES[policy_field.kind])]


REMEDIES = {
    FieldKind.NUMBER: "Write a number, such as 12 or 3.5.",
    FieldKind.DATE: "Write a date as 2026-05-31.",
    FieldKind.CHOICE: "Choose one of the answers.",
    FieldKind.YES_NO: "Choose yes or no.",
    FieldKind.LINE: "",
    FieldKind.WORDS: "",
    FieldKind.DOCUMENT: "",
}


def _is_valid_answer(policy_field: FormField, answer: str) -> bool:
    if policy_field.kind is FieldKind.NUMBER:
        return (
            answer.isascii()
            and answer.removeprefix("-")
            .replace(".", "", 1)
            .replace(",", "", 1)
            .isdigit()
        )
    if policy_field.kind is FieldKind.DATE:
        try:
            return (
                len(answer) == len("2026-05-31")
                and date.fromisoformat(answer) is not None
            )
        except ValueError:
            return False
    if policy_field.kind is FieldKind.CHOICE:
        return answer in policy_field.choices
    if policy_field.kind is FieldKind.YES_NO:
        return answer in {"yes", "no"}
    return True
