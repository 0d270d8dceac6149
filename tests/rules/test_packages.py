"""The packages that the tests need are asked of Debian by name, once."""

import os
from pathlib import Path

import pytest

from tests import packages
from tests.depth import SWITCH


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with nothing but an `apt-get` that installs nothing; what it was asked, a line a call."""
    calls = tmp_path / "calls"
    program = tmp_path / "bin/apt-get"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\necho "$*" >>"{calls}"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))
    monkeypatch.setenv("UDI_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv(SWITCH, "")
    monkeypatch.setattr(
        packages,
        "PROGRAMS",
        {
            name: package
            for name, package in packages.PROGRAMS.items()
            if "/" not in name
        },
    )
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    return calls


@pytest.mark.programs
def test_what_is_missing_is_asked_for_once(calls: Path) -> None:
    for _ in range(2):
        packages.ensure_packages()

    last_arguments = [line.split()[-1] for line in calls.read_text().splitlines()]
    assert last_arguments == [
        "-qq",
        "pgbackrest",
        "restic",
        "openssl",
        "wrk",
        "haproxy",
        "nginx-light",
    ]


def test_who_is_not_root_installs_nothing(
    calls: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    packages.ensure_packages()

    assert not calls.exists()


def test_a_run_of_everything_needs_a_compiler_of_java(
    calls: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = packages.find_missing()
    monkeypatch.setenv(SWITCH, "1")

    assert "default-jdk-headless" in set(packages.find_missing()) - set(usual)
