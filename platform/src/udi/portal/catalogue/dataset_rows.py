"""A dataset with its producer, files and links, read by one statement of the driver.

The object mapper took a third of the time of a dataset's page to read the same rows by three statements. What is read
here belongs to no session: it is to be shown, and no change of it is written.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, literal_column, select
from sqlalchemy.orm import DeclarativeBase, aliased
from sqlalchemy.orm.attributes import manager_of_class

from udi.kit.read_connections import StatementReader
from udi.portal.catalogue.compression import (
    CompressedDescription,
    decompress_description,
)
from udi.portal.catalogue.models import (
    Dataset,
    DatasetState,
    Distribution,
    Link,
    PastDescription,
)
from udi.portal.catalogue.related_rows import RelatedRows, Rows
from udi.portal.organisations.models import Organisation


@dataclass(frozen=True)
class ReadingProducer:
    """The producer whose source a dataset was read in."""

    id: UUID
    slug: str
    name: str


class RowFields:
    """The columns of a table in their order, and how a row of them becomes an object of its class."""

    def __init__(self, model: type[DeclarativeBase]) -> None:
        attributes = list(model.__mapper__.column_attrs)
        self.columns = [attribute.columns[0] for attribute in attributes]
        self._names = [attribute.key for attribute in attributes]
        self._compressed_names = [
            attribute.key
            for attribute in attributes
            if isinstance(attribute.columns[0].type, CompressedDescription)
        ]
        self._manager = manager_of_class(model)

    def restore(self, values: Sequence[Any]) -> Any:
        """The object of a row, whose values are as the driver has them; it belongs to no session."""
        restored = self._manager.new_instance()
        facts = vars(restored)
        facts.update(zip(self._names, values, strict=True))
        for name in self._compressed_names:
            facts[name] = decompress_description(facts[name])
        return restored


Harvester = aliased(Organisation)
"""The producer whose source a dataset was read in."""
IS_HARVESTER = (Harvester.tenant_id == Dataset.tenant_id) & (
    Harvester.id == Dataset.harvester_id
)
DATASET = RowFields(Dataset)
OWNER = RowFields(Organisation)
FILE = RowFields(Distribution)
LINK = RowFields(Link)
PAST = RowFields(PastDescription)


def _write_statement() -> str:
    same_address = (Link.tenant_id == Distribution.tenant_id) & (
        Link.url == Distribution.url
    )
    files = (
        select(func.row(*FILE.columns, *LINK.columns))
        .select_from(Distribution)
        .outerjoin(Link, same_address)
        .where(
            Distribution.tenant_id == Dataset.tenant_id,
            Distribution.dataset_id == Dataset.id,
        )
        .order_by(Distribution.position)
        .correlate(Dataset)
    )
    owner = (Organisation.tenant_id == Dataset.tenant_id) & (
        Organisation.id == Dataset.organisation_id
    )
    statement = (
        select(
            *DATASET.columns,
            *OWNER.columns,
            func.row(Harvester.id, Harvester.slug, Harvester.name),
            func.array(files.scalar_subquery()),
        )
        .select_from(Dataset)
        .join(Organisation, owner)
        .outerjoin(Harvester, IS_HARVESTER)
        .where(
            Dataset.id == literal_column("$1::uuid"),
            Dataset.state == DatasetState.PUBLISHED,
        )
    )
    return str(statement.compile(compile_kwargs={"literal_binds": True}))


STATEMENT = _write_statement()


def _write_past_statement(most: int | ColumnElement[int]) -> str:
    past = (
        select(*PAST.columns)
        .where(PastDescription.dataset_id == literal_column("$1::uuid"))
        .order_by(PastDescription.number.desc())
        .limit(most)
    )
    return str(past.compile(compile_kwargs={"literal_binds": True}))


PAST_STATEMENT = _write_past_statement(literal_column("$2::bigint"))


async def find_published_dataset(
    rows: StatementReader, dataset_id: UUID
) -> Dataset | None:
    """A dataset that is shown, with its producer, its distributions and how their addresses stand."""
    records = await rows.fetch(STATEMENT, dataset_id)
    if not records:
        return None
    *values, harvester, files = records[0]
    width = len(DATASET.columns)
    dataset: Dataset = DATASET.restore(values[:width])
    facts = vars(dataset)
    facts["organisation"] = OWNER.restore(values[width:])
    facts["harvester"] = ReadingProducer(*harvester) if harvester[0] else None
    facts["distributions"] = [_restore_file(file) for file in files]
    return dataset


def reading_producer_of(dataset: Dataset) -> ReadingProducer | None:
    """Who reads a dataset that was read elsewhere, as `find_published_dataset` found it."""
    producer: ReadingProducer | None = vars(dataset).get("harvester")
    return producer


def _restore_file(values: Sequence[Any]) -> Distribution:
    width = len(FILE.columns)
    file: Distribution = FILE.restore(values[:width])
    link = values[width:]
    vars(file)["link"] = None if link[0] is None else LINK.restore(link)
    return file


async def list_past_descriptions(
    rows: StatementReader, dataset_id: UUID, most: int
) -> list[PastDescription]:
    """The newest past descriptions of a dataset, the latest first."""
    return _restore_past(await rows.fetch(PAST_STATEMENT, dataset_id, most))


def relate_past_descriptions(most: int) -> RelatedRows[list[PastDescription]]:
    """The same for the page of the dataset."""
    return RelatedRows(_write_past_statement(most), _restore_past)


def _restore_past(rows: Rows) -> list[PastDescription]:
    return [PAST.restore(row) for row in rows]
