"""The two journeys: to a new release, and back to the one before."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from packaging.version import Version

from udi.cli.checks.finding import Finding
from udi.cli.doctor import examine
from udi.cli.local.errors import LocalError
from udi.cli.upgrade import install, roll, units
from udi.cli.upgrade.journal import Journal
from udi.cli.upgrade.releases import Releases
from udi.cli.upgrade.wheel import Wheel, version_of
from udi.kit import migrations
from udi.settings import ProgramName, Settings

PROGRAMS: tuple[ProgramName, ...] = ("portal", "node")
Names = set[tuple[str, str]]


def upgrade(
    releases: Releases, wheel: Wheel, brought: tuple[Path, Path | None], findings: Sequence[Finding]
) -> dict[str, Any]:
    """Install, migrate, switch, restart, verify. What an interrupted run did is found done.

    Raises:
        LocalError: before the switch nothing changed; after it, the release before runs again.
    """
    journal, name, left = Journal(), wheel.release, releases.current()
    with releases.lock() as lock:
        with journal.step("install") as step:
            new = install.install(releases, wheel, *brought, lock=lock)
            step.outcome = f"{releases.path(name)}" if new else "unchanged"
        built = roll.build_keycloak(releases, name, journal, lock)
        roll.migrate(releases, name, journal, lock)
        before = _faults(findings)
        try:
            roll.roll(releases, name, journal, built=built)
            roll.verify(releases, name, journal, before, lock=lock)
        except LocalError as error:
            _return(releases, left if left != name else releases.before(name), journal, error)
    return journal.report(_outcome(journal), name, left if left != name else releases.before(name))


def _outcome(journal: Journal) -> str:
    did = [step for step in journal.steps if step.outcome != "unchanged" and step.step != "verify"]
    return "upgraded" if did else "unchanged"


def _return(releases: Releases, name: str | None, journal: Journal, error: LocalError) -> NoReturn:
    cause = str(error).rstrip(".")
    if name is None:
        raise LocalError(f"{cause}; there is no release before to go back to", "see `udi doctor`") from error
    failures = []
    releases.switch(name, back=True)
    units.mark([unit.name for unit in units.list_units()], name)
    for unit in units.list_units():
        if roll.needs_restart(unit, name, None):
            try:
                with journal.step(f"back: restart {unit.name}"):
                    units.restart(unit)
            except LocalError as failure:
                failures.append(str(failure))
    if failures:
        cause += f"; going back to {name} failed too ({' '.join(failures)})"
        raise LocalError(cause, "see `udi doctor`") from error
    raise LocalError(f"{cause}; {name} runs again", "its migrations stay, and disturb nothing") from error


def go_back(settings: Settings, releases: Releases) -> dict[str, Any]:
    """Run the release before on the schema as it is; no migration is undone.

    Raises:
        LocalError: there is none, or what it uses was taken away since.
    """
    journal, left = Journal(), releases.current()
    with releases.lock() as lock:
        name = releases.before(left) if left else None
        if name is None or left is None:
            raise LocalError("There is no release before this one", "`udi upgrade --list` shows those there are")
        refuse_contracted(settings, name)
        built = roll.build_keycloak(releases, name, journal, lock)
        _refuse_older_keycloak(built)
        before = _faults(asyncio.run(examine(settings)))
        try:
            roll.roll(releases, name, journal, built=built, back=True)
            roll.verify(releases, name, journal, before, lock=lock)
        except LocalError as error:
            _return(releases, left, journal, error)
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
                raise LocalError(cause, "restore a backup of that time, or stay at this release")


def _refuse_older_keycloak(built: str | None) -> None:
    running = roll.built_now()
    if built and running and roll.version_of_keycloak(built) != roll.version_of_keycloak(running):
        cause = f"Keycloak {roll.version_of_keycloak(running)} has changed its own database since"
        raise LocalError(cause, "restore a backup of that time, or stay at this release")


def _faults(findings: Sequence[Finding]) -> Names:
    return {(finding.part, finding.name) for finding in findings if finding.severity != "ok"}
