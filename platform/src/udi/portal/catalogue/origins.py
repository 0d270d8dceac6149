"""What the page of a dataset says of where it was read; the domain that reads catalogues of others tells it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.service_registry import ServiceKey
from udi.portal.catalogue.models import Dataset

ORIGINAL = "/original"


@dataclass(frozen=True)
class HarvestOrigin:
    """The site of the catalogue that a dataset was read in, its format, and whether its own record is kept."""

    site: str
    home: str
    format: str
    has_original: bool


FindOrigin = Callable[[AsyncSession, Dataset], Awaitable[HarvestOrigin | None]]
FIND_ORIGIN = ServiceKey[FindOrigin]("origin of a dataset", "nodes")
