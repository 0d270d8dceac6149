"""What runs, where it answers and who may log in: for a person, or as JSON."""

import json as jsonlib
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import psutil
from rich.console import Console
from rich.table import Table

from udi.cli.local.parts import NAMES, is_healthy
from udi.cli.local.plan import StartupPlan
from udi.cli.local.state import is_running, read_status
from udi.settings import Settings

COLOURS = {"healthy": "green", "stopped": "dim", "starting": "yellow"}
MEGABYTE = 1000**2
STARTING_PERIOD = 60.0
"""Seconds during which a part that does not answer yet is starting, not failing."""


def status(
    plan: StartupPlan, *, json: bool = False, console: Console | None = None
) -> int:
    """Print the state of the installation; 0 when every part is healthy, 3 otherwise."""
    report = describe_installation(plan)
    if json:
        print(jsonlib.dumps(report, indent=2, ensure_ascii=False))
    else:
        print_report(report, console or Console())
    if all(part["state"] == "healthy" for part in report["parts"]):
        return 0
    return 3


def describe_installation(plan: StartupPlan) -> dict[str, Any]:
    """Addresses, health of each part, demonstration accounts."""
    settings = plan.settings
    return {
        "installation": settings.origin("portal", settings.installation_host),
        "identity": settings.keycloak_url,
        "mailbox": f"http://localhost:{settings.port(3)}",
        "territories": [asdict(territory) for territory in plan.territories(settings)],
        "parts": _parts(settings),
        "accounts": [asdict(account) for account in plan.accounts(settings)],
    }


def _parts(settings: Settings) -> list[dict[str, Any]]:
    part_by_name = {
        part["name"]: part for part in read_status(settings).get("parts", ())
    }
    running = is_running(settings)
    return [
        _part(settings, name, part_by_name.get(name), running=running) for name in NAMES
    ]


def _part(
    settings: Settings, name: str, part: dict[str, Any] | None, *, running: bool
) -> dict[str, Any]:
    pid = part["pid"] if part else None
    alive = pid is not None and psutil.pid_exists(pid)
    return {
        "name": name,
        "state": _state(settings, name, part, alive=alive, running=running),
        "pid": pid if alive else None,
        "since": part["since"] if part and alive else None,
        "rss_bytes": memory(pid) if pid is not None and alive else 0,
    }


def _state(
    settings: Settings,
    name: str,
    part: dict[str, Any] | None,
    *,
    alive: bool,
    running: bool,
) -> str:
    if not running:
        return "stopped"
    if part is None:
        return "starting"
    if not alive:
        return "restarting"
    if is_healthy(settings, name):
        return "healthy"
    age = (datetime.now(UTC) - datetime.fromisoformat(part["since"])).total_seconds()
    if age < STARTING_PERIOD:
        return "starting"
    return "failing"


def memory(pid: int) -> int:
    """Memory of a process and its children, in bytes; pages they share count once where the system tells (PSS)."""
    try:
        parent = psutil.Process(pid)
        family = [parent, *parent.children(recursive=True)]
    except psutil.Error:
        return 0
    return sum(_resident(process) for process in family)


def _resident(process: psutil.Process) -> int:
    try:
        full = process.memory_full_info()
        return int(getattr(full, "pss", 0) or full.rss)
    except psutil.AccessDenied:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0


def print_report(report: dict[str, Any], console: Console) -> None:
    """Print the report as calm tables."""
    table = _table("part", "state", "process", "memory", "since")
    for part in report["parts"]:
        colour = COLOURS.get(part["state"], "red")
        if part["rss_bytes"]:
            size = f"{part['rss_bytes'] // MEGABYTE} MB"
        else:
            size = ""
        if part["since"]:
            since = (
                datetime.fromisoformat(part["since"])
                .astimezone()
                .strftime("%d/%m %H:%M")
            )
        else:
            since = ""
        table.add_row(
            part["name"],
            f"[{colour}]{part['state']}[/{colour}]",
            str(part["pid"] or ""),
            size,
            since,
        )
    console.print(table)
    print_addresses(report, console)


def print_addresses(report: dict[str, Any], console: Console) -> None:
    """Print where to go and with which account."""
    addresses = [("Territories of this installation", report["installation"])]
    for territory in report["territories"]:
        addresses += [
            (f"Portal of «{territory['slug']}»", territory["portal"]),
            (f"Node of «{territory['slug']}»", territory["node"]),
        ]
    addresses += [
        ("Identity (Keycloak)", report["identity"]),
        ("Mailbox", report["mailbox"]),
    ]
    console.print(_fill_table(_table("address", ""), addresses))
    accounts = [
        (account["username"], account["password"], account["role"])
        for account in report["accounts"]
    ]
    if accounts:
        console.print(
            _fill_table(_table("demonstration account", "password", "may"), accounts)
        )


def _table(*headings: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 3, 0, 0))
    for heading in headings:
        table.add_column(heading, overflow="fold", no_wrap=heading != headings[-1])
    return table


def _fill_table(table: Table, rows: Sequence[Sequence[str]]) -> Table:
    for row in rows:
        table.add_row(*row)
    table.add_row()
    return table
