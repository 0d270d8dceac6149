"""Whose records a slice holds, and what becomes of each."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.portal.nodes.harvest.faults import HarvestFault
from udi.portal.nodes.harvest.record import HarvestedRecord
from udi.portal.nodes.models import Node
from udi.portal.nodes.sources.likeness import Likeness
from udi.portal.nodes.sources.models import CatalogueSource, SourceRecord
from udi.portal.nodes.sources.reconciliation import RecordAction
from udi.portal.organisations.models import Organisation
from udi.protocol import structures as of


@dataclass(frozen=True)
class ImportContext:
    """Whose records these are."""

    source: CatalogueSource
    node: Node
    producer: of.Organisation
    publishers: Mapping[str, of.Organisation] = field(default_factory=dict)
    """Under whom the datasets of each publisher that the source names stand, by its key."""
    unconfirmed: frozenset[str] = frozenset()
    """Keys of those whose organisation joined meanwhile: until it confirms, only what stands under it stays there."""

    def producer_of(self, publisher: str, standing: UUID | None) -> of.Organisation:
        """Under whom a record of a publisher stands; `standing`: the organisation of the dataset that it is here."""
        organisation = self.publishers.get(publisher, self.producer)
        if publisher in self.unconfirmed and organisation.id != standing:
            return self.producer
        return organisation


async def load_import_context(
    session: AsyncSession, source: CatalogueSource
) -> ImportContext:
    """Who publishes what a source brings, and through which node."""
    node = (await session.scalars(select(Node).where(Node.id == source.id))).one()
    theirs = select(Organisation).where(Organisation.id == source.organisation_id)
    producer = (await session.scalars(theirs)).one()
    return ImportContext(
        source, node, of.Organisation(id=producer.id, name=producer.name)
    )


@dataclass
class RecordImport:
    """A thing that was found, and what there is to say of it."""

    identifier: str
    title: str
    action: RecordAction
    faults: tuple[HarvestFault, ...] = ()
    row: SourceRecord | None = None
    record: of.Record | None = None
    digest: str = ""
    harvest_record: HarvestedRecord | None = None
    same_as: UUID | None = None
    """The dataset of another source or node that it describes as well."""
    publisher: str = ""
    """The key of the publisher that it names."""
    similarities: Likeness = field(default_factory=dict)

    @property
    def dataset_id(self) -> UUID | None:
        """The dataset that it is here; None where nothing of it is shown."""
        if self.same_as:
            return self.same_as
        if self.action is RecordAction.REFUSED:
            if self.row and not self.row.withdrawn:
                return self.row.id
            return None
        if self.record:
            return self.record.id
        return None


@dataclass
class ImportResult:
    """What became of a slice."""

    results: list[RecordImport] = field(default_factory=list)

    def count(self, *fates: RecordAction) -> int:
        return sum(result.action in fates for result in self.results)
