"""Environments of independent readers: made once from requirements with hashes, kept in the project's cache folder."""

import hashlib
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from tests.cluster import locked
from udi.settings import Settings

HERE = Path(__file__).parent
PATIENCE = 600


def environment(name: str) -> Path:
    """The Python that has the packages of `<name>.txt`; the test is skipped where they cannot be fetched."""
    requirements = HERE / f"{name}.txt"
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    mark = hashlib.sha256(requirements.read_bytes() + version.encode()).hexdigest()[:12]
    cache = Settings().cache / "readers"
    cache.mkdir(parents=True, exist_ok=True)
    folder = cache / f"{name}-{mark}"
    with locked(cache, name):
        if not (folder / "whole").exists():
            shutil.rmtree(folder, ignore_errors=True)
            _make(folder, requirements)
            (folder / "whole").touch()
    return folder / "bin/python"


def _make(folder: Path, requirements: Path) -> None:
    venv.create(folder, with_pip=True)
    command = [folder / "bin/pip", "install", "--quiet", "--no-deps", "--require-hashes", "-r", requirements]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        pytest.skip(f"the packages of {requirements.name} took longer than {PATIENCE} s to fetch")
    except subprocess.CalledProcessError as error:
        pytest.skip(f"the packages of {requirements.name} cannot be fetched: {error.stderr.strip()[-300:]}")
