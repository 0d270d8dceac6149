"""One thing that a program can ask, and what a higher domain adds to those of the catalogue."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from msgspec import Struct

from udi.kit.errors import UdiError
from udi.portal.catalogue.documentation.parameters import Parameter


@dataclass(frozen=True)
class Operation:
    """What can be asked at one path by one method."""

    name: str
    path: str
    summary: str
    detail: str
    answer: type[Struct] | None
    """None: it answers that it was done, and no more (204)."""
    refusals: tuple[type[UdiError], ...]
    method: str = "get"
    asks: type[Struct] | None = None
    """What its body says."""
    statuses: tuple[int, ...] = (200,)
    """Of what it answers when all is well."""
    scope: str = ""
    """The right that its token must have; empty: it needs no token."""
    takes: Mapping[str, Parameter] = field(default_factory=dict)
    """Parameters of its query, besides those that its path names."""
    leads_to: tuple[tuple[str, str, str], ...] = ()
    """Operations that the answer leads to: name, parameter, where its value is (RFC 6901, in a runtime expression)."""


@dataclass(frozen=True)
class More:
    """The operations of a higher domain, with their examples: the site's part "operations" is a list of these."""

    operations: tuple[Operation, ...]
    path: Mapping[str, Parameter]
    """Parameters that paths name."""
    asked: Mapping[type[Struct], Struct]
    """What each body says."""
    examples: Callable[[str], Mapping[str, Any]]
    """Answers by operation, as the portal at an origin would give them."""
