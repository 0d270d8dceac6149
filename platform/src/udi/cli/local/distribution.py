"""The pinned Keycloak: fetched by its Maven coordinates, checked, unpacked and built once into the cache."""

import hashlib
import logging
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import requests
from jgo.constants import MAVEN_CENTRAL_URL, default_maven_repo
from jgo.maven import MavenContext, PythonResolver

from udi.cli.local.account import SystemAccount, change_owner, make_readable
from udi.cli.local.disk import require_free_space
from udi.cli.local.errors import LocalError
from udi.cli.local.processes import run_tool
from udi.cli.local.state import lock_cache

GROUP = "org.keycloak"
ARTIFACT = "keycloak-quarkus-dist"
VERSION = "26.7.3"
SHA256 = "27a6535553c3cdcd083872ba40629efafb3475e3b758e0c6f691395561dd0f1f"
ARCHIVE = f"{ARTIFACT}-{VERSION}.zip"
BUILD_OPTIONS = ("--db=postgres", "--health-enabled=true", "--metrics-enabled=true")
ROOM_FOR_ARCHIVE = 200 * 1000**2
ROOM_FOR_BUILD = 300 * 1000**2
OPENED_PACKAGES = ("java.util", "java.util.concurrent", "java.security", "java.lang")

Progress = Callable[[int, int], None]
"""Called with the bytes received and the bytes expected."""


def build_key() -> str:
    """What the built folder depends on: the archive and the build options."""
    return hashlib.sha256("\n".join((SHA256, *BUILD_OPTIONS)).encode()).hexdigest()[:12]


def built_folder(cache: Path) -> Path:
    """Where the built Keycloak is, or will be."""
    return cache / f"keycloak-{VERSION}-{build_key()}"


def ensure_archive(
    cache: Path,
    repository: str,
    progress: Progress,
    *,
    local_repositories: list[Path] | None = None,
) -> Path:
    """The verified archive: from the cache, from the user's Maven repository, or from `repository` (empty: Maven Central).

    Raises:
        LocalError: it cannot be fetched, or what came is not the pinned file (which is then deleted).
    """
    cached_archive = cache / ARCHIVE
    if local_repositories is None:
        local = [default_maven_repo()]
    else:
        local = local_repositories
    for candidate in (
        cached_archive,
        *(
            folder / GROUP.replace(".", "/") / ARTIFACT / VERSION / ARCHIVE
            for folder in local
        ),
    ):
        if candidate.is_file() and _sha256(candidate) == SHA256:
            return candidate
    cached_archive.unlink(missing_ok=True)
    require_free_space(cache, ROOM_FOR_ARCHIVE, "the download of Keycloak")
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix=".maven-") as folder:
        fetched = _fetch(Path(folder), repository or MAVEN_CENTRAL_URL, progress)
        if _sha256(fetched) != SHA256:
            cause = f"The file received for Keycloak {VERSION} is not the pinned one (wrong sha256; it was deleted)"
            raise LocalError(
                cause,
                "run the same command again; if it lasts, name another repository in UDI_MAVEN_REPOSITORY",
            )
        fetched.rename(cached_archive)
    return cached_archive


def verify_archive(archive: Path) -> None:
    """Check that a file brought to this machine is the pinned archive.

    Raises:
        LocalError: it is not there, or is another file.
    """
    if not archive.is_file():
        raise LocalError(
            f"There is no file {archive}", "bring it there with «udi keycloak fetch»"
        )
    if _sha256(archive) != SHA256:
        raise LocalError(
            f"{archive} is not the pinned archive of Keycloak {VERSION} (wrong sha256)",
            "bring it again with «udi keycloak fetch» of this release",
        )


def _fetch(folder: Path, repository: str, progress: Progress) -> Path:
    @contextmanager
    def report(_name: str, total: int) -> Iterator[Callable[[int], None]]:
        received = 0

        def advance(count: int) -> None:
            nonlocal received
            received += count
            progress(received, total)

        yield advance

    # Its one warning is a wrong sha1: we check the sha256 ourselves.
    logging.getLogger("jgo").setLevel(logging.ERROR)
    context = MavenContext(
        resolver=PythonResolver(progress_callback=report),
        repo_cache=folder,
        remote_repos={"pinned": repository.rstrip("/")},
        timeout=30,
    )
    artifact = (
        context.project(GROUP, ARTIFACT).at_version(VERSION).artifact(packaging="zip")
    )
    try:
        return Path(artifact.resolve())
    except (requests.RequestException, RuntimeError) as error:
        missing = isinstance(error, RuntimeError)
        if missing:
            reason = "does not have it"
        else:
            reason = "cannot be reached, or broke off"
        cause = f"Keycloak {VERSION} could not be fetched: {repository} {reason}"
        remedy = "check the network and run the same command again, or name a mirror in UDI_MAVEN_REPOSITORY"
        raise LocalError(cause, remedy) from error


def _sha256(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def unpack(archive: Path, target: Path) -> Path:
    """Unpack the archive under `target` and return the one folder it holds.

    Raises:
        LocalError: a member would land outside, or is not a plain file or folder.
    """
    try:
        with zipfile.ZipFile(archive) as content:
            for member in content.infolist():
                kind = member.external_attr >> 28
                if (
                    ".." in Path(member.filename).parts
                    or member.filename.startswith("/")
                    or kind not in (0, 4, 8)
                ):
                    raise LocalError(
                        f"{archive} holds the suspicious entry «{member.filename}»",
                        "delete that file",
                    )
            content.extractall(target)
    except zipfile.BadZipFile as error:
        raise LocalError(
            f"{archive} is damaged ({error})",
            "delete that file, then run the same command again",
        ) from error
    return next(folder for folder in target.iterdir() if folder.is_dir())


def ensure_built(
    cache: Path, archive: Path, java: Path, account: SystemAccount | None
) -> Path:
    """The built Keycloak, read-only for the account that runs it.

    Raises:
        LocalError: the build failed; nothing is left of its attempt.
    """
    built = built_folder(cache)
    with lock_cache(cache):
        if built.is_dir():
            return built
        require_free_space(cache, ROOM_FOR_BUILD, "Keycloak")
        partial = Path(tempfile.mkdtemp(dir=cache, prefix=".keycloak-"))
        try:
            home = unpack(archive, partial)
            partial.chmod(0o755)
            change_owner(home, account)
            run_tool(
                build_command(java, home),
                what="Building Keycloak",
                where=cache,
                account=account,
            )
            _restore_owner(home, account)
            home.rename(built)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    return built


def _restore_owner(home: Path, account: SystemAccount | None) -> None:
    if account:
        change_owner(home, SystemAccount("root", 0, 0))
        make_readable(home)


def build_command(java: Path, home: Path) -> list[str]:
    """Keycloak's own build step, without its shell script."""
    return [*java_command(java, home, home, "-Xmx512m"), "build", *BUILD_OPTIONS]


def java_command(java: Path, distribution: Path, home: Path, *flags: str) -> list[str]:
    """Java up to Keycloak's entry point, for a `home` that may be another folder than the distribution."""
    factory = "io.quarkus.bootstrap.forkjoin.QuarkusForkJoinWorkerThreadFactory"
    properties = {
        "kc.home.dir": home,
        "jboss.server.config.dir": home / "conf",
        "java.util.logging.manager": "org.jboss.logmanager.LogManager",
        "picocli.disable.closures": "true",
        "java.util.concurrent.ForkJoinPool.common.threadFactory": factory,
        "file.encoding": "UTF-8",
        "user.language": "en",
        "user.home": home,
    }
    return [
        str(java),
        *flags,
        *(f"-D{name}={value}" for name, value in properties.items()),
        *(
            f"--add-opens=java.base/{package}=ALL-UNNAMED"
            for package in OPENED_PACKAGES
        ),
        "--enable-native-access=ALL-UNNAMED",
        "-cp",
        str(distribution / "lib/quarkus-run.jar"),
        "io.quarkus.bootstrap.runner.QuarkusEntryPoint",
    ]
