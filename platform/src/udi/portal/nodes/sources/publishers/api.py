"""`/api/v1/sources/{id}/publishers`: the publishers that a source names, and who they are here."""

from functools import partial
from typing import Any

from litestar import Response, Router, get, put
from litestar.di import NamedDependency, Provide

from udi.kit.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    field_error,
)
from udi.portal.identity.credentials.bearers import PROGRAMS, require_scope
from udi.portal.identity.operations import api_operation
from udi.portal.nodes.sources.api_context import SourceApiContext, provide_context
from udi.portal.nodes.sources.models import CatalogueSource
from udi.portal.nodes.sources.publishers import actions, queries
from udi.portal.nodes.sources.publishers.schemas import (
    DECISIONS,
    PublisherChoice,
    SourcePublisherItem,
    SourcePublisherList,
)
from udi.portal.nodes.sources.queries import get_source
from udi.portal.nodes.sources.schemas import PATH, TAG, SourcePath
from udi.portal.notifications.api import read_json_texts
from udi.ui.cross_origin import CrossOriginMiddleware
from udi.ui.dependencies import Routes

SCOPE = "sources"
PUBLISHERS = "/{source_id:uuid}/publishers"
MARKS = {"new": actions.NEW, "keep": actions.KEEP}
publisher_operation = partial(api_operation, tag=TAG, scope=SCOPE)


@get(
    PUBLISHERS,
    **publisher_operation(
        "listSourcePublishers",
        summary="List the publishers of a source",
        description="Each publisher that its records name, and the organisation that it is here.",
        answer=SourcePublisherList,
        errors=(ForbiddenError, NotFoundError),
        has_validator=True,
    ),
)
async def list_publishers(
    context: NamedDependency[SourceApiContext], source_id: SourcePath
) -> Response[Any]:
    """The publishers of a source."""
    source, _ = await get_source(context.session, context.actor, source_id)
    return context.send(await _describe(context, source))


@put(
    PUBLISHERS,
    **publisher_operation(
        "choosePublisher",
        summary="Say who a publisher is",
        description="Its datasets move at once; an organisation that has members here must confirm first.",
        answer=SourcePublisherList,
        errors=(ForbiddenError, NotFoundError, ConflictError, InvalidError),
        body=PublisherChoice,
    ),
)
async def choose_publisher(
    context: NamedDependency[SourceApiContext], source_id: SourcePath
) -> Response[Any]:
    """Say which organisation a publisher is."""
    fields = await read_json_texts(context.request, "key", "decision", organisation="")
    if fields["decision"] not in DECISIONS:
        raise field_error(
            "decision",
            "This decision does not exist.",
            "Send organisation, new or keep.",
            "unknown-value",
        )
    source, _ = await get_source(context.session, context.actor, source_id, lock=True)
    row = await queries.get_publisher(context.session, source.id, fields["key"])
    await actions.choose_publisher(
        context.session,
        context.actor,
        source,
        row,
        MARKS.get(fields["decision"], fields["organisation"]),
    )
    await context.session.flush()
    return context.send(await _describe(context, source))


async def _describe(
    context: SourceApiContext, source: CatalogueSource
) -> SourcePublisherList:
    summaries = await queries.list_publishers(context.session, source)
    return SourcePublisherList(
        total=len(summaries),
        items=[SourcePublisherItem.of(summary) for summary in summaries],
    )


routes: Routes = [
    Router(
        PATH,
        route_handlers=[list_publishers, choose_publisher],
        middleware=[CrossOriginMiddleware()],
        guards=PROGRAMS,
        dependencies={
            "bearer": Provide(require_scope(SCOPE), sync_to_thread=False),
            "context": Provide(provide_context),
        },
    )
]
