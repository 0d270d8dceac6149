"""Readings as Atom feeds (RFC 4287), at an address that only its holder knows and may renew.

The address names a person, who sees there what their pages show: once they look after a source no more, its feed is closed.
"""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID, uuid4

from litestar import Response, get
from litestar.params import FromPath
from msgspec import Meta, Struct
from sqlalchemy import CursorResult, delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.credentials import SealedKind
from udi.kit.errors import NotFoundError
from udi.kit.identity import Actor
from udi.kit.signed_ids import read_signed_id, sign_id
from udi.kit.tenancy import Territory
from udi.portal.catalogue.open.responses import Document, Validators, send_document
from udi.portal.identity.departures import Departure
from udi.portal.identity.models import Person
from udi.portal.identity.queries import read_actor
from udi.portal.nodes.sources import queries
from udi.portal.nodes.sources.atom import write_readings
from udi.portal.nodes.sources.models import CatalogueSource, SourceFeed
from udi.portal.organisations.models import Organisation
from udi.settings import Settings
from udi.ui.atom import MEDIA_TYPE
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Routes
from udi.ui.site import site_of

FEED = SealedKind(name="address of a feed of readings", purpose="feeds of readings")
HOME = "/sources/feeds/{token:str}"
END = "readings.atom"
MOST_ENTRIES = 30
MOST_LESSONS = 5


class FeedAddresses(Struct, kw_only=True):
    """Addresses of feeds that are one person’s own: who has one reads what it says."""

    source: Annotated[
        str,
        Meta(
            description="Of the readings of this source.",
            extra_json_schema={"format": "uri"},
        ),
    ]
    producer: Annotated[
        str,
        Meta(
            description="Of the readings of all the sources of its producer.",
            extra_json_schema={"format": "uri"},
        ),
    ]


async def renew_feed(session: AsyncSession, actor: Actor) -> UUID:
    """What makes new addresses for a person; those that they had answer no more."""
    feed_id = uuid4()
    drawn = {"id": feed_id}
    statement = insert(SourceFeed).values(person_id=actor.person_id, **drawn)
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=["tenant_id", "person_id"], set_=drawn
        )
    )
    return feed_id


async def close_feed(session: AsyncSession, departure: Departure) -> int:
    """Let the addresses of somebody whose account is gone answer no more; how many they had."""
    if not departure.gone:
        return 0
    done = await session.execute(
        delete(SourceFeed).where(SourceFeed.person_id == departure.person.id)
    )
    if isinstance(done, CursorResult):
        return done.rowcount
    return 0


async def find_feed(session: AsyncSession, actor: Actor) -> UUID | None:
    """What a person's addresses are made of; None where they never had any made."""
    return await session.scalar(
        select(SourceFeed.id).where(SourceFeed.person_id == actor.person_id)
    )


def write_addresses(
    settings: Settings,
    territory: Territory,
    feed: UUID,
    source: CatalogueSource,
    producer: Organisation,
) -> FeedAddresses:
    """A person's addresses of the feeds of a source and of its producer."""
    start = f"{territory.origin}/sources/feeds/{sign_id(_key(settings), territory.id, feed)}"
    return FeedAddresses(
        source=f"{start}/{source.id}/{END}",
        producer=f"{start}/producers/{producer.slug}/{END}",
    )


async def _holder(
    session: AsyncSession, settings: Settings, territory: Territory, token: str
) -> Actor:
    """Whose address this is.

    Raises:
        NotFoundError: nobody's, or it was renewed.
    """
    id_ = read_signed_id(_key(settings), territory.id, token)
    same = (Person.tenant_id == SourceFeed.tenant_id) & (
        Person.id == SourceFeed.person_id
    )
    if id_:
        person = await session.scalar(
            select(Person).join(SourceFeed, same).where(SourceFeed.id == id_)
        )
    else:
        person = None
    if person is None:
        raise NotFoundError(
            "This address of a feed is incomplete, or was replaced.",
            remedy="Copy the new one from the page of the source.",
        )
    return await read_actor(session, person, territory.slug)


def _key(settings: Settings) -> bytes:
    return settings.derived_key("portal", FEED.purpose)


@get(f"{HOME}/{{source_id:uuid}}/{END}")
async def send_source_feed(
    request: AnyRequest,
    territory: CurrentTerritory,
    token: FromPath[str],
    source_id: FromPath[UUID],
) -> Response[Any]:
    """The readings of one source that ended, the newest first."""
    site = site_of(request)
    async with site.database.session(territory.id) as session:
        actor = await _holder(session, site.settings, territory, token)
        source, producer = await queries.get_source(session, actor, source_id)
        return await _send(
            request,
            session,
            territory,
            {source.id: source},
            producer,
            f"/sources/{source.id}",
        )


@get(f"{HOME}/producers/{{slug:str}}/{END}")
async def send_producer_feed(
    request: AnyRequest,
    territory: CurrentTerritory,
    token: FromPath[str],
    slug: FromPath[str],
) -> Response[Any]:
    """Those of all the sources of a producer."""
    site = site_of(request)
    async with site.database.session(territory.id) as session:
        actor = await _holder(session, site.settings, territory, token)
        producer = await queries.get_managed_producer(session, actor, slug)
        theirs = select(CatalogueSource).where(
            CatalogueSource.organisation_id == producer.id
        )
        sources = {source.id: source for source in await session.scalars(theirs)}
        return await _send(request, session, territory, sources, producer, "/sources")


async def _send(
    request: AnyRequest,
    session: AsyncSession,
    territory: Territory,
    sources: Mapping[UUID, CatalogueSource],
    producer: Organisation,
    page: str,
) -> Response[Any]:
    runs = await queries.list_readings(session, sources, ended=True, size=MOST_ENTRIES)
    lessons = {
        run.id: (await queries.summarise_faults(session, run))[:MOST_LESSONS]
        for run in runs
        if run.faults
    }
    pages = site_of(request).pages
    language = request.scope["state"]["locale"]
    entries = [(sources[run.source_id], run, lessons.get(run.id, [])) for run in runs]
    body = write_readings(
        entries,
        producer,
        territory,
        language=language,
        say=pages.translator(request),
        page=page,
        address=request.url.path,
    )
    headers = {
        "Cache-Control": "private, no-cache",
        "X-Robots-Tag": "noindex",
        "Content-Language": language,
    }
    vary = "Accept-Encoding, Accept-Language, Cookie"
    return send_document(
        request, Document(MEDIA_TYPE, lambda: body, Validators((body,)), headers, vary)
    )


routes: Routes = [send_source_feed, send_producer_feed]
