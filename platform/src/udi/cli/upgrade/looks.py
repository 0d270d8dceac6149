"""What is looked at before an upgrade: a fault stops it, a warning is told."""

import asyncio
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace

from udi.cli.checks.finding import DAY, Finding, duration, fault, ok, warning
from udi.cli.doctor import examine
from udi.cli.local.errors import LocalError
from udi.cli.upgrade import install
from udi.cli.upgrade.releases import Releases
from udi.cli.upgrade.units import Unit
from udi.cli.upgrade.wheel import Wheel, version_of
from udi.kit.backups import read_state
from udi.kit.clock import now
from udi.settings import Settings

PART = "upgrade"
GIGABYTE = 10**9


@dataclass(frozen=True)
class Consent:
    """What the operator goes on without."""

    without_backup: bool = False
    despite_faults: bool = False


def look(
    settings: Settings, releases: Releases, wheel: Wheel, units: Sequence[Unit], consent: Consent
) -> list[Finding]:
    """Releases, room, backup, units of this machine, then what `udi doctor` says is not well."""
    found = [
        check_versions(releases, wheel),
        check_room(releases, wheel),
        _softened(check_backup(settings), consent.without_backup),
        check_units(units),
    ]
    ill = [finding for finding in asyncio.run(examine(settings)) if finding.severity != "ok"]
    return found + [_softened(finding, consent.despite_faults) for finding in ill]


def refuse(findings: Sequence[Finding]) -> None:
    """Stop at the first faults.

    Raises:
        LocalError: with all of them; the remedies are those of the first.
    """
    faults = [finding for finding in findings if finding.severity == "fault"]
    if faults:
        said = "; ".join(f"{finding.part} {finding.name}: {finding.said.rstrip('.')}" for finding in faults)
        others = "" if all(finding.part == PART for finding in faults) else " (or go on with --despite-faults)"
        remedy = faults[0].remedy.rstrip(".")
        raise LocalError(f"Nothing was changed, because of {len(faults)} fault(s): {said}", f"{remedy}{others}")


def is_finishing(releases: Releases, wheel: Wheel) -> bool:
    """Whether an upgrade to this release was interrupted after its switch: it is finished before anything is judged."""
    return releases.current() == wheel.release


def check_versions(releases: Releases, wheel: Wheel) -> Finding:
    """Never to an older program by accident."""
    current = releases.current()
    if current is None:
        said = f"There is no {releases.folder}/current."
        return fault(PART, "release", said, "Run the play of the deployment, which makes it")
    running = version_of(current)
    if running and wheel.version < running:
        said = f"{wheel.path.name} is older than what runs ({current})."
        return fault(PART, "release", said, "`udi upgrade --back` goes to the release before")
    return ok(PART, "release", f"From {current} to {wheel.release}.")


def check_room(releases: Releases, wheel: Wheel, room: int = install.ROOM) -> Finding:
    """Room for one release more, unless it is there."""
    free = shutil.disk_usage(releases.folder).free
    said = f"{free / GIGABYTE:.1f} GB free for {releases.folder}."
    if free < room and not releases.is_complete(wheel.release):
        remedy = f"Make room for {room / GIGABYTE:.1f} GB: `udi upgrade --prune` deletes old releases"
        return fault(PART, "disk", said, remedy)
    return ok(PART, "disk", said)


def check_backup(settings: Settings) -> Finding:
    """A backup of less than a day."""
    remedy = "Run `udi backup create`, or go on with --without-backup"
    state = read_state(settings)
    if state is None or state.created is None:
        return fault(PART, "backup", "No backup of this machine is known.", remedy)
    age = (now() - state.created.at).total_seconds()
    said = f"The last backup is {duration(max(age, 0))} old."
    return fault(PART, "backup", said, remedy) if age > DAY else ok(PART, "backup", said)


def check_units(units: Sequence[Unit]) -> Finding:
    """Both programs on this machine, twice each if no request is to be refused."""
    web = {program: [u for u in units if u.kind == "web" and program in u.name] for program in ("portal", "node")}
    if not all(web.values()):
        lacking = " and ".join(program for program, found in web.items() if not found)
        said = f"No web unit of {lacking} runs on this machine."
        return fault(PART, "units", said, "An installation of several machines is upgraded by the play")
    alone = [found[0].name for found in web.values() if len(found) == 1]
    if alone:
        said = f"{' and '.join(alone)} stands alone: requests are refused while it restarts."
        return warning(PART, "units", said, "Give each program two ports (`installation_portal_ports`).")
    return ok(PART, "units", f"{len(units)} units.")


def _softened(finding: Finding, accepted: bool) -> Finding:
    return replace(finding, severity="warning") if accepted and finding.severity == "fault" else finding
