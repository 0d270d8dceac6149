"""Types of handlers, named once: what they are given, and a list of them."""

from collections.abc import Sequence
from typing import Any

from litestar import Request
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.identity import Actor
from udi.kit.tenancy import Territory

AnyRequest = Request[Any, Any, State]
Session = NamedDependency[AsyncSession]
Member = NamedDependency[Actor]
"""Who is logged in."""
Visitor = NamedDependency[Actor | None]
"""Who is logged in, if anybody is."""
CurrentTerritory = NamedDependency[Territory]
Routes = Sequence[ControllerRouterHandler]
"""What a program serves: handlers, and routers of several."""
