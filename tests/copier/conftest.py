"""The template as a plain folder, two releases of it in a scratch repository, and the command `udi` in this process."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import copier
import pytest

from udi.cli import main

ROOT = Path(__file__).parents[2]
PROGRAM = f"""#!/bin/sh
export PYTHONPATH={ROOT / "platform/src"}
exec {sys.executable} -m udi "$@"
"""
"""Stands for `./udi` in the scratch releases: the same program, in the environment that is there already."""

Render = Callable[..., Path]


class CommandResult(NamedTuple):
    """What a command answered."""

    status: int
    out: str
    err: str


Udi = Callable[..., CommandResult]


def git(folder: Path, *arguments: str) -> str:
    """Run git there, as nobody in particular."""
    identity = [
        "-c",
        "user.name=Test",
        "-c",
        "user.email=test@localhost",
        "-c",
        "init.defaultBranch=main",
    ]
    done = subprocess.run(
        ["git", "-C", folder, *identity, *arguments],
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout


def commit(folder: Path, sentence: str) -> None:
    """Commit everything, in a repository made for it if need be."""
    if not (folder / ".git").exists():
        git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", sentence)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the project's root gives to copier, without git around it."""
    folder = tmp_path_factory.mktemp("template")
    shutil.copy(ROOT / "copier.yml", folder)
    shutil.copytree(ROOT / "templates/copier", folder / "templates/copier")
    return folder


@pytest.fixture
def render(template: Path, tmp_path: Path) -> Render:
    """Make a territory from these answers, and the derived ones."""

    def make_territory(**answers: Any) -> Path:
        folder = tmp_path / "territory"
        copier.run_copy(
            str(template),
            folder,
            data={"name": "Pays de la Rade", **answers},
            defaults=True,
            quiet=True,
        )
        return folder

    return make_territory


@pytest.fixture(scope="session")
def releases(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with the releases v1.0.0 and v1.1.0; the second changes files of both kinds."""
    folder = tmp_path_factory.mktemp("releases") / "project"
    shutil.copytree(template, folder)
    (folder / "udi").write_text(PROGRAM)
    (folder / "udi").chmod(0o755)
    commit(folder, "First")
    git(folder, "tag", "v1.0.0")
    for path in (folder / "templates/copier").rglob("*"):
        if path.name.startswith("readme."):
            path.write_text(
                path.read_text().replace("| `bin/try` | ", "| `bin/try` | (v1.1.0) ")
            )
        elif "tenants" in str(path) and path.is_file():
            path.write_text("the template's new words\n")
    (folder / "templates/copier/project/NEWS.md").write_text("New in the template.\n")
    commit(folder, "Second")
    git(folder, "tag", "v1.1.0")
    return folder


@pytest.fixture
def udi(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Udi:
    """Run a command of `udi` in this process, as the terminal would."""

    def run(*arguments: str | os.PathLike[str]) -> CommandResult:
        monkeypatch.setattr(sys, "argv", ["udi", *map(str, arguments)])
        capfd.readouterr()
        with pytest.raises(SystemExit) as left:
            main.main()
        return CommandResult(int(left.value.code or 0), *capfd.readouterr())

    return run
