"""What the forms of requests say, read and checked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import TypeVar
from uuid import UUID

from litestar.datastructures import FormMultiDict, UploadFile
from litestar.exceptions.http_exceptions import RequestEntityTooLarge

from udi.kit.errors import Refusals, TooLargeError
from udi.node.subject_requests.actions import SubjectRequestInput
from udi.node.subject_requests.documents.entries import EntryContent
from udi.node.subject_requests.documents.sealed_files import (
    LARGEST,
    LONGEST_MEANING,
    MOST_FILES,
    UploadedFile,
    check_files,
)
from udi.node.subject_requests.grounds import (
    ASKABLE,
    AnswerOutcome,
    ExtensionReason,
    IdentityMethod,
    RefusalGround,
    list_grounds,
)
from udi.protocol.subject_requests import EVENTS, SubjectRequestEvent, SubjectRight
from udi.ui.dependencies import AnyRequest

RECIPIENT_BOX = "tell-"
"""What the name of the box of a dataset begins with."""
LONGEST_TEXT = 10_000
LONGEST_LINE = 1_000
LARGEST_FORM = LARGEST + 1024 * 1024
"""Of a form with a file."""
Choice = TypeVar("Choice", bound=StrEnum)
CONCERNS_OPTIONAL = (SubjectRight.ACCESS, SubjectRight.PORTABILITY)
"""Where saying nothing means all data."""
CHANGING = (
    SubjectRight.RECTIFICATION,
    SubjectRight.ERASURE,
    SubjectRight.RESTRICTION,
    SubjectRight.OBJECTION,
)
"""Rights whose answer says what was done where."""


@dataclass(frozen=True)
class SentForm:
    """The texts and the files of a form."""

    values: Mapping[str, str]
    files: Sequence[UploadedFile]

    def text(self, name: str, longest: int = LONGEST_TEXT) -> str:
        """A text, cut where nobody reads on."""
        return self.values.get(name, "")[:longest]


@dataclass(frozen=True)
class RefusedForm:
    """On a page with several forms: which was sent, with what, and what is wrong in it."""

    act: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)

    def value(self, act: str, name: str) -> str:
        """What was sent in a field of a form."""
        return self.values.get(name, "") if act == self.act else ""

    def error(self, act: str, name: str) -> str:
        """What is wrong with a field of a form."""
        return self.errors.get(name, "") if act == self.act else ""

    @property
    def summary(self) -> dict[str, str]:
        """What is wrong, by the identifiers of the fields."""
        return {f"{self.act}-{name}": text for name, text in self.errors.items()}


NOTHING_REFUSED = RefusedForm()


async def receive_form(request: AnyRequest) -> SentForm:
    """The texts and the files that were sent, once all of it has come.

    Raises:
        TooLargeError: it is larger than is taken.
    """
    return await read_form(await load_form(request))


async def load_form(request: AnyRequest) -> FormMultiDict:
    """What was sent, once all of it has come; asked for again, it is there.

    Raises:
        TooLargeError: it is larger than is taken.
    """
    try:
        return await request.form()
    except RequestEntityTooLarge as error:
        raise TooLargeError(
            "What you send is too large.",
            remedy="Send files of 10 MB at most, all together.",
        ) from error


async def read_form(form: FormMultiDict) -> SentForm:
    """What was sent; no more of each file is read than is taken."""
    values: dict[str, str] = {}
    files: list[UploadedFile] = []
    for name, value in form.multi_items():
        if not isinstance(value, UploadFile):
            values[name] = str(value).replace("\x00", "").replace("\r\n", "\n").strip()
        elif value.filename and len(files) <= MOST_FILES:
            content = await value.read(LARGEST + 1)
            files.append(UploadedFile(value.filename, content))
    return SentForm(values, files)


def read_request_input(form: SentForm, right: SubjectRight) -> SubjectRequestInput:
    """What somebody asks.

    Raises:
        InvalidError: something needed is missing, or the file is none that is taken.
    """
    refusals = check_files(form.files, field="file", of_person=True)
    if not form.text("known_by"):
        refusals.refuse(
            "known_by",
            "Say by what the organisation knows you.",
            "A card or file number, or the name and address that it has.",
        )
    if right not in CONCERNS_OPTIONAL and not form.text("concerns"):
        refusals.refuse(
            "concerns", "Say which data you mean.", "A few words are enough."
        )
    refusals.check()
    return SubjectRequestInput(
        concerns=form.text("concerns"),
        known_by=form.text("known_by", LONGEST_LINE),
        words=form.text("words"),
        files=form.files,
    )


def read_message(form: SentForm, *, of_person: bool) -> str:
    """The words of a message.

    Raises:
        InvalidError: there are none, or a file is none that is taken.
    """
    refusals = check_files(form.files, field="file", of_person=of_person)
    if not form.text("text"):
        refusals.refuse("text", "The message is empty.", "Write a few words.")
    refusals.check()
    return form.text("text")


def read_content(
    form: SentForm, event: SubjectRequestEvent, right: SubjectRight
) -> EntryContent:
    """What an event says.

    Raises:
        InvalidError: something that this event needs is missing.
    """
    refusals = Refusals()
    text = form.text("text")
    if event in NEEDS_TEXT and not text:
        refusals.refuse("text", "Write a few words.", NEEDS_TEXT[event])
    outcome = None
    ground = None
    reason = None
    method = None
    if event is EVENTS.ANSWER:
        outcome = _choose(
            form, refusals, "outcome", AnswerOutcome, tuple(AnswerOutcome)
        )
    if event is EVENTS.REFUSE:
        ground = _choose(form, refusals, "ground", RefusalGround, list_grounds(right))
    if event is EVENTS.EXTEND:
        reason = _choose(
            form, refusals, "reason", ExtensionReason, tuple(ExtensionReason)
        )
    if event is EVENTS.ASK_IDENTITY:
        method = _choose(form, refusals, "method", IdentityMethod, ASKABLE)
    done = _read_lines(form) if event is EVENTS.ANSWER else ()
    if (
        event is EVENTS.ANSWER
        and right in CHANGING
        and outcome is not AnswerOutcome.NOTHING_HELD
        and not done
    ):
        refusals.refuse(
            "done", "Say what was done where.", "One line for each file or service."
        )
    refusals.check()
    return EntryContent(
        text=text,
        outcome=outcome,
        ground=ground,
        reason=reason,
        method=method,
        done=done,
    )


NEEDS_TEXT: Mapping[SubjectRequestEvent, str] = {
    EVENTS.ASK_IDENTITY: "Say why you doubt who asks, and what the person should do.",
    EVENTS.GIVE_IDENTITY: "Give the code or the number, or say that you came to the counter.",
    EVENTS.EXTEND: "Say in plain words why two months more are needed.",
    EVENTS.ANSWER: "A few sentences are enough.",
    EVENTS.REFUSE: "Explain the ground in plain words.",
    EVENTS.ESCALATE: "Say what is wrong with the answer, or that none came.",
    EVENTS.UPHOLD: "Say why the decision is right.",
    EVENTS.OVERTURN: "Say what the producer is to do.",
}
"""Events that say something, and what."""


def _choose(
    form: SentForm,
    refusals: Refusals,
    name: str,
    kind: type[Choice],
    choices: Sequence[Choice],
) -> Choice | None:
    chosen = form.text(name)
    if chosen not in choices:
        refusals.refuse(name, "Choose one of the list.")
        return None
    return kind(chosen)


def _read_lines(form: SentForm) -> tuple[str, ...]:
    lines = (line.strip() for line in form.text("done").splitlines())
    return tuple(line[:LONGEST_LINE] for line in lines if line)


def read_identity_note(form: SentForm) -> EntryContent:
    """How an agent established who the person is.

    Raises:
        InvalidError: no method of the list, or a document without the reason for it.
    """
    refusals = Refusals()
    method = _choose(form, refusals, "method", IdentityMethod, tuple(IdentityMethod))
    text = form.text("text", LONGEST_LINE)
    if method is IdentityMethod.DOCUMENT and not text:
        refusals.refuse(
            "text",
            "Say why nothing but an identity document sufficed.",
            "A document is asked for on a real doubt only.",
        )
    refusals.check()
    return EntryContent(method=method, text=text)


def read_meanings_form(
    form: SentForm, columns: Sequence[tuple[str, str]]
) -> list[tuple[str, str]]:
    """The columns of a table with what each means, as an agent wrote it."""
    return [
        (name, form.text(f"meaning-{place}", LONGEST_MEANING))
        for place, (name, _) in enumerate(columns)
    ]


def read_told_datasets(form: SentForm) -> frozenset[UUID]:
    """The datasets whose readers an agent ticked, to be told of what was done."""
    chosen = set()
    for name in form.values:
        if name.startswith(RECIPIENT_BOX):
            try:
                chosen.add(UUID(name.removeprefix(RECIPIENT_BOX)))
            except ValueError:
                continue
    return frozenset(chosen)


def read_day(form: SentForm, name: str, refusals: Refusals, today: date) -> date:
    """A day of the past year, or today."""
    try:
        day = date.fromisoformat(form.text(name))
    except ValueError:
        day = date.max
    if not 0 <= (today - day).days <= MOST_DAYS_AGO:
        refusals.refuse(
            name,
            "This is no day of the past year.",
            "Write the day on which the paper came, as 2026-11-30.",
        )
    return day


MOST_DAYS_AGO = 366
