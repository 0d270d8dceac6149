"""`/api/v1/sources`: whatever the pages of sources do, for a program that shows a person's token."""

from collections.abc import AsyncIterator, Sequence
from typing import Any
from uuid import UUID

from litestar import Request, Response, Router, delete, get, patch, post
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath
from litestar.serialization import encode_json
from litestar.types import ControllerRouterHandler
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import NotFoundError
from udi.kit.tenancy import Territory
from udi.portal.catalogue.open.responses import Document, Validators, send_document
from udi.portal.identity.bearers import PROGRAMS, require_scope
from udi.portal.identity.tokens import Bearer
from udi.portal.nodes.sources import actions, queries
from udi.portal.nodes.sources.feeds import FeedAddresses, renew_feed, write_addresses
from udi.portal.nodes.sources.list_parameters import read_batch, read_choice
from udi.portal.nodes.sources.models import CatalogueSource, RecordOutcome, SourceRhythm
from udi.portal.nodes.sources.originals import send_original
from udi.portal.nodes.sources.schemas import (
    PATH,
    SourceBatch,
    SourceItem,
    SourceReading,
    SourceReadingBatch,
    SourceRecordResult,
    SourceRecordResultBatch,
)
from udi.portal.notifications.api import read_json_texts
from udi.portal.organisations.models import Organisation
from udi.ui.cross_origin import CrossOriginMiddleware
from udi.ui.site import site_of

SCOPE = "sources"
MAX_BODY = 64 * 1024
ONE = "/{source_id:uuid}"
READINGS = f"{ONE}/readings"
READING = f"{READINGS}/{{reading_id:uuid}}"
ACTS = {
    "read": actions.schedule_reading,
    "pause": actions.pause_source,
    "resume": actions.resume_source,
    "accept": actions.accept_loss,
}
KEEP = "keep"
WITHDRAW = "withdraw"
AnyRequest = Request[Any, Any, State]


class SourceApiContext:
    """What an answer needs: who asks with which rights, the territory, and one transaction that sees what they may."""

    def __init__(
        self,
        request: AnyRequest,
        session: AsyncSession,
        territory: Territory,
        bearer: Bearer,
    ) -> None:
        self.request = request
        self.session = session
        self.territory = territory
        self.actor = bearer.member
        self.say = site_of(request).pages.translator(request)

    def send(
        self, content: Struct, *, status: int = 200, **headers: str
    ) -> Response[Any]:
        """The answer with its validator, for its reader alone."""
        body = encode_json(content)
        links: dict[str, str] = getattr(content, "links", {})
        if links:
            more = {
                "Link": ", ".join(
                    f'<{url}>; rel="{name}"' for name, url in links.items()
                )
            }
        else:
            more = {}
        vary = "Accept-Encoding, Accept-Language, Authorization"
        response_headers = {"Cache-Control": "private, no-cache", **more, **headers}
        document = Document(
            "application/json",
            lambda: body,
            Validators((body,)),
            response_headers,
            vary,
            status,
        )
        return send_document(self.request, document)

    async def describe_source(
        self, source: CatalogueSource, producer: Organisation
    ) -> SourceItem:
        """A source as it is now."""
        last = (await queries.last_runs(self.session, [source.id])).get(source.id)
        reading = (await self.describe_readings([last]))[0] if last else None
        return SourceItem.of(source, producer, reading, self.territory.origin)

    async def describe_readings(self, runs: Sequence[Any]) -> list[SourceReading]:
        """Readings with what was wrong with their source."""
        faults = await queries.list_source_faults(
            self.session, [run.id for run in runs]
        )
        return [
            SourceReading.of(
                run, faults.get(run.id, []), self.territory.origin, self.say
            )
            for run in runs
        ]


async def provide_context(
    request: AnyRequest,
    territory: NamedDependency[Territory],
    bearer: NamedDependency[Bearer],
) -> AsyncIterator[SourceApiContext]:
    """One transaction, committed once the answer is made."""
    async with site_of(request).database.session(
        territory.id, person=bearer.actor.person_id
    ) as session:
        yield SourceApiContext(request, session, territory, bearer)


@get("/")
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


@post("/", status_code=201, request_max_body_size=MAX_BODY)
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
    )
    await context.session.refresh(source)
    return context.send(
        await context.describe_source(source, producer),
        status=201,
        Location=f"{PATH}/{source.id}",
    )


@get(ONE)
async def read_source(
    context: NamedDependency[SourceApiContext], source_id: FromPath[UUID]
) -> Response[Any]:
    """One source."""
    return context.send(
        await context.describe_source(
            *await queries.get_source(context.session, context.actor, source_id)
        )
    )


@patch(ONE, request_max_body_size=MAX_BODY)
async def change_source(
    context: NamedDependency[SourceApiContext], source_id: FromPath[UUID]
) -> Response[Any]:
    """Read it more or less often."""
    rhythm = (await read_json_texts(context.request, "rhythm"))["rhythm"]
    source, producer = await queries.get_source(
        context.session, context.actor, source_id, lock=True
    )
    await actions.change_rhythm(context.session, context.actor, source, rhythm)
    return context.send(await context.describe_source(source, producer))


@delete(ONE, status_code=200)
async def close_source(
    context: NamedDependency[SourceApiContext], source_id: FromPath[UUID]
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


@post(f"{ONE}/{{act:str}}", status_code=200, request_max_body_size=MAX_BODY)
async def act_on_source(
    context: NamedDependency[SourceApiContext],
    source_id: FromPath[UUID],
    act: FromPath[str],
) -> Response[Any]:
    """Have it read now, pause it, start it again, or let go what left it."""
    if act not in ACTS:
        raise NotFoundError("This action does not exist.")
    source, producer = await queries.get_source(
        context.session, context.actor, source_id, lock=True
    )
    await ACTS[act](context.session, context.actor, source)
    return context.send(await context.describe_source(source, producer))


@post(f"{ONE}/feed", status_code=200, request_max_body_size=MAX_BODY)
async def make_feed(
    context: NamedDependency[SourceApiContext], source_id: FromPath[UUID]
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


@get(READINGS)
async def list_readings(
    context: NamedDependency[SourceApiContext], source_id: FromPath[UUID]
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


@get(READING)
async def read_reading(
    context: NamedDependency[SourceApiContext],
    source_id: FromPath[UUID],
    reading_id: FromPath[UUID],
) -> Response[Any]:
    """One reading: its counts, and what was wrong with the source itself."""
    source, _ = await queries.get_source(context.session, context.actor, source_id)
    run = await queries.get_reading(context.session, source, reading_id)
    return context.send((await context.describe_readings([run]))[0])


@get(f"{READING}/records")
async def list_records(
    context: NamedDependency[SourceApiContext],
    source_id: FromPath[UUID],
    reading_id: FromPath[UUID],
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


@get(f"{ONE}/records/{{record_id:uuid}}")
async def read_original(
    context: NamedDependency[SourceApiContext],
    source_id: FromPath[UUID],
    record_id: FromPath[UUID],
) -> Response[bytes]:
    """A record as the source wrote it."""
    source, _ = await queries.get_source(context.session, context.actor, source_id)
    return send_original(await queries.get_original(context.session, source, record_id))


routes: Sequence[ControllerRouterHandler] = [
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
