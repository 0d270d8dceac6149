"""A Python environment in which nothing was installed yet, made once in a run: to make one takes four seconds of processor."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.cluster import locked
from tests.reaper import RUN

BASE_PYTHON = Path(sys.base_prefix) / "bin/python3"
SCRIPT = """#!/bin/sh
[ "$1 $2" = "-m venv" ] || exec "{python}" "$@"
{mkdir} -p "$3" && {cp} -a "{bare}/." "$3" || exit 1
for file in "$3"/bin/pip* "$3/pyvenv.cfg"; do
  {sed} -i "s|{bare}|$3|g" "$file" || exit 1
done
"""
TOOLS = {name: shutil.which(name) for name in ("cp", "mkdir", "sed")}
"""By their paths: whoever calls the script may have others on its own."""


def find_bare_environment() -> Path:
    """The environment of the run, which nobody changes: copy it."""
    run = Path(os.environ[RUN])
    folder = run / "bare-environment"
    with locked(run, "bare-environment"):
        if not (folder / "bin/pip").exists():
            subprocess.run([BASE_PYTHON, "-m", "venv", folder], check=True)
    return folder


def write_copying_python(path: Path) -> Path:
    """Write a Python that makes an environment by copying the one of the run, and does all else as Python does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    bare = find_bare_environment()
    path.write_text(SCRIPT.format(python=BASE_PYTHON, bare=bare, **TOOLS))
    path.chmod(0o755)
    return path
