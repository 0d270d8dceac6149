"""Making both halves of the repository, once; the play calls it at each run."""

import json
from pathlib import Path

from udi.cli.backup.context import BackupContext, make_folder
from udi.cli.backup.pgbackrest import (
    ANOTHER_DATABASE,
    NO_PRIMARY,
    PgBackRestError,
    explain_failure,
    write_configuration,
)
from udi.cli.backup.plan import account_of
from udi.cli.backup.processes import run_program
from udi.cli.local.errors import LocalError

FOREIGN = "foreign"


def prepare(workplace: BackupContext) -> list[str]:
    """What was made: configuration, folders, the halves. `foreign` when the repository belongs to another database.

    Raises:
        LocalError: the repository cannot be used.
    """
    plan = workplace.plan
    repository = workplace.repository
    account = account_of(plan)
    if make_folder(workplace.folder, plan, 0o755):
        changes = ["folder"]
    else:
        changes = []
    for name in ("manifests", "cache", "pgbackrest"):
        make_folder(workplace.folder / name, plan, 0o700)
    if not repository.in_s3:
        changes += _make_repository(workplace)
    owner = (account.pw_uid, account.pw_gid)
    if write_configuration(
        repository, workplace.configuration, workplace.folder, owner=owner
    ):
        changes.append("configuration")
    if not workplace.restic.exists():
        _begin_files_repository(workplace)
        changes.append("files")
    return [*changes, *_begin_database_repository(workplace)]


def _make_repository(workplace: BackupContext) -> list[str]:
    root = Path(workplace.repository.address)
    changes = [
        make_folder(path, workplace.plan, 0o700)
        for path in (root, root / "database", root / "files")
    ]
    if any(changes):
        return ["repository"]
    return []


def _begin_files_repository(workplace: BackupContext) -> None:
    """Begin restic's half as the account that will write it."""
    command: list[str | Path] = [
        "restic",
        "--cache-dir",
        workplace.folder / "cache",
        "init",
        "--quiet",
    ]
    done = run_program(
        command,
        account=workplace.plan.server.account,
        environment=workplace.repository.environment,
    )
    if done.returncode:
        cause = f"The repository {workplace.repository.address} cannot be begun ({done.stderr.strip()[-200:]})"
        raise LocalError(cause, "check its address, its room and its credential")


def _begin_database_repository(workplace: BackupContext) -> list[str]:
    """Begin pgBackRest's half, which does nothing when it is ours already; in a cluster, the machine that leads does."""
    try:
        begun = bool(
            json.loads(workplace.pgbackrest.call("info", "--output=json"))[0].get("db")
        )
        workplace.pgbackrest.call("stanza-create")
    except PgBackRestError as failure:
        if failure.code == ANOTHER_DATABASE:
            return [FOREIGN]
        if failure.code == NO_PRIMARY and workplace.plan.server.clustered:
            return []
        raise explain_failure(
            failure, workplace.repository, "Beginning the repository of the database"
        ) from failure
    if begun:
        return []
    return ["database"]
