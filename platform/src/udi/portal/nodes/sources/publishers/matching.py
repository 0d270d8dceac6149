"""Finding the organisation of each publisher that a source names: each once, in one order whatever the records' order.

By what was found or chosen before; by the number of a public register; by its name, or one that a person confirmed; else
an organisation that nobody has claimed is made. A source speaks for nobody who is here: what seems to be an organisation
with people of its own is proposed to them and to the team, and the datasets stay where they are until they confirm.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from udi.portal.nodes.models import NodeProducer
from udi.portal.nodes.sources.models import (
    CatalogueSource,
    PublisherMatch,
    SourcePublisher,
)
from udi.portal.nodes.sources.publishers.identity import (
    NamedPublisher,
    merge_publishers,
)
from udi.portal.organisations.joining.identity_checks import legal_person_key
from udi.portal.organisations.joining.name_similarity import normalise_name
from udi.portal.organisations.joining.registries import FRANCE
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

    organisations: list[Organisation]
    aliases: Mapping[str, frozenset[UUID]]
    harvester_id: UUID

    @classmethod
    async def load(
        cls, session: AsyncSession, source: CatalogueSource
    ) -> "KnownOrganisations":
        organisations = (await session.scalars(select(Organisation))).all()
        chosen = select(SourcePublisher).where(
            SourcePublisher.how == PublisherMatch.CHOSEN,
            SourcePublisher.proposed_id.is_(None),
        )
        aliases: dict[str, frozenset[UUID]] = {}
        for row in await session.scalars(chosen):
            for name in filter(None, map(normalise_name, row.names.values())):
                aliases[name] = aliases.get(name, frozenset()) | {row.organisation_id}
        return cls(list(organisations), aliases, source.organisation_id)

    def find(
        self, publisher: NamedPublisher
    ) -> tuple[Organisation, PublisherMatch] | None:
        """The organisation that a publisher seems to be, and by what.

        A name that a person confirmed goes before the name of an organisation that nobody claimed, not of one that is here.
        """
        if by_number := self._choose(
            organisation
            for organisation in self.organisations
            if publisher.legal_person
            and organisation_key(organisation) == publisher.legal_person
        ):
            return by_number, PublisherMatch.NUMBER
        if publisher.is_person:
            return None
        folded_names = publisher.folded_names
        possible = [
            organisation
            for organisation in self.organisations
            if not _has_other_number(organisation, publisher)
        ]
        by_name = [
            organisation
            for organisation in possible
            if normalise_name(organisation.name) in folded_names
        ]
        confirmed = frozenset[UUID]().union(
            *(self.aliases.get(name, frozenset()) for name in folded_names)
        )
        by_alias = [
            organisation for organisation in possible if organisation.id in confirmed
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
    """What every French number of its legal person has in common; empty without such a number."""
    if organisation.country == FRANCE and organisation.registry_number:
        return legal_person_key(FRANCE, organisation.registry_number)
    return ""


def _has_other_number(organisation: Organisation, publisher: NamedPublisher) -> bool:
    """Whether two of one name are two legal persons all the same."""
    key = organisation_key(organisation)
    return bool(key and publisher.legal_person and key != publisher.legal_person)


async def match_publishers(
    session: AsyncSession,
    source: CatalogueSource,
    publishers: Iterable[NamedPublisher],
    moment: datetime,
) -> Mapping[str, Organisation]:
    """The organisation under which the datasets of each publisher stand, by key; the others stand under the producer."""
    named = merge_publishers(publishers)
    rows = await list_rows(session, source, named)
    missing = [publisher for key, publisher in named.items() if key not in rows]
    if missing:
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
    return {key: organisations[row.organisation_id] for key, row in rows.items()}


async def list_rows(
    session: AsyncSession, source: CatalogueSource, keys: Iterable[str]
) -> dict[str, SourcePublisher]:
    """What is known of publishers of a source, by key."""
    query = select(SourcePublisher).where(
        SourcePublisher.source_id == source.id, SourcePublisher.key.in_(list(keys))
    )
    return {row.key: row for row in await session.scalars(query)}


async def _add_rows(
    session: AsyncSession,
    source: CatalogueSource,
    publishers: Sequence[NamedPublisher],
    moment: datetime,
) -> list[SourcePublisher]:
    """Those with a number first: who is named without one may be one of them."""
    await lock_organisations(session)
    count = await session.scalar(
        select(func.count()).where(SourcePublisher.source_id == source.id)
    )
    known = await KnownOrganisations.load(session, source)
    rows = []
    ordered = sorted(
        publishers, key=lambda publisher: (not publisher.number, publisher.key)
    )
    for publisher in ordered[: max(0, MOST_PUBLISHERS - (count or 0))]:
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
            give_number(organisation, FRANCE, publisher.number)
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
            country=FRANCE if publisher.number else "",
            number=publisher.number,
        )
        known.organisations.append(organisation)
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
