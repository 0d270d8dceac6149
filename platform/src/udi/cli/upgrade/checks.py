"""What is looked at before an upgrade: a fault stops it, a warning is printed."""

import asyncio
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace

from udi.cli.doctor import check_installation
from udi.cli.finding import DAY, Finding, fault, format_duration, ok, warning
from udi.cli.local.errors import LocalError
from udi.cli.units import ServiceUnit
from udi.cli.upgrade import install
from udi.cli.upgrade.release_files import ReleaseFiles
from udi.cli.upgrade.releases import InstalledReleases
from udi.cli.upgrade.wheel import Wheel, version_of
from udi.kit.backups import read_state
from udi.kit.clock import now
from udi.kit.postgresql import is_external
from udi.settings import Settings

PART = "upgrade"
GIGABYTE = 10**9


@dataclass(frozen=True)
class UpgradeOverrides:
    """What the operator goes on without."""

    without_backup: bool = False
    despite_faults: bool = False


def check_upgrade(
    settings: Settings,
    releases: InstalledReleases,
    files: ReleaseFiles,
    units: Sequence[ServiceUnit],
    consent: UpgradeOverrides,
) -> list[Finding]:
    """Origin, releases, room, backup, units of this machine, then what `udi doctor` says is not well."""
    findings = [
        describe_origin(files),
        check_versions(releases, files.wheel),
        check_room(releases, files.wheel),
        _soften_fault(check_backup(settings), consent.without_backup),
        check_units(units),
    ]
    ill = [
        finding
        for finding in asyncio.run(check_installation(settings))
        if finding.severity != "ok"
    ]
    return findings + [
        _soften_fault(finding, consent.despite_faults) for finding in ill
    ]


def refuse_faults(findings: Sequence[Finding]) -> None:
    """Stop at the first faults.

    Raises:
        LocalError: with all of them; the remedies are those of the first.
    """
    faults = [finding for finding in findings if finding.severity == "fault"]
    if faults:
        summary = "; ".join(
            f"{finding.part} {finding.name}: {finding.message.rstrip('.')}"
            for finding in faults
        )
        if all(finding.part == PART for finding in faults):
            others = ""
        else:
            others = " (or go on with --despite-faults)"
        remedy = faults[0].remedy.rstrip(".")
        raise LocalError(
            f"Nothing was changed, because of {len(faults)} fault(s): {summary}",
            f"{remedy}{others}",
        )


def is_finishing(releases: InstalledReleases, wheel: Wheel) -> bool:
    """Whether an upgrade to this release was interrupted after its switch: it is finished before anything is judged."""
    return releases.current() == wheel.release


def describe_origin(files: ReleaseFiles) -> Finding:
    """Who vouches for what was brought; it was verified when it was read."""
    if files.fingerprint:
        message = f"{files.wheel.path.name} is signed by {files.fingerprint}."
    else:
        message = f"{files.wheel.path.name} has the checksum that was given; no signature was looked at."
    return ok(PART, "origin", message)


def check_versions(releases: InstalledReleases, wheel: Wheel) -> Finding:
    """Never to an older program by accident."""
    current = releases.current()
    if current is None:
        message = f"There is no {releases.folder}/current."
        return fault(
            PART, "release", message, "Run the play of the deployment, which makes it"
        )
    running = version_of(current)
    if running and wheel.version < running:
        message = f"{wheel.path.name} is older than what runs ({current})."
        return fault(
            PART, "release", message, "`udi upgrade --back` goes to the release before"
        )
    return ok(PART, "release", f"From {current} to {wheel.release}.")


def check_room(
    releases: InstalledReleases, wheel: Wheel, required_bytes: int = install.ROOM
) -> Finding:
    """Room for one release more, unless it is there."""
    free = shutil.disk_usage(releases.folder).free
    message = f"{free / GIGABYTE:.1f} GB free for {releases.folder}."
    if free < required_bytes and not releases.is_complete(wheel.release):
        remedy = f"Make room for {required_bytes / GIGABYTE:.1f} GB: `udi upgrade --prune` deletes old releases"
        return fault(PART, "disk", message, remedy)
    return ok(PART, "disk", message)


def check_backup(settings: Settings) -> Finding:
    """A backup of less than a day."""
    remedy = "Run `udi backup create`, or go on with --without-backup"
    state = read_state(settings)
    if is_external(settings):
        remedy = f"Have whoever runs {settings.database_host} back it up, then go on with --without-backup"
    if state is None or state.created is None:
        return fault(PART, "backup", "No backup of this machine is known.", remedy)
    age = (now() - state.created.at).total_seconds()
    message = f"The last backup is {format_duration(max(age, 0))} old."
    if age > DAY:
        return fault(PART, "backup", message, remedy)
    return ok(PART, "backup", message)


def check_units(units: Sequence[ServiceUnit]) -> Finding:
    """Both programs on this machine, twice each if no request is to be refused."""
    web = {
        program: [u for u in units if u.kind == "web" and program in u.name]
        for program in ("portal", "node")
    }
    if not all(web.values()):
        lacking = " and ".join(
            program for program, web_units in web.items() if not web_units
        )
        message = f"No web unit of {lacking} runs on this machine."
        return fault(
            PART,
            "units",
            message,
            "An installation of several machines is upgraded by the play",
        )
    single_units = [
        web_units[0].name for web_units in web.values() if len(web_units) == 1
    ]
    if single_units:
        message = f"{' and '.join(single_units)} stands alone: requests are refused while it restarts."
        return warning(
            PART,
            "units",
            message,
            "Give each program two ports (`installation_portal_ports`).",
        )
    return ok(PART, "units", f"{len(units)} units.")


def _soften_fault(finding: Finding, accepted: bool) -> Finding:
    if accepted and finding.severity == "fault":
        return replace(finding, severity="warning")
    return finding
