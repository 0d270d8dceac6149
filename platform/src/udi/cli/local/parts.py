"""The eight parts of a running installation, from the settings."""

import json
import os
import signal
import sys
from pathlib import Path

import udi
from udi.cli.local import ports
from udi.cli.local.account import SystemAccount, can_read
from udi.cli.local.keycloak import Keycloak
from udi.cli.local.plan import StartupPlan
from udi.cli.local.postgres import Cluster
from udi.cli.local.processes import BARE_ENVIRONMENT
from udi.cli.local.supervisor import SupervisedProgram
from udi.settings import ProgramName, Settings

NAMES = (
    "postgres",
    "keycloak",
    "mailbox",
    "portal-web",
    "portal-worker",
    "node-web",
    "node-worker",
    "operator-worker",
)
SOURCE = Path(udi.__file__).resolve().parents[1]
THEMES = SOURCE / "udi/ui/keycloak"
NO_HOME = "/nonexistent"
PORTS = {"portal": 0, "node": 1}


def is_healthy(settings: Settings, name: str) -> bool:
    """Whether a part does its work, as far as can be asked from outside (a worker: always)."""
    match name:
        case "postgres":
            return ports.accepts(settings.port(4))
        case "keycloak":
            return ports.answers(settings.port(5), "/health/ready")
        case "mailbox":
            return ports.answers(settings.port(3), "/health") and ports.accepts(
                settings.port(6)
            )
        case "portal-web" | "node-web":
            return ports.answers(
                settings.port(PORTS[name.removesuffix("-web")]), "/health"
            )
        case _:
            return True


def postgres_part(cluster: Cluster) -> SupervisedProgram:
    """PostgreSQL, the last to stop; SIGINT is its fast shutdown."""
    return SupervisedProgram(
        "postgres",
        cluster.command(),
        BARE_ENVIRONMENT,
        cluster.is_ready,
        account=cluster.account,
        stop_signal=signal.SIGINT,
        stage=2,
    )


def keycloak_part(keycloak: Keycloak) -> SupervisedProgram:
    """Keycloak, stopped after the programs that ask it."""
    return SupervisedProgram(
        "keycloak",
        keycloak.command(),
        keycloak.environment(),
        keycloak.is_ready,
        account=keycloak.account,
        patience=240,
        stage=1,
    )


def find_unreachable(settings: Settings, account: SystemAccount | None) -> Path | None:
    """What the programs need and an account does not reach, the first of it; None: it can run them."""
    needed = [Path(sys.executable), Path(sys.prefix), SOURCE / "udi/__init__.py"]
    if settings.tenants.exists():
        needed.append(settings.tenants)
    return next((path for path in needed if not can_read(account, path)), None)


def program_parts(
    plan: StartupPlan, program: ProgramName, account: SystemAccount | None
) -> list[SupervisedProgram]:
    """Web and worker of the portal or the node; `account`: who runs them, None for the caller."""
    port = str(plan.settings.port(PORTS[program]))
    return [
        _make_part(
            plan,
            f"{program}-web",
            account,
            *plan.command,
            "serve",
            program,
            "--port",
            port,
        ),
        _make_part(plan, f"{program}-worker", account, *plan.command, "work", program),
    ]


def list_programs(
    plan: StartupPlan, account: SystemAccount | None
) -> tuple[list[SupervisedProgram], list[SupervisedProgram]]:
    """What answers requests, and what works once it does."""
    portal_web, portal_worker = program_parts(plan, "portal", account)
    node_web, node_worker = program_parts(plan, "node", account)
    operator = operator_part(plan, account)
    return [portal_web, node_web], [portal_worker, node_worker, operator]


def operator_part(
    plan: StartupPlan, account: SystemAccount | None
) -> SupervisedProgram:
    """The worker of the installation, for all territories; here it makes archives too."""
    archives = str(plan.settings.state / "archives")
    command = (*plan.command, "operator", "work", "--archives", archives)
    return _make_part(plan, "operator-worker", account, *command)


def mailbox_part(plan: StartupPlan, account: SystemAccount | None) -> SupervisedProgram:
    """The mailbox that keeps every mail on the machine; called by its module, it loads neither portal nor node."""
    return _make_part(
        plan, "mailbox", account, sys.executable, "-P", "-m", "udi.cli.local.mailbox"
    )


def demonstration_part(plan: StartupPlan) -> SupervisedProgram:
    """What publishes the demonstration's content, and ends by itself."""
    return _make_part(plan, "demonstration", None, *plan.command, "demonstrate")


def own_hosts(settings: Settings) -> list[str]:
    """The hosts and ports of this machine at which portal and hosted node reach each other, as `UDI_PRIVATE_HOSTS` has them."""
    return [f"*.localhost:{settings.port(offset)}" for offset in PORTS.values()]


def _make_part(
    plan: StartupPlan, name: str, account: SystemAccount | None, *command: str
) -> SupervisedProgram:
    settings = plan.settings
    environment = {
        **os.environ,
        "PYTHONUNBUFFERED": "1",
        "PYTHONPATH": str(SOURCE),
        "UDI_STATE": str(settings.state),
        "UDI_CACHE": str(settings.cache),
        "UDI_TENANTS": str(settings.tenants.resolve()),
        "UDI_BASE_PORT": str(settings.base_port),
        "UDI_DEMO": "true" if settings.demo else "false",
        "UDI_PRIVATE_HOSTS": json.dumps(
            [*settings.private_hosts, *own_hosts(settings)]
        ),
    }
    if account:
        environment["HOME"] = NO_HOME
    return SupervisedProgram(
        name, command, environment, lambda: is_healthy(settings, name), account=account
    )
