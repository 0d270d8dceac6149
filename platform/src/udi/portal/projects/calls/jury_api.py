"""`/api/v1/calls/{id}/progress`, for those who organise a call and its jury: what was sent, conflicts of interest, points."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated
from uuid import UUID

from litestar import Response, get, put
from litestar.di import NamedDependency
from msgspec import Meta, Struct
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from udi.portal.identity.credentials.tokens import Bearer
from udi.portal.identity.operations import api_operation
from udi.portal.projects.api_dependencies import PRIVATE, ApiRequest, program_router
from udi.portal.projects.calls import jury_actions, models, queries, schemas
from udi.portal.projects.calls.forms import read_points
from udi.portal.projects.calls.transitions import CallState
from udi.portal.projects.listing import is_identifier
from udi.portal.projects.request_bodies import read_body
from udi.portal.projects.schemas import Instant
from udi.ui.dependencies import Routes, Session


class NumberedCriterion(Struct, frozen=True, kw_only=True):
    """What answers are judged by."""

    id: UUID
    label: str
    points: Annotated[int, Meta(description="As many at most.", ge=1)]


class CallSubmission(Struct, frozen=True, kw_only=True):
    """A project that answers the call, as it was when it was sent."""

    id: UUID
    title: str
    summary: str
    words: str
    answer: str
    sent: Instant
    points: Annotated[
        float | None,
        Meta(
            description="The mean of its jurors, once it was judged; to jurors, once the results are public."
        ),
    ]
    laureate: Annotated[
        bool | None, Meta(description="To jurors, once the results are public.")
    ]
    reason: Annotated[str, Meta(description="To jurors, once the results are public.")]

    @classmethod
    def of(cls, row: models.Submission, *, with_result: bool) -> "CallSubmission":
        """A row of a call."""
        return cls(
            id=row.id,
            title=row.title,
            summary=row.summary,
            words=row.words,
            answer=row.answer,
            sent=row.sent_at,
            points=row.total if with_result else None,
            laureate=row.laureate if with_result else None,
            reason=row.reason if with_result else "",
        )


class WaitingQuestion(Struct, frozen=True, kw_only=True):
    """A question that waits for the organiser."""

    id: UUID
    question: str


class CallJuror(Struct, frozen=True, kw_only=True):
    """Somebody of the jury."""

    id: UUID
    email: str
    declared: Annotated[
        Instant | None,
        Meta(description="When they declared their conflicts of interest."),
    ]
    scored: Annotated[
        int, Meta(description="How many submissions they have scored.", ge=0)
    ]


class CallProgress(Struct, frozen=True, kw_only=True):
    """How a call goes on; questions and jurors are shown to those who organise it."""

    state: Annotated[str, Meta(description="Where the call stands.")]
    criteria: list[NumberedCriterion]
    submitted: Annotated[
        int | None,
        Meta(description="How many were sent, for those who organise it."),
    ]
    submissions: Annotated[
        list[CallSubmission], Meta(description="Once the call is closed.")
    ]
    questions: list[WaitingQuestion]
    jurors: list[CallJuror]


class ConflictsInput(Struct, kw_only=True):
    """The submissions that a juror does not score; none: they have no conflict of interest."""

    conflicts: Annotated[
        dict[str, str], Meta(description="Why, by identifier of the submission.")
    ] = {}


class ScoresInput(Struct, kw_only=True):
    """The points of a submission."""

    points: Annotated[
        dict[str, str],
        Meta(description="A whole number, as a text, by identifier of the criterion."),
    ] = {}
    reasons: Annotated[
        dict[str, str], Meta(description="Why, by identifier of the criterion.")
    ] = {}


jury_operation = partial(api_operation, tag=schemas.TAG, scope=schemas.SCOPE)


@get(
    "/{call_id:uuid}/progress",
    **jury_operation(
        "readCallProgress",
        summary="Read how a call goes on",
        description="For those who organise it, and its jury.",
        answer=CallProgress,
        errors=(ForbiddenError, NotFoundError),
    ),
)
async def read_progress(
    session: Session, bearer: NamedDependency[Bearer], call_id: schemas.CallPath
) -> Response[CallProgress]:
    """What was sent, and what waits."""
    call = await queries.get_call(session, bearer.member, call_id)
    organises = queries.may_organise(
        bearer.member, await queries.find_organiser(session, call)
    )
    if not organises:
        await queries.get_juror(session, bearer.member, call)
    standing = queries.call_state(call)
    is_read = standing not in {CallState.DRAFT, CallState.OPEN}
    with_result = organises or standing == CallState.PUBLISHED
    submissions: Sequence[models.Submission] = []
    if is_read:
        submissions = await queries.list_submissions(
            session, call, by_points=with_result
        )
    progress = CallProgress(
        state=standing.value,
        criteria=[
            NumberedCriterion(id=row.id, label=row.label, points=row.points)
            for row in await queries.list_criteria(session, call)
        ],
        submitted=await queries.count_submissions(session, call) if organises else None,
        submissions=[
            CallSubmission.of(row, with_result=with_result) for row in submissions
        ],
        questions=await _list_questions(session, call) if organises else [],
        jurors=await _list_jurors(session, call) if organises else [],
    )
    return Response(progress, headers=PRIVATE)


async def _list_questions(
    session: AsyncSession, call: models.Call
) -> list[WaitingQuestion]:
    return [
        WaitingQuestion(id=row.id, question=row.question)
        for row in await queries.list_questions(session, call, waiting=True)
    ]


async def _list_jurors(session: AsyncSession, call: models.Call) -> list[CallJuror]:
    scored = await queries.count_scored_submissions(session, call)
    return [
        CallJuror(
            id=row.id,
            email=row.email,
            declared=row.declared_at,
            scored=scored.get(row.id, 0),
        )
        for row in await queries.list_jurors(session, call)
    ]


@put(
    "/{call_id:uuid}/conflicts",
    **jury_operation(
        "declareConflicts",
        summary="Declare conflicts of interest",
        description="For a juror of the call. What they had scored of these submissions is forgotten.",
        statuses=(204,),
        errors=(ForbiddenError, NotFoundError, ConflictError, InvalidError),
        body=ConflictsInput,
    ),
)
async def declare_conflicts(
    request: ApiRequest,
    session: Session,
    bearer: NamedDependency[Bearer],
    call_id: schemas.CallPath,
) -> None:
    """Say one's conflicts of interest, or that one has none."""
    payload = read_body(await request.body(), ConflictsInput)
    call = await queries.get_call(session, bearer.member, call_id)
    juror = await queries.get_juror(session, bearer.member, call)
    conflicts = {}
    for text, reason in payload["conflicts"].items():
        if not is_identifier(text):
            raise jury_actions.UnknownSubmissionError
        conflicts[UUID(text)] = reason
    await jury_actions.declare_conflicts(session, bearer.member, call, juror, conflicts)


@put(
    "/{call_id:uuid}/submissions/{submission_id:uuid}/scores",
    **jury_operation(
        "scoreSubmission",
        summary="Score a submission",
        description="For a juror of the call: points by each criterion, each with its reason.",
        statuses=(204,),
        errors=(ForbiddenError, NotFoundError, ConflictError, InvalidError),
        body=ScoresInput,
    ),
)
async def score_submission(
    request: ApiRequest,
    session: Session,
    bearer: NamedDependency[Bearer],
    call_id: schemas.CallPath,
    submission_id: schemas.SubmissionPath,
) -> None:
    """Give points, each with its reason."""
    payload = read_body(await request.body(), ScoresInput)
    call = await queries.get_call(session, bearer.member, call_id)
    submission = await queries.get_submission(session, call, submission_id)
    juror = await queries.get_juror(session, bearer.member, call)
    scores: dict[UUID, tuple[int | None, str]] = {}
    for criterion in await queries.list_criteria(session, call):
        points = payload["points"].get(str(criterion.id), "")
        reason = payload["reasons"].get(str(criterion.id), "")
        scores[criterion.id] = (read_points(points), reason)
    await jury_actions.score_submission(
        session, bearer.member, call, juror, submission, scores
    )


routes: Routes = [
    program_router(
        schemas.BASE,
        [read_progress, declare_conflicts, score_submission],
        schemas.SCOPE,
    )
]
