"""`udi up`: from nothing to a territory, or nothing at all."""

import asyncio
import os
import subprocess
import traceback
from contextlib import ExitStack, suppress
from typing import Any

from rich.console import Console

from udi.cli.local import account, disk, java, parts, ports, postgres, state
from udi.cli.local.cluster import prepare_cluster
from udi.cli.local.distribution import built_folder, ensure_archive, ensure_built
from udi.cli.local.errors import LocalError, explain
from udi.cli.local.interrupts import InterruptHandler, StopRequest
from udi.cli.local.keycloak import Keycloak, make_keycloak
from udi.cli.local.plan import StartupPlan
from udi.cli.local.processes import ProcessWatchdog
from udi.cli.local.status import describe_installation, print_addresses, status
from udi.cli.local.steps import (
    PipeReporter,
    StepReporter,
    TerminalReporter,
    relay,
    step,
)
from udi.cli.local.supervisor import Supervisor, rotate_log
from udi.settings import Settings

ROOM_FOR_STATE = 300 * 1000**2
INTERRUPTED = 130
LOG_OF_DEMONSTRATION = "logs/demonstration.log"


def up(
    plan: StartupPlan,
    *,
    detach: bool = False,
    events: int | None = None,
    console: Console | None = None,
) -> int:
    """Start everything, and stay until Ctrl-C unless `detach`.

    `events` is the descriptor on which a detached `udi up` tells its steps to the process in front. Returns the exit status.
    """
    console = console or Console()
    if state.is_running(plan.settings):
        return _report_running(plan, console)
    if detach:
        return _start_in_background(plan, console)
    steps: StepReporter = (
        TerminalReporter(console) if events is None else PipeReporter(events)
    )
    ready = False
    try:
        with InterruptHandler() as interrupts, ExitStack() as stack:
            supervisor = _start_installation(plan, steps, stack, interrupts)
            if supervisor is None:
                return _report_running(plan, console)
            ready = True
            _start_demonstration(plan, stack)
            _report_ready(plan, steps, console)
            supervisor.watch()
    except StopRequest:
        console.print(
            "Everything is stopped; the data are kept."
            if ready
            else "Interrupted; nothing is left running."
        )
        if ready:
            return 0
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 - whatever it is, it is reported with its log
        return _report_error(plan.settings, error, steps, console)
    return 0


def _report_running(plan: StartupPlan, console: Console) -> int:
    console.print("Already running.\n")
    status(plan, console=console)
    return 0


def _start_installation(
    plan: StartupPlan,
    steps: StepReporter,
    stack: ExitStack,
    interrupts: InterruptHandler,
) -> Supervisor | None:
    settings = plan.settings
    with step(steps, "Checking the machine"):
        service = account.service_account()
        disk.require_free_space(settings.state, ROOM_FOR_STATE, "the state folder")
        state.prepare_folders(settings, service)
        if not stack.enter_context(state.lock_state(settings)):
            return None
        state.wait_for_leftovers(settings)
        postgres.clear_stale(settings.state / "postgres/data")
        ports.check_free(settings)
        state.write_status(settings, {"pid": os.getpid(), "parts": []})
    guardian = stack.enter_context(ProcessWatchdog())
    logs = settings.state / "logs"
    supervisor = Supervisor(
        logs,
        guardian,
        lambda part_states: _write_status(settings, part_states),
        interrupts,
    )
    stack.callback(supervisor.stop_all)
    programs_account = _choose_account(settings, steps, service)
    keycloak = _prepare_services(settings, steps, supervisor, service)
    _start_programs(plan, steps, supervisor, keycloak, programs_account)
    return supervisor


def _choose_account(
    settings: Settings, steps: StepReporter, service: account.SystemAccount | None
) -> account.SystemAccount | None:
    """Who runs portal, node and mailbox, and has their folders: None for the caller."""
    with step(steps, "Closing the folders to other accounts") as current:
        unreachable = parts.find_unreachable(settings, service)
        programs_account = service if unreachable is None else None
        state.give_to_programs(settings, programs_account)
        if programs_account:
            current.detail = f"portal, node and mailbox run as {programs_account.name}"
        elif service:
            current.detail = f"portal, node and mailbox run as root: «{service.name}» cannot read {unreachable}"
    return programs_account


def _write_status(settings: Settings, part_states: list[dict[str, Any]]) -> None:
    # A full disk must not stop what runs.
    with suppress(OSError):
        state.write_status(settings, {"pid": os.getpid(), "parts": part_states})


def _prepare_services(
    settings: Settings,
    steps: StepReporter,
    supervisor: Supervisor,
    service: account.SystemAccount | None,
) -> Keycloak:
    data = settings.state / "postgres/data"
    with step(steps, "Starting PostgreSQL") as current:
        binaries = postgres.find_binaries(settings.cache, service, data=data)
        cluster = postgres.Cluster(
            binaries,
            data,
            settings.port(4),
            settings.secret("postgres_password"),
            service,
        )
        cluster.create()
        supervisor.start(parts.postgres_part(cluster))
        supervisor.wait("postgres")
        asyncio.run(
            prepare_cluster(cluster.dsn, settings.database_names, _passwords(settings))
        )
        current.detail = f"version {binaries.major}, port {cluster.port}"
    runtime = java.find_java(settings.cache, service)
    distribution = built_folder(settings.cache)
    if not distribution.is_dir():
        with step(steps, "Fetching Keycloak") as current:
            archive = ensure_archive(
                settings.cache, settings.maven_repository, current.received
            )
        with step(steps, "Building Keycloak") as current:
            current.note("once, half a minute or so")
            ensure_built(settings.cache, archive, runtime, service)
    return make_keycloak(
        settings, java=runtime, distribution=distribution, account=service
    )


def _passwords(settings: Settings) -> dict[str, str]:
    names = {
        f"udi_{p}_{r}": f"{p}_{r}_password" for p in state.PROGRAMS for r in state.ROLES
    }
    names["udi_keycloak"] = "keycloak_password"
    return {role: settings.secret(name) for role, name in names.items()}


def _start_programs(
    plan: StartupPlan,
    steps: StepReporter,
    supervisor: Supervisor,
    keycloak: Keycloak,
    programs_account: account.SystemAccount | None,
) -> None:
    settings = plan.settings
    keycloak.prepare(parts.THEMES)
    supervisor.start(parts.mailbox_part(plan, programs_account))
    supervisor.start(parts.keycloak_part(keycloak))
    with step(steps, "Migrating the databases"):
        plan.migrate(settings)
    with step(steps, "Starting Keycloak") as current:
        supervisor.wait("mailbox", "keycloak")
        current.detail = f"port {keycloak.port}"
    with step(steps, "Applying the territories"):
        plan.apply_tenants(settings)
    state.return_to_programs(settings)  # the two steps before draw secrets
    with step(steps, "Starting the portal and the node") as current:
        web, workers = parts.list_programs(plan, programs_account)
        # Workers begin with all that is due, some of which asks the other program.
        for stage in (web, workers):
            for part in stage:
                supervisor.start(part)
            supervisor.wait(*(part.name for part in stage))
        current.detail = f"ports {settings.port(0)} and {settings.port(1)}"


def _start_demonstration(plan: StartupPlan, stack: ExitStack) -> None:
    """Have the demonstration's content published beside everything else; it ends with it."""
    if not plan.demonstration:
        return
    part = parts.demonstration_part(plan)
    log = stack.enter_context((plan.settings.state / LOG_OF_DEMONSTRATION).open("ab"))
    process = subprocess.Popen(
        part.command,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        env=dict(part.environment),
    )
    stack.callback(_end, process)


def _end(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        process.terminate()
    process.wait()


def _report_ready(plan: StartupPlan, steps: StepReporter, console: Console) -> None:
    if isinstance(steps, PipeReporter):
        steps.finish()
    else:
        _print_welcome(
            plan, console, "Press Ctrl-C to stop everything; the data are kept."
        )


def _print_welcome(plan: StartupPlan, console: Console, last: str) -> None:
    report = describe_installation(plan)
    console.print()
    print_addresses(report, console)
    if report["territories"]:
        first = report["territories"][0]["portal"]
    else:
        first = report["installation"]
    next_steps = (
        f"Next: open {first}, log in with an account above, publish a file at the node."
    )
    if plan.demonstration:
        next_steps += (
            " Its content arrives within a minute or two; `--empty` starts without."
        )
    commands = "`udi status` shows each part, `udi logs` what they say, `udi test` proves the whole."
    console.print(next_steps, commands, last, sep="\n", highlight=False, soft_wrap=True)


def _report_error(
    settings: Settings, error: Exception, steps: StepReporter, console: Console
) -> int:
    details = settings.state / "logs/udi.log"
    if not isinstance(error, LocalError):
        with suppress(OSError), details.open("a") as log:
            traceback.print_exception(error, file=log)
    sentence = explain(error, details)
    if isinstance(steps, PipeReporter):
        steps.finish(sentence)
    else:
        console.print(f"[red]✗[/red] {sentence}", highlight=False, soft_wrap=True)
    return 1


def _start_in_background(plan: StartupPlan, console: Console) -> int:
    log = plan.settings.state / "logs/udi.log"
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        rotate_log(log)
        with InterruptHandler(), log.open("ab") as output:
            return _launch(plan, console, output.fileno())
    except OSError as error:
        return _report_error(plan.settings, error, TerminalReporter(console), console)


def _launch(plan: StartupPlan, console: Console, output: int) -> int:
    reading, writing = os.pipe()
    command = [*plan.command, "up", "--events", str(writing)]
    if not plan.demonstration:
        command.append("--empty")
    steps = TerminalReporter(console)
    with os.fdopen(reading) as events:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            pass_fds=[writing],
            start_new_session=True,
        )
        os.close(writing)
        try:
            error = relay(events, steps)
        except StopRequest:
            steps.abandon()
            process.terminate()
            process.wait()
            console.print("Interrupted; nothing is left running.")
            return INTERRUPTED
    if error is None:
        process.wait()
        error = f"The background process ended without a word: read {plan.settings.state / 'logs/udi.log'}."
    if error:
        process.wait()
        console.print(f"[red]✗[/red] {error}", highlight=False, soft_wrap=True)
        return 1
    _print_welcome(
        plan,
        console,
        "Everything runs in the background: `udi down` stops it; the data are kept.",
    )
    return 0
