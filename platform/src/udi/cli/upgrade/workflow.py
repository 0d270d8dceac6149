"""The two journeys: to a new release, and back to the one before."""

import asyncio
from collections.abc import Sequence
from typing import Any, NoReturn

from packaging.version import Version

from udi.cli import units
from udi.cli.doctor import check_installation
from udi.cli.finding import Finding
from udi.cli.local.errors import LocalError
from udi.cli.upgrade import install, rollout
from udi.cli.upgrade.journal import UpgradeJournal
from udi.cli.upgrade.release_files import ReleaseFiles
from udi.cli.upgrade.releases import InstalledReleases
from udi.cli.upgrade.wheel import version_of
from udi.kit import migrations
from udi.settings import ProgramName, Settings

PROGRAMS: tuple[ProgramName, ...] = ("portal", "node")
Names = set[tuple[str, str]]


def upgrade(
    releases: InstalledReleases,
    files: ReleaseFiles,
    findings: Sequence[Finding],
) -> dict[str, Any]:
    """Install, migrate, switch, restart, verify. What an interrupted run did is found done.

    Raises:
        LocalError: before the switch nothing changed; after it, the release before runs again.
    """
    journal = UpgradeJournal()
    name = files.wheel.release
    left = releases.current()
    with releases.lock() as lock:
        with journal.step("install") as step:
            new = install.install(releases, files, lock=lock)
            step.outcome = f"{releases.path(name)}" if new else "unchanged"
        built = rollout.build_keycloak(releases, name, journal, lock)
        rollout.migrate_databases(releases, name, journal, lock)
        before = _faults(findings)
        try:
            rollout.roll_out_release(releases, name, journal, built=built)
            rollout.verify_release(releases, name, journal, before, lock=lock)
        except LocalError as error:
            _roll_back(
                releases,
                left if left != name else releases.find_previous(name),
                journal,
                error,
            )
    return journal.report(
        _outcome(journal), name, left if left != name else releases.find_previous(name)
    )


def _outcome(journal: UpgradeJournal) -> str:
    did = [
        step
        for step in journal.steps
        if step.outcome != "unchanged" and step.step != "verify"
    ]
    if did:
        return "upgraded"
    return "unchanged"


def _roll_back(
    releases: InstalledReleases,
    name: str | None,
    journal: UpgradeJournal,
    error: LocalError,
) -> NoReturn:
    cause = str(error).rstrip(".")
    if name is None:
        raise LocalError(
            f"{cause}; there is no release before to go back to", "see `udi doctor`"
        ) from error
    failures = []
    releases.switch(name, back=True)
    units.mark_release([unit.name for unit in units.list_units()], name)
    for unit in units.list_units():
        if rollout.needs_restart(unit, name, None):
            try:
                with journal.step(f"back: restart {unit.name}"):
                    units.restart_unit(unit)
            except LocalError as failure:
                failures.append(str(failure))
    if failures:
        cause += f"; going back to {name} failed too ({' '.join(failures)})"
        raise LocalError(cause, "see `udi doctor`") from error
    raise LocalError(
        f"{cause}; {name} runs again", "its migrations stay, and disturb nothing"
    ) from error


def go_back(settings: Settings, releases: InstalledReleases) -> dict[str, Any]:
    """Run the release before on the schema as it is; no migration is undone.

    Raises:
        LocalError: there is none, or what it uses was taken away since.
    """
    journal = UpgradeJournal()
    left = releases.current()
    with releases.lock() as lock:
        name = releases.find_previous(left) if left else None
        if name is None or left is None:
            raise LocalError(
                "There is no release before this one",
                "`udi upgrade --list` shows those there are",
            )
        refuse_contracted(settings, name)
        built = rollout.build_keycloak(releases, name, journal, lock)
        _refuse_older_keycloak(built)
        before = _faults(asyncio.run(check_installation(settings)))
        try:
            rollout.roll_out_release(releases, name, journal, built=built, back=True)
            rollout.verify_release(releases, name, journal, before, lock=lock)
        except LocalError as error:
            _roll_back(releases, left, journal, error)
    return journal.report("went back", name, left)


def refuse_contracted(settings: Settings, name: str) -> None:
    """Refuse a program whose columns or tables are gone.

    Raises:
        LocalError: a contracting revision ran that this release cannot do without.
    """
    version = version_of(name)
    for program in PROGRAMS:
        for revision, since in migrations.find_contracted(settings, program).items():
            if version is None or version < Version(since):
                cause = f"{name} needs what the revision «{revision}» of {program} took away (unused since {since})"
                raise LocalError(
                    cause, "restore a backup of that time, or stay at this release"
                )


def _refuse_older_keycloak(built: str | None) -> None:
    running = rollout.find_running_keycloak()
    if (
        built
        and running
        and rollout.version_of_keycloak(built) != rollout.version_of_keycloak(running)
    ):
        cause = f"Keycloak {rollout.version_of_keycloak(running)} has changed its own database since"
        raise LocalError(
            cause, "restore a backup of that time, or stay at this release"
        )


def _faults(findings: Sequence[Finding]) -> Names:
    return {
        (finding.part, finding.name) for finding in findings if finding.severity != "ok"
    }
