"""What another portal did with each of our records: a comparison, without a database or a network."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar
from uuid import UUID

from udi.portal.territory.declaration.readings import (
    HarvestItem,
    PortalReading,
    RemoteDataset,
)
from udi.protocol.identifiers import GLOBAL_IDENTIFIER, comparison_key
from udi.protocol.licences import LICENCES

Value = TypeVar("Value")


class DeclarationOutcome(StrEnum):
    """What became of a record."""

    REFUSED = "refused"
    CHANGED = "changed"
    MISSING = "missing"
    TAKEN = "taken"


class ChangedField(StrEnum):
    """What a portal says otherwise than we do."""

    TITLE = "title"
    LICENCE = "licence"
    FILES = "files"
    ARCHIVED = "archived"


@dataclass(frozen=True)
class OwnRecord:
    """A dataset as we publish it."""

    id: UUID
    title: str
    titles: Mapping[str, str]
    licence: str
    files: int
    address: str
    other_names: Sequence[str] = ()
    synopsis: Mapping[str, str] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """What others may know it by, as it is compared: our own names first, of others those that no two datasets share."""
        others = [name for name in self.other_names if GLOBAL_IDENTIFIER.search(name)]
        return [comparison_key(name) for name in (str(self.id), self.address, *others)]


@dataclass(frozen=True)
class DeclaredRecord:
    """A record of ours, and what became of it there."""

    record: OwnRecord
    outcome: DeclarationOutcome
    page: str = ""
    """Its page at the other portal."""
    reason: str = ""
    """Of a refusal, in the portal's words."""
    changes: list[ChangedField] = field(default_factory=list)


def compare_records(
    records: Iterable[OwnRecord], reading: PortalReading, portal: str
) -> list[DeclaredRecord]:
    """What a portal did with each record, those that need a look first."""
    datasets = {name: dataset for dataset in reading.datasets for name in dataset.names}
    items = {comparison_key(item.remote_id): item for item in reading.items}
    outcomes = [
        _compare_record(
            record,
            _find(datasets, record.names),
            _find(items, record.names),
            portal,
        )
        for record in records
    ]
    order = list(DeclarationOutcome)
    return sorted(
        outcomes,
        key=lambda outcome: (
            order.index(outcome.outcome),
            outcome.record.title.casefold(),
        ),
    )


def count_outcomes(outcomes: Iterable[DeclaredRecord]) -> dict[DeclarationOutcome, int]:
    """How many records became what."""
    counts = dict.fromkeys(DeclarationOutcome, 0)
    for outcome in outcomes:
        counts[outcome.outcome] += 1
    return counts


def _find(values: Mapping[str, Value], names: Iterable[str]) -> Value | None:
    return next((values[name] for name in names if name in values), None)


def _compare_record(
    record: OwnRecord,
    dataset: RemoteDataset | None,
    item: HarvestItem | None,
    portal: str,
) -> DeclaredRecord:
    page = ""
    if dataset is not None and dataset.page.startswith(f"{portal}/"):
        page = dataset.page
    if item is not None and item.is_refused:
        return DeclaredRecord(record, DeclarationOutcome.REFUSED, page, item.reason)
    if dataset is None:
        return DeclaredRecord(record, DeclarationOutcome.MISSING)
    changes = list(_list_changes(record, dataset))
    outcome = DeclarationOutcome.CHANGED if changes else DeclarationOutcome.TAKEN
    return DeclaredRecord(record, outcome, page, changes=changes)


def _list_changes(record: OwnRecord, dataset: RemoteDataset) -> Iterable[ChangedField]:
    titles = {
        " ".join(title.split()) for title in (record.title, *record.titles.values())
    }
    if " ".join(dataset.title.split()) not in titles:
        yield ChangedField.TITLE
    licence = LICENCES.get(record.licence)
    is_comparable = licence is not None and licence.has_version
    if is_comparable and dataset.licence not in {"", record.licence}:
        yield ChangedField.LICENCE
    # The catalogue lists the APIs of open tables besides, of which we count none.
    if dataset.files < record.files:
        yield ChangedField.FILES
    if dataset.is_archived:
        yield ChangedField.ARCHIVED
