"""The addresses of a table at the node: those of a dataset for its main table, with the name of the table for another."""

from dataclasses import dataclass
from uuid import UUID

from udi.tabular.queries.table import DatasetTable


@dataclass(frozen=True)
class TableAddresses:
    """Paths, without a final slash."""

    dataset_id: UUID
    table_name: str = ""

    @classmethod
    def of(cls, dataset_id: UUID, table: DatasetTable) -> "TableAddresses":
        """The addresses of a table of a dataset."""
        return cls(dataset_id, table.table_name)

    @property
    def page(self) -> str:
        """The page of its data."""
        return self.folder if self.table_name else f"{self.folder}/data"

    @property
    def api(self) -> str:
        """What `/profile/` and `/data/` follow."""
        return f"/api/resources/{self.dataset_id}{self._named}"

    @property
    def folder(self) -> str:
        """What the names of its files and pictures follow."""
        return f"/datasets/{self.dataset_id}{self._named}"

    @property
    def map(self) -> str:
        """Its map service, where it has places."""
        return f"/ogc/{self.dataset_id}{self._named}"

    @property
    def _named(self) -> str:
        return f"/tables/{self.table_name}" if self.table_name else ""
