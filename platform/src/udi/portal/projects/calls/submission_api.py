"""`/api/v1/calls/mine` and submissions to calls, for programs of candidates, jurors and organisers."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated
from uuid import UUID

from litestar import Response, get
from litestar.di import NamedDependency
from msgspec import Meta, Struct
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import ForbiddenError, NotFoundError
from udi.portal.identity.credentials.tokens import Bearer
from udi.portal.identity.operations import api_operation
from udi.portal.projects.api_dependencies import PRIVATE, program_router
from udi.portal.projects.calls import models, queries, schemas
from udi.portal.projects.calls.transitions import CallState
from udi.portal.projects.schemas import Address, Instant, Language, Titles
from udi.ui.dependencies import CurrentTerritory, Routes, Session


class MemberCall(Struct, frozen=True, kw_only=True):
    """A call that somebody organises or judges."""

    id: UUID
    title: str
    titles: Titles
    language: Language
    state: Annotated[
        str,
        Meta(
            description="Where the call stands.",
            extra_json_schema={"enum": list(CallState)},
        ),
    ]
    closes: Annotated[Instant, Meta(description="Until when projects may answer.")]
    page: Address

    @classmethod
    def of(cls, row: models.Call, origin: str) -> "MemberCall":
        """A row, on the portal at `origin`."""
        return cls(
            id=row.id,
            title=row.title,
            titles=row.titles,
            language=row.language,
            state=queries.call_state(row).value,
            closes=row.closes_at,
            page=f"{origin}{schemas.PAGE}/{row.id}",
        )


class MemberSubmission(Struct, frozen=True, kw_only=True):
    """What a project of somebody sent to a call."""

    id: UUID
    call: UUID
    project: UUID
    title: str
    sent: Instant
    url: Annotated[str, Meta(description="Path of the submission in this API.")]
    page: Address

    @classmethod
    def of(cls, row: models.Submission, origin: str) -> "MemberSubmission":
        """A row, on the portal at `origin`."""
        place = f"{row.call_id}/submissions/{row.id}"
        return cls(
            id=row.id,
            call=row.call_id,
            project=row.project_id,
            title=row.title,
            sent=row.sent_at,
            url=f"{schemas.BASE}/{place}",
            page=f"{origin}{schemas.PAGE}/{place}",
        )


class MemberCalls(Struct, frozen=True, kw_only=True):
    """Calls in which a person has a part."""

    drafts: Annotated[
        list[MemberCall], Meta(description="Those that I organise, not open yet.")
    ]
    juries: Annotated[list[MemberCall], Meta(description="Those whose jury I am of.")]
    submissions: Annotated[
        list[MemberSubmission],
        Meta(description="What the projects that I lead sent."),
    ]


class JurorScore(Struct, frozen=True, kw_only=True):
    """The points that the juror who asks gave by one criterion."""

    criterion: UUID
    points: int
    reason: str


@dataclass(frozen=True)
class JurorJudgement:
    """What a juror declared and gave."""

    conflict: str | None = None
    scores: Sequence[models.Score] = ()


class JuryResult(Struct, frozen=True, kw_only=True):
    """What the jury says by one criterion; nobody is told who said it."""

    labels: Annotated[dict[str, str], Meta(description="The label by language.")]
    most: Annotated[int, Meta(description="As many points at most.", ge=1)]
    mean: Annotated[float, Meta(description="The mean of the points given.")]
    reasons: list[str]

    @classmethod
    def of(cls, result: queries.CriterionResult) -> "JuryResult":
        """What was read of a submission."""
        return cls(
            labels=result.labels,
            most=result.most,
            mean=result.mean,
            reasons=result.reasons,
        )


class SubmissionDetail(Struct, frozen=True, kw_only=True):
    """A project that answers a call, as it was when it was sent, and what its reader may know of the jury."""

    id: UUID
    title: str
    titles: Titles
    summary: str
    words: str
    language: Annotated[str, Meta(description="Of the project; empty: not noted.")]
    answer: str
    sent: Instant
    points: Annotated[
        float | None,
        Meta(
            description="The mean of its jurors, for the organiser; for others, once the results are public."
        ),
    ]
    laureate: Annotated[bool | None, Meta(description="For the same readers.")]
    reason: Annotated[str, Meta(description="Why; for the same readers.")]
    conflict: Annotated[
        str | None,
        Meta(description="To a juror, the conflict of interest that they declared."),
    ]
    scores: Annotated[
        list[JurorScore], Meta(description="To a juror, their own points.")
    ]
    results: Annotated[
        list[JuryResult],
        Meta(
            description="Once the jury has judged, for the organiser; once the results are public, for whoever leads the project."
        ),
    ]

    @classmethod
    def of(
        cls,
        row: models.Submission,
        judgement: JurorJudgement,
        results: list[JuryResult],
        *,
        with_result: bool,
    ) -> "SubmissionDetail":
        """A row of a call, with what its reader may know of the jury."""
        return cls(
            id=row.id,
            title=row.title,
            titles=row.titles,
            summary=row.summary,
            words=row.words,
            language=row.language,
            answer=row.answer,
            sent=row.sent_at,
            points=row.total if with_result else None,
            laureate=row.laureate if with_result else None,
            reason=row.reason if with_result else "",
            conflict=judgement.conflict,
            scores=[
                JurorScore(
                    criterion=score.criterion_id,
                    points=score.points,
                    reason=score.reason,
                )
                for score in judgement.scores
            ],
            results=results,
        )


call_operation = partial(api_operation, tag=schemas.TAG, scope=schemas.SCOPE)


@get(
    "/mine",
    **call_operation(
        "listMyCalls",
        summary="List the calls in which I have a part",
        description="My drafts, the calls whose jury I am of, and what the projects that I lead sent: 200 of each at most.",
        answer=MemberCalls,
        errors=(ForbiddenError,),
    ),
)
async def list_own_calls(
    session: Session, territory: CurrentTerritory, bearer: NamedDependency[Bearer]
) -> Response[MemberCalls]:
    """Those that I organise, judge or answered."""
    drafts = await queries.list_drafts(session, bearer.member)
    judged = await queries.list_judged_calls(session, bearer.member)
    submissions = await queries.list_member_submissions(session, bearer.member)
    origin = territory.origin
    calls = MemberCalls(
        drafts=[MemberCall.of(row, origin) for row in drafts],
        juries=[MemberCall.of(row, origin) for row in judged],
        submissions=[MemberSubmission.of(row, origin) for row in submissions],
    )
    return Response(calls, headers=PRIVATE)


@get(
    "/{call_id:uuid}/submissions/{submission_id:uuid}",
    **call_operation(
        "readSubmission",
        summary="Read what was sent to a call",
        description="For whoever leads the project; for the jury and the organiser, once the call is closed.",
        answer=SubmissionDetail,
        errors=(ForbiddenError, NotFoundError),
    ),
)
async def read_submission(
    session: Session,
    bearer: NamedDependency[Bearer],
    call_id: schemas.CallPath,
    submission_id: schemas.SubmissionPath,
) -> Response[SubmissionDetail]:
    """What was sent, and what the jury says of it."""
    call = await queries.get_call(session, bearer.member, call_id)
    readable = await queries.get_readable_submission(
        session, bearer.member, call, submission_id
    )
    is_public = queries.call_state(call) == CallState.PUBLISHED
    results: list[JuryResult] = []
    if readable.organises or (readable.leads and is_public):
        results = [
            JuryResult.of(result)
            for result in await queries.list_criterion_results(
                session, call, readable.submission
            )
        ]
    detail = SubmissionDetail.of(
        readable.submission,
        await _read_judgement(session, readable),
        results,
        with_result=readable.organises or is_public,
    )
    return Response(detail, headers=PRIVATE)


async def _read_judgement(
    session: AsyncSession, readable: queries.ReadableSubmission
) -> JurorJudgement:
    """What the reader gave and declared, as a juror; else nothing."""
    if readable.juror is None:
        return JurorJudgement()
    id_ = readable.submission.id
    conflicts = await queries.list_conflicts(session, readable.juror)
    scores = (await queries.list_scores(session, readable.juror)).get(id_, {})
    return JurorJudgement(conflicts.get(id_), list(scores.values()))


routes: Routes = [
    program_router(schemas.BASE, [list_own_calls, read_submission], schemas.SCOPE)
]
