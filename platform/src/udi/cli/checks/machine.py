"""This machine: room on its disks, its secrets, the object store, the signing key, the search index."""

import shutil
import stat
from collections.abc import Sequence
from pathlib import Path

from udi.cli.finding import DAY, MINUTE, Finding, fault, format_duration, ok, warning
from udi.cli.remedies import restart
from udi.kit import landlock
from udi.kit.backups import read_repository
from udi.kit.child import ChildError, run
from udi.kit.clock import now
from udi.kit.keys import key_ages
from udi.kit.postgresql import is_external
from udi.node.files.storage.store import (
    ABSENT,
    REFUSED,
    SILENT,
    ObjectStore,
    StoreError,
)
from udi.portal.catalogue.search.feed import cursor_age
from udi.settings import MissingSecretError, Settings

GIGABYTE = 10**9
DATABASES = Path("/var/lib/postgresql")
"""Where Debian keeps the files of PostgreSQL."""
READER_MEMORY = 512
READER_SECONDS = 30.0
ROOM_WARNING = 5 * GIGABYTE
ROOM_FAULT = GIGABYTE
SHARE_WARNING = 0.1
KEY_WARNING = 365 * DAY
INDEX_WARNING = 2 * MINUTE
INDEX_FAULT = 15 * MINUTE
STORE_REMEDIES = {
    ABSENT: "Make the bucket, or correct its name in UDI_OBJECT_STORE.",
    REFUSED: "Check the secrets s3_access_key_id and s3_secret_access_key, and what that key may do; for a folder, its owner.",
    SILENT: "Start the S3 service, or correct its address in UDI_OBJECT_STORE_ENDPOINT.",
}
SECRETS = [
    *(
        f"{program}_{role}_password"
        for program in ("portal", "node")
        for role in ("owner", "app", "public", "worker")
    ),
    "portal_client_key",
    "node_client_key",
    "signing_keys",
    "file_keys",
    "keycloak_admin_secret",
    "keycloak_members_secret",
    "portal_column_keys",
    "node_column_keys",
]


SECRETS_REMEDY = "Provide the file, from the backup of the secrets; what was never there is drawn by `udi up`, or by the play of a deployment."


async def check_machine(settings: Settings) -> list[Finding]:
    """Disks, secrets, files, key and index; what the kernel does for the processes that read files."""
    findings = [_check_signing_key(settings), _check_index(settings), check_landlock()]
    return [
        *check_disks(settings, settings.index_folder),
        *check_secrets(settings),
        await check_objects(settings),
        await check_reader(),
        *findings,
    ]


def check_landlock() -> Finding:
    """What the kernel does for the processes that read files."""
    spoken = landlock.version()
    if spoken:
        return ok(
            "files",
            "locks",
            f"Each file is read by a process that the kernel locks in (Landlock {spoken}).",
        )
    return warning(
        "files",
        "locks",
        "This kernel has no Landlock: a process that reads a file reaches whatever the node's account may read.",
        "Boot a Linux since 5.13 with landlock among its security modules (`lsm=`).",
    )


async def check_reader() -> Finding:
    """Whether a process behind walls can be started, as for each file that is read."""
    try:
        await run(
            now,
            memory_mb=READER_MEMORY,
            seconds=READER_SECONDS,
            modules=(now.__module__,),
        )
    except (ChildError, OSError) as error:
        return fault(
            "files",
            "reader",
            f"No process that reads files can be started ({type(error).__name__}): files are received, and not understood.",
            "See the memory that is left (`free -m`) and what the kernel refused (`journalctl -k -n 50`).",
        )
    return ok("files", "reader", "A process behind walls starts and answers.")


def check_disks(settings: Settings, index: Path | None = None) -> list[Finding]:
    """The room of each folder that fills."""
    places = {"state": settings.state, **({"index": index} if index else {})}
    if DATABASES.is_dir() and not is_external(settings):
        places["database"] = DATABASES
    backups = read_repository(settings)
    if backups.startswith("/"):
        places["backups"] = Path(backups)
    if "://" not in settings.object_store_url:
        places["objects"] = Path(settings.object_store_url)
    return [_check_disk(name, folder) for name, folder in places.items()]


def _check_disk(name: str, folder: Path) -> Finding:
    existing = next(
        place for place in (folder, *folder.absolute().parents) if place.exists()
    )
    usage = shutil.disk_usage(existing)
    message = f"{usage.free / GIGABYTE:.1f} GB free of {usage.total / GIGABYTE:.1f} for {folder}."
    remedy = "Make room, or put this folder on a larger disk (docs/reference/files-of-an-installation.md)."
    if usage.free < ROOM_FAULT:
        return fault("disk", name, message, remedy)
    tight = usage.free < ROOM_WARNING or usage.free < SHARE_WARNING * usage.total
    if tight:
        return warning("disk", name, message, remedy)
    return ok("disk", name, message)


def check_secrets(
    settings: Settings, names: Sequence[str] = SECRETS, remedy: str = SECRETS_REMEDY
) -> list[Finding]:
    """Those that must be there, and that nobody else reads any."""
    folder = settings.secrets_folder
    if not folder.is_dir():
        return [
            fault(
                "secrets",
                "folder",
                f"{folder} does not exist.",
                "Set UDI_SECRETS; what was never there is drawn by `udi up`, or by the play of a deployment.",
            )
        ]
    findings = [
        fault("secrets", name, f"{folder / name} is absent.", remedy)
        for name in names
        if not (folder / name).exists()
    ]
    for path in sorted(path for path in folder.iterdir() if path.is_file()):
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            message = f"{path} may be read by others (mode {mode:04o})."
            findings.append(
                fault(
                    "secrets",
                    path.name,
                    message,
                    f"Run `chmod 600 {path}`, then renew what it protects.",
                )
            )
    return findings or [
        ok("secrets", "folder", f"All are in {folder}, readable by their owner only.")
    ]


async def check_objects(settings: Settings) -> Finding:
    """Whether the files' place can be written to."""
    url = settings.object_store_url
    if _is_absent(url):
        remedy = f"The node makes it. {restart(settings, 'node-web')}"
        return fault("objects", "store", f"{url} does not exist.", remedy)
    try:
        await ObjectStore.of(settings).check_writable()
    except StoreError as error:
        if settings.object_store_endpoint:
            where = f"{url} at {settings.object_store_endpoint}"
        else:
            where = url
        return fault(
            "objects",
            "store",
            f"Nothing can be written at {where}: {error.reason}.",
            _remedy(error),
        )
    except (OSError, MissingSecretError) as error:
        remedy = (
            "Check UDI_OBJECT_STORE, and that the programs' account may write there."
        )
        return fault(
            "objects", "store", f"Nothing can be written at {url} ({error}).", remedy
        )
    return ok("objects", "store", f"Can be written at {url}.")


def _is_absent(url: str) -> bool:
    """Whether a local folder is not there: looking must not make it."""
    return "://" not in url and not Path(url).is_dir()


def _remedy(error: StoreError) -> str:
    return STORE_REMEDIES.get(
        error.reason,
        "Its own log says why; see also UDI_OBJECT_STORE and what follows it.",
    )


def _check_signing_key(settings: Settings) -> Finding:
    remedy = "Restore it from the backup of the secrets, or run `udi database migrate`, which draws one."
    try:
        ages = key_ages(settings.get_secret_path("signing_keys"))
    except MissingSecretError:
        return fault(
            "signing key", "portal", "The secret «signing_keys» is absent.", remedy
        )
    except ValueError as error:
        return fault("signing key", "portal", str(error), remedy)
    age = (now() - ages[0].made_at).total_seconds()
    message = f"Drawn {format_duration(age)} ago, {len(ages)} published."
    if age > KEY_WARNING:
        return warning("signing key", "portal", message, "Run `udi key rotate`.")
    return ok("signing key", "portal", message)


def _is_new(settings: Settings) -> bool:
    """Whether the first signing key was drawn a few minutes ago: what starts then may not be done."""
    try:
        ages = key_ages(settings.get_secret_path("signing_keys"))
    except (MissingSecretError, ValueError):
        return False
    return (now() - ages[-1].made_at).total_seconds() < INDEX_FAULT


def _check_index(settings: Settings) -> Finding:
    age = cursor_age(settings)
    remedy = restart(settings, "portal-worker")
    if not settings.state.is_dir():
        return ok("search", "index", "The portal runs on another machine.")
    if age is None and _is_new(settings):
        return warning(
            "search", "index", "The first index is not made yet.", "Look in a minute."
        )
    if age is None:
        return fault(
            "search", "index", f"No index is in {settings.index_folder}.", remedy
        )
    message = f"True {format_duration(age)} ago."
    if age > INDEX_WARNING:
        return (fault if age > INDEX_FAULT else warning)(
            "search", "index", message, remedy
        )
    return ok("search", "index", message)
