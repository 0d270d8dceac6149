"""Readers are fetched from where the developer fetches packages, and not from elsewhere."""

import sys
from pathlib import Path

import pytest

from tests.contract.readers import environments

MIRROR = "https://mirror.example/simple"
CERTIFICATES = "/etc/mirror.pem"


@pytest.fixture
def notes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where an uv writes which index and certificates it was given."""
    file = tmp_path / "notes"
    python = tmp_path / "python"
    python.symlink_to(sys.executable)
    uv = tmp_path / "uv"
    uv.write_text(f'#!/bin/sh\necho "$UV_DEFAULT_INDEX $SSL_CERT_FILE" >"{file}"\n')
    uv.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    for name in [*environments.UV_NAMES, *environments.UV_NAMES.values()]:
        monkeypatch.delenv(name, raising=False)
    return file


@pytest.mark.parametrize(
    ("variables", "fetched_from"),
    [
        ({"PIP_INDEX_URL": MIRROR, "PIP_CERT": CERTIFICATES}, [MIRROR, CERTIFICATES]),
        ({"PIP_INDEX_URL": MIRROR}, [MIRROR]),
        (
            {"PIP_INDEX_URL": "https://pip.example", "UV_DEFAULT_INDEX": MIRROR},
            [MIRROR],
        ),
        ({}, []),
    ],
)
def test_environment_is_fetched_from_the_mirror_of_pip(
    notes: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    fetched_from: list[str],
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    environments.make_environment(
        tmp_path / "made", tmp_path / "readers.txt", environments.OURS
    )

    assert notes.read_text().split() == fetched_from
