"""The play as a collection: the same bytes each time, installed and run by Ansible's own programs without a checkout."""

import importlib.util
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from tests.ansible.machine import PLAY, ROOT

pytestmark = pytest.mark.programs

ROLES = sorted(path.name for path in (PLAY / "roles").iterdir())
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
MOMENT = 1_790_000_000


@pytest.fixture(scope="module")
def collection() -> ModuleType:
    """The script of `.ci` that builds it."""
    spec = importlib.util.spec_from_file_location(
        "collection", ROOT / ".ci/collection.py"
    )
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    """What stands for the wheel: its bytes are not looked into."""
    file = tmp_path / f"udi-{VERSION}-py3-none-any.whl"
    file.write_bytes(b"a wheel")
    return file


def test_it_holds_what_the_play_reads_and_its_own_wheel(
    collection: Any, wheel: Path, tmp_path: Path
) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()

    collection.write_tree(ROOT, wheel, tree)

    described = yaml.safe_load((tree / "galaxy.yml").read_text())
    assert (described["namespace"], described["name"]) == ("udi", "deployment")
    assert described["version"] == VERSION
    assert sorted(path.name for path in (tree / "roles").iterdir()) == ROLES
    defaults = (tree / "roles/installation/defaults/main.yml").read_text()
    assert f"/../wheel/{wheel.name}" in defaults
    assert "../../" not in defaults
    read = re.findall(r"playbook_dir }}/\.\./([\w./-]+)", defaults)
    rules = (tree / "roles/monitoring/vars/main.yml").read_text()
    read += re.findall(r"playbook_dir }}/\.\./([\w./-]+)", rules)
    assert [name for name in read if not (tree / name).exists()] == []
    assert (tree / "requirements/run.txt").exists()


def test_its_readme_has_every_role_and_variable(collection: Any) -> None:
    text = collection.render_readme(ROOT)
    variables = [
        name
        for role in ROLES
        for name in collection.read_spec(PLAY / "roles" / role).get("options", {})
    ]

    assert [role for role in ROLES if f"\n| `{role}` | " not in text] == []
    assert len(variables) > 100
    assert [name for name in variables if f"\n| `{name}` | " not in text] == []
    assert "](../" not in text


def test_a_default_that_it_would_replace_in_vain_stops_the_build(
    collection: Any, wheel: Path, tmp_path: Path
) -> None:
    defaults = tmp_path / "main.yml"
    defaults.write_text("---\ninstallation_checkout: /srv/checkout\n")

    with pytest.raises(ValueError, match="has no line"):
        collection.replace_defaults(defaults, wheel)


def run(*command: str | Path, folder: Path, at: Path) -> str:
    """One of Ansible's programs as an operator has it: no checkout, no settings, collections in one folder."""
    programs = Path(sys.executable).parent
    environment = {
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(folder),
        "ANSIBLE_HOME": str(folder),
        "ANSIBLE_COLLECTIONS_PATH": str(folder / "collections"),
        "ANSIBLE_PYTHON_INTERPRETER": "/usr/bin/python3",
        "ANSIBLE_NOCOLOR": "1",
        "LC_ALL": "C.UTF-8",
        "PWD": str(at),
    }
    done = subprocess.run(
        [programs / command[0], *command[1:]],
        cwd=at,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.thorough
def test_it_is_the_same_twice_and_runs_by_its_full_name(
    collection: Any, wheel: Path, tmp_path: Path
) -> None:
    one, two, operator = (tmp_path / name for name in ("one", "two", "operator"))
    for folder in (one, two, operator):
        folder.mkdir()
    archive = collection.build(ROOT, wheel, one, MOMENT)
    again = collection.build(ROOT, wheel, two, MOMENT)
    (operator / "tenants").symlink_to(ROOT / "tenants")
    inventory = PLAY / "inventory/example/hosts.ini"
    install = ("ansible-galaxy", "collection", "install", archive, "--offline")

    run(*install, "-p", tmp_path / "collections", folder=tmp_path, at=tmp_path)
    syntax = run(
        *("ansible-playbook", "-i", inventory, "--syntax-check"),
        *("udi.deployment.site", "udi.deployment.bundle"),
        *("udi.deployment.restore", "udi.deployment.uninstall"),
        folder=tmp_path,
        at=operator,
    )
    checked = run(
        *("ansible-playbook", "-i", inventory, "-i", "localhost,", "--check"),
        *("--limit", "localhost", "udi.deployment.site"),
        folder=tmp_path,
        at=operator,
    )
    verified = run(
        *("ansible-galaxy", "collection", "verify", "--offline", "udi.deployment"),
        folder=tmp_path,
        at=operator,
    )

    assert archive.read_bytes() == again.read_bytes()
    assert syntax.count("playbook: ") == 4
    assert "Read the territories' host names" in checked
    assert "Check the wheel against the announced checksum" in checked
    assert "failed=0" in checked
    assert "Successfully verified that checksums" in verified
