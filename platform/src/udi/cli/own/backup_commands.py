"""What `udi backup … --node <folder>` does: the same commands, for a producer's own node."""

import json as jsonlib
from pathlib import Path
from typing import Any

from udi.cli import output
from udi.cli.backup.plan import PASSPHRASE
from udi.cli.checks.finding import duration
from udi.cli.local.errors import LocalError
from udi.cli.own import backup, bring_back, saved
from udi.cli.own.folder import find_own_node, read_own_node
from udi.cli.own.saved import Saved
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
    made = backup.create(read_own_node(folder))
    _tell(made, f"{made.rows} rows, {len(made.copied.files)} files, {made.seconds} s", as_json=as_json)


def list_(folder: Path, *, as_json: bool) -> None:
    """Those that there are."""
    own = read_own_node(folder)
    drilled = saved.read_notes(own).drilled
    rows = [_row(each, drilled=each.label in drilled) for _, each in saved.list_saved(saved.find_restic(own))]
    empty = f"There is no backup: `udi backup create --node {folder}` makes one."
    output.show(rows[::-1], COLUMNS, as_json=as_json, empty=empty)


def verify(folder: Path, label: str | None, *, as_json: bool) -> None:
    """The drill."""
    proven = bring_back.verify(read_own_node(folder), label)
    tables = len(proven.copied.tables)
    _tell(proven, f"it restores: {tables} tables each as it was, {len(proven.copied.files)} files", as_json=as_json)


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
        cache = folder.absolute() / saved.FOLDER / "cache"
        restic = saved.open_repository(Settings(), repository, passphrase, cache)
    elif own is not None:
        restic = saved.find_restic(own)
    else:
        raise LocalError("Say which backup", "give --repository, and --passphrase-file")
    found = bring_back.restore(folder, restic, label, replace_here=yes_replace)
    said = f"restored: {found.rows} rows, {len(found.copied.files)} files. Start it: udi node serve {folder}"
    _tell(found, said, as_json=as_json)


def _tell(one: Saved, said: str, *, as_json: bool) -> None:
    print(jsonlib.dumps(_row(one), default=str, indent=2) if as_json else f"{one.label}: {said}")


def _row(one: Saved, *, drilled: bool = False) -> dict[str, Any]:
    return {
        "label": one.label, "node": one.node, "release": one.release, "made": one.made_at,
        "age": duration(one.age.total_seconds()), "took": f"{one.seconds} s", "rows": one.rows,
        "files": len(one.copied.files), "verified": "yes" if drilled else "no",
    }  # fmt: skip
