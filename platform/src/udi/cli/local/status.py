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
from udi.cli.local.plan import Plan
from udi.cli.local.state import is_running, read_status
from udi.settings import Settings

COLOURS = {"healthy": "green", "stopped": "dim", "starting": "yellow"}
MEGABYTE = 1000**2
NEW = 60.0
"""Seconds during which a part that does not answer yet is starting, not failing."""


def status(plan: Plan, *, json: bool = False, console: Console | None = None) -> int:
    """Print the state of the installation; 0 when every part is healthy, 3 otherwise."""
    report = describe(plan)
    if json:
        print(jsonlib.dumps(report, indent=2, ensure_ascii=False))
    else:
        show(report, console or Console())
    return 0 if all(part["state"] == "healthy" for part in report["parts"]) else 3


def describe(plan: Plan) -> dict[str, Any]:
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
    known = {part["name"]: part for part in read_status(settings).get("parts", ())}
    running = is_running(settings)
    return [_part(settings, name, known.get(name), running=running) for name in NAMES]


def _part(settings: Settings, name: str, known: dict[str, Any] | None, *, running: bool) -> dict[str, Any]:
    pid = known["pid"] if known else None
    alive = pid is not None and psutil.pid_exists(pid)
    return {
        "name": name,
        "state": _state(settings, name, known, alive=alive, running=running),
        "pid": pid if alive else None,
        "since": known["since"] if known and alive else None,
        "rss_bytes": memory(pid) if pid is not None and alive else 0,
    }


def _state(settings: Settings, name: str, known: dict[str, Any] | None, *, alive: bool, running: bool) -> str:
    if not running:
        return "stopped"
    if known is None:
        return "starting"
    if not alive:
        return "restarting"
    if is_healthy(settings, name):
        return "healthy"
    age = (datetime.now(UTC) - datetime.fromisoformat(known["since"])).total_seconds()
    return "starting" if age < NEW else "failing"


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


def show(report: dict[str, Any], console: Console) -> None:
    """Print the report as calm tables."""
    table = _table("part", "state", "process", "memory", "since")
    for part in report["parts"]:
        colour = COLOURS.get(part["state"], "red")
        size = f"{part['rss_bytes'] // MEGABYTE} MB" if part["rss_bytes"] else ""
        since = datetime.fromisoformat(part["since"]).astimezone().strftime("%d/%m %H:%M") if part["since"] else ""
        table.add_row(part["name"], f"[{colour}]{part['state']}[/{colour}]", str(part["pid"] or ""), size, since)
    console.print(table)
    show_addresses(report, console)


def show_addresses(report: dict[str, Any], console: Console) -> None:
    """Print where to go and with which account."""
    addresses = [("Territories of this installation", report["installation"])]
    for territory in report["territories"]:
        addresses += [
            (f"Portal of «{territory['slug']}»", territory["portal"]),
            (f"Node of «{territory['slug']}»", territory["node"]),
        ]
    addresses += [("Identity (Keycloak)", report["identity"]), ("Mailbox", report["mailbox"])]
    console.print(_filled(_table("address", ""), addresses))
    accounts = [(account["username"], account["password"], account["role"]) for account in report["accounts"]]
    if accounts:
        console.print(_filled(_table("demonstration account", "password", "may"), accounts))


def _table(*headings: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 3, 0, 0))
    for heading in headings:
        table.add_column(heading, overflow="fold", no_wrap=heading != headings[-1])
    return table


def _filled(table: Table, rows: Sequence[Sequence[str]]) -> Table:
    for row in rows:
        table.add_row(*row)
    table.add_row()
    return table
