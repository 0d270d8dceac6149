"""Where backups go and what they hold, as the role `backup` wrote it for this machine."""

import os
import pwd
import tomllib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from udi.cli.local.errors import LocalError
from udi.kit.backups import FULL, FULL_EVERY_DAYS
from udi.settings import Settings

PASSPHRASE = "backup_passphrase"  # noqa: S105 - the name of a file
S3_KEY = "backup_s3_key"
S3_SECRET = "backup_s3_secret"  # noqa: S105 - the name of a file


class PlanModel(BaseModel):
    """Unknown keys are refused, so that a slip is not a silent default."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class S3Settings(PlanModel):
    """S3: how to reach the bucket that the repository's address names."""

    endpoint: str = "s3.amazonaws.com"
    region: str = "us-east-1"
    style: Literal["host", "path"] = "path"
    authority: str = "/etc/ssl/certs/ca-certificates.crt"


class DatabaseServer(PlanModel):
    """The PostgreSQL that is backed up. Without a unit it is started and stopped by `pg_ctl`."""

    data: Path
    binaries: Path
    socket: Path = Path("/var/run/postgresql")
    port: int = 5432
    account: str = "postgres"
    unit: str = ""
    clustered: bool = False


class Retention(PlanModel):
    """How many full backups are kept, and how old the last may be before another is made."""

    full: Annotated[int, Field(ge=1)] = FULL
    full_every_days: Annotated[int, Field(ge=1)] = FULL_EVERY_DAYS


class BackupPlan(PlanModel):
    """The whole plan; `repository` is a folder or `s3://bucket/prefix`."""

    repository: str
    configuration: Path = Path("/etc/pgbackrest/pgbackrest.conf")
    installation: Path = Path("/etc/udi")
    stanza: str = "udi"
    processes: Annotated[int, Field(ge=1)] = 2
    store: S3Settings = S3Settings()
    server: DatabaseServer
    retention: Retention = Retention()

    @property
    def in_s3(self) -> bool:
        return self.repository.startswith("s3://")

    @property
    def superuser(self) -> str:
        """Address of the superuser's connection by the socket."""
        server = self.server
        return (
            f"postgresql://postgres@/postgres?host={server.socket}&port={server.port}"
        )


def read_plan(settings: Settings) -> BackupPlan:
    """The plan of this machine.

    Raises:
        LocalError: there is none, or it cannot be understood.
    """
    path = settings.backup_plan
    try:
        return BackupPlan.model_validate(tomllib.loads(path.read_text()))
    except FileNotFoundError as error:
        cause = f"No backup is set up on this machine ({path} is absent)"
        raise LocalError(
            cause, "deploy with the role backup, or write that file"
        ) from error
    except (tomllib.TOMLDecodeError, ValidationError, OSError) as error:
        reason = str(error)
        if isinstance(error, ValidationError):
            fault = error.errors()[0]
            where = ".".join(map(str, fault["loc"]))
            reason = f"{where} {fault['msg']}".lstrip()
        raise LocalError(f"{path} cannot be used ({reason})", "correct it") from error


def account_of(plan: BackupPlan) -> pwd.struct_passwd:
    """The account that runs PostgreSQL and owns the repository.

    Raises:
        LocalError: the machine has no such account, or the caller may not act for it.
    """
    try:
        account = pwd.getpwnam(plan.server.account)
    except KeyError as error:
        raise LocalError(
            f"The account «{plan.server.account}» does not exist",
            "install PostgreSQL first",
        ) from error
    if os.geteuid() not in {0, account.pw_uid}:
        raise LocalError(
            "This account may not back up or restore",
            f"run it as root or as {account.pw_name}",
        )
    return account
