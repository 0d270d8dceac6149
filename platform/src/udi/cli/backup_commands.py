"""`udi backup`: what an operator does with backups."""

import json as jsonlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from udi.cli import output
from udi.cli.backup import create as creation
from udi.cli.backup import drill
from udi.cli.backup.context import BackupContext, find_context, with_repository
from udi.cli.backup.manifest import Manifest
from udi.cli.backup.prepare import prepare as make_ready
from udi.cli.backup.processes import become_account
from udi.cli.backup.restore import RestoreOptions, RestoreResult
from udi.cli.backup.restore import restore as put_back
from udi.cli.finding import format_duration
from udi.cli.local.errors import LocalError
from udi.cli.own import backup_commands as own_node
from udi.kit.backups import read_state
from udi.settings import get_settings

app = typer.Typer(
    help="Backups of the whole installation, and the proof that they restore.",
    no_args_is_help=True,
)
AsJson = Annotated[bool, typer.Option("--json", help="For a program.")]
Label = Annotated[
    str | None,
    typer.Argument(
        help="Which backup; the newest when absent. `udi backup list` names them."
    ),
]
OwnNode = Annotated[
    Path | None,
    typer.Option("--node", help="Folder of a producer's own node: of that."),
]
COLUMNS = {
    "label": "Backup",
    "kind": "Kind",
    "age": "Age",
    "took": "Took",
    "size": "Database",
    "files": "Files",
    "stored": "Stored",
    "verified": "Verified",
}
MAX_LISTED = 10


@app.command()
def prepare(
    node: OwnNode = None,
    repository: Annotated[
        str,
        typer.Option(help="With --node: a folder of another disk, s3://bucket/prefix."),
    ] = "",
    json: AsJson = False,
) -> None:
    """Begin the repository and write pgBackRest's configuration. The play calls it; may be repeated.

    With --node, that of a producer's own node: an encrypted repository, whose passphrase is drawn.
    """
    if node:
        own_node.prepare(node, repository, as_json=json)
        return
    changes = make_ready(find_context(get_settings()))
    print(
        jsonlib.dumps({"made": changes}) if json else "\n".join(changes) or "unchanged"
    )


@app.command()
def create(
    full: Annotated[
        bool,
        typer.Option("--full", help="Copy everything again, not only what changed."),
    ] = False,
    node: OwnNode = None,
    json: AsJson = False,
) -> None:
    """Back up everything while it runs: databases, files, secrets, territories.

    The database first, then the files that it names, a manifest last: a backup that is cut short does not exist, and
    what it saved serves the next. Incremental, and full every week. Older backups than the plan keeps are removed.
    With --node, all of a producer's own node, running or not, in one snapshot; the newest fourteen are kept.
    """
    if node:
        own_node.create(node, as_json=json)
        return
    manifest = creation.create(_own_context(), full=full)
    if manifest is None:
        print(
            jsonlib.dumps({"made": None})
            if json
            else "This machine does not lead its cluster: the leader backs up."
        )
        return
    _warn_missing_files(manifest)
    if json:
        print(jsonlib.dumps(_row(manifest, None), default=str, indent=2))
        return
    print(
        f"{manifest.label} ({manifest.kind}): {manifest.rows} rows, {manifest.objects.count} files, {manifest.seconds} s"
    )


@app.command("list")
def list_(node: OwnNode = None, json: AsJson = False) -> None:
    """List the backups: age, size, and when each was last verified."""
    if node:
        own_node.list_(node, as_json=json)
        return
    workplace = _own_context()
    state = read_state(workplace.settings)
    rows = [
        _row(manifest, state.drilled.get(manifest.label) if state else None)
        for manifest in _list_backups(workplace)
    ]
    output.show(
        rows,
        COLUMNS,
        as_json=json,
        empty="There is no backup: `udi backup create` makes one.",
    )


@app.command()
def verify(label: Label = None, node: OwnNode = None, json: AsJson = False) -> None:
    """Prove that a backup restores: aside, on this machine, and everything in it is read and compared.

    A throw-away PostgreSQL recovers it; each table's rows and sum, each file's sha256, are compared with what was noted
    when the backup was made. Needs room for the databases, not for the files. Nothing that runs is touched.
    With --node, the whole node is restored aside, files too, in its folder.
    """
    if node:
        own_node.verify(node, label, as_json=json)
        return
    manifest, seconds = drill.verify(_own_context(), label)
    if json:
        print(
            jsonlib.dumps(
                {**_row(manifest, None), "verified": True, "verified_in": seconds},
                default=str,
                indent=2,
            )
        )
        return
    if manifest.exact:
        counted = "each as it was"
    else:
        counted = "present (they were not counted exactly)"
    tables = sum(map(len, manifest.tables.values()))
    print(
        f"{manifest.label} restores: {tables} tables {counted}, {len(manifest.files)} files, {seconds} s"
    )


@app.command()
def restore(
    label: Label = None,
    to_time: Annotated[
        datetime | None,
        typer.Option(
            help="Bring back that moment, to the millisecond (UTC).",
            formats=["%Y-%m-%dT%H:%M:%S.%f", "%Y-%m-%dT%H:%M:%S"],
        ),
    ] = None,
    newest: Annotated[
        bool,
        typer.Option(
            "--newest", help="Bring back all that was archived, after the backup too."
        ),
    ] = False,
    repository: Annotated[
        str,
        typer.Option(
            help="Another repository: a mounted or copied folder, s3://bucket/prefix."
        ),
    ] = "",
    passphrase_file: Annotated[
        Path | None,
        typer.Option(
            help="File with that repository's passphrase; this machine's own when absent."
        ),
    ] = None,
    yes_replace: Annotated[
        bool, typer.Option("--yes-replace", help="Replace what this machine holds.")
    ] = False,
    in_cluster: Annotated[
        bool,
        typer.Option(
            "--in-cluster",
            help="Of three machines that stand still; the play restore.yml gives it.",
        ),
    ] = False,
    node: OwnNode = None,
    json: AsJson = False,
) -> None:
    """Make this machine the installation that was backed up.

    On a machine made by the play: stops its units, puts back databases, files, secrets and territories, starts them, and
    compares. Without --to-time or --newest it is the moment of the backup, exactly. When it is interrupted, give the same
    command again. With --node, that folder becomes the producer's own node that was backed up; start it then.
    """
    if node:
        _reject_moment_for_node(to_time, newest=newest)
        secret = passphrase_file
        own_node.restore(
            node, label, repository, secret, yes_replace=yes_replace, as_json=json
        )
        return
    _reject_two_moments(to_time, newest=newest)
    moment = to_time.replace(tzinfo=UTC) if to_time else None
    options = RestoreOptions(label, moment, newest, yes_replace, in_cluster)
    _print_restore(
        _restore_installation(repository, passphrase_file, options), as_json=json
    )


def _reject_two_moments(to_time: datetime | None, *, newest: bool) -> None:
    if to_time and newest:
        raise LocalError("--to-time and --newest name two moments", "give one of them")


def _reject_moment_for_node(to_time: datetime | None, *, newest: bool) -> None:
    if to_time or newest:
        raise LocalError(
            "A node is restored as it was when a backup was made",
            "name the backup by its label",
        )


def _restore_installation(
    repository: str, passphrase_file: Path | None, options: RestoreOptions
) -> RestoreResult:
    machine = find_context(get_settings())
    source = _source(machine, repository, passphrase_file)
    return put_back(machine, source, options)


def _print_restore(done: RestoreResult, *, as_json: bool) -> None:
    if as_json:
        summary = {
            "label": done.manifest.label,
            "seconds": done.seconds,
            "rows": done.rows,
            "files": done.files,
        }
        print(jsonlib.dumps({**summary, "missing": done.missing}, indent=2))
        return
    print(
        f"{done.manifest.label} restored: {done.rows} rows, {done.files} files, {done.seconds} s"
    )
    if done.missing:
        print(
            f"{len(done.missing)} file(s) were published after the files were saved, and are not there:"
        )
        print("\n".join(f"  {key}" for key in done.missing[:MAX_LISTED]))


def _own_context() -> BackupContext:
    workplace = find_context(get_settings())
    become_account(workplace.plan)
    return workplace


def _list_backups(workplace: BackupContext) -> list[Manifest]:
    return list(reversed(drill.list_kept_manifests(workplace)))


def _source(
    machine: BackupContext, repository: str, passphrase_file: Path | None
) -> BackupContext:
    if not repository and not passphrase_file:
        return machine
    try:
        if passphrase_file:
            passphrase = passphrase_file.read_text().strip()
        else:
            passphrase = machine.repository.passphrase.value
    except OSError as error:
        raise LocalError(
            f"{passphrase_file} cannot be read ({error.strerror})",
            "give the passphrase's file",
        ) from error
    return with_repository(
        machine, repository or machine.repository.address, passphrase
    )


def _warn_missing_files(manifest: Manifest) -> None:
    if lost := manifest.objects.removed_meanwhile:
        typer.echo(
            f"{len(lost)} file(s) that the database names are not in the store: see «objects» of the JSON.",
            err=True,
        )


def _row(manifest: Manifest, verified: datetime | None) -> dict[str, Any]:
    return {
        "label": manifest.label,
        "kind": manifest.kind,
        "release": manifest.release,
        "finished": manifest.finished,
        "age": format_duration(manifest.age.total_seconds()),
        "took": f"{manifest.seconds} s",
        "seconds": manifest.seconds,
        "rows": manifest.rows,
        "exact": manifest.exact,
        "size": _megabytes(manifest.database_size),
        "files": manifest.objects.count,
        "objects": manifest.objects.model_dump(exclude={"snapshot"}),
        "stored": _megabytes(manifest.stored_size),
        "verified": f"{verified:%Y-%m-%d}" if verified else "no",
    }


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"
