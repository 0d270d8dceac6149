"""The public API of a portal made with udata (data.gouv.fr and others): an organisation, its datasets, its harvesters.

What is read is text and addresses of the portal's own; nothing is written there, and no key is needed.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, TypeVar
from urllib.parse import quote, urlsplit

import msgspec
from msgspec import Meta

from udi.kit.http import OutgoingClient, OutgoingError, RefusedAddressError
from udi.protocol.identifiers import comparison_key

PATIENCE = 10.0
LONGEST_READING = 25.0
"""Seconds that all pages of a portal may take: somebody waits."""
MOST_BYTES = 8 * 1024 * 1024
"""Of one answer."""
MOST_DATASET_BYTES = 16 * 1024 * 1024
"""Of all pages of datasets; what is left of `MOST_TOTAL_BYTES` is for the harvesters and their readings."""
MOST_TOTAL_BYTES = MOST_DATASET_BYTES + MOST_BYTES
PAGE_SIZE = 100
MOST_PAGES = 20
MOST_SOURCES = 3
MOST_ITEMS = 20_000
MOST_SHOWN = 500
"""Letters of a text that is shown."""
OK = 200
NOT_FOUND = 404
FAILED = "failed"
SKIPPED = "skipped"
Answer = TypeVar("Answer", bound=msgspec.Struct)


class PortalUnavailableError(Exception):
    """The portal does not answer, or not as udata does."""


class NoOrganisationError(Exception):
    """The portal has no such organisation."""


class RemoteOrganisation(msgspec.Struct):
    """The organisation under which the territory's data are on the portal."""

    id: Annotated[str, Meta(max_length=100)]
    name: Annotated[str, Meta(max_length=500)]
    page: Annotated[str, Meta(max_length=2000)] = ""


class HarvestFacts(msgspec.Struct):
    """Where a dataset of the portal was read, as it says itself."""

    remote_id: str | None = None
    dct_identifier: str | None = None
    uri: str | None = None
    remote_url: str | None = None
    archived: str | None = None


class RemoteResource(msgspec.Struct):
    """A file or a service of a dataset: nothing of it is used but that it is there."""


class RemoteDataset(msgspec.Struct):
    """A dataset of the portal, as far as it is used."""

    title: Annotated[str, Meta(max_length=1000)]
    page: Annotated[str, Meta(max_length=2000)] = ""
    license: str | None = None
    archived: str | None = None
    resources: tuple[RemoteResource, ...] = ()
    harvest: HarvestFacts | None = None
    files: int = 0
    """How many resources it has, which are let go once they are counted."""

    def __post_init__(self) -> None:
        """Count the resources."""
        self.files = len(self.resources)
        self.resources = ()

    @property
    def names(self) -> set[str]:
        """What it was known by where it was read, as it is compared."""
        if self.harvest is None:
            return set()
        facts = self.harvest
        named = (facts.remote_id, facts.dct_identifier, facts.uri, facts.remote_url)
        return {comparison_key(name) for name in named if name}

    @property
    def is_archived(self) -> bool:
        """Whether the portal put it aside."""
        return bool(self.archived or (self.harvest and self.harvest.archived))


class HarvestError(msgspec.Struct):
    """Why a harvester did not take a record."""

    message: str | None = None


class HarvestItem(msgspec.Struct):
    """What the last reading did with one record."""

    remote_id: str = ""
    status: str = ""
    errors: tuple[HarvestError, ...] = ()

    @property
    def reason(self) -> str:
        """Why it was not taken, in the portal's words."""
        messages = [error.message for error in self.errors if error.message]
        return "; ".join(messages)[:MOST_SHOWN]

    @property
    def is_refused(self) -> bool:
        """Whether it was not taken."""
        return self.status in {FAILED, SKIPPED}


class HarvestJob(msgspec.Struct):
    """The last reading of a harvester."""

    id: str = ""


class HarvestJobItems(msgspec.Struct):
    """What one reading did with each record."""

    items: Annotated[list[HarvestItem], Meta(max_length=MOST_ITEMS)] = []


class SourceValidation(msgspec.Struct):
    """Whether the portal's team let a harvester read."""

    state: str = ""
    comment: str | None = None

    def __post_init__(self) -> None:
        """Cut what is shown."""
        self.comment = (self.comment or "")[:MOST_SHOWN]


class HarvestSource(msgspec.Struct):
    """A harvester of the organisation."""

    id: str = ""
    name: str = ""
    url: str = ""
    validation: SourceValidation = msgspec.field(default_factory=SourceValidation)
    last_job: HarvestJob | None = None

    def __post_init__(self) -> None:
        """Cut what is shown."""
        self.name = self.name[:MOST_SHOWN]


class RemoteDatasetPage(msgspec.Struct):
    """A page of datasets."""

    data: Annotated[list[RemoteDataset], Meta(max_length=PAGE_SIZE)]
    total: Annotated[int, Meta(ge=0)]


class RemoteSourcePage(msgspec.Struct):
    """A page of harvesters."""

    data: Annotated[list[HarvestSource], Meta(max_length=PAGE_SIZE)]


@dataclass(frozen=True)
class PortalReading:
    """What a portal says of one organisation: its datasets, the harvesters that read this catalogue, their last reading."""

    organisation: RemoteOrganisation
    datasets: Sequence[RemoteDataset]
    sources: Sequence[HarvestSource] = ()
    items: Sequence[HarvestItem] = ()
    is_whole: bool = True
    """False where the organisation has more datasets than are read."""


async def read_portal(
    outgoing: OutgoingClient, portal: str, organisation: str, origin: str
) -> PortalReading:
    """What a portal did with the catalogue of the portal at `origin`, for an organisation by its name in addresses.

    Raises:
        PortalUnavailableError: it does not answer in time, or not as udata does.
        NoOrganisationError: it has no such organisation.
    """
    try:
        async with asyncio.timeout(LONGEST_READING):
            await outgoing.prepare()
            reader = UdataReader(outgoing, portal)
            owner = await reader.read_organisation(organisation)
            datasets, is_whole = await reader.read_datasets(owner)
            sources = await reader.read_sources(owner, origin)
            items = await reader.read_items(sources)
    except TimeoutError as error:
        raise PortalUnavailableError from error
    return PortalReading(owner, datasets, sources, items, is_whole)


@dataclass
class UdataReader:
    """Reads the API of one portal, `MOST_TOTAL_BYTES` at most."""

    outgoing: OutgoingClient
    portal: str
    read_bytes: int = 0

    async def read_organisation(self, name: str) -> RemoteOrganisation:
        """The organisation of a name in addresses, or of an identifier.

        Raises:
            NoOrganisationError: there is none.
        """
        path = f"organizations/{quote(name, safe='')}/"
        return await self._fetch(path, RemoteOrganisation)

    async def read_datasets(
        self, owner: RemoteOrganisation
    ) -> tuple[list[RemoteDataset], bool]:
        """Its datasets, and whether these are all: those of `MOST_PAGES` or `MOST_DATASET_BYTES` are."""
        datasets: list[RemoteDataset] = []
        for number in range(1, MOST_PAGES + 1):
            if self.read_bytes + MOST_BYTES > MOST_DATASET_BYTES:
                break
            page = await self._fetch(
                f"datasets/?organization={quote(owner.id, safe='')}&page={number}&page_size={PAGE_SIZE}",
                RemoteDatasetPage,
            )
            datasets += page.data
            if not page.data or len(datasets) >= page.total:
                return datasets, True
        return datasets, False

    async def read_sources(
        self, owner: RemoteOrganisation, origin: str
    ) -> list[HarvestSource]:
        """The harvesters of an organisation that read the portal at `origin`."""
        page = await self._fetch(
            f"harvest/sources/?owner={quote(owner.id, safe='')}&page_size={PAGE_SIZE}",
            RemoteSourcePage,
        )
        host = urlsplit(origin).netloc
        return [source for source in page.data if _host_of(source.url) == host]

    async def read_items(self, sources: Sequence[HarvestSource]) -> list[HarvestItem]:
        """What the last reading of each harvester did with its records."""
        items: list[HarvestItem] = []
        for source in sources[:MOST_SOURCES]:
            if source.last_job is not None and source.last_job.id:
                path = f"harvest/job/{quote(source.last_job.id, safe='')}/"
                items += (await self._fetch(path, HarvestJobItems)).items
        return items

    async def _fetch(self, path: str, model: type[Answer]) -> Answer:
        url = f"{self.portal}/api/1/{path}"
        try:
            answer = await self.outgoing.request(
                "GET",
                url,
                headers={"Accept": "application/json"},
                limit=min(MOST_BYTES, MOST_TOTAL_BYTES - self.read_bytes),
                patience=PATIENCE,
            )
        except (OutgoingError, RefusedAddressError) as error:
            raise PortalUnavailableError from error
        self.read_bytes += len(answer.content)
        if answer.status_code == NOT_FOUND and model is RemoteOrganisation:
            raise NoOrganisationError
        if answer.status_code != OK:
            raise PortalUnavailableError
        try:
            return await asyncio.to_thread(
                msgspec.json.decode, answer.content, type=model
            )
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            raise PortalUnavailableError from error


def _host_of(address: str) -> str:
    try:
        return urlsplit(address).netloc
    except ValueError:
        return ""
