"""From one installed release to another: switch, restart one unit after the other, verify; back again if that fails."""

import json
import subprocess
import time
from collections.abc import Collection
from pathlib import Path

from udi.cli.local.errors import LocalError
from udi.cli.upgrade import units
from udi.cli.upgrade.install import bare_environment
from udi.cli.upgrade.journal import Journal
from udi.cli.upgrade.releases import Releases

VERIFICATIONS, VERIFICATION_PAUSE = 4, 5.0
LAST_LINES = 2


def call(program: str, *arguments: str, lock: int, fails: bool = True) -> str:
    """What another release's `udi` prints.

    Raises:
        LocalError: it failed, with its last words.
    """
    done = subprocess.run(
        [program, *arguments], capture_output=True, text=True, check=False, pass_fds=(lock,), env=bare_environment()
    )
    if done.returncode and fails:
        said = " ".join((done.stderr or done.stdout).strip().splitlines()[-LAST_LINES:]).rstrip(".")
        raise LocalError(f"`udi {' '.join(arguments)}` of that release failed ({said})", "see `udi doctor`")
    return done.stdout


def migrate(releases: Releases, name: str, journal: Journal, lock: int) -> None:
    """Expand both databases by the new program, while the old one runs."""
    with journal.step("migrate") as step:
        said = call(releases.program(name), "database", "migrate", lock=lock).split("\n")
        step.outcome = ", ".join(filter(None, said))


def build_keycloak(releases: Releases, name: str, journal: Journal, lock: int) -> str | None:
    """Have the Keycloak of a release built beside the one that runs; its folder, unless the release does not say it."""
    with journal.step("keycloak") as step:
        outcome, _, folder = call(releases.program(name), "keycloak", "install", lock=lock).strip().partition(" ")
        step.outcome = outcome
    return folder or None


def roll(releases: Releases, name: str, journal: Journal, *, built: str | None, back: bool = False) -> None:
    """Make a release current and have every unit run it; those that do already are left alone."""
    with journal.step(f"switch to {name}") as step:
        step.outcome = "unchanged" if releases.current() == name else "done"
        releases.switch(name, back=back)
        units.mark([unit.name for unit in units.list_units()], name)
    for unit in units.list_units():
        if not needs_restart(unit, name, built):
            continue
        with journal.step(f"restart {unit.name}"):
            units.restart(unit)


def needs_restart(unit: units.Unit, name: str, built: str | None) -> bool:
    """A program that is not this release, or that does not answer; Keycloak only when its distribution changed."""
    if unit.kind == "keycloak":
        changed = built is not None and unit.built != built
        return changed or not units.answers(units.KEYCLOAK_PORT, units.KEYCLOAK_READY)
    return unit.release != name or (unit.port is not None and not units.answers(unit.port))


def verify(releases: Releases, name: str, journal: Journal, before: Collection[tuple[str, str]], *, lock: int) -> None:
    """See with the release's own `udi doctor` that there is no fault that was not there before.

    Raises:
        LocalError: there is, and it lasts.
    """
    with journal.step("verify"):
        for left in reversed(range(VERIFICATIONS)):
            found = json.loads(call(releases.program(name), "doctor", "--json", lock=lock, fails=False))["findings"]
            faults = [each for each in found if each["severity"] == "fault"]
            fresh = [each for each in faults if (each["part"], each["name"]) not in before]
            if not fresh:
                return
            if left:
                time.sleep(VERIFICATION_PAUSE)
        said = "; ".join(f"{each['part']} {each['name']}: {each['said'].rstrip('.')}" for each in fresh)
        raise LocalError(f"The release {name} has faults that the one before had not ({said})", fresh[0]["remedy"])


def built_now() -> str | None:
    """The distribution of the Keycloak that runs on this machine."""
    return next((unit.built for unit in units.list_units() if unit.kind == "keycloak"), None)


def version_of_keycloak(built: str) -> str:
    """`26.7.3` of `…/keycloak-26.7.3-0123456789ab`."""
    return Path(built).name.split("-")[1]
