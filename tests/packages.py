"""What the tests need of a machine, Debian's packages and Keycloak: made where that is possible; elsewhere those tests say why they skip."""

import os
import shutil
import subprocess
from pathlib import Path

from tests.depth import thorough
from udi.cli.local import java
from udi.cli.local.account import SystemAccount, service_account
from udi.cli.local.distribution import built_folder, ensure_archive, ensure_built
from udi.settings import Settings

POSTGRESQL = "/usr/lib/postgresql/15/bin/postgres"
"""The newest that Debian 12's pgBackRest knows."""
PROGRAMS = {
    "pgbackrest": "pgbackrest",
    "restic": "restic",
    POSTGRESQL: "postgresql-15",
    "openssl": "openssl",
    "wrk": "wrk",
    "haproxy": "haproxy",
    "nginx": "nginx-light",
}
"""A program, or its path, and the package that has it."""
FOR_ALL = {
    "javac": "default-jdk-headless",
    "/usr/share/misc/magic.mgc": "libmagic1",
    "Rscript": "r-base-core",
    "/usr/lib/R/site-library/readr": "r-cran-readr",
    "/usr/lib/cgi-bin/mapserv": "cgi-mapserver",
    "/usr/lib/python3/dist-packages/qgis/core": "python3-qgis",
}
"""What a real CKAN needs besides, with its Solr, the lines of R that pages show, a real server of maps, and QGIS."""


def find_missing() -> list[str]:
    """Return the packages whose programs are not here."""
    programs = PROGRAMS | (FOR_ALL if thorough() else {})
    return [
        package
        for name, package in programs.items()
        if not (shutil.which(name) or Path(name).exists())
    ]


def ensure_packages() -> None:
    """Install what is missing, when root on a Debian; once, since its release may lack one of them."""
    missing = find_missing()
    if not missing or os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    tried = Settings().cache / f"tried-{'-'.join(missing)}"
    if tried.exists():
        return
    print(f"installing {', '.join(missing)} …", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    subprocess.run(
        ["apt-get", "update", "-qq"], env=environment, check=False, capture_output=True
    )
    for package in missing:
        command = [
            "apt-get",
            "install",
            "-y",
            "-qq",
            "--no-install-recommends",
            package,
        ]
        subprocess.run(command, env=environment, check=False, capture_output=True)
    tried.parent.mkdir(parents=True, exist_ok=True)
    tried.touch()


def ensure_keycloak(settings: Settings) -> tuple[Path, Path, SystemAccount | None]:
    """Java, the built distribution and the account to run it as; fetched and built if this machine has none yet.

    Raises:
        LocalError: this machine has not what it takes, and cannot fetch it.
    """
    account = service_account()
    runtime = java.find_java(settings.cache, account)
    distribution = built_folder(settings.cache)
    if not distribution.is_dir():
        archive = ensure_archive(
            settings.cache, settings.maven_repository, lambda *_: None
        )
        ensure_built(settings.cache, archive, runtime, account)
    return runtime, distribution, account
