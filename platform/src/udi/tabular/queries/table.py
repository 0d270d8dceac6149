"""A table as queries and exports need it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from udi.tabular.columns.chosen_roles import Roles
from udi.tabular.columns.column import Bounds, TypedColumn, places_name
from udi.tabular.queries.query_budget import QueryBudget

FetchFile = Callable[[], Awaitable[None]]


async def _do_nothing() -> None:
    """A table that is on this machine already."""


@dataclass(frozen=True)
class DatasetTable:
    """A typed table that this reader may read."""

    path: Path
    """The Parquet, on this machine; its content never changes under this name."""
    columns: tuple[TypedColumn, ...]
    rows: int
    digest: str
    """Of its content: another version has another."""
    space: str
    """Identifier of whose it is, unlike any other of any territory: spaces take turns."""
    name: str
    """Of exported files, without an extension."""
    title: str
    """The main one; `titles` has it by language, where there are several."""
    modified: datetime
    described: datetime | None = None
    """When something of its dataset changed last, which pages of it may show."""
    table_name: str = ""
    """Its name in addresses among the tables of its dataset; empty for the main one, that of an agreement's columns."""
    is_open: bool = True
    """Whether everyone may read it: then shared caches may keep answers."""
    is_restricted: bool = False
    """Whether this reader may read it only so far as an agreement says."""
    hidden: frozenset[str] = frozenset()
    """Columns that it has, and that an agreement does not show to this reader, with `hidden_places`."""
    hidden_places: str = ""
    """What its places are called that an agreement does not show to this reader; empty where it shows them."""
    geometry: str = ""
    """Kind of its places, empty when it has none."""
    bbox: Bounds | None = None
    landing: str = ""
    """Address of the dataset's page."""
    licence: str = ""
    profile: Mapping[str, object] = field(default_factory=dict)
    """What else is known of it, added to its profile."""
    titles: Mapping[str, str] = field(default_factory=dict)
    default_view: str = ""
    """The query of the page of its data that its producer chose for it."""
    roles: Roles = field(default_factory=dict)
    """What its producer says that columns are for."""
    units: Mapping[str, str] = field(default_factory=dict)
    """The units of columns, by name."""
    is_part: bool = False
    """Whether it is the part of a table that an agreement opens."""
    memory: Path | None = None
    """The folder in memory where everything that is made of it belongs; None: on a disk."""
    query_budget: QueryBudget | None = field(default=None, compare=False)
    """Whose time its queries take; None: nobody's, as of what is made once for all readers."""
    fetch_file: FetchFile = _do_nothing
    """Bring the Parquet to this machine, where it is not there yet; for when no connection to the database is held."""

    @property
    def is_main(self) -> bool:
        """Whether it is the table that an agreement on a part of a dataset speaks of."""
        return not self.table_name

    @property
    def has_geometry(self) -> bool:
        """Whether some row has a place."""
        return self.bbox is not None

    @property
    def places_name(self) -> str:
        """What agreements call its places: as none of its columns is called."""
        return places_name(column.name for column in self.columns)
