"""The public API of a portal made with CKAN, with the extensions that read DCAT (ckanext-harvest, ckanext-dcat) or without.

CKAN tells which datasets an organisation has, where they were read, and which harvesters there are. Why a record was not
taken it tells only to those who administer the harvester: how many there were is all that is public.
"""

from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import quote, urlencode

import msgspec
from msgspec import Meta

from udi.portal.territory.declaration.readings import (
    MOST_PAGES,
    MOST_SOURCES,
    NOT_FOUND,
    OK,
    PAGE_SIZE,
    HarvestFacts,
    HarvestSource,
    NoOrganisationError,
    PortalClient,
    PortalProgram,
    PortalReading,
    RemoteDataset,
    RemoteOrganisation,
    RemoteResource,
    SourceValidation,
    UnknownProgramError,
    decode_answer,
    find_version,
    host_of,
)

BASE = "/api/3/action"
NAMES = ("guid", "uri", "identifier", "dcat_identifier")
"""Extras that say what a dataset was called where it was read."""
LISTED = "accepted"
ACTIVE = "active"


class CkanExtra(msgspec.Struct):
    """A further field of a dataset."""

    key: str = ""
    value: Any = None


class CkanDataset(msgspec.Struct):
    """A dataset, or the harvester that is one for CKAN, as far as it is used."""

    name: Annotated[str, Meta(max_length=200)]
    title: Annotated[str, Meta(max_length=1000)] | None = None
    url: str | None = None
    license_id: str | None = None
    license_url: str | None = None
    state: str = ACTIVE
    guid: Any = None
    uri: Any = None
    identifier: Any = None
    resources: tuple[RemoteResource, ...] = ()
    extras: tuple[CkanExtra, ...] = ()
    id: str = ""

    def facts(self) -> HarvestFacts:
        """What it was called where it was read: as fields of its schema, or as extras."""
        names = {extra.key: extra.value for extra in self.extras}
        texts = {
            name: value
            for name in NAMES
            if isinstance(value := getattr(self, name, None) or names.get(name), str)
        }
        return HarvestFacts(
            remote_id=texts.get("guid"),
            dct_identifier=texts.get("identifier") or texts.get("dcat_identifier"),
            uri=texts.get("uri"),
            remote_url=self.url,
        )


class CkanDatasetList(msgspec.Struct):
    """A page of datasets."""

    count: Annotated[int, Meta(ge=0)]
    results: Annotated[list[CkanDataset], Meta(max_length=PAGE_SIZE)]


class CkanOrganisation(msgspec.Struct):
    """An organisation."""

    id: Annotated[str, Meta(max_length=100)]
    name: Annotated[str, Meta(max_length=200)]
    title: Annotated[str, Meta(max_length=500)] | None = None


class CkanJobCounts(msgspec.Struct):
    """What a reading did, in figures."""

    errored: Annotated[int, Meta(ge=0)] = 0


class CkanJob(msgspec.Struct):
    """The last reading of a harvester."""

    stats: CkanJobCounts | None = None


class CkanHarvesterStatus(msgspec.Struct):
    """How a harvester stands."""

    last_job: CkanJob | None = None


class OrganisationAnswer(msgspec.Struct):
    """The answer of `organization_show`."""

    success: bool
    result: CkanOrganisation | None = None


class DatasetListAnswer(msgspec.Struct):
    """The answer of `package_search`."""

    result: CkanDatasetList


class HarvesterStatusAnswer(msgspec.Struct):
    """The answer of `harvest_source_show_status`."""

    result: CkanHarvesterStatus


@dataclass
class CkanReader:
    """Reads the API of one portal."""

    client: PortalClient

    async def read(self, owner: RemoteOrganisation, origin: str) -> PortalReading:
        """What it did with the catalogue of the portal at `origin`, for an organisation.

        Raises:
            PortalUnavailableError: it does not answer, or not as CKAN does.
        """
        datasets, is_whole = await self.read_datasets(owner)
        sources = await self.read_sources(owner, origin)
        return PortalReading(
            owner, datasets, sources, is_whole=is_whole, program=PortalProgram.CKAN
        )

    async def read_organisation(self, name: str) -> RemoteOrganisation:
        """The organisation of a name in addresses, or of an identifier.

        Raises:
            NoOrganisationError: there is none.
            UnknownProgramError: this is no CKAN.
        """
        answer = await self.client.ask(
            f"{BASE}/organization_show?{urlencode({'id': name})}"
        )
        if answer.status_code not in {OK, NOT_FOUND}:
            raise UnknownProgramError
        organisation = (await decode_answer(answer, OrganisationAnswer)).result
        if organisation is None:
            raise NoOrganisationError
        return RemoteOrganisation(
            id=organisation.id,
            name=organisation.title or organisation.name,
            page=f"{self.client.portal}/organization/{quote(organisation.name, safe='')}",
        )

    async def read_datasets(
        self, owner: RemoteOrganisation
    ) -> tuple[list[RemoteDataset], bool]:
        """Its datasets, and whether these are all: those of `MOST_PAGES` or `MOST_DATASET_BYTES` are."""
        datasets: list[RemoteDataset] = []
        for number in range(MOST_PAGES):
            if not self.client.has_room:
                break
            page = await self._search(f"owner_org:{_phrase(owner.id)}", number)
            datasets += [
                describe_dataset(dataset, self.client.portal)
                for dataset in page.results
            ]
            if not page.results or len(datasets) >= page.count:
                return datasets, True
        return datasets, False

    async def read_sources(
        self, owner: RemoteOrganisation, origin: str
    ) -> list[HarvestSource]:
        """The harvesters of an organisation that read the portal at `origin`; none where CKAN has no extension that harvests."""
        page = await self._search(
            f"owner_org:{_phrase(owner.id)} +dataset_type:harvest", 0
        )
        host = host_of(origin)
        harvesters = [row for row in page.results if host_of(row.url or "") == host]
        return [
            HarvestSource(
                id=row.id,
                name=row.title or row.name,
                url=row.url or "",
                validation=SourceValidation(state=LISTED),
                refused=await self._count_refused(row)
                if place < MOST_SOURCES
                else None,
            )
            for place, row in enumerate(harvesters)
        ]

    async def _count_refused(self, harvester: CkanDataset) -> int | None:
        """How many records its last reading did not take; None where CKAN does not say so."""
        path = f"{BASE}/harvest_source_show_status?{urlencode({'id': harvester.id})}"
        try:
            status = (await self.client.fetch(path, HarvesterStatusAnswer)).result
        except UnknownProgramError:
            return None
        if status.last_job is None or status.last_job.stats is None:
            return None
        return status.last_job.stats.errored

    async def _search(self, filters: str, number: int) -> CkanDatasetList:
        query = urlencode(
            {
                "fq": filters,
                "rows": PAGE_SIZE,
                "start": number * PAGE_SIZE,
                "sort": "id asc",
            }
        )
        answer = await self.client.fetch(
            f"{BASE}/package_search?{query}", DatasetListAnswer
        )
        return answer.result


def describe_dataset(dataset: CkanDataset, portal: str) -> RemoteDataset:
    """A dataset of a portal as it is compared."""
    described = RemoteDataset(
        title=dataset.title or dataset.name,
        page=f"{portal}/dataset/{quote(dataset.name, safe='')}",
        archived=None if dataset.state == ACTIVE else dataset.state,
        resources=dataset.resources,
        harvest=dataset.facts(),
    )
    described.licence = find_version(dataset.license_id, dataset.license_url)
    return described


def _phrase(text: str) -> str:
    """A text as Solr takes it literally."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
