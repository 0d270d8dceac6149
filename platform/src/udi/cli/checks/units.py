"""What systemd runs here: nothing that failed or starts again and again, each unit with the release that is installed, a clock that is set."""

import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from udi.cli.finding import MINUTE, Finding, fault, format_duration, ok, warning
from udi.cli.local.errors import LocalError
from udi.cli.units import ServiceUnit, find_current_release, list_units
from udi.settings import Settings

BOOTED = Path("/run/systemd/system")
"""Is there where systemd runs the machine (sd_booted(3))."""
PART = "units"
PROPERTIES = "Id,ActiveState,SubState,Result,NRestarts,ActiveEnterTimestampMonotonic"
BESIDE = ("nginx.service", "postgresql@*.service", "patroni.service", "etcd.service")
"""Units of others that ours need."""
MANY_RESTARTS = 3
SETTLED = 10 * MINUTE
"""Seconds for which a unit that was started again many times runs well enough."""
MICROSECONDS = 1_000_000


async def check_units(_settings: Settings) -> list[Finding]:
    """Nothing where systemd runs none of ours."""
    units = _list_own_units()
    if not units:
        return []
    names = [f"{unit.name}.service" for unit in units]
    properties_text = _ask(
        "systemctl", "show", f"--property={PROPERTIES}", *names, *BESIDE
    )
    synchronised = _ask("timedatectl", "show", "--property=NTPSynchronized", "--value")
    return [
        *assess_units(parse_properties(properties_text), time.monotonic()),
        *assess_releases(units, find_current_release(sys.prefix)),
        assess_clock(synchronised),
    ]


def _list_own_units() -> list[ServiceUnit]:
    if not BOOTED.is_dir() or shutil.which("systemctl") is None:
        return []
    try:
        return list_units()
    except LocalError:
        return []


def parse_properties(properties_text: str) -> list[dict[str, str]]:
    """The properties of each unit, of what `systemctl show` prints: a blank line stands between two."""
    blocks = [block.splitlines() for block in properties_text.strip().split("\n\n")]
    parsed = [
        {name: value for name, _, value in (line.partition("=") for line in block)}
        for block in blocks
    ]
    return [properties for properties in parsed if properties.get("Id")]


def assess_units(units: Sequence[Mapping[str, str]], monotonic: float) -> list[Finding]:
    """What failed, and what starts again and again; `monotonic` is the clock of systemd, in seconds."""
    findings = [
        finding
        for properties in units
        if (finding := _assess_unit(properties, monotonic)) is not None
    ]
    return findings or [ok(PART, "runs", f"{len(units)} run, none starts again.")]


def _assess_unit(properties: Mapping[str, str], monotonic: float) -> Finding | None:
    name = properties["Id"]
    restarts = int(properties.get("NRestarts") or 0)
    since = int(properties.get("ActiveEnterTimestampMonotonic") or 0) / MICROSECONDS
    remedy = f"`journalctl -u {name} -n 50` says why; then `systemctl reset-failed {name}` and `systemctl restart {name}`."
    if properties.get("ActiveState") == "failed":
        message = f"It failed ({properties.get('Result', 'unknown')})."
        return fault(PART, name, message, remedy)
    if restarts < MANY_RESTARTS:
        return None
    if properties.get("SubState") == "auto-restart":
        message = f"It was started again {restarts} times, and ended again."
        return fault(PART, name, message, remedy)
    age = monotonic - since
    if age < SETTLED:
        message = f"It was started again {restarts} times, the last {format_duration(age)} ago."
        return fault(PART, name, message, remedy)
    return None


def assess_releases(units: Sequence[ServiceUnit], current: str | None) -> list[Finding]:
    """Units that run another release than the one that is installed."""
    if current is None:
        return []
    behind = [
        warning(
            PART,
            unit.name,
            f"It runs {unit.release}, and {current} is installed.",
            f"Run `systemctl restart {unit.name}`; after an upgrade that stopped half-way, `udi upgrade` again.",
        )
        for unit in units
        if unit.release not in {None, current}
    ]
    return behind or [ok(PART, "release", f"{current} runs.")]


def assess_clock(synchronised: str) -> Finding:
    """Whether a time service sets the clock of this machine."""
    if synchronised.strip() == "no":
        return warning(
            "clock",
            "time service",
            "No time service sets the clock of this machine: tokens are refused once it is half a minute off.",
            "Run `timedatectl set-ntp true`, then `timedatectl status`.",
        )
    return ok("clock", "time service", "A time service sets the clock.")


def _ask(*command: str) -> str:
    """What a command of systemd prints; empty where it cannot be run."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout
