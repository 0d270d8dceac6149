"""`/api/v1/sources/matches`: datasets that seem to be one, for a program of the territory's team."""

from functools import partial
from typing import Any

from litestar import Response, Router, get, post
from litestar.di import NamedDependency, Provide

from udi.kit.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
)
from udi.portal.identity.credentials.bearers import PROGRAMS, require_scope
from udi.portal.identity.operations import api_operation
from udi.portal.nodes.sources.api_context import SourceApiContext, provide_context
from udi.portal.nodes.sources.matches.actions import decide_match
from udi.portal.nodes.sources.matches.pages import is_same, read_id
from udi.portal.nodes.sources.matches.queries import (
    count_matches,
    get_match,
    list_matches,
    require_team,
)
from udi.portal.nodes.sources.matches.schemas import (
    DatasetMatchItem,
    DatasetMatchList,
    MatchAnswer,
)
from udi.portal.nodes.sources.matches.uses import BOUND_DATASETS
from udi.portal.nodes.sources.schemas import PATH, TAG
from udi.portal.notifications.api import read_json_texts
from udi.ui.cross_origin import CrossOriginMiddleware
from udi.ui.dependencies import Routes
from udi.ui.site import site_of

SCOPE = "sources"
MOST_LISTED = 100
match_operation = partial(api_operation, tag=TAG, scope=SCOPE)


@get(
    "/",
    **match_operation(
        "listDatasetMatches",
        summary="List datasets that seem to be one",
        description="Pairs that wait for the territory’s team, each side by side.",
        answer=DatasetMatchList,
        errors=(ForbiddenError,),
        has_validator=True,
    ),
)
async def list_dataset_matches(
    context: NamedDependency[SourceApiContext],
) -> Response[Any]:
    """Pairs that wait."""
    return context.send(await _describe(context))


@post(
    "/",
    **match_operation(
        "answerDatasetMatch",
        summary="Say whether two datasets are one",
        description="The answer is remembered. Of two that are one, the page that was here first stays, and says where else it is.",
        answer=DatasetMatchList,
        errors=(ForbiddenError, NotFoundError, ConflictError, InvalidError),
        body=MatchAnswer,
    ),
)
async def answer_dataset_match(
    context: NamedDependency[SourceApiContext],
) -> Response[Any]:
    """Say that two datasets are one, or that they are not; the pairs that wait still."""
    fields = await read_json_texts(context.request, "first", "second", "answer")
    require_team(context.actor)
    same = is_same(fields["answer"])
    match = await get_match(
        context.session, read_id(fields["first"]), read_id(fields["second"])
    )
    await decide_match(
        context.session,
        context.actor,
        match,
        same=same,
        say=site_of(context.request).pages.gettext,
        bound=site_of(context.request).services.contributions(BOUND_DATASETS),
    )
    await context.session.flush()
    return context.send(await _describe(context))


async def _describe(context: SourceApiContext) -> DatasetMatchList:
    pairs = await list_matches(context.session, context.actor, limit=MOST_LISTED)
    return DatasetMatchList(
        total=await count_matches(context.session),
        items=[DatasetMatchItem.of(pair) for pair in pairs],
    )


routes: Routes = [
    Router(
        f"{PATH}/matches",
        route_handlers=[list_dataset_matches, answer_dataset_match],
        middleware=[CrossOriginMiddleware()],
        guards=PROGRAMS,
        dependencies={
            "bearer": Provide(require_scope(SCOPE), sync_to_thread=False),
            "context": Provide(provide_context),
        },
    )
]
