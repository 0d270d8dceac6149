"""The restore drill: a backup is restored aside, on this machine, and everything in it is read and compared."""

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

from udi.cli.backup import census
from udi.cli.backup.contents import sizes
from udi.cli.backup.manifest import Manifest, chosen, list_manifests
from udi.cli.backup.pgbackrest import Failure, PgBackRest, explained
from udi.cli.backup.restic import sha256_of
from udi.cli.backup.running import alone
from udi.cli.backup.server import Control, furnish
from udi.cli.backup.workplace import Workplace
from udi.cli.local.errors import LocalError
from udi.kit.backups import Noted, read_state
from udi.kit.clock import now

PORT = 5999
SHOWN = 5
KEPT_SECRETS = ("signing_keys", "portal_client_key")


def verify(workplace: Workplace, label: str | None) -> tuple[Manifest, float]:
    """Restore aside, read all, compare; the backup and the seconds it took. Nothing is left of it.

    Raises:
        LocalError: something is missing or differs; the backup cannot be trusted.
    """
    with alone(workplace.folder, workplace.progress.say):
        manifest = chosen(found_manifests(workplace), label, None)
        workplace.progress.say(f"drill of {manifest.label}, made {manifest.finished:%Y-%m-%d %H:%M} UTC")
        try:
            _verify_database(workplace, manifest)
            _verify_installation(workplace, manifest)
            _verify_objects(workplace, manifest)
        except LocalError:
            workplace.note(refused=_noted(workplace, manifest))
            raise
        state = read_state(workplace.settings)
        drilled = {**(state.drilled if state else {}), manifest.label: now()}
        workplace.note(verified=_noted(workplace, manifest), refused=None, drilled=drilled)
        workplace.progress.say("all is there")
    return manifest, workplace.progress.seconds


def found_manifests(workplace: Workplace) -> list[Manifest]:
    """The whole backups whose database is still kept.

    Raises:
        LocalError: the repository cannot be read.
    """
    snapshots = workplace.restic.snapshots("manifest")
    try:
        held = {backup["label"] for backup in workplace.pgbackrest.backups()}
    except Failure as failure:
        raise explained(failure, workplace.repository, "Reading the repository") from failure
    return list_manifests(workplace.restic, workplace.manifests, held) if snapshots else []


def _noted(workplace: Workplace, manifest: Manifest) -> Noted:
    return Noted(label=manifest.label, at=now(), seconds=workplace.progress.seconds)


def _verify_database(workplace: Workplace, manifest: Manifest) -> None:
    scratch = workplace.folder / "drill"
    server = workplace.plan.server.model_copy(
        update={"data": scratch / "data", "socket": scratch, "port": PORT, "unit": "", "clustered": False}
    )
    control = Control(server, workplace.folder / "drill.log")
    _clear(control, scratch)
    control.log.unlink(missing_ok=True)
    scratch.mkdir(mode=0o700)
    try:
        restore_database(workplace.pgbackrest, workplace, manifest, data=server.data, options=["--archive-mode=off"])
        furnish(server)
        control.start()
        control.wait(workplace.progress.say)
        workplace.progress.say("database: restored; counting")
        compare_tables(manifest, asyncio.run(census.recount(control.superuser, workplace.settings)))
    finally:
        _clear(control, scratch)


def _clear(control: Control, scratch: Path) -> None:
    """What a drill that was cut short left behind goes too."""
    if (control.server.data / "postmaster.pid").exists():
        control.stop()
    shutil.rmtree(scratch, ignore_errors=True)


def restore_database(
    pgbackrest: PgBackRest, workplace: Workplace, manifest: Manifest, *, data: Path, options: list[str]
) -> None:
    """Put the files of the cluster into a folder, ready to recover up to the backup's own restore point.

    Raises:
        LocalError: pgBackRest refuses.
    """
    if not any(option.startswith("--type=") for option in options):
        options = [*options, "--type=name", f"--target={manifest.point}"]
    if "--type=default" not in options:
        options = [*options, "--target-action=promote"]
    place = [f"--set={manifest.label}", f"--pg1-path={data}"]
    try:
        pgbackrest.call("restore", *place, *options)
    except Failure as failure:
        raise explained(failure, workplace.repository, "Restoring the database") from failure


def compare_tables(manifest: Manifest, found: census.Census) -> None:
    """Refuse a database that differs from what was counted when the backup was made.

    Raises:
        LocalError: a table differs.
    """
    told = census.differences(manifest.tables, found.tables)
    if not manifest.exact:
        told = [each for each in told if each.endswith(("missing", "new"))]
    if told:
        raise _not_the_same("database", told)


def _verify_installation(workplace: Workplace, manifest: Manifest) -> None:
    names = {name for name, content in workplace.restic.read(manifest.installation) if content.read(1)}
    lost = [name for name in KEPT_SECRETS if f"secrets/{name}" not in names]
    if lost:
        raise _not_the_same("folder of secrets", [f"{name} is missing" for name in lost])
    workplace.progress.say(f"secrets and territories: {len(names)} files")


def _verify_objects(workplace: Workplace, manifest: Manifest) -> None:
    gone = set(manifest.objects.removed_meanwhile)
    expected = {stored.key: stored for stored in manifest.files if stored.key not in gone}
    if manifest.objects.kind == "elsewhere":
        there = asyncio.run(sizes(workplace.settings))
        told = [f"{key} is missing" for key, stored in expected.items() if not stored.has_size(there.get(key))]
    else:
        sums = _checksums(workplace, manifest, {*expected}, workplace.progress.say) if expected else {}
        told = [_fault(key, sums.get(key)) for key, stored in expected.items() if not stored.has_sum(sums.get(key))]
    if told:
        raise _not_the_same("node's files", told)
    workplace.progress.say(f"files: {len(expected)} named by the database, each as it was published")


def _checksums(
    workplace: Workplace, manifest: Manifest, wanted: set[str], say: Callable[[str], None]
) -> dict[str, str]:
    found = {}
    for name, content in workplace.restic.read(manifest.objects.snapshot):
        if name in wanted:
            found[name] = sha256_of(content)
            if len(found) % 1000 == 0:
                say(f"files: {len(found)} of {len(wanted)} read")
    return found


def _fault(key: str, found: str | None) -> str:
    return f"{key} {'is missing' if found is None else 'has other contents'}"


def _not_the_same(what: str, told: list[str]) -> LocalError:
    more = f" and {len(told) - SHOWN} more" if len(told) > SHOWN else ""
    cause = f"The backup is not what was saved, in the {what}: {'; '.join(told[:SHOWN])}{more}"
    return LocalError(cause, "make another at once (`udi backup create --full`), and look at the repository's disk")
