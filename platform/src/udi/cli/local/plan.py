"""What `udi up` is told by the rest of the command line."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from udi.settings import Settings


@dataclass(frozen=True)
class TerritoryAddress:
    """Where one territory's portal and hosted node answer."""

    slug: str
    portal: str
    node: str


@dataclass(frozen=True)
class DemoAccount:
    """A demonstration account; `role` says in words what it may do."""

    username: str
    password: str
    role: str


@dataclass(frozen=True)
class StartupPlan:
    """The steps between the services, and how to call ourselves.

    `migrate` runs when PostgreSQL is ready, `apply_tenants` when Keycloak is too; both raise to stop everything.
    `territories` and `accounts` read files only. With `demonstration`, content is published in the background once
    everything answers.
    """

    settings: Settings
    migrate: Callable[[Settings], None]
    apply_tenants: Callable[[Settings], None]
    territories: Callable[[Settings], Sequence[TerritoryAddress]]
    accounts: Callable[[Settings], Sequence[DemoAccount]]
    demonstration: bool = False
    command: tuple[str, ...] = (sys.executable, "-P", "-m", "udi")
