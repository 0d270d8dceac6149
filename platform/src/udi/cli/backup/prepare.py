"""Making both halves of the repository, once; the play calls it at each run."""

import json
from pathlib import Path

from udi.cli.backup.pgbackrest import ANOTHER_DATABASE, NO_PRIMARY, Failure, configure, explained
from udi.cli.backup.plan import account_of
from udi.cli.backup.running import run
from udi.cli.backup.workplace import Workplace, make_folder
from udi.cli.local.errors import LocalError

FOREIGN = "foreign"


def prepare(workplace: Workplace) -> list[str]:
    """What was made: configuration, folders, the halves. `foreign` when the repository belongs to another database.

    Raises:
        LocalError: the repository cannot be used.
    """
    plan, repository = workplace.plan, workplace.repository
    account = account_of(plan)
    made = ["folder"] if make_folder(workplace.folder, plan, 0o755) else []
    for name in ("manifests", "cache", "pgbackrest"):
        make_folder(workplace.folder / name, plan, 0o700)
    if not repository.in_s3:
        made += _make_repository(workplace)
    owner = (account.pw_uid, account.pw_gid)
    if configure(repository, workplace.configuration, workplace.folder, owner=owner):
        made.append("configuration")
    if not workplace.restic.exists():
        _as_account(workplace)
        made.append("files")
    return [*made, *_stanza(workplace)]


def _make_repository(workplace: Workplace) -> list[str]:
    root = Path(workplace.repository.address)
    made = [make_folder(path, workplace.plan, 0o700) for path in (root, root / "database", root / "files")]
    return ["repository"] if any(made) else []


def _as_account(workplace: Workplace) -> None:
    """Begin restic's half as the account that will write it."""
    command: list[str | Path] = ["restic", "--cache-dir", workplace.folder / "cache", "init", "--quiet"]
    done = run(command, account=workplace.plan.server.account, environment=workplace.repository.environment)
    if done.returncode:
        cause = f"The repository {workplace.repository.address} cannot be begun ({done.stderr.strip()[-200:]})"
        raise LocalError(cause, "check its address, its room and its credential")


def _stanza(workplace: Workplace) -> list[str]:
    """Begin pgBackRest's half, which does nothing when it is ours already; in a cluster, the machine that leads does."""
    try:
        begun = bool(json.loads(workplace.pgbackrest.call("info", "--output=json"))[0].get("db"))
        workplace.pgbackrest.call("stanza-create")
    except Failure as failure:
        if failure.code == ANOTHER_DATABASE:
            return [FOREIGN]
        if failure.code == NO_PRIMARY and workplace.plan.server.clustered:
            return []
        raise explained(failure, workplace.repository, "Beginning the repository of the database") from failure
    return [] if begun else ["database"]
