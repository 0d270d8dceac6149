"""What the page of a restricted dataset says of how it opens; the domain that knows it provides it."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.identity import Actor
from udi.kit.service_registry import ServiceKey
from udi.kit.tenancy import Territory
from udi.portal.catalogue.models import Dataset
from udi.ui.dependencies import AnyRequest


class AccessSectionTemplate(Protocol):
    """A part of the page: its template, which knows the rest."""

    @property
    def template(self) -> str:
        """The name of the template."""


SummariseAccess = Callable[
    [AnyRequest, AsyncSession, Territory, Actor | None, Dataset],
    Awaitable[AccessSectionTemplate],
]
SUMMARISE_ACCESS = ServiceKey[SummariseAccess]("access to a dataset", "access")
