"""Finding the organisation of each publisher that a source names: each once, in one order whatever the records' order.

By what was found or chosen before; by the number of a public register; by its name, or one that a person confirmed; else
an organisation that nobody has claimed is made. A source speaks for nobody who is here: what seems to be an organisation
with people of its own is proposed to them and to the team, and the datasets stay where they are until they confirm.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from udi.portal.catalogue.services.models import CatalogueService
from udi.portal.nodes.models import NodeProducer
from udi.portal.nodes.sources.models import (
    CatalogueSource,
    PublisherMatch,
    SourcePublisher,
    SourceRecord,
)
from udi.portal.nodes.sources.publishers.identity import (
    NamedPublisher,
    merge_publishers,
)
from udi.portal.nodes.sources.publishers.queries import awaits_answer
from udi.portal.organisations.joining.identity_checks import legal_person_key
from udi.portal.organisations.joining.name_similarity import normalise_name
from udi.portal.organisations.joining.unclaimed import (
    create_unclaimed,
    give_number,
    lock_organisations,
)
from udi.portal.organisations.models import Organisation

MOST_PUBLISHERS = 1000
"""Of one source: the datasets of others stay under the producer that reads it."""


@dataclass
class KnownOrganisations:
    """The organisations of the territory, and the names that people confirmed for some."""

    aliases: Mapping[str, frozenset[UUID]]
    harvester_id: UUID
    by_id: dict[UUID, Organisation] = field(default_factory=dict)
    by_name: dict[str, list[Organisation]] = field(default_factory=dict)
    """By their names without case or accents."""
    by_number: dict[str, list[Organisation]] = field(default_factory=dict)

    def add(self, organisation: Organisation) -> None:
        """Find it from now on by its name, and by its number."""
        self.by_id[organisation.id] = organisation
        name = normalise_name(organisation.name)
        self.by_name.setdefault(name, []).append(organisation)
        self.add_number(organisation)

    def add_number(self, organisation: Organisation) -> None:
        """Find it from now on by the number that it has."""
        if key := organisation_key(organisation):
            same = self.by_number.setdefault(key, [])
            if organisation not in same:
                same.append(organisation)

    @classmethod
    async def load(
        cls, session: AsyncSession, source: CatalogueSource
    ) -> "KnownOrganisations":
        organisations = (await session.scalars(select(Organisation))).all()
        chosen = (
            select(SourcePublisher)
            .join(
                CatalogueSource,
                (CatalogueSource.tenant_id == SourcePublisher.tenant_id)
                & (CatalogueSource.id == SourcePublisher.source_id),
            )
            .where(
                SourcePublisher.how == PublisherMatch.CHOSEN,
                SourcePublisher.confirmed,
                SourcePublisher.proposed_id.is_(None),
                SourcePublisher.organisation_id != CatalogueSource.organisation_id,
            )
        )
        aliases: dict[str, frozenset[UUID]] = {}
        for row in await session.scalars(chosen):
            for name in filter(None, map(normalise_name, row.names.values())):
                aliases[name] = aliases.get(name, frozenset()) | {row.organisation_id}
        known = cls(aliases, source.organisation_id)
        for organisation in organisations:
            known.add(organisation)
        return known

    def find(
        self, publisher: NamedPublisher
    ) -> tuple[Organisation, PublisherMatch] | None:
        """The organisation that a publisher seems to be, and by what.

        A name that a person confirmed goes before the name of an organisation that nobody claimed, not of one that is here.
        """
        if publisher.legal_person and (
            by_number := self._choose(self.by_number.get(publisher.legal_person, ()))
        ):
            return by_number, PublisherMatch.NUMBER
        if publisher.is_person:
            return None
        folded_names = publisher.folded_names
        by_name = [
            organisation
            for name in folded_names
            for organisation in self.by_name.get(name, ())
            if not _has_other_number(organisation, publisher)
        ]
        confirmed = frozenset[UUID]().union(
            *(self.aliases.get(name, frozenset()) for name in folded_names)
        )
        by_alias = [
            self.by_id[id_]
            for id_ in confirmed & self.by_id.keys()
            if not _has_other_number(self.by_id[id_], publisher)
        ]
        joined = [
            organisation for organisation in by_name if not organisation.unclaimed
        ]
        if chosen := self._choose(joined):
            return chosen, PublisherMatch.NAME
        if chosen := self._choose(by_alias):
            return chosen, PublisherMatch.ALIAS
        if chosen := self._choose(by_name):
            return chosen, PublisherMatch.NAME
        return None

    def _choose(self, candidates: Iterable[Organisation]) -> Organisation | None:
        """The producer that reads the source first, then those with people of their own."""
        return min(
            candidates,
            key=lambda organisation: (
                organisation.id != self.harvester_id,
                organisation.unclaimed,
                organisation.slug,
            ),
            default=None,
        )


def organisation_key(organisation: Organisation) -> str:
    """The country and what every number of its legal person has in common; empty without a number."""
    country = organisation.country
    if country and organisation.registry_number:
        return f"{country}:{legal_person_key(country, organisation.registry_number)}"
    return ""


def _has_other_number(organisation: Organisation, publisher: NamedPublisher) -> bool:
    """Whether two of one name are two legal persons all the same."""
    key = organisation_key(organisation)
    return bool(key and publisher.legal_person and key != publisher.legal_person)


@dataclass(frozen=True)
class PublisherMatches:
    """The organisation under which the datasets of each publisher of a source stand, by key."""

    organisations: Mapping[str, Organisation]
    unconfirmed: frozenset[str]
    """Keys of those whose organisation joined meanwhile, and has still to confirm: only what stands under it stays."""


async def match_publishers(
    session: AsyncSession,
    source: CatalogueSource,
    publishers: Iterable[NamedPublisher],
    moment: datetime,
) -> PublisherMatches:
    """Who the publishers are here; the datasets of those that are not named stand under the producer."""
    named = merge_publishers(publishers)
    rows = await list_rows(session, source, named)
    missing = [publisher for key, publisher in named.items() if key not in rows]
    if any(publisher.former_keys for publisher in missing):
        rows |= await _rename_rows(session, source, missing)
        missing = [publisher for publisher in missing if publisher.key not in rows]
    if missing and await _count_free(session, source):
        for row in await _add_rows(session, source, missing, moment):
            rows[row.key] = row
        await link_organisations(session, source)
    organisation_ids = {row.organisation_id for row in rows.values()}
    organisations = {
        organisation.id: organisation
        for organisation in await session.scalars(
            select(Organisation).where(Organisation.id.in_(organisation_ids))
        )
    }
    return PublisherMatches(
        {key: organisations[row.organisation_id] for key, row in rows.items()},
        frozenset(
            key
            for key, row in rows.items()
            if awaits_answer(row, organisations[row.organisation_id], source)
        ),
    )


async def _count_free(session: AsyncSession, source: CatalogueSource) -> int:
    """How many publishers more a source may name."""
    count = select(func.count()).where(SourcePublisher.source_id == source.id)
    return max(0, MOST_PUBLISHERS - (await session.scalar(count) or 0))


async def list_rows(
    session: AsyncSession, source: CatalogueSource, keys: Iterable[str]
) -> dict[str, SourcePublisher]:
    """What is known of publishers of a source, by key."""
    query = select(SourcePublisher).where(
        SourcePublisher.source_id == source.id, SourcePublisher.key.in_(list(keys))
    )
    return {row.key: row for row in await session.scalars(query)}


async def _rename_rows(
    session: AsyncSession,
    source: CatalogueSource,
    publishers: Sequence[NamedPublisher],
) -> dict[str, SourcePublisher]:
    """Rows of before the register of a number was known, under the key of the number: what people decided of them stays."""
    former_keys = {key for publisher in publishers for key in publisher.former_keys}
    former_rows = await list_rows(session, source, former_keys)
    renamed = {}
    for publisher in publishers:
        rows = [
            former_rows[key]
            for key in sorted(publisher.former_keys & former_rows.keys())
        ]
        if not rows:
            continue
        records = update(SourceRecord).where(
            SourceRecord.source_id == source.id,
            SourceRecord.publisher.in_([row.key for row in rows]),
        )
        await session.execute(
            records.values(publisher=publisher.key),
            execution_options={"synchronize_session": False},
        )
        services = update(CatalogueService).where(
            CatalogueService.source_id == source.id,
            CatalogueService.publisher.in_([row.key for row in rows]),
        )
        await session.execute(
            services.values(publisher=publisher.key),
            execution_options={"synchronize_session": False},
        )
        best = max(rows, key=lambda row: row.confirmed)
        best.key = publisher.key
        best.number = publisher.number
        renamed[publisher.key] = best
        for row in rows:
            if row is not best:
                await session.delete(row)
    await session.flush()
    return renamed


async def _add_rows(
    session: AsyncSession,
    source: CatalogueSource,
    publishers: Sequence[NamedPublisher],
    moment: datetime,
) -> list[SourcePublisher]:
    """Those with a number first: who is named without one may be one of them."""
    await lock_organisations(session)
    free = await _count_free(session, source)
    known = await KnownOrganisations.load(session, source)
    rows = []
    ordered = sorted(
        publishers, key=lambda publisher: (not publisher.number, publisher.key)
    )
    for publisher in ordered[:free]:
        row = SourcePublisher(
            source_id=source.id,
            key=publisher.key,
            names=dict(publisher.names),
            uri=publisher.uri,
            number=publisher.number,
            organisation_id=source.organisation_id,
            first_seen_at=moment,
        )
        await _match_row(session, row, publisher, known, source.language)
        rows.append(row)
    session.add_all(rows)
    await session.flush()
    return rows


async def _match_row(
    session: AsyncSession,
    row: SourcePublisher,
    publisher: NamedPublisher,
    known: KnownOrganisations,
    language: str,
) -> None:
    name = publisher.name_in([language])
    match = known.find(publisher)
    if match:
        organisation, row.how = match
        if organisation.unclaimed:
            give_number(organisation, publisher.country, publisher.number)
            known.add_number(organisation)
            row.organisation_id = organisation.id
        elif organisation.id != known.harvester_id:
            row.proposed_id = organisation.id
    elif publisher.is_person:
        row.how = PublisherMatch.PERSON
    elif not name:
        row.how = PublisherMatch.UNNAMED
    else:
        organisation = await create_unclaimed(
            session,
            name=name,
            url=publisher.url,
            country=publisher.country,
            number=publisher.number,
        )
        known.add(organisation)
        row.organisation_id = organisation.id
        row.how = PublisherMatch.CREATED


async def link_organisations(session: AsyncSession, source: CatalogueSource) -> None:
    """Let the node of a source publish for its producer and for the organisations of its publishers, and for no other."""
    await session.flush()
    named = select(SourcePublisher.organisation_id).where(
        SourcePublisher.source_id == source.id
    )
    organisation_ids = {source.organisation_id, *await session.scalars(named)}
    links = NodeProducer.node_id == source.id
    await session.execute(
        delete(NodeProducer).where(
            links, NodeProducer.organisation_id.not_in(organisation_ids)
        ),
        execution_options={"synchronize_session": False},
    )
    rows = [
        {"node_id": source.id, "organisation_id": organisation_id}
        for organisation_id in sorted(organisation_ids)
    ]
    await session.execute(insert(NodeProducer).on_conflict_do_nothing(), rows)
