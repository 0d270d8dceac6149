"""What `udi backup … --node <folder>` does: the same commands, for a producer's own node."""

import json as jsonlib
from pathlib import Path
from typing import Any

from udi.cli import output
from udi.cli.backup.plan import PASSPHRASE
from udi.cli.finding import format_duration
from udi.cli.local.errors import LocalError
from udi.cli.own import backup, backup_repository, restoration
from udi.cli.own.backup_repository import NodeBackup
from udi.cli.own.folder import find_own_node, read_own_node
from udi.settings import Settings

COLUMNS = {
    "label": "Backup",
    "age": "Age",
    "took": "Took",
    "rows": "Rows",
    "files": "Files",
    "verified": "Verified",
}


def prepare(folder: Path, repository: str, *, as_json: bool) -> None:
    """Begin the repository, and say where the passphrase is."""
    if not repository:
        raise LocalError(
            "Say where backups go",
            "give --repository <folder of another disk, or s3://bucket/prefix>",
        )
    own_node = read_own_node(folder)
    is_new = backup.prepare(own_node, repository)
    secret = own_node.settings.secrets_folder / PASSPHRASE
    if as_json:
        print(
            jsonlib.dumps(
                {"made": [repository] if is_new else [], "passphrase_file": str(secret)}
            )
        )
        return
    print(f"{'Begun' if is_new else 'Unchanged'}: {repository}")
    print(f"Copy {secret} to a safe: without it, nobody reads these backups again.")


def create(folder: Path, *, as_json: bool) -> None:
    """One backup, while the node runs or not."""
    saved_backup = backup.create(read_own_node(folder))
    _print_backup(
        saved_backup,
        f"{saved_backup.rows} rows, {len(saved_backup.copied.files)} files, {saved_backup.seconds} s",
        as_json=as_json,
    )


def list_(folder: Path, *, as_json: bool) -> None:
    """Those that there are."""
    own_node = read_own_node(folder)
    drilled = backup_repository.read_backup_state(own_node).drilled
    rows = [
        _row(saved_backup, drilled=saved_backup.label in drilled)
        for _, saved_backup in backup_repository.list_backups(
            backup_repository.find_restic(own_node)
        )
    ]
    empty = f"There is no backup: `udi backup create --node {folder}` makes one."
    output.show(rows[::-1], COLUMNS, as_json=as_json, empty=empty)


def verify(folder: Path, label: str | None, *, as_json: bool) -> None:
    """The drill."""
    proven = restoration.verify(read_own_node(folder), label)
    tables = len(proven.copied.tables)
    _print_backup(
        proven,
        f"it restores: {tables} tables each as it was, {len(proven.copied.files)} files",
        as_json=as_json,
    )


def restore(
    folder: Path,
    label: str | None,
    repository: str,
    passphrase_file: Path | None,
    *,
    yes_replace: bool,
    as_json: bool,
) -> None:
    """Make the folder the node that was backed up."""
    own_node = find_own_node(folder)
    if repository and passphrase_file:
        try:
            passphrase = passphrase_file.read_text().strip()
        except OSError as error:
            raise LocalError(
                f"{passphrase_file} cannot be read ({error.strerror})", "give its file"
            ) from error
        cache = folder.absolute() / backup_repository.FOLDER / "cache"
        restic = backup_repository.open_repository(
            Settings(), repository, passphrase, cache
        )
    elif own_node is not None:
        restic = backup_repository.find_restic(own_node)
    else:
        raise LocalError("Say which backup", "give --repository, and --passphrase-file")
    saved_backup = restoration.restore(folder, restic, label, replace_here=yes_replace)
    message = f"restored: {saved_backup.rows} rows, {len(saved_backup.copied.files)} files. Start it: udi node serve {folder}"
    _print_backup(saved_backup, message, as_json=as_json)


def _print_backup(saved_backup: NodeBackup, message: str, *, as_json: bool) -> None:
    print(
        jsonlib.dumps(_row(saved_backup), default=str, indent=2)
        if as_json
        else f"{saved_backup.label}: {message}"
    )


def _row(saved_backup: NodeBackup, *, drilled: bool = False) -> dict[str, Any]:
    return {
        "label": saved_backup.label,
        "node": saved_backup.node,
        "release": saved_backup.release,
        "made": saved_backup.made_at,
        "age": format_duration(saved_backup.age.total_seconds()),
        "took": f"{saved_backup.seconds} s",
        "rows": saved_backup.rows,
        "files": len(saved_backup.copied.files),
        "verified": "yes" if drilled else "no",
    }
