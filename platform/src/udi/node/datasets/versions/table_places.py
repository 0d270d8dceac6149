"""Where the tables of a dataset are, and how they are called in addresses."""

from dataclasses import dataclass
from uuid import UUID

from udi.tabular.profiles.named_tables import PART_ID, SERIES


@dataclass(frozen=True)
class TablePlace:
    """Where a table of a dataset is: in which part (None: the main file), and which beside the main table of that file.

    Its name in addresses is the id of the part, the name of the table, or both with a dot between them; `SERIES` is that
    of the files that are each of a period, as one table.
    """

    part_id: UUID | None = None
    sheet: str = ""

    @classmethod
    def parse(cls, table_name: str) -> "TablePlace":
        """What a name says; empty is the main table of the main file."""
        first, _, rest = table_name.partition(".")
        if PART_ID.fullmatch(first):
            return cls(UUID(first), rest)
        return cls(None, table_name)

    @property
    def is_main(self) -> bool:
        """Whether it is the main table of the main file."""
        return self == MAIN

    @property
    def is_series(self) -> bool:
        """Whether it is the table of the files that are each of a period."""
        return self == TablePlace(sheet=SERIES)

    @property
    def table_name(self) -> str:
        """Its name in addresses."""
        part = [str(self.part_id)] if self.part_id else []
        return ".".join(filter(None, [*part, self.sheet]))


MAIN = TablePlace()
