"""`udi keycloak`: the pinned Keycloak as a service of a machine."""

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from udi.cli.local import account, distribution, java, keycloak, parts
from udi.settings import get_settings

app = typer.Typer(help="The identity service, run by systemd.", no_args_is_help=True)
TENTHS = 10


@dataclass
class DownloadProgress:
    """Says each tenth of a download once."""

    last_tenth: int = 0

    def __call__(self, done: int, total: int) -> None:
        """Told the bytes received and expected."""
        tenth = done * TENTHS // max(total, 1)
        if tenth > self.last_tenth:
            self.last_tenth = tenth
            print(f"{tenth * TENTHS} % of {total // 1000**2} MB", file=sys.stderr)


@app.command()
def fetch(
    folder: Annotated[Path, typer.Argument(help="Folder that receives the archive.")],
) -> None:
    """Fetch the pinned archive and check its sha256, for a machine without internet. May be repeated."""
    settings = get_settings()
    target = folder / distribution.ARCHIVE
    archive = distribution.ensure_archive(
        folder, settings.maven_repository, DownloadProgress()
    )
    if archive != target:
        shutil.copyfile(archive, target)
    print(target)


@app.command()
def install(
    archive: Annotated[
        Path | None,
        typer.Option(help="The archive on this machine, so that nothing is fetched."),
    ] = None,
) -> None:
    """Fetch the pinned archive, check its sha256 and build it into UDI_CACHE. May be repeated."""
    settings = get_settings()
    built = distribution.built_folder(settings.cache)
    if built.is_dir():
        print(f"unchanged {built}")
        return
    settings.cache.mkdir(parents=True, exist_ok=True)
    if archive:
        distribution.verify_archive(archive)
        build_from = archive
    else:
        build_from = distribution.ensure_archive(
            settings.cache, settings.maven_repository, DownloadProgress()
        )
    distribution.ensure_built(
        settings.cache, build_from, java.find_java(settings.cache), None
    )
    account.make_readable(built)
    if not archive:
        build_from.unlink()
    print(f"built {built}")


@app.command()
def run(
    host: Annotated[
        str, typer.Option(help="Address to listen on.")
    ] = keycloak.LOOPBACK,
) -> None:
    """Become Keycloak, behind the proxies of UDI_IDENTITY_PROXIES; its folder is in UDI_STATE.

    With UDI_IDENTITY_PEERS it is one of several: they share sessions through port 7800 of UDI_IDENTITY_ADDRESS.
    """
    settings = get_settings()
    built = distribution.built_folder(settings.cache)
    instance = keycloak.make_keycloak(
        settings, java=java.find_java(settings.cache), distribution=built, host=host
    )
    instance.prepare(parts.THEMES)
    command = instance.command()
    os.execve(command[0], command, instance.environment())  # noqa: S606 - no shell, our own command
