"""What an answer about sources needs: who asks, the territory, one transaction; and how it is sent."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

from litestar import Response
from litestar.di import NamedDependency
from litestar.serialization import encode_json
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.tenancy import Territory
from udi.portal.catalogue.open.responses import Document, Validators, send_document
from udi.portal.identity.credentials.tokens import Bearer
from udi.portal.nodes.sources import queries
from udi.portal.nodes.sources.models import CatalogueSource
from udi.portal.nodes.sources.schemas import SourceItem, SourceReading
from udi.portal.organisations.models import Organisation
from udi.ui.dependencies import AnyRequest, CurrentTerritory
from udi.ui.site import site_of


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
    request: AnyRequest, territory: CurrentTerritory, bearer: NamedDependency[Bearer]
) -> AsyncIterator[SourceApiContext]:
    """One transaction, committed once the answer is made."""
    async with site_of(request).database.session(
        territory.id, person=bearer.actor.person_id
    ) as session:
        yield SourceApiContext(request, session, territory, bearer)
