"""What every command of `udi backup` works with: plan, repository, both halves, the folder of this machine."""

import os
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from udi.cli.backup.pgbackrest import PgBackRest
from udi.cli.backup.plan import BackupPlan, account_of, read_plan
from udi.cli.backup.processes import Progress, require_programs
from udi.cli.backup.repository import BackupRepository, other_repository, own_repository
from udi.cli.backup.restic import Restic
from udi.kit.backups import BackupState, read_state, write_state
from udi.settings import Settings


@dataclass(frozen=True)
class BackupContext:
    """One installation and one repository; `configuration` opens the repository for pgBackRest."""

    settings: Settings
    plan: BackupPlan
    repository: BackupRepository
    configuration: Path
    progress: Progress

    @property
    def folder(self) -> Path:
        """What lasts between commands on this machine; nothing in it is needed to restore elsewhere."""
        return self.settings.backup_state

    @property
    def manifests(self) -> Path:
        """Manifests read before."""
        return self.folder / "manifests"

    @cached_property
    def restic(self) -> Restic:
        return Restic(self.repository, self.folder / "cache")

    @cached_property
    def pgbackrest(self) -> PgBackRest:
        return PgBackRest(self.configuration, self.plan)

    @property
    def objects(self) -> Path | None:
        """The folder of the node's files; None when they are in S3."""
        url = self.settings.object_store_url
        if "://" in url:
            return None
        return Path(url)

    def update_state(self, **done: object) -> None:
        """Add to what doctor and metrics read."""
        state = read_state(self.settings) or BackupState()
        write_state(self.folder, state.model_copy(update=done))


def find_context(settings: Settings) -> BackupContext:
    """The workplace of this machine's own repository."""
    require_programs("pgbackrest", "restic", "setpriv")
    plan = read_plan(settings)
    progress = Progress()
    return BackupContext(
        settings, plan, own_repository(settings, plan), plan.configuration, progress
    )


def with_repository(
    machine: BackupContext, address: str, passphrase: str
) -> BackupContext:
    """The same machine with somebody else's repository: the plan stays, the place and what opens it change."""
    repository = other_repository(machine.settings, machine.plan, address, passphrase)
    return replace(
        machine,
        repository=repository,
        configuration=machine.folder / "elsewhere" / "pgbackrest.conf",
    )


def make_folder(path: Path, plan: BackupPlan, mode: int) -> bool:
    """Make a folder of PostgreSQL's account; whether it was missing."""
    has_changed = not path.is_dir()
    path.mkdir(parents=True, exist_ok=True)
    if has_changed:
        path.chmod(mode)
    account = account_of(plan)
    if os.geteuid() == 0 and path.stat().st_uid != account.pw_uid:
        os.chown(path, account.pw_uid, account.pw_gid)
        has_changed = True
    return has_changed
