"""`/api/v1/sources/{id}/filters`: what filters would take of a source, before anybody saves them."""

from collections.abc import Mapping
from typing import Any

from litestar import Response, Router, post
from litestar.di import NamedDependency, Provide

from udi.kit.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    field_error,
)
from udi.portal.identity.credentials.bearers import PROGRAMS, require_scope
from udi.portal.identity.credentials.tokens import Bearer
from udi.portal.identity.json_bodies import decode_json
from udi.portal.identity.operations import api_operation
from udi.portal.nodes.sources import queries
from udi.portal.nodes.sources.api_context import SourceApiContext
from udi.portal.nodes.sources.filter_preview import (
    find_met_records,
    preview_filters,
    read_first_page,
)
from udi.portal.nodes.sources.filters import FACETS, SourceFilters, parse_filters
from udi.portal.nodes.sources.schemas import (
    PATH,
    TAG,
    FilterPreviewItem,
    SourcePath,
)
from udi.portal.nodes.sources.trial_limits import TRIAL_LIMITS
from udi.ui.cross_origin import CrossOriginMiddleware
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Routes
from udi.ui.site import site_of

SCOPE = "sources"


async def read_filters(request: AnyRequest, *, inside: bool) -> SourceFilters | None:
    """The filters of a body of JSON, or (`inside`) of its member of that name; None where it has none.

    Raises:
        InvalidError: they are none.
    """
    payload = decode_json(await request.body())
    if inside:
        payload = payload.get("filters") if isinstance(payload, dict) else None
        if payload is None:
            return None
    if not isinstance(payload, dict):
        raise field_error(
            "filters", "This is no object.", "Send one JSON object.", "no-object"
        )
    return _parse(payload)


def _parse(payload: Mapping[str, Any]) -> SourceFilters:
    unknown = [name for name in payload if name not in {*FACETS, "box"}]
    if unknown:
        raise field_error(
            unknown[0],
            "This filter does not exist.",
            "Send publishers, keywords, themes, formats or box.",
            "unknown-value",
        )
    for name in FACETS:
        texts = payload.get(name, [])
        if not isinstance(texts, list) or not all(
            isinstance(text, str) for text in texts
        ):
            raise field_error(
                name,
                "A list of texts is expected here.",
                "Send them between square brackets.",
                "no-list",
            )
    values = {name: payload.get(name, []) for name in FACETS}
    box = payload.get("box")
    if box is not None and not isinstance(box, list):
        box = [box]
    return parse_filters(values, box)


@post(
    "/{source_id:uuid}/filters/preview",
    **api_operation(
        "previewFilters",
        tag=TAG,
        scope=SCOPE,
        summary="Preview the filters of a source",
        description="How many of its datasets these filters would take, of the last complete reading or of a first page read now.",
        answer=FilterPreviewItem,
        errors=(ForbiddenError, NotFoundError, ConflictError, InvalidError),
        body=SourceFilters,
    ),
)
async def preview_source_filters(
    request: AnyRequest,
    territory: CurrentTerritory,
    bearer: NamedDependency[Bearer],
    source_id: SourcePath,
) -> Response[Any]:
    """What filters would take; nothing is saved. No transaction stays open while the site is asked."""
    filters = await read_filters(request, inside=False) or SourceFilters()
    database = site_of(request).database
    limits = site_of(request).services[TRIAL_LIMITS]
    person = bearer.actor.person_id
    async with database.session(territory.id, person=person) as session:
        source, _ = await queries.get_source(session, bearer.member, source_id)
        met = await find_met_records(session, source)
    if met is None:
        met = await read_first_page(database, territory, bearer.member, limits, source)
    async with database.session(territory.id, person=person) as session:
        context = SourceApiContext(request, session, territory, bearer)
        preview = await preview_filters(session, source, filters, met)
        return context.send(FilterPreviewItem.of(preview, context.say))


routes: Routes = [
    Router(
        PATH,
        route_handlers=[preview_source_filters],
        middleware=[CrossOriginMiddleware()],
        guards=PROGRAMS,
        dependencies={
            "bearer": Provide(require_scope(SCOPE), sync_to_thread=False),
        },
    )
]
