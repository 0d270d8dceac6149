"""A command line like `udi`, with toy programs: `toy.py up|down|status`.

Keycloak is a toy too, unless `TOY_IDENTITY` says «real».
"""

import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from udi.cli.local import parts
from udi.cli.local.down import down
from udi.cli.local.keycloak import Keycloak, make_keycloak
from udi.cli.local.plan import DemoAccount, StartupPlan, TerritoryAddress
from udi.cli.local.status import status
from udi.settings import Settings

PROGRAMS = (sys.executable, str(Path(__file__).resolve().with_name("toy.py")))


class ToyKeycloak(Keycloak):
    """The same instance, whose program is a toy."""

    def command(self) -> list[str]:
        return [*PROGRAMS, "identify"]


def make_toy_keycloak(settings: Settings, **options: Any) -> Keycloak:
    """The instance that the settings describe, run by whoever can read the toys, as portal and node are."""
    keycloak = make_keycloak(settings, **options)
    account = keycloak.account
    if parts.find_unreachable(settings, account):
        account = None
    return ToyKeycloak(**{**vars(keycloak), "account": account})


def _migrate(settings: Settings) -> None:
    if (settings.state / "refuse-migration").exists():
        msg = "The migration 0042 is missing."
        raise RuntimeError(msg)
    (settings.state / "migrated").touch()
    (settings.secrets_folder / "drawn_by_migration").touch(mode=0o600)


def _apply(settings: Settings) -> None:
    (settings.state / "applied").touch()


def toy_plan(settings: Settings) -> StartupPlan:
    """A plan whose programs are toys."""
    return StartupPlan(
        settings=settings,
        migrate=_migrate,
        apply_tenants=_apply,
        territories=lambda _: [
            TerritoryAddress(
                "demo", "http://demo.localhost", "http://node.demo.localhost"
            )
        ],
        accounts=lambda _: [DemoAccount("ana@demo.example", "pass", "publisher")],
        command=PROGRAMS,
    )


def _main(arguments: list[str]) -> int:
    plan = toy_plan(Settings())
    up: Any = import_module("udi.cli.local.up")
    if os.environ.get("TOY_IDENTITY") != "real":
        up.make_keycloak = make_toy_keycloak
    match arguments:
        case ["up", *options]:
            events = int(options[1]) if options[:1] == ["--events"] else None
            status_of_up: int = up.up(plan, detach="--detach" in options, events=events)
            return status_of_up
        case ["down"]:
            return down(plan.settings)
        case ["status"]:
            return status(plan, json=True)
    return 2


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))
