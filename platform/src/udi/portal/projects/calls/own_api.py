"""`/api/v1/calls`, for programs with a token: organising a call, asking about it, answering it, and judging answers."""

from collections.abc import Sequence
from datetime import datetime, tzinfo
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from litestar import Response, delete, get, post, put
from litestar.datastructures import FormMultiDict
from litestar.di import NamedDependency
from msgspec import Meta, Struct

from udi.kit.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    PreconditionFailedError,
    field_error,
)
from udi.portal.catalogue.models import Dataset
from udi.portal.identity.credentials.tokens import Bearer
from udi.portal.identity.operations import api_operation
from udi.portal.organisations.queries import find_organisations
from udi.portal.projects.api_dependencies import PRIVATE, ApiRequest, program_router
from udi.portal.projects.calls import forms, organiser_actions, queries, schemas
from udi.portal.projects.calls.candidate_actions import (
    submit_project,
    withdraw_submission,
)
from udi.portal.projects.calls.models import Call, CallCriterion
from udi.portal.projects.calls.organiser_pages import ORGANISER_ACTIONS
from udi.portal.projects.queries import get_led_project
from udi.portal.projects.request_bodies import read_body
from udi.portal.projects.schemas import ProjectPath
from udi.ui.decision_guards import require_confirmation
from udi.ui.dependencies import CurrentTerritory, Routes, Session
from udi.ui.translated_texts import translated_name

BY_LANGUAGE = {
    "titles": "title",
    "summaries": "summary",
    "words_by_language": "words",
    "criteria_by_language": "criteria",
}
"""Fields that have a text by language, and the field of its main one."""
LocalTime = Annotated[
    str,
    Meta(
        description="A day and an hour in the territory’s time.",
        examples=["2027-03-31T18:00"],
    ),
]
Texts = Annotated[dict[str, str], Meta(description="The same in other languages.")]


class CallText(Struct, kw_only=True):
    """The whole text of a call."""

    title: str
    summary: str
    words: Annotated[str, Meta(description="An empty line begins a new paragraph.")]
    closes_at: LocalTime
    results_at: LocalTime
    criteria: Annotated[
        list[str],
        Meta(
            description="What answers are judged by, each with its points, which come to 100.",
            examples=[["Usefulness 60", "Feasibility 40"]],
        ),
    ] = []
    datasets: Annotated[
        list[str], Meta(description="Identifiers of datasets that it offers.")
    ] = []
    titles: Texts = {}
    summaries: Texts = {}
    words_by_language: Texts = {}
    criteria_by_language: Annotated[
        dict[str, str],
        Meta(description="The labels in other languages, one a line."),
    ] = {}
    language: Annotated[
        str, Meta(description="Of the main text; empty: that of the request.")
    ] = ""


class NewCall(CallText, kw_only=True):
    """A call to begin."""

    organisation: Annotated[
        str,
        Meta(
            description="Readable name of the organisation that calls; empty: the territory’s team."
        ),
    ] = ""


class CallStep(Struct, kw_only=True):
    """What an organiser does."""

    event: Annotated[
        str,
        Meta(
            description="What is done; the other fields say the rest.",
            extra_json_schema={"enum": list(ORGANISER_ACTIONS)},
        ),
    ]
    closes_at: LocalTime = ""
    results_at: LocalTime = ""
    emails: Annotated[list[str], Meta(description="Of jurors, for `jury`.")] = []
    juror: str = ""
    question: str = ""
    answer: str = ""
    submission: str = ""
    laureate: bool = False
    reason: str = ""


class QuestionToOrganiser(Struct, kw_only=True):
    """A question about a call."""

    question: str


class AnswerToCall(Struct, kw_only=True):
    """How a project answers a call."""

    answer: str


class CallReference(Struct, frozen=True, kw_only=True):
    """Where a call is."""

    id: UUID
    state: Annotated[str, Meta(description="Where the call stands.")]
    page: Annotated[str, Meta(extra_json_schema={"format": "uri"})]


call_operation = partial(api_operation, tag=schemas.TAG, scope=schemas.SCOPE)


@post(
    "/",
    **call_operation(
        "createCall",
        summary="Begin a call for projects",
        description="A draft, for those who administer the organisation, or the territory’s team.",
        answer=CallReference,
        statuses=(201,),
        errors=(ForbiddenError, NotFoundError, InvalidError),
        body=NewCall,
    ),
)
async def create_call(
    request: ApiRequest,
    session: Session,
    territory: CurrentTerritory,
    bearer: NamedDependency[Bearer],
) -> Response[CallReference]:
    """Begin a call."""
    payload = read_body(await request.body(), NewCall)
    slug = payload.pop("organisation")
    organisation = None
    if slug:
        organisation = (await find_organisations(session, [slug])).get(slug)
        if organisation is None:
            raise NotFoundError("No organisation has this address here.")
    language = request.scope["state"]["locale"]
    call = await organiser_actions.create_call(
        session,
        bearer.member,
        forms.read_call_input(_write_form(payload, language), territory, language),
        organisation=organisation,
        language=language,
    )
    return _respond(call, territory.origin, status=201)


@put(
    "/{call_id:uuid}",
    **call_operation(
        "changeCall",
        summary="Change a call for projects",
        description="The whole of its text; what candidates rely on stays once it is open.",
        answer=CallReference,
        errors=(ForbiddenError, NotFoundError, ConflictError, InvalidError),
        body=CallText,
    ),
)
async def change_call(
    request: ApiRequest,
    session: Session,
    territory: CurrentTerritory,
    bearer: NamedDependency[Bearer],
    call_id: schemas.CallPath,
) -> Response[CallReference]:
    """Write it anew."""
    payload = read_body(await request.body(), CallText)
    call = await queries.get_organised_call(session, bearer.member, call_id, lock=True)
    call_input = forms.read_call_input(
        _write_form(payload, call.language),
        territory,
        call.language,
        call,
        criteria=await queries.list_criteria(session, call),
    )
    await organiser_actions.change_call(session, bearer.member, call, call_input)
    return _respond(call, territory.origin)


@get(
    "/{call_id:uuid}/text",
    **call_operation(
        "readCallText",
        summary="Read the text of a call for projects",
        description="For those who organise it, before it is open too: as it is sent to change it.",
        answer=CallText,
        errors=(ForbiddenError, NotFoundError),
    ),
)
async def read_text(
    session: Session,
    territory: CurrentTerritory,
    bearer: NamedDependency[Bearer],
    call_id: schemas.CallPath,
) -> Response[CallText]:
    """The whole of its text, as it stands."""
    call = await queries.get_organised_call(session, bearer.member, call_id)
    criteria = await queries.list_criteria(session, call)
    datasets = await queries.list_datasets(session, call)
    return Response(
        _write_text(call, criteria, datasets, territory.zone), headers=PRIVATE
    )


@post(
    "/{call_id:uuid}/events",
    guards=[require_confirmation()],
    **call_operation(
        "organiseCall",
        summary="Take a call for projects on",
        description="What those who organise it do: open, extend, name the jury, answer questions, have it judged, decide, publish.",
        answer=CallReference,
        errors=(
            ForbiddenError,
            NotFoundError,
            ConflictError,
            PreconditionFailedError,
            InvalidError,
        ),
        body=CallStep,
    ),
)
async def organise_call(
    request: ApiRequest,
    session: Session,
    territory: CurrentTerritory,
    bearer: NamedDependency[Bearer],
    call_id: schemas.CallPath,
) -> Response[CallReference]:
    """Do one of the things that an organiser does."""
    payload = read_body(await request.body(), CallStep)
    event = payload.pop("event")
    apply_step = ORGANISER_ACTIONS.get(event)
    if apply_step is None:
        raise field_error("event", "There is no such step.", code="unknown-value")
    call = await queries.get_organised_call(session, bearer.member, call_id, lock=True)
    form = payload | {
        "emails": "\n".join(payload["emails"]),
        "laureate": "yes" if payload["laureate"] else "no",
    }
    await apply_step(session, bearer.member, territory, call, form)
    return _respond(call, territory.origin)


@post(
    "/{call_id:uuid}/questions",
    **call_operation(
        "askAboutCall",
        summary="Ask about a call for projects",
        description="The organiser answers in public, without a name.",
        statuses=(204,),
        errors=(ForbiddenError, NotFoundError, ConflictError, InvalidError),
        body=QuestionToOrganiser,
    ),
)
async def send_question(
    request: ApiRequest,
    session: Session,
    bearer: NamedDependency[Bearer],
    call_id: schemas.CallPath,
) -> None:
    """Ask the organiser."""
    payload = read_body(await request.body(), QuestionToOrganiser)
    call = await queries.get_call(session, bearer.member, call_id)
    await organiser_actions.ask_question(
        session, bearer.member, call, payload["question"]
    )


@put(
    "/{call_id:uuid}/projects/{project_id:uuid}",
    **call_operation(
        "answerCall",
        summary="Answer a call with a project",
        description="For whoever leads the project; once more replaces what was sent.",
        statuses=(204,),
        errors=(ForbiddenError, NotFoundError, ConflictError, InvalidError),
        body=AnswerToCall,
    ),
)
async def send_answer(
    request: ApiRequest,
    session: Session,
    bearer: NamedDependency[Bearer],
    call_id: schemas.CallPath,
    project_id: ProjectPath,
) -> None:
    """Answer, or replace what was sent."""
    payload = read_body(await request.body(), AnswerToCall)
    call = await queries.get_call(session, bearer.member, call_id, lock=True)
    project = await get_led_project(session, bearer.member, project_id)
    await submit_project(session, bearer.member, call, project, payload["answer"])


@delete(
    "/{call_id:uuid}/projects/{project_id:uuid}",
    **call_operation(
        "leaveCall",
        summary="Take the answer to a call back",
        description="For whoever leads the project.",
        statuses=(204,),
        errors=(ForbiddenError, NotFoundError, ConflictError),
    ),
)
async def withdraw_answer(
    session: Session,
    bearer: NamedDependency[Bearer],
    call_id: schemas.CallPath,
    project_id: ProjectPath,
) -> None:
    """Take an answer back."""
    call = await queries.get_call(session, bearer.member, call_id, lock=True)
    project = await get_led_project(session, bearer.member, project_id)
    submission = next(
        (
            row
            for row in await queries.list_own_submissions(session, bearer.member, call)
            if row.project_id == project.id
        ),
        None,
    )
    if submission is None:
        raise NotFoundError("No submission has this address here.")
    await withdraw_submission(
        session,
        bearer.member,
        call,
        await queries.get_submission(session, call, submission.id, lock=True),
    )


def _write_text(
    call: Call,
    criteria: Sequence[CallCriterion],
    datasets: Sequence[Dataset],
    zone: tzinfo,
) -> CallText:
    """A call as a program sends it."""
    form_values = forms.call_form_values(call, criteria, datasets, zone, "")
    codes = {code for criterion in criteria for code in criterion.labels}
    return CallText(
        title=call.title,
        summary=call.summary,
        words=call.words,
        closes_at=_write_moment(call.closes_at, zone),
        results_at=_write_moment(call.results_at, zone),
        criteria=form_values["criteria"].splitlines(),
        datasets=[str(dataset.id) for dataset in datasets],
        titles=call.translations.get("title", {}),
        summaries=call.translations.get("summary", {}),
        words_by_language=call.translations.get("words", {}),
        criteria_by_language={
            code: form_values[translated_name("criteria", code)] for code in codes
        },
        language=call.language,
    )


def _write_moment(moment: datetime, zone: tzinfo) -> str:
    return moment.astimezone(zone).strftime("%Y-%m-%dT%H:%M")


def _write_form(payload: dict[str, Any], language: str) -> FormMultiDict:
    """The text of a call as its form has it."""
    values = {
        name: "\n".join(value) if isinstance(value, list) else value
        for name, value in payload.items()
        if name not in BY_LANGUAGE
    }
    for field, name in BY_LANGUAGE.items():
        for code, text in payload[field].items():
            values[translated_name(name, code)] = text
    return FormMultiDict(values | {"main_language": payload["language"] or language})


def _respond(call: Call, origin: str, *, status: int = 200) -> Response[CallReference]:
    reference = CallReference(
        id=call.id,
        state=queries.call_state(call).value,
        page=f"{origin}{schemas.PAGE}/{call.id}",
    )
    headers = PRIVATE | {"Location": f"{schemas.BASE}/{call.id}"}
    return Response(reference, status_code=status, headers=headers)


routes: Routes = [
    program_router(
        schemas.BASE,
        [
            create_call,
            change_call,
            read_text,
            organise_call,
            send_question,
            send_answer,
            withdraw_answer,
        ],
        schemas.SCOPE,
    )
]
