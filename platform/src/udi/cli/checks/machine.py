"""This machine: room on its disks, its secrets, the object store, the signing key, the search index."""

import shutil
import stat
from collections.abc import Sequence
from pathlib import Path

from udi.cli.checks.finding import DAY, MINUTE, Finding, duration, fault, ok, warning
from udi.kit import landlock
from udi.kit.clock import now
from udi.kit.keys import key_ages
from udi.node.files.store import ABSENT, REFUSED, SILENT, ObjectStore, StoreError
from udi.portal.catalogue.search.feed import cursor_age
from udi.settings import MissingSecretError, Settings

GIGABYTE = 10**9
ROOM_NOTED, ROOM_REFUSED = 5 * GIGABYTE, GIGABYTE
SHARE_NOTED = 0.1
KEY_NOTED = 365 * DAY
INDEX_NOTED, INDEX_REFUSED = 2 * MINUTE, 15 * MINUTE
STORE_REMEDIES = {
    ABSENT: "Make the bucket, or correct its name in UDI_OBJECT_STORE.",
    REFUSED: "Check the secrets s3_access_key_id and s3_secret_access_key, and what that key may do; for a folder, its owner.",
    SILENT: "Start the S3 service, or correct its address in UDI_OBJECT_STORE_ENDPOINT.",
}
SECRETS = [
    *(f"{program}_{role}_password" for program in ("portal", "node") for role in ("owner", "app", "public", "worker")),
    "portal_client_key", "node_client_key", "signing_keys", "file_keys", "keycloak_admin_secret",
    "keycloak_members_secret", "portal_column_keys", "node_column_keys",
]  # fmt: skip


PROVIDE = "Run `udi up`, or provide the file."


async def check_machine(settings: Settings) -> list[Finding]:
    """Disks, secrets, files, key and index; what the kernel does for the processes that read files."""
    own = [_signing_key(settings), _index(settings), check_locks()]
    return [
        *check_disks(settings, settings.index_folder),
        *check_secrets(settings),
        await check_objects(settings),
        *own,
    ]


def check_locks() -> Finding:
    """What the kernel does for the processes that read files."""
    spoken = landlock.version()
    if spoken:
        return ok("files", "locks", f"Each file is read by a process that the kernel locks in (Landlock {spoken}).")
    return warning(
        "files",
        "locks",
        "This kernel has no Landlock: a process that reads a file reaches whatever the node's account may read.",
        "Boot a Linux since 5.13 with landlock among its security modules (`lsm=`).",
    )


def check_disks(settings: Settings, index: Path | None = None) -> list[Finding]:
    """The room of each folder that fills."""
    places = {"state": settings.state, **({"index": index} if index else {})}
    if "://" not in settings.object_store_url:
        places["objects"] = Path(settings.object_store_url)
    return [_disk(name, folder) for name, folder in places.items()]


def _disk(name: str, folder: Path) -> Finding:
    existing = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    usage = shutil.disk_usage(existing)
    said = f"{usage.free / GIGABYTE:.1f} GB free of {usage.total / GIGABYTE:.1f} for {folder}."
    remedy = "Make room, or put this folder on a larger disk (docs/reference/files-of-an-installation.md)."
    if usage.free < ROOM_REFUSED:
        return fault("disk", name, said, remedy)
    tight = usage.free < ROOM_NOTED or usage.free < SHARE_NOTED * usage.total
    return warning("disk", name, said, remedy) if tight else ok("disk", name, said)


def check_secrets(settings: Settings, names: Sequence[str] = SECRETS, remedy: str = PROVIDE) -> list[Finding]:
    """Those that must be there, and that nobody else reads any."""
    folder = settings.secrets_folder
    if not folder.is_dir():
        return [fault("secrets", "folder", f"{folder} does not exist.", "Run `udi up`, or set UDI_SECRETS.")]
    found = [
        fault("secrets", name, f"{folder / name} is absent.", remedy) for name in names if not (folder / name).exists()
    ]
    for path in sorted(path for path in folder.iterdir() if path.is_file()):
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            said = f"{path} may be read by others (mode {mode:04o})."
            found.append(fault("secrets", path.name, said, f"Run `chmod 600 {path}`, then renew what it protects."))
    return found or [ok("secrets", "folder", f"All are in {folder}, readable by their owner only.")]


async def check_objects(settings: Settings) -> Finding:
    """Whether the files' place can be written to."""
    url = settings.object_store_url
    if _is_absent(url):
        remedy = "Start the node (`udi up`), which makes it, or set UDI_OBJECT_STORE."
        return fault("objects", "store", f"{url} does not exist.", remedy)
    try:
        await ObjectStore.of(settings).require()
    except StoreError as error:
        where = f"{url} at {settings.object_store_endpoint}" if settings.object_store_endpoint else url
        return fault("objects", "store", f"Nothing can be written at {where}: {error.reason}.", _remedy(error))
    except (OSError, MissingSecretError) as error:
        remedy = "Check UDI_OBJECT_STORE, and that the programs' account may write there."
        return fault("objects", "store", f"Nothing can be written at {url} ({error}).", remedy)
    return ok("objects", "store", f"Can be written at {url}.")


def _is_absent(url: str) -> bool:
    """Whether a local folder is not there: looking must not make it."""
    return "://" not in url and not Path(url).is_dir()


def _remedy(error: StoreError) -> str:
    return STORE_REMEDIES.get(error.reason, "Its own log says why; see also UDI_OBJECT_STORE and what follows it.")


def _signing_key(settings: Settings) -> Finding:
    remedy = "Restore it from the backup of the secrets, or run `udi up` to draw one."
    try:
        ages = key_ages(settings.find_secret("signing_keys"))
    except MissingSecretError:
        return fault("signing key", "portal", "The secret «signing_keys» is absent.", remedy)
    except ValueError as error:
        return fault("signing key", "portal", str(error), remedy)
    age = (now() - ages[0].made_at).total_seconds()
    said = f"Drawn {duration(age)} ago, {len(ages)} published."
    if age > KEY_NOTED:
        return warning("signing key", "portal", said, "Run `udi key rotate`.")
    return ok("signing key", "portal", said)


def _index(settings: Settings) -> Finding:
    age = cursor_age(settings)
    remedy = "See that `udi work portal` runs, and what it says: `udi logs portal-worker`."
    if not settings.state.is_dir():
        return ok("search", "index", "The portal runs on another machine.")
    if age is None:
        return fault("search", "index", f"No index is in {settings.index_folder}.", remedy)
    said = f"True {duration(age)} ago."
    if age > INDEX_NOTED:
        return (fault if age > INDEX_REFUSED else warning)("search", "index", said, remedy)
    return ok("search", "index", said)
