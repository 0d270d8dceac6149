"""From one installed release to another: switch, restart one unit after the other, verify; back again if that fails."""

import json
import subprocess
import time
from collections.abc import Collection
from pathlib import Path

from udi.cli import units
from udi.cli.local.errors import LocalError
from udi.cli.upgrade.install import bare_environment
from udi.cli.upgrade.journal import UpgradeJournal
from udi.cli.upgrade.releases import InstalledReleases

VERIFICATIONS = 4
VERIFICATION_PAUSE = 5.0
LAST_LINES = 2


def call_udi(program: str, *arguments: str, lock: int, fails: bool = True) -> str:
    """What another release's `udi` prints.

    Raises:
        LocalError: it failed, with its last words.
    """
    done = subprocess.run(
        [program, *arguments],
        capture_output=True,
        text=True,
        check=False,
        pass_fds=(lock,),
        env=bare_environment(),
    )
    if done.returncode and fails:
        excerpt = " ".join(
            (done.stderr or done.stdout).strip().splitlines()[-LAST_LINES:]
        ).rstrip(".")
        raise LocalError(
            f"`udi {' '.join(arguments)}` of that release failed ({excerpt})",
            "see `udi doctor`",
        )
    return done.stdout


def migrate_databases(
    releases: InstalledReleases, name: str, journal: UpgradeJournal, lock: int
) -> None:
    """Expand both databases by the new program, while the old one runs."""
    with journal.step("migrate") as step:
        lines = call_udi(
            releases.program(name), "database", "migrate", lock=lock
        ).split("\n")
        step.outcome = ", ".join(filter(None, lines))


def build_keycloak(
    releases: InstalledReleases, name: str, journal: UpgradeJournal, lock: int
) -> str | None:
    """Have the Keycloak of a release built beside the one that runs; its folder, unless the release does not say it.

    None too where others run it: nothing is fetched then.
    """
    with journal.step("keycloak") as step:
        if not any(unit.kind == "keycloak" for unit in units.list_units()):
            step.outcome = "not on this machine"
            return None
        outcome, _, folder = (
            call_udi(releases.program(name), "keycloak", "install", lock=lock)
            .strip()
            .partition(" ")
        )
        step.outcome = outcome
    return folder or None


def roll_out_release(
    releases: InstalledReleases,
    name: str,
    journal: UpgradeJournal,
    *,
    built: str | None,
    back: bool = False,
) -> None:
    """Make a release current and have every unit run it; those that do already are left alone."""
    with journal.step(f"switch to {name}") as step:
        step.outcome = "unchanged" if releases.current() == name else "done"
        releases.switch(name, back=back)
        units.mark_release([unit.name for unit in units.list_units()], name)
    for unit in units.list_units():
        if not needs_restart(unit, name, built):
            continue
        with journal.step(f"restart {unit.name}"):
            units.restart_unit(unit)


def needs_restart(unit: units.ServiceUnit, name: str, built: str | None) -> bool:
    """A program that is not this release, or that does not answer; Keycloak only when its distribution changed."""
    if unit.kind == "keycloak":
        changed = built is not None and unit.distribution != built
        return changed or not units.answers(units.KEYCLOAK_PORT, units.KEYCLOAK_READY)
    return unit.release != name or (
        unit.port is not None and not units.answers(unit.port)
    )


def verify_release(
    releases: InstalledReleases,
    name: str,
    journal: UpgradeJournal,
    before: Collection[tuple[str, str]],
    *,
    lock: int,
) -> None:
    """See with the release's own `udi doctor` that there is no fault that was not there before.

    Raises:
        LocalError: there is, and it lasts.
    """
    with journal.step("verify"):
        for left in reversed(range(VERIFICATIONS)):
            findings = json.loads(
                call_udi(
                    releases.program(name), "doctor", "--json", lock=lock, fails=False
                )
            )["findings"]
            faults = [finding for finding in findings if finding["severity"] == "fault"]
            fresh = [
                finding
                for finding in faults
                if (finding["part"], finding["name"]) not in before
            ]
            if not fresh:
                return
            if left:
                time.sleep(VERIFICATION_PAUSE)
        summary = "; ".join(
            f"{finding['part']} {finding['name']}: {finding['message'].rstrip('.')}"
            for finding in fresh
        )
        raise LocalError(
            f"The release {name} has faults that the one before had not ({summary})",
            fresh[0]["remedy"],
        )


def find_running_keycloak() -> str | None:
    """The distribution of the Keycloak that runs on this machine."""
    return next(
        (unit.distribution for unit in units.list_units() if unit.kind == "keycloak"),
        None,
    )


def version_of_keycloak(built: str) -> str:
    """`26.7.3` of `…/keycloak-26.7.3-0123456789ab`."""
    return Path(built).name.split("-")[1]
