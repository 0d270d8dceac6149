"""`/api/v1/sources/{id}/losses`: what became of the fields of a source, as JSON and as CSV."""

from collections.abc import Iterator
from functools import partial
from typing import Any
from uuid import UUID

from litestar import Response, Router, get
from litestar.di import NamedDependency, Provide

from udi.kit.csv_writer import write_csv
from udi.kit.errors import ForbiddenError, InvalidError, NotFoundError, field_error
from udi.portal.identity.credentials.bearers import PROGRAMS, require_scope
from udi.portal.identity.operations import api_operation
from udi.portal.nodes.sources.api_context import SourceApiContext, provide_context
from udi.portal.nodes.sources.losses import queries
from udi.portal.nodes.sources.losses.queries import LossReport
from udi.portal.nodes.sources.losses.schemas import LossParameters, SourceLosses
from udi.portal.nodes.sources.queries import get_source
from udi.portal.nodes.sources.schemas import PATH, TAG, SourcePath
from udi.ui.cross_origin import CrossOriginMiddleware
from udi.ui.dependencies import Routes
from udi.ui.downloads import csv_response

SCOPE = "sources"
LOSSES = "/{source_id:uuid}/losses"
HEADER = (
    "field",
    "records",
    "preserved",
    "changed",
    "lost",
    "outcome",
    "value",
    "ours",
    "reason",
    "remedy",
    "title",
    "dataset",
)
loss_operation = partial(
    api_operation,
    tag=TAG,
    scope=SCOPE,
    errors=(ForbiddenError, NotFoundError, InvalidError),
    query=LossParameters,
)


@get(
    LOSSES,
    **loss_operation(
        "readLosses",
        summary="Read what is lost of a source",
        description="Of each field of the source: how many values are here, changed and lost, with examples and the edit that mends; the European score; the readings before.",
        answer=SourceLosses,
        has_validator=True,
    ),
)
async def read_losses(
    context: NamedDependency[SourceApiContext], source_id: SourcePath
) -> Response[Any]:
    """What became of each field."""
    source, _ = await get_source(context.session, context.actor, source_id)
    loss = await queries.find_report(context.session, source, _read_reading(context))
    points = await queries.list_points(context.session, source)
    return context.send(SourceLosses.of(loss, points, context.say))


@get(
    f"{LOSSES}.csv",
    **loss_operation(
        "downloadLosses",
        summary="Download what is lost of a source",
        description="The same fields as a table: a line for each example, and for each field without any.",
        media_types=("text/csv",),
    ),
)
async def download_losses(
    context: NamedDependency[SourceApiContext], source_id: SourcePath
) -> Response[bytes]:
    """The same as CSV."""
    source, _ = await get_source(context.session, context.actor, source_id)
    loss = await queries.find_report(context.session, source, _read_reading(context))
    return csv_response(
        write_csv(HEADER, _list_rows(context, loss)), f"losses-{source.id}.csv"
    )


def _list_rows(
    context: SourceApiContext, loss: LossReport | None
) -> Iterator[tuple[object, ...]]:
    for line in loss.fields if loss else ():
        account = line.account
        counts = (
            line.name,
            account.records,
            account.preserved,
            account.changed,
            account.lost,
        )
        for example in account.examples:
            reason, remedy = example.fault().translate(context.say)
            yield (
                *counts,
                example.outcome,
                example.value,
                example.ours,
                reason,
                remedy,
                example.title,
                example.dataset,
            )
        if not account.examples:
            yield (*counts, *[""] * (len(HEADER) - len(counts)))


def _read_reading(context: SourceApiContext) -> UUID | None:
    text = context.request.query_params.get("reading", "")
    try:
        return UUID(text) if text else None
    except ValueError as error:
        raise field_error(
            "reading",
            "This is no identifier of a reading.",
            "Send one of the list of readings.",
            "unreadable",
        ) from error


routes: Routes = [
    Router(
        PATH,
        route_handlers=[read_losses, download_losses],
        middleware=[CrossOriginMiddleware()],
        guards=PROGRAMS,
        dependencies={
            "bearer": Provide(require_scope(SCOPE), sync_to_thread=False),
            "context": Provide(provide_context),
        },
    )
]
