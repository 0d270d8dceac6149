"""`udi upgrade` at the terminal."""

import json as jsonlib
from pathlib import Path
from typing import Annotated, Any

import typer

from udi.cli import doctor, output, units
from udi.cli.upgrade import checks, workflow
from udi.cli.upgrade.release_files import ReleaseFiles, read_announced, read_signed
from udi.cli.upgrade.releases import InstalledReleases, find_releases
from udi.settings import get_settings

COLUMNS = {
    "release": "release",
    "state": "state",
    "installed_at": "installed",
    "units": "units that run it",
}
Requirements = Annotated[
    Path | None,
    typer.Option(
        help="The list of its dependencies, with hashes; without it, run.txt beside the wheel."
    ),
]
Signers = Annotated[
    Path | None,
    typer.Option(
        help="Who may sign it (ssh-keygen's allowed signers), instead of those whom the release that runs names."
    ),
]
Wheelhouse = Annotated[
    Path | None,
    typer.Option(
        help="Folder of the dependencies' wheels, to install without a network."
    ),
]
WithoutBackup = Annotated[
    bool,
    typer.Option("--without-backup", help="Go on without a backup of less than a day."),
]
DespiteFaults = Annotated[
    bool,
    typer.Option("--despite-faults", help="Go on with faults that `udi doctor` finds."),
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(upgrade)


def upgrade(
    release: Annotated[
        Path | None,
        typer.Argument(
            help="The folder of the new release, or its wheel, on this machine."
        ),
    ] = None,
    sha256: Annotated[
        str,
        typer.Option(
            help="The checksum of the wheel that its publisher announces, instead of a signature."
        ),
    ] = "",
    signers: Signers = None,
    requirements: Requirements = None,
    wheelhouse: Wheelhouse = None,
    check_only: Annotated[
        bool, typer.Option("--check-only", help="Look at everything, change nothing.")
    ] = False,
    without_backup: WithoutBackup = False,
    despite_faults: DespiteFaults = False,
    back: Annotated[
        bool,
        typer.Option("--back", help="Run the release before, on the schema as it is."),
    ] = False,
    show: Annotated[
        bool, typer.Option("--list", help="Show the releases there, and which runs.")
    ] = False,
    prune: Annotated[
        bool, typer.Option("--prune", help="Delete all but the last three releases.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="For a program.")] = False,
) -> None:
    """Bring this machine to a new release while it answers; or back to the one before.

    `udi upgrade FOLDER` verifies the signature of the release (or `WHEEL --sha256 … --requirements run.txt` its
    checksum), looks at the installation, installs the release beside the others, migrates (additions only), makes it
    current, then restarts the web units one after the other, the workers, and Keycloak if its distribution changed. If
    that fails, the release before runs again. Interrupted at any moment, the same command finishes it. `--back` does the same towards the release before; no
    migration is undone. What lasts is what the inventory of the play says: pin the new release there too.
    """
    if (release is not None) + back + show + prune != 1:
        raise typer.BadParameter("give a release, or one of --back, --list, --prune")
    releases = find_releases()
    if show:
        output.show(list_releases(releases), COLUMNS, as_json=json, empty="No release.")
    elif prune:
        _print_deleted(_prune(releases), as_json=json)
    elif back:
        _print_report(workflow.go_back(get_settings(), releases), as_json=json)
    elif release:
        files = _read_files(release, sha256, signers, requirements, wheelhouse)
        consent = checks.UpgradeOverrides(
            without_backup=without_backup, despite_faults=despite_faults
        )
        _upgrade(releases, files, consent, check_only, as_json=json)


def _read_files(
    release: Path,
    sha256: str,
    signers: Path | None,
    requirements: Path | None,
    wheelhouse: Path | None,
) -> ReleaseFiles:
    """Verify what was brought: by its signature, unless the checksum of the wheel is given."""
    if not sha256:
        return read_signed(release, signers, requirements, wheelhouse)
    if signers or requirements is None:
        raise typer.BadParameter(
            "--sha256 HEX is of a wheel without a signature, and comes with its dependencies, --requirements FILE"
        )
    return read_announced(release, sha256, requirements, wheelhouse)


def _upgrade(
    releases: InstalledReleases,
    files: ReleaseFiles,
    consent: checks.UpgradeOverrides,
    check_only: bool,
    *,
    as_json: bool,
) -> None:
    if checks.is_finishing(releases, files.wheel):
        consent = checks.UpgradeOverrides(without_backup=True, despite_faults=True)
    findings = checks.check_upgrade(
        get_settings(), releases, files, units.list_units(), consent
    )
    if check_only:
        raise typer.Exit(doctor.report_findings(findings, as_json=as_json))
    checks.refuse_faults(findings)
    _print_report(workflow.upgrade(releases, files, findings), as_json=as_json)


def _prune(releases: InstalledReleases) -> list[str]:
    with releases.lock():
        return releases.prune(
            {unit.release for unit in units.list_units() if unit.release}
        )


def _print_deleted(names: list[str], *, as_json: bool) -> None:
    if as_json:
        print(jsonlib.dumps({"deleted": names}))
        return
    print("\n".join(names) or "unchanged")


def list_releases(releases: InstalledReleases) -> list[dict[str, Any]]:
    """Every release there, with the number of units that run it."""
    current = releases.current()
    running = units.list_units()
    lines = []
    for release in releases.list_installed():
        if release.name == current:
            state = "current"
        elif release.complete:
            state = "complete"
        else:
            state = "interrupted"
        lines.append(
            {
                "release": release.name,
                "state": state,
                "installed_at": f"{release.installed_at:%Y-%m-%d %H:%MZ}",
                "units": sum(unit.release == release.name for unit in running),
            }
        )
    return lines


def _print_report(report: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print(jsonlib.dumps(report, indent=2, ensure_ascii=False))
        return
    if report["outcome"] == "unchanged":
        print(f"unchanged: {report['release']} runs already")
        return
    print(
        f"{report['outcome']} from {report['from']} to {report['release']} in {report['seconds']:.0f} s"
    )
