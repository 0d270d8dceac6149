"""How a part is started again, and where it says why it ended: as this installation runs its parts."""

import sys
from typing import Literal

from udi.cli.units import find_current_release
from udi.kit.identity import has_external_keycloak
from udi.kit.postgresql import is_external
from udi.settings import ProgramName, Settings

Part = Literal[
    "postgres", "keycloak", "portal-web", "portal-worker", "node-web", "node-worker"
]
UNITS: dict[Part, str] = {
    "postgres": "postgresql",
    "keycloak": "udi-keycloak",
    "portal-web": "'udi-portal-web-*'",
    "portal-worker": "udi-portal-worker",
    "node-web": "'udi-node-web-*'",
    "node-worker": "udi-node-worker",
}
PAGES: dict[ProgramName, Part] = {"portal": "portal-web", "node": "node-web"}
WORKERS: dict[ProgramName, Part] = {"portal": "portal-worker", "node": "node-worker"}
CLUSTER = "udi-patroni"
"""The unit of a PostgreSQL that others follow."""
LOGS = {"postgresql": "'postgresql@*'"}
"""The units whose lines are another's."""


def restart(settings: Settings, part: Part, *, prefix: str = sys.prefix) -> str:
    """The sentence that starts a part again: by systemd where the play installed it, by `udi` elsewhere."""
    if part == "postgres" and is_external(settings):
        return f"Whoever runs {settings.database_host} says why it is away; see also UDI_DATABASE_HOST and UDI_DATABASE_PORT."
    if part == "keycloak" and has_external_keycloak(settings):
        return f"Whoever runs {settings.keycloak_url} says why it is away; see also UDI_IDENTITY_URL."
    if settings.own_node:
        return "Run `udi node serve <folder>`, which says why it ends."
    if find_current_release(prefix) is None:
        return f"Run `udi up`; `udi logs {part}` says why it ended."
    unit = UNITS[part]
    if part == "postgres" and settings.database_replica_port:
        unit = CLUSTER
    log = LOGS.get(unit, unit)
    return f"On its machine run `systemctl restart {unit}`; `journalctl -u {log} -n 50` says why it ended."
