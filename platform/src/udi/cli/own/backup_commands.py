"""What `udi backup … --node <folder>` does: the same commands, for a producer's own node."""

import json as jsonlib
from pathlib import Path
from typing import Any

from udi.cli import output
from udi.cli.backup.plan import PASSPHRASE
from udi.cli.checks.finding import duration
from udi.cli.local.errors import LocalError
from udi.cli.own import backup
from udi.cli.own.backup import Saved
from udi.cli.own.folder import find_own_node, read_own_node
from udi.kit.backups import read_state
from udi.settings import Settings

COLUMNS = {"label": "Backup", "age": "Age", "took": "Took", "rows": "Rows", "files": "Files", "verified": "Verified"}


def prepare(folder: Path, repository: str, *, as_json: bool) -> None:
    """Begin the repository, and say where the passphrase is."""
    if not repository:
        raise LocalError("Say where backups go", "give --repository <folder of another disk, or s3://bucket/prefix>")
    own = read_own_node(folder)
    made = backup.prepare(own, repository)
    secret = own.settings.secrets_folder / PASSPHRASE
    if as_json:
        print(jsonlib.dumps({"made": [repository] if made else [], "passphrase_file": str(secret)}))
        return
    print(f"{'Begun' if made else 'Unchanged'}: {repository}")
    print(f"Copy {secret} to a safe: without it, nobody reads these backups again.")


def create(folder: Path, *, as_json: bool) -> None:
    """One backup, while the node runs or not."""
    saved = backup.create(read_own_node(folder))
    _tell(saved, f"{saved.rows} rows, {len(saved.copied.files)} files, {saved.seconds} s", as_json=as_json)


def list_(folder: Path, *, as_json: bool) -> None:
    """Those that there are."""
    own = read_own_node(folder)
    known = read_state(own.settings.model_copy(update={"backup_state": own.folder / backup.FOLDER}))
    drilled = known.drilled if known else {}
    rows = [_row(saved, drilled=saved.label in drilled) for _, saved in backup.list_saved(backup.find_restic(own))]
    empty = f"There is no backup: `udi backup create --node {folder}` makes one."
    output.show(rows[::-1], COLUMNS, as_json=as_json, empty=empty)


def verify(folder: Path, label: str | None, *, as_json: bool) -> None:
    """The drill."""
    saved = backup.verify(read_own_node(folder), label)
    tables = len(saved.copied.tables)
    _tell(saved, f"it restores: {tables} tables each as it was, {len(saved.copied.files)} files", as_json=as_json)


def restore(
    folder: Path, label: str | None, repository: str, passphrase_file: Path | None, *, yes_replace: bool, as_json: bool
) -> None:
    """Make the folder the node that was backed up."""
    own = find_own_node(folder)
    if repository and passphrase_file:
        try:
            passphrase = passphrase_file.read_text().strip()
        except OSError as error:
            raise LocalError(f"{passphrase_file} cannot be read ({error.strerror})", "give its file") from error
        cache = folder.absolute() / backup.FOLDER / "cache"
        restic = backup.open_repository(Settings(), repository, passphrase, cache)
    elif own is not None:
        restic = backup.find_restic(own)
    else:
        raise LocalError("Say which backup", "give --repository, and --passphrase-file")
    saved = backup.restore(folder, restic, label, replace_here=yes_replace)
    said = f"restored: {saved.rows} rows, {len(saved.copied.files)} files. Start it: udi node serve {folder}"
    _tell(saved, said, as_json=as_json)


def _tell(saved: Saved, said: str, *, as_json: bool) -> None:
    print(jsonlib.dumps(_row(saved), default=str, indent=2) if as_json else f"{saved.label}: {said}")


def _row(saved: Saved, *, drilled: bool = False) -> dict[str, Any]:
    return {
        "label": saved.label, "node": saved.node, "release": saved.release, "made": saved.made_at,
        "age": duration(saved.age.total_seconds()), "took": f"{saved.seconds} s", "rows": saved.rows,
        "files": len(saved.copied.files), "verified": "yes" if drilled else "no",
    }  # fmt: skip
