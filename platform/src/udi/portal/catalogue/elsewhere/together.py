"""Territories of one installation searched together: the joint index finds and orders, each territory's rows are read apart.

Whose datasets are shown is decided at each question by the register of territories: who shares, and whom a territory names.
No transaction ever reads the rows of two of them.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from uuid import UUID

from msgspec.structs import replace as change

from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.portal.catalogue.parameters.query_string import read_pairs
from udi.portal.catalogue.queries import (
    DatasetSummary,
    SearchPage,
    is_current,
    read_lines,
)
from udi.portal.catalogue.responses.cached_responses import indexes_of
from udi.portal.catalogue.search.criteria import (
    PARTNERS,
    PORTALS,
    Criteria,
    Reach,
    read_criteria,
)
from udi.portal.catalogue.search.extent import Box
from udi.portal.catalogue.search.index import IndexReader, SearchIndexes
from udi.portal.catalogue.search.joint_build import list_joint_languages
from udi.portal.catalogue.search.joint_index import JOINT
from udi.portal.catalogue.search.query import search_joint
from udi.portal.catalogue.search.sharing import (
    is_sharing,
    list_partners,
    list_sharing,
)
from udi.portal.catalogue.search.thesaurus import Thesaurus, thesaurus_of
from udi.ui.dependencies import AnyRequest
from udi.ui.locale import in_languages
from udi.ui.site import site_of


@dataclass(frozen=True)
class Neighbourhood:
    """Whose datasets one search may show together: those of `partners`, and the territory's own if it shares."""

    territory: Territory | None
    """Where one searches; None on the installation's own host."""
    partners: tuple[Territory, ...]
    languages: tuple[str, ...]
    """In whose stems the words of the joint index are."""

    @cached_property
    def sources(self) -> Mapping[UUID, Territory]:
        """By identifier."""
        territories = [*self.partners]
        if self.territory is not None and is_sharing(self.territory):
            territories.append(self.territory)
        return {territory.id: territory for territory in territories}

    @property
    def has_own(self) -> bool:
        """Whether the territory's own datasets are among them."""
        return self.territory is not None and self.territory.id in self.sources

    @property
    def reach(self) -> Reach:
        """How far an address lets a search go here."""
        if self.territory is None:
            return Reach.EVERYWHERE
        if self.partners:
            return Reach.PARTNERS
        return Reach.TERRITORY

    def read_criteria(self, request: AnyRequest) -> Criteria:
        """The criteria of the address of a page; other portals are asked only where the address says so."""
        pairs = read_pairs(request)
        criteria = read_criteria(pairs, self.reach)
        if self._has_portals and (PORTALS, "1") in pairs:
            return replace(criteria, portals=True)
        return criteria

    @property
    def _has_portals(self) -> bool:
        return bool(self.territory and self.territory.search.get("partners"))

    def is_together(self, criteria: Criteria) -> bool:
        """Whether a search goes through the joint index."""
        return self.territory is None or bool(criteria.partners and self.partners)

    @property
    def facts(self) -> tuple[Hashable, ...]:
        """What an answer depends on, besides the index."""
        return tuple(territory.fingerprint for territory in self.sources.values())

    @property
    def thesaurus(self) -> Thesaurus:
        """The synonyms of where one searches."""
        return thesaurus_of(self.territory.search if self.territory else {})

    @property
    def names(self) -> dict[str, dict[str, str]]:
        """The names of the territories, by slug."""
        return {territory.slug: territory.name for territory in self.sources.values()}

    @property
    def catalogue_url(self) -> str:
        """The catalogue in DCAT of all of them."""
        if self.territory is None:
            return "/catalog.ttl"
        return f"/catalog.ttl?{PARTNERS}=1"

    @property
    def boxes(self) -> list[Box]:
        """The areas of those that say theirs."""
        territories = {**self.sources}
        if self.territory is not None:
            territories.setdefault(self.territory.id, self.territory)
        return [other.box for other in territories.values() if other.box]

    @property
    def box(self) -> Box | None:
        """The rectangle around all of them."""
        if not self.boxes:
            return None
        sides = list(zip(*self.boxes, strict=True))
        return min(sides[0]), min(sides[1]), max(sides[2]), max(sides[3])

    @contextmanager
    def speaking(self) -> Iterator[None]:
        """Read words as the joint index has them."""
        with in_languages(self.languages):
            yield


async def find_neighbourhood(
    request: AnyRequest, territory: Territory | None
) -> Neighbourhood:
    """Whose datasets a search of this territory, or of the installation's own host, may show."""
    territories = await site_of(request).registry.list_served()
    return Neighbourhood(
        territory,
        tuple(list_partners(territories, territory)),
        list_joint_languages(list_sharing(territories)),
    )


def find_joint_reader(request: AnyRequest) -> IndexReader | None:
    """The joint index as it is now, or None while there is none."""
    return indexes_of(request).find(JOINT)


async def search_together(
    database: Database,
    indexes: SearchIndexes,
    neighbourhood: Neighbourhood,
    criteria: Criteria,
) -> SearchPage:
    """Datasets of several territories that answer, in one order, each once; past the last page, the last one."""
    reader = indexes.find(JOINT)
    if reader is None:
        return SearchPage(criteria, 0, [], prepared=False)
    sources = neighbourhood.sources
    with neighbourhood.speaking():
        result = search_joint(reader, criteria, sources, neighbourhood.thesaurus)
    last = max(1, -(-result.total // criteria.size))
    if criteria.page > last:
        return await search_together(
            database, indexes, neighbourhood, criteria.with_changes(page=last)
        )
    return SearchPage(
        criteria,
        result.total,
        await _read_lines(database, sources, result.rows),
        result.facets,
        result.parsed_query,
        generation=reader.generation,
        current=await is_joint_current(database, sources, reader),
    )


async def _read_lines(
    database: Database,
    sources: Mapping[UUID, Territory],
    rows: Sequence[tuple[UUID, int]],
) -> list[DatasetSummary]:
    """Read what each territory shows as its own passers-by do, and put it in order."""
    seqs_by_tenant = defaultdict[UUID, list[int]](list)
    for tenant, seq in rows:
        seqs_by_tenant[tenant].append(seq)
    lines: dict[tuple[UUID, int], DatasetSummary] = {}
    for tenant, seqs in seqs_by_tenant.items():
        territory = sources[tenant]
        for seq, line in (await read_lines(database.rows(tenant), seqs)).items():
            lines[tenant, seq] = change(
                line,
                origin=territory.origin,
                territory=territory.slug,
                territory_name=territory.name,
            )
    return [lines[row] for row in rows if row in lines]


async def is_joint_current(
    database: Database, sources: Mapping[UUID, Territory], reader: IndexReader
) -> bool:
    """Whether the rows are as new as the index, where they come from a copy of the database."""
    if not database.has_replica or not sources:
        return True
    async with database.session(next(iter(sources)), role="public") as session:
        return await is_current(session, reader)
