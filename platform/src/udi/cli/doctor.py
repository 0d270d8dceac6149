"""`udi doctor`: every dependency, how it stands, and the remedy beside each fault."""

import asyncio
import json as jsonlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from udi.cli.checks.backup import check_backup
from udi.cli.checks.databases import check_databases
from udi.cli.checks.identity import check_identity
from udi.cli.checks.machine import check_machine
from udi.cli.checks.mail import check_addresses, check_mail, send_trial
from udi.cli.checks.own_node import list_own_checks
from udi.cli.checks.own_nodes import check_own_nodes
from udi.cli.checks.providers import check_login_providers
from udi.cli.checks.territories import check_territories
from udi.cli.checks.units import check_units
from udi.cli.finding import Check, Finding, Severity, run_check
from udi.cli.own.folder import OwnNode, read_own_node
from udi.settings import Settings, get_settings

CHECKS: dict[str, Check] = {
    "machine": check_machine,
    "units": check_units,
    "postgresql": check_databases,
    "keycloak": check_identity,
    "territory": check_territories,
    "login provider": check_login_providers,
    "own node": check_own_nodes,
    "mail": check_mail,
    "addresses": check_addresses,
    "backup": check_backup,
}
MANY = 5
COLOURS: dict[Severity, str] = {"ok": "green", "warning": "yellow", "fault": "red"}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(doctor)


def doctor(
    node: Annotated[
        Path | None, typer.Option(help="Folder of a producer's own node: look at that.")
    ] = None,
    mail: Annotated[
        str, typer.Option(help="Address: send it one mail, and say how that went.")
    ] = "",
    json: Annotated[bool, typer.Option("--json", help="For a program.")] = False,
) -> None:
    """Look at every dependency and say what is wrong, with the remedy. Changes nothing.

    Disks, secrets, object store, signing key, search index and units of this machine, its clock, and whether files can be
    read; PostgreSQL as each role, its
    migrations and queues; Keycloak; each territory's hosts, login providers and producers' own nodes; the mail relay;
    the last backup.
    With --node, of a producer's own node: its folder, database, portals, what waits for them, the last backup. With
    --mail, of the relay alone, which is given a mail. The exit status is 0 when there is no fault (warnings do not
    count), 1 otherwise.
    """
    if mail:
        raise typer.Exit(
            report_findings(asyncio.run(send_trial(get_settings(), mail)), as_json=json)
        )
    if node is not None:
        raise typer.Exit(
            report_findings(
                asyncio.run(check_node_folder(read_own_node(node))), as_json=json
            )
        )
    raise typer.Exit(
        report_findings(asyncio.run(check_installation(get_settings())), as_json=json)
    )


def report_findings(findings: Sequence[Finding], *, as_json: bool) -> int:
    """Print findings, for a person or as JSON; the exit status: 0 without a fault, 1 with one."""
    healthy = not any(finding.severity == "fault" for finding in findings)
    if as_json:
        report = {
            "healthy": healthy,
            "findings": [asdict(finding) for finding in findings],
        }
        print(jsonlib.dumps(report, indent=2, ensure_ascii=False))
    else:
        print_findings(findings, Console())
    if healthy:
        return 0
    return 1


async def check_installation(settings: Settings) -> list[Finding]:
    """What every check finds, in a stable order; one that stops does not stop the others."""
    results = await asyncio.gather(
        *(run_check(part, check, settings) for part, check in CHECKS.items())
    )
    return [finding for findings in results for finding in findings]


async def check_node_folder(own_node: OwnNode) -> list[Finding]:
    """The same of a producer's own node."""
    checks = list_own_checks(own_node)
    results = await asyncio.gather(
        *(run_check(part, check, own_node.settings) for part, check in checks.items())
    )
    return [finding for findings in results for finding in findings]


def print_findings(findings: Sequence[Finding], console: Console) -> None:
    """Print a line for each part that is well, each thing that is not with its remedy, and a sentence that sums up."""
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 3, 0, 0))
    for overflow in ("ignore", "ignore", "fold"):
        table.add_column(overflow=overflow, no_wrap=overflow == "ignore")
    for part in dict.fromkeys(finding.part for finding in findings):
        for severity, words in _summarise_part(
            [finding for finding in findings if finding.part == part]
        ):
            table.add_row(f"[{COLOURS[severity]}]{severity}[/]", part, words)
    console.print(table)
    count = Counter(finding.severity for finding in findings)
    console.print(
        f"\n{count['fault']} fault(s), {count['warning']} warning(s), {count['ok']} all right."
    )


def _summarise(well: Sequence[Finding]) -> str:
    """What is well, by its names; many are counted."""
    if len(well) == 1:
        return well[0].message
    if len(well) < MANY:
        return ", ".join(finding.name for finding in well)
    return f"{len(well)} looked at"


def _summarise_part(group: Sequence[Finding]) -> list[tuple[Severity, str]]:
    """What is well in one line, what is not with its remedy; names that share a fault share its line."""
    shared: dict[tuple[Severity, str, str], list[str]] = {}
    for finding in group:
        if finding.severity != "ok":
            shared.setdefault(
                (finding.severity, finding.message, finding.remedy), []
            ).append(finding.name)
    well = [finding for finding in group if finding.severity == "ok"]
    lines: list[tuple[Severity, str]] = []
    if well:
        lines.append(("ok", escape(_summarise(well))))
    for (severity, what, remedy), where in shared.items():
        lines.append(
            (
                severity,
                escape(f"{', '.join(where)}: {what}") + f"\n[dim]{escape(remedy)}[/]",
            )
        )
    return lines
