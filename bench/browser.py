"""The browser of the tests and of `udi bench pages`: a chromium of Debian's, found or installed, else Playwright's own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from udi.cli.local.errors import LocalError

SHELL = "chromium-headless-shell"
"""Chromium without its windows: the same pages for less than half the processor time."""
REMEDY = f"install Debian's package {SHELL}, or name one in UDI_CHROMIUM"
NAMES = (SHELL, "chromium", "chromium-browser", "google-chrome")


def ensure_browser() -> None:
    """Leave the path of a browser in `UDI_CHROMIUM`; empty means Playwright's own.

    Raises:
        LocalError: none is there and none can be installed.
    """
    if not find_or_install():
        cause = "This needs a browser and none can be installed here"
        raise LocalError(cause, REMEDY)


def find_or_install() -> bool:
    """Leave the path of a browser in `UDI_CHROMIUM`, empty for Playwright's own; whether there is one."""
    if "UDI_CHROMIUM" in os.environ:
        return True
    executable = find_installed() or _from_debian()
    if not executable and not _from_playwright():
        return False
    os.environ["UDI_CHROMIUM"] = executable or ""
    return True


def find_browser() -> str:
    """The path that `ensure_browser` left; empty means Playwright's own."""
    return os.environ.get("UDI_CHROMIUM", "")


def find_installed() -> str | None:
    """The first that is on the PATH."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def _from_debian() -> str | None:
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return None
    print(f"installing {SHELL} …", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (
        ["apt-get", "update", "-qq"],
        ["apt-get", "install", "-y", "-qq", SHELL],
    ):
        subprocess.run(command, env=environment, check=False, capture_output=True)
    return find_installed()


def _from_playwright() -> bool:
    command = [str(Path(sys.executable).parent / "playwright"), "install", "chromium"]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0
