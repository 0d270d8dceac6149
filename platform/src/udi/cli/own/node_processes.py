"""The parts of a producer's own node, from its folder: PostgreSQL, the web and the worker."""

import asyncio
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from rich.console import Console

from udi.cli.local import account, disk, parts, ports, postgres, state
from udi.cli.local.cluster import prepare_cluster
from udi.cli.local.errors import LocalError
from udi.cli.local.interrupts import InterruptHandler
from udi.cli.local.processes import ProcessWatchdog
from udi.cli.local.steps import StepReporter, TerminalReporter, step
from udi.cli.local.supervisor import SupervisedProgram, Supervisor
from udi.cli.own.folder import NODE, POSTGRES, OwnNode
from udi.cli.own.portals import sync_portals
from udi.kit import migrations
from udi.kit.db import Database
from udi.kit.territories import upsert
from udi.node.spaces.actions import apply_space
from udi.node.territories.models import Tenant
from udi.protocol.node_registration import NodeRegistration
from udi.settings import Settings
from udi.ui.domain_migrations import upgrade_domains

ROOM = 200 * 1000**2
DATA = "postgres/data"
COMMAND = (sys.executable, "-P", "-m", "udi")


@contextmanager
def hold_folder(folder: Path, port: int) -> Iterator[account.SystemAccount | None]:
    """Hold the folder of a node that does not run, with all that its parts need; gives who runs PostgreSQL.

    Raises:
        LocalError: it runs already, a port is taken, there is no room, or no PostgreSQL.
    """
    settings = Settings(state=folder, base_port=port - NODE)
    service = account.service_account()
    disk.require_free_space(folder, ROOM, "the node")
    _make_folders(settings, service)
    with state.lock_state(settings) as free:
        if not free:
            raise LocalError(f"The node of {folder} runs already", "stop it first")
        state.wait_for_leftovers(settings)
        postgres.clear_stale(folder / DATA)
        for offset, use in ((NODE, "the node"), (POSTGRES, "its database")):
            if not ports.is_free(settings.port(offset)):
                cause = f"Port {settings.port(offset)}, needed for {use}, is taken"
                raise LocalError(
                    cause,
                    "stop that program, or choose another with `udi node init --port`",
                )
        postgres.find_binaries(settings.cache, service, data=folder / DATA)
        yield service


def _make_folders(settings: Settings, service: account.SystemAccount | None) -> None:
    for folder in (settings.state, settings.cache):
        folder.mkdir(parents=True, exist_ok=True)
        if service:
            folder.chmod(0o755)
        if service and not account.can_read(service, folder):
            cause = f"The account «{service.name}» that runs PostgreSQL cannot reach {folder}"
            raise LocalError(cause, "choose a folder that everybody may enter")
    for name in ("logs", "run"):
        (settings.state / name).mkdir(exist_ok=True, mode=0o700)


@contextmanager
def prepare_database(
    own_node: OwnNode, service: account.SystemAccount | None, steps: StepReporter
) -> Iterator[Supervisor]:
    """Its database started, migrated and given its identity; all is stopped at the end of the block."""
    with start_database(own_node, service, steps) as supervisor:
        with step(steps, "Preparing the database"):
            migrations.upgrade(own_node.settings, "node")
            upgrade_domains(own_node.settings, "node")
            asyncio.run(_apply_joining(own_node.settings, own_node.joined))
            asyncio.run(sync_portals(own_node))
        yield supervisor


@contextmanager
def run_database(own_node: OwnNode) -> Iterator[None]:
    """Its database answers: that of the node that runs, or started for this."""
    if state.is_running(own_node.settings):
        yield
        return
    steps = TerminalReporter(Console(stderr=True))
    with (
        hold_folder(own_node.folder, own_node.port) as service,
        prepare_database(own_node, service, steps),
    ):
        yield


@contextmanager
def start_database(
    own_node: OwnNode,
    service: account.SystemAccount | None,
    steps: StepReporter,
    *,
    is_synced: bool = True,
) -> Iterator[Supervisor]:
    """Its database started, with its roles; all is stopped at the end of the block.

    `is_synced=False` is for one that is deleted then, or given to `keep_database`: no disk is waited for.
    """
    settings = own_node.settings
    with InterruptHandler() as interrupts, ExitStack() as stack:
        guardian = stack.enter_context(ProcessWatchdog())
        write_status = lambda parts: state.write_status(  # noqa: E731 - a function of its own would say no more
            settings, {"pid": os.getpid(), "parts": parts}
        )
        supervisor = Supervisor(
            own_node.folder / "logs", guardian, write_status, interrupts
        )
        stack.callback(supervisor.stop_all)
        with step(steps, "Starting PostgreSQL") as current:
            cluster = _find_cluster(own_node, service, is_synced=is_synced)
            cluster.create()
            supervisor.start(parts.postgres_part(cluster))
            supervisor.wait("postgres")
            current.detail = f"version {cluster.binaries.major}, port {cluster.port}"
            roles = {
                f"udi_node_{role}": settings.secret(f"node_{role}_password")
                for role in state.ROLES
            }
            asyncio.run(
                prepare_cluster(
                    cluster.dsn, {"node": settings.database_names["node"]}, roles
                )
            )
        yield supervisor


def keep_database(own_node: OwnNode, service: account.SystemAccount | None) -> None:
    """Have its database, which is stopped and waited for no disk, outlast a power cut from now on."""
    _find_cluster(own_node, service).sync()


def _find_cluster(
    own_node: OwnNode, service: account.SystemAccount | None, *, is_synced: bool = True
) -> postgres.Cluster:
    settings = own_node.settings
    data = own_node.folder / DATA
    return postgres.Cluster(
        postgres.find_binaries(settings.cache, service, data=data),
        data,
        settings.port(POSTGRES),
        settings.secret("postgres_password"),
        service,
        is_synced=is_synced,
    )


def start_programs(
    own_node: OwnNode, supervisor: Supervisor, *, host: str, workers: int
) -> None:
    """Start the web and the worker, and wait until they answer."""
    settings = own_node.settings
    environment = own_node.environment()
    listen = ("--port", str(own_node.port), "--host", host, "--workers", str(workers))
    for name, command in (
        ("node-web", ("serve", "node", *listen)),
        ("node-worker", ("work", "node")),
    ):
        healthy = lambda name=name: parts.is_healthy(settings, name)  # noqa: E731 - a function of its own would say no more
        supervisor.start(
            SupervisedProgram(name, (*COMMAND, *command), environment, healthy)
        )
    supervisor.wait("node-web", "node-worker")


async def _apply_joining(settings: Settings, joined: NodeRegistration) -> None:
    """Its territory and spaces, as received when it joined; the disk is the only limit of its files."""
    database = Database(settings, "node", pool_size=1)
    place = shutil.disk_usage(settings.state).total
    values = joined.territory.model_dump() | {
        "hosts": [urlsplit(joined.node.url).hostname or ""],
        "links": {"portal": joined.portal, "node": joined.node.url},
    }
    try:
        async with database.platform_session(role="owner") as session:
            await upsert(session, Tenant, values)
        async with database.session(joined.territory.id, role="worker") as session:
            for producer in joined.producers:
                await apply_space(
                    session,
                    slug=producer.slug,
                    organisation_id=producer.id,
                    name=producer.name,
                    email=producer.email,
                    quota_bytes=place,
                )
    finally:
        await database.close()
