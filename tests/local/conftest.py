"""Folders and settings that an unprivileged account can reach, whatever runs the tests."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster import free_ports
from udi.settings import Settings


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A new folder that everybody may enter."""
    folder = Path(tempfile.mkdtemp(prefix="udi-local-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def settings(open_folder: Path) -> Settings:
    """Settings of an installation of its own, with seven free ports; the cache is the machine's."""
    return installation(open_folder)


@pytest.fixture(scope="module")
def lasting_settings() -> Iterator[Settings]:
    """An installation for the tests of one module: Keycloak fills its database once."""
    with tempfile.TemporaryDirectory(prefix="udi-local-") as name:
        Path(name).chmod(0o755)
        yield installation(Path(name))


def installation(folder: Path) -> Settings:
    """Settings in a folder, with seven ports that nobody else of the run was given."""
    return Settings(
        state=folder / "state", base_port=free_ports(7), tenants=folder / "tenants"
    )
