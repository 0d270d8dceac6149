"""What the page of a dataset says of where it was read; the domain that reads catalogues of others tells it."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.read_connections import StatementReader
from udi.kit.service_registry import ServiceKey
from udi.portal.catalogue.models import Dataset
from udi.portal.organisations.models import Organisation

ORIGINAL = "/original"


@dataclass(frozen=True)
class HarvestOrigin:
    """The site of the catalogue that a dataset was read in, its format, and whether its own record is kept."""

    site: str
    home: str
    format: str
    has_original: bool
    harvester: str
    """The name of the producer that reads it, and the end of its address."""
    harvester_slug: str
    read_at: datetime
    publisher: str = ""
    """As the source says it, where its dataset does not stand under that name here."""


@dataclass(frozen=True)
class ProducerOrigin:
    """A site where descriptions of a producer's data were read, and the producer that reads it."""

    site: str
    harvester: str


FindProducerOrigins = Callable[
    [AsyncSession, Organisation], Awaitable[Sequence[ProducerOrigin]]
]
FIND_PRODUCER_ORIGINS = ServiceKey[FindProducerOrigins](
    "origins of a producer", "nodes"
)
FindOrigin = Callable[[StatementReader, Dataset], Awaitable[HarvestOrigin | None]]
FIND_ORIGIN = ServiceKey[FindOrigin]("origin of a dataset", "nodes")
