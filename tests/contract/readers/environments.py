"""Environments of independent readers and servers: made once from requirements with hashes, kept in the project's cache folder."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.cluster import locked
from udi.settings import Settings

FOLDER = Path(__file__).parent
PATIENCE = 600
UV_NAMES = {"UV_DEFAULT_INDEX": "PIP_INDEX_URL", "SSL_CERT_FILE": "PIP_CERT"}
OURS = f"{sys.version_info.major}.{sys.version_info.minor}"


def environment(name: str, version: str = OURS, *, folder: Path = FOLDER) -> Path:
    """The Python that has the packages of `<name>.txt` of a folder; the test is skipped where they cannot be fetched.

    `version` is that of the Python which they need, if it is not the one that runs the tests.
    """
    requirements = folder / f"{name}.txt"
    mark = hashlib.sha256(requirements.read_bytes() + version.encode()).hexdigest()[:12]
    cache = Settings().cache / "readers"
    cache.mkdir(parents=True, exist_ok=True)
    place = cache / f"{name}-{mark}"
    with locked(cache, name):
        if not (place / "whole").exists():
            shutil.rmtree(place, ignore_errors=True)
            make_environment(place, requirements, version)
            (place / "whole").touch()
    return place / "bin/python"


def make_environment(folder: Path, requirements: Path, version: str) -> None:
    """With uv, which takes a third of pip's time and compiles nothing that may never be imported."""
    python = folder / "bin/python"
    bare = [_python(version), "-m", "venv", "--without-pip", folder]
    subprocess.run(bare, check=True, capture_output=True, timeout=PATIENCE)
    uv = Path(sys.executable).parent / "uv"
    command = [uv, "pip", "install", "--quiet", "--no-config", "--python", python, "--no-deps", "--require-hashes",
               "-r", requirements]  # fmt: skip
    try:
        subprocess.run(
            command,
            check=True,
            capture_output=True,
            env=uv_variables(os.environ),
            text=True,
            timeout=PATIENCE,
        )
    except subprocess.TimeoutExpired:
        pytest.skip(
            f"the packages of {requirements.name} took longer than {PATIENCE} s to fetch"
        )
    except subprocess.CalledProcessError as error:
        pytest.skip(
            f"the packages of {requirements.name} cannot be fetched: {error.stderr.strip()[-300:]}"
        )


def uv_variables(variables: Mapping[str, str]) -> dict[str, str]:
    """These variables with pip's mirror and certificates under the names that uv reads, as `udi` passes them."""
    of_pip = {
        uv_name: variables[pip_name]
        for uv_name, pip_name in UV_NAMES.items()
        if variables.get(pip_name)
    }
    return {**of_pip, **variables}


def _python(version: str) -> str:
    """An interpreter of this version, wherever it is kept on this machine."""
    if version == OURS:
        return sys.executable
    versions_folder = (
        Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    )
    candidates = [
        shutil.which(f"python{version}"),
        *sorted(map(str, versions_folder.glob(f"{version}*/bin/python{version}"))),
    ]
    for interpreter in filter(None, candidates):
        completed = subprocess.run(
            [interpreter, "--version"], check=False, capture_output=True, text=True
        )
        if completed.stdout.startswith(f"Python {version}."):
            return interpreter
    pytest.skip(f"these packages need Python {version}, which this machine has not")
