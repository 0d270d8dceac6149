"""`/api/v1/sources`: whatever the pages of sources do, for a program that shows a person's token."""

from functools import partial
from typing import Annotated, Any

from litestar import Response, Router, delete, get, patch, post
from litestar.di import NamedDependency, Provide
from litestar.params import PathParameter
from msgspec import Meta, Struct

from udi.kit.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from udi.portal.identity.credentials.bearers import PROGRAMS, require_scope
from udi.portal.identity.operations import MAX_BODY, api_operation
from udi.portal.nodes.sources import actions, queries
from udi.portal.nodes.sources.api_context import SourceApiContext, provide_context
from udi.portal.nodes.sources.feeds import FeedAddresses, renew_feed, write_addresses
from udi.portal.nodes.sources.filter_api import read_filters
from udi.portal.nodes.sources.list_parameters import read_batch, read_choice
from udi.portal.nodes.sources.models import RecordOutcome, SourceRhythm
from udi.portal.nodes.sources.originals import send_original
from udi.portal.nodes.sources.schemas import (
    PATH,
    TAG,
    NewSource,
    ReadingListParameters,
    ReadingPath,
    RecordListParameters,
    RecordPath,
    SourceBatch,
    SourceChange,
    SourceItem,
    SourceListParameters,
    SourcePath,
    SourceReading,
    SourceReadingBatch,
    SourceRecordResult,
    SourceRecordResultBatch,
    one_of,
)
from udi.portal.notifications.api import read_json_texts
from udi.ui.cross_origin import CrossOriginMiddleware
from udi.ui.dependencies import Routes
from udi.ui.openapi.operations import ResponseLink
from udi.ui.site import site_of

SCOPE = "sources"
ONE = "/{source_id:uuid}"
READINGS = f"{ONE}/readings"
READING = f"{READINGS}/{{reading_id:uuid}}"
ACTS = {
    "read": actions.schedule_reading,
    "pause": actions.pause_source,
    "resume": actions.resume_source,
    "accept": actions.accept_loss,
    "same": actions.accept_renames,
}
KEEP = "keep"
WITHDRAW = "withdraw"
source_operation = partial(api_operation, tag=TAG, scope=SCOPE)
ActPath = Annotated[
    str,
    PathParameter(
        description="Read it now, pause it, resume it, accept that what left it is let go, or say that records are the same under new identifiers.",
        schema_extra={"enum": list(ACTS)},
    ),
]


class SourceClosing(Struct, kw_only=True):
    """The query of the closing of a source."""

    datasets: Annotated[
        str,
        Meta(
            description="What becomes of its datasets.",
            extra_json_schema=one_of((KEEP, WITHDRAW)),
        ),
    ] = KEEP


@get(
    "/",
    **source_operation(
        "listSources",
        summary="List the sources",
        description="The catalogues of others that are read here, of those I look after.",
        answer=SourceBatch,
        errors=(ForbiddenError, InvalidError),
        has_validator=True,
        query=SourceListParameters,
        links=(ResponseLink("readSource", "source_id", "/items/0/id"),),
    ),
)
async def list_sources(context: NamedDependency[SourceApiContext]) -> Response[Any]:
    """The sources that I look after."""
    batch = read_batch(context.request)
    lines = await queries.list_managed_sources(
        context.session, context.actor, after=batch.id(), size=batch.size + 1
    )
    read = await context.describe_readings([last for _, _, last in lines if last])
    by_id = {reading.id: reading for reading in read}
    origin = context.territory.origin
    items = [
        SourceItem.of(source, producer, by_id.get(last.id) if last else None, origin)
        for source, producer, last in lines
    ]
    links = batch.links(f"{origin}{PATH}", [item.id for item in items])
    return context.send(
        SourceBatch(size=batch.size, items=items[: batch.size], links=links)
    )


@post(
    "/",
    **source_operation(
        "registerSource",
        summary="Register a source",
        description="Have a catalogue read for a producer, at once and then at a rhythm.",
        answer=SourceItem,
        statuses=(201,),
        errors=(ForbiddenError, NotFoundError, ConflictError, InvalidError),
        body=NewSource,
    ),
)
async def register_source(context: NamedDependency[SourceApiContext]) -> Response[Any]:
    """Register a catalogue, and have it read at once."""
    fields = await read_json_texts(
        context.request, "address", "producer", rhythm=SourceRhythm.DAILY, language=""
    )
    producer = await queries.get_managed_producer(
        context.session, context.actor, fields["producer"]
    )
    languages = context.territory.languages
    if fields["language"] in languages:
        language = fields["language"]
    else:
        language = languages[0]
    source = await actions.register_source(
        context.session,
        context.actor,
        producer,
        address=fields["address"],
        rhythm=fields["rhythm"],
        language=language,
        filters=await read_filters(context.request, inside=True),
    )
    await context.session.refresh(source)
    return context.send(
        await context.describe_source(source, producer),
        status=201,
        Location=f"{PATH}/{source.id}",
    )


@get(
    ONE,
    **source_operation(
        "readSource",
        summary="Read a source",
        description="A source, how it stands, and its last reading.",
        answer=SourceItem,
        errors=(ForbiddenError, NotFoundError),
        has_validator=True,
        links=(ResponseLink("listReadings", "source_id", "/id"),),
    ),
)
async def read_source(
    context: NamedDependency[SourceApiContext], source_id: SourcePath
) -> Response[Any]:
    """One source."""
    return context.send(
        await context.describe_source(
            *await queries.get_source(context.session, context.actor, source_id)
        )
    )


@patch(
    ONE,
    **source_operation(
        "changeSource",
        summary="Change a source",
        description="Have it read more or less often, where it is now, or only for some of its datasets; they keep their addresses here.",
        answer=SourceItem,
        errors=(ForbiddenError, NotFoundError, ConflictError, InvalidError),
        body=SourceChange,
    ),
)
async def change_source(
    context: NamedDependency[SourceApiContext], source_id: SourcePath
) -> Response[Any]:
    """Read it more or less often, or elsewhere."""
    change = await read_json_texts(context.request, rhythm="", address="")
    filters = await read_filters(context.request, inside=True)
    source, producer = await queries.get_source(
        context.session, context.actor, source_id, lock=True
    )
    session = context.session
    actor = context.actor
    if change["rhythm"] or (not change["address"] and filters is None):
        await actions.change_rhythm(session, actor, source, change["rhythm"])
    if change["address"]:
        await actions.change_address(
            session, actor, producer, source, change["address"]
        )
    if filters is not None:
        await actions.change_filters(session, actor, source, filters)
    return context.send(await context.describe_source(source, producer))


@delete(
    ONE,
    **source_operation(
        "closeSource",
        summary="Close a source",
        description="Read it no more. Its datasets stay, or are withdrawn by and by.",
        answer=SourceItem,
        errors=(ForbiddenError, NotFoundError, ConflictError, InvalidError),
        query=SourceClosing,
    ),
)
async def close_source(
    context: NamedDependency[SourceApiContext], source_id: SourcePath
) -> Response[Any]:
    """Read it no more; its datasets stay, or are withdrawn."""
    datasets = read_choice(context.request, "datasets", (KEEP, WITHDRAW)) or KEEP
    source, producer = await queries.get_source(
        context.session, context.actor, source_id, lock=True
    )
    await actions.close_source(
        context.session, context.actor, source, withdraw=datasets == WITHDRAW
    )
    return context.send(await context.describe_source(source, producer))


@post(
    f"{ONE}/{{act:str}}",
    request_max_body_size=MAX_BODY,
    **source_operation(
        "actOnSource",
        summary="Act on a source",
        description="What the buttons of its page do.",
        answer=SourceItem,
        errors=(ForbiddenError, NotFoundError, ConflictError),
    ),
)
async def act_on_source(
    context: NamedDependency[SourceApiContext],
    source_id: SourcePath,
    act: ActPath,
) -> Response[Any]:
    """Have it read now, pause it, start it again, or let go what left it."""
    if act not in ACTS:
        raise NotFoundError("This action does not exist.")
    source, producer = await queries.get_source(
        context.session, context.actor, source_id, lock=True
    )
    await ACTS[act](context.session, context.actor, source)
    return context.send(await context.describe_source(source, producer))


@post(
    f"{ONE}/feed",
    request_max_body_size=MAX_BODY,
    **source_operation(
        "makeFeed",
        summary="Make my feeds of readings",
        description="New secret addresses of Atom feeds; those that I had answer no more.",
        answer=FeedAddresses,
        errors=(ForbiddenError, NotFoundError),
    ),
)
async def make_feed(
    context: NamedDependency[SourceApiContext], source_id: SourcePath
) -> Response[FeedAddresses]:
    """New addresses of my feeds of readings; those that I had answer no more."""
    source, producer = await queries.get_source(
        context.session, context.actor, source_id
    )
    feed = await renew_feed(context.session, context.actor)
    addresses = write_addresses(
        site_of(context.request).settings, context.territory, feed, source, producer
    )
    return Response(addresses, headers={"Cache-Control": "no-store"})


@get(
    READINGS,
    **source_operation(
        "listReadings",
        summary="List the readings of a source",
        description="The last thirty, the newest first.",
        answer=SourceReadingBatch,
        errors=(ForbiddenError, NotFoundError, InvalidError),
        has_validator=True,
        query=ReadingListParameters,
    ),
)
async def list_readings(
    context: NamedDependency[SourceApiContext], source_id: SourcePath
) -> Response[Any]:
    """The readings of a source, the newest first."""
    source, _ = await queries.get_source(context.session, context.actor, source_id)
    batch = read_batch(context.request)
    runs = await queries.list_readings(
        context.session, [source.id], after=batch.id(), size=batch.size + 1
    )
    links = batch.links(
        f"{context.territory.origin}{PATH}/{source_id}/readings",
        [run.id for run in runs],
    )
    return context.send(
        SourceReadingBatch(
            size=batch.size,
            items=await context.describe_readings(runs[: batch.size]),
            links=links,
        )
    )


@get(
    READING,
    **source_operation(
        "readReading",
        summary="Read a reading",
        description="Its counts, and what was wrong with the source itself.",
        answer=SourceReading,
        errors=(ForbiddenError, NotFoundError),
        has_validator=True,
    ),
)
async def read_reading(
    context: NamedDependency[SourceApiContext],
    source_id: SourcePath,
    reading_id: ReadingPath,
) -> Response[Any]:
    """One reading: its counts, and what was wrong with the source itself."""
    source, _ = await queries.get_source(context.session, context.actor, source_id)
    run = await queries.get_reading(context.session, source, reading_id)
    return context.send((await context.describe_readings([run]))[0])


@get(
    f"{READING}/records",
    **source_operation(
        "listRecords",
        summary="Read the report of a reading",
        description="What was done with each record, and the edits that mend them: the first ten thousand, and a thousand edits.",
        answer=SourceRecordResultBatch,
        errors=(ForbiddenError, NotFoundError, InvalidError),
        has_validator=True,
        query=RecordListParameters,
    ),
)
async def list_records(
    context: NamedDependency[SourceApiContext],
    source_id: SourcePath,
    reading_id: ReadingPath,
) -> Response[Any]:
    """What a reading did with each record, and the edits that mend them."""
    source, _ = await queries.get_source(context.session, context.actor, source_id)
    run = await queries.get_reading(context.session, source, reading_id)
    batch = read_batch(context.request, "action")
    action = read_choice(context.request, "action", tuple(map(str, RecordOutcome)))
    record_actions = await queries.list_actions(
        context.session, run, after=batch.number(), action=action, size=batch.size + 1
    )
    origin = context.territory.origin
    items = [
        SourceRecordResult.of(row, faults, source.id, origin, context.say)
        for row, faults in record_actions[: batch.size]
    ]
    at = f"{origin}{PATH}/{source_id}/readings/{reading_id}/records"
    links = batch.links(at, [row.position for row, _ in record_actions], action=action)
    return context.send(
        SourceRecordResultBatch(size=batch.size, items=items, links=links)
    )


@get(
    f"{ONE}/records/{{record_id:uuid}}",
    **source_operation(
        "readOriginal",
        summary="Read an original record",
        description="A record as the source wrote it, in its own format.",
        media_types=("application/octet-stream",),
        errors=(ForbiddenError, NotFoundError),
    ),
)
async def read_original(
    context: NamedDependency[SourceApiContext],
    source_id: SourcePath,
    record_id: RecordPath,
) -> Response[bytes]:
    """A record as the source wrote it."""
    source, _ = await queries.get_source(context.session, context.actor, source_id)
    return send_original(await queries.get_original(context.session, source, record_id))


routes: Routes = [
    Router(
        PATH,
        route_handlers=[
            list_sources,
            register_source,
            read_source,
            change_source,
            close_source,
            act_on_source,
            make_feed,
            list_readings,
            read_reading,
            list_records,
            read_original,
        ],
        middleware=[CrossOriginMiddleware()],
        guards=PROGRAMS,
        dependencies={
            "bearer": Provide(require_scope(SCOPE), sync_to_thread=False),
            "context": Provide(provide_context),
        },
    )
]
