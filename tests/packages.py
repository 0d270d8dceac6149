"""Programs that the tests of backups need: Debian's, installed where that is possible; those tests say why they skip."""

import os
import shutil
import subprocess

PROGRAMS = ("pgbackrest", "restic")


def ensure_packages() -> None:
    """Install what is missing, when root on a Debian; elsewhere the tests that need it are skipped, with the reason."""
    missing = [program for program in PROGRAMS if not shutil.which(program)]
    if not missing or os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    print(f"installing {', '.join(missing)} …", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    for command in (["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", *missing]):
        subprocess.run(command, env=environment, check=False, capture_output=True)
