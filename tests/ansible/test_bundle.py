"""What a machine without internet is installed from: what bundles are refused, what mirrors are asked for, which packages are in."""

import hashlib
import importlib.util
import json
import re
import sys
import tarfile
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from tests.ansible.excerpt import (
    find_refusals,
    read_checks,
    read_values,
    render,
    show,
)
from tests.ansible.machine import PLAY, ROOT, ansible
from tests.depth import thorough

pytestmark = pytest.mark.programs

EXAMPLE = PLAY / "inventory/example/hosts.ini"
PARTS = {"packages": "packages.tar", "wheels": "wheels.tar", "keycloak": "keycloak.zip"}
MIRRORS = {
    "installation_package_mirror": "https://mirror.town.test/debian",
    "installation_security_mirror": "https://mirror.town.test/debian-security",
    "installation_python_index": "https://mirror.town.test/pypi/simple",
}
KEYS = "signed-by=/usr/share/keyrings/debian-archive-keyring.gpg"


def checksum(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def write_bundle(folder: Path, **changes: Any) -> Path:
    """A bundle whose parts are no archives; the play looks at their checksums before anything else."""
    folder.mkdir()
    for file in PARTS.values():
        (folder / file).write_text(f"what {file} holds")
    source = {
        "folder": "debian",
        "suite": "bookworm",
        "components": "main",
        "architecture": "amd64",
        "keyring": "/usr/share/keyrings/debian-archive-keyring.gpg",
    }
    bundle = {
        "system": "Debian 12",
        "machine": "x86_64",
        "requirements": checksum((ROOT / "requirements/run.txt").read_bytes()),
        "sources": [source],
        "parts": {
            part: {"file": file, "sha256": checksum((folder / file).read_bytes())}
            for part, file in PARTS.items()
        },
        **changes,
    }
    (folder / "bundle.json").write_text(json.dumps(bundle))
    return folder


def write_bundles(folder: Path) -> dict[str, dict[str, str]]:
    """Bundles by name, as the play is given them: one that is right, and those that would not install."""
    source = {"folder": "debian", "suite": "bookworm", "components": "main]\ndeb [trusted=yes"}  # fmt: skip
    whole = write_bundle(folder / "whole")
    damaged = write_bundle(folder / "damaged")
    (damaged / "wheels.tar").write_text("cut")
    (damaged / "keycloak.zip").unlink()
    bundles = {
        "whole": whole,
        "another_was_announced": whole,
        "odd": write_bundle(folder / "odd", sources=[source]),
        "damaged": damaged,
    }
    if thorough():
        bundles["none"] = folder
        bundles["old"] = write_bundle(folder / "old", requirements="0" * 64)
    checksums = {
        "whole": checksum((whole / "bundle.json").read_bytes()),
        "another_was_announced": "0" * 64,
    }
    return {
        name: {
            "installation_checkout": str(ROOT),
            "installation_bundle": str(bundle),
            "installation_bundle_sha256": checksums.get(name, ""),
        }
        for name, bundle in bundles.items()
    }


@pytest.fixture(scope="module")
def refusals(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Why one play refuses each bundle before it looks at any machine, as if each were given for one of its own."""
    folder = tmp_path_factory.mktemp("bundles")
    task = read_checks()[1]["Check the bundle"]
    path = PLAY / task["ansible.builtin.import_tasks"]
    task |= {"ansible.builtin.import_tasks": str(path)}
    return find_refusals(folder, write_bundles(folder), task)


def test_a_whole_bundle_of_this_release_passes(refusals: dict[str, str]) -> None:
    assert refusals["whole"] == ""


def test_a_bundle_that_would_not_install_is_refused_with_the_reason(
    refusals: dict[str, str],
) -> None:
    assert "not the one whose sha256" in refusals["another_was_announced"]
    assert "sources that no distribution has" in refusals["odd"]
    assert "wheels.tar of" in refusals["damaged"]
    assert "keycloak.zip of" in refusals["damaged"]
    assert "packages.tar of" not in refusals["damaged"]


@pytest.mark.thorough
def test_a_bundle_that_is_none_or_of_another_release_is_refused_with_the_reason(
    refusals: dict[str, str],
) -> None:
    assert "has no bundle.json" in refusals["none"]
    assert "dependencies of another release" in refusals["old"]


def write_sources(folder: Path, **variables: Any) -> dict[str, Any]:
    """What the play writes for apt and tells what fetches, on a machine with Debian 12; or why it refuses that machine."""
    folder.mkdir(exist_ok=True)
    files = ("apt.conf", "sources.list")
    [refusal, *_] = yaml.safe_load((PLAY / "tasks/sources.yml").read_text())
    names = ("installation_outgoing", "release_wheels", "patroni_wheels", "installation_bundle_parts")  # fmt: skip
    values = show(
        {name: name for name in names}
        | {name: render(PLAY / f"files/{name}.j2") for name in files}
    )
    play = {
        "hosts": "db",
        "connection": "local",
        "gather_facts": False,
        "roles": ["installation"],
        "vars_files": [
            str(PLAY / "roles" / role / "vars/main.yml")
            for role in ("release", "patroni")
        ],
        "tasks": [refusal, values],
    }
    (folder / "play.yml").write_text(yaml.safe_dump([play]))
    variables = {
        "installation_territory_hosts": [],
        "installation_system": "Debian 12",
        "installation_codename": "bookworm",
        "installation_distribution": "Debian",
        "installation_processor": "x86_64",
        "ansible_become": False,
        "ansible_python_interpreter": sys.executable,
        "release_wheelhouse": "",
        "patroni_wheelhouse": "",
        **variables,
    }
    done = ansible(
        "ansible-playbook",
        *("-i", EXAMPLE, "-i", "localhost,"),
        *("-e", json.dumps(variables), folder / "play.yml"),
    )
    if done.returncode:
        return {"refused": " ".join(done.stdout.split())}
    [rendered] = read_values(done.stdout).values()
    return dict(rendered)


@pytest.mark.thorough
def test_mirrors_take_the_place_of_the_machines_own_sources(tmp_path: Path) -> None:
    usual = write_sources(tmp_path / "usual")
    mirrored = write_sources(tmp_path / "mirrored", **MIRRORS)

    assert usual["installation_outgoing"] == {}
    assert mirrored["sources.list"].splitlines() == [
        f"deb [lang=none {KEYS}] https://mirror.town.test/debian bookworm main",
        f"deb [lang=none {KEYS}] https://mirror.town.test/debian bookworm-updates main",
        f"deb [lang=none {KEYS}] https://mirror.town.test/debian-security bookworm-security main",
    ]
    assert mirrored["installation_outgoing"] == {
        "APT_CONFIG": "/opt/udi/apt/apt.conf",
        "PIP_CERT": "/etc/ssl/certs/ca-certificates.crt",
        "PIP_INDEX_URL": "https://mirror.town.test/pypi/simple",
    }
    assert mirrored["release_wheels"] == ""


def test_of_a_bundle_packages_wheels_and_keycloak_are_read_on_the_machine(
    tmp_path: Path,
) -> None:
    bundle = write_bundle(tmp_path / "bundle")
    content = json.loads((bundle / "bundle.json").read_text())

    rendered = write_sources(
        tmp_path / "rendered", installation_bundle=str(bundle), read_bundle=content
    )

    unpacked = "/opt/udi/bundle"
    digests = {part: made["sha256"][:16] for part, made in content["parts"].items()}
    options = f"arch=amd64 lang=none {KEYS} check-valid-until=no check-date=no"
    assert rendered["sources.list"].splitlines() == [
        f"deb [{options}] file:{unpacked}/packages-{digests['packages']}/debian bookworm main"
    ]
    assert 'Dir::Etc::SourceParts "/dev/null";' in rendered["apt.conf"]
    assert rendered["release_wheels"] == f"{unpacked}/wheels-{digests['wheels']}/run"
    assert (
        rendered["patroni_wheels"] == f"{unpacked}/wheels-{digests['wheels']}/patroni"
    )
    assert rendered["installation_bundle_parts"] == ["packages", "wheels", "keycloak"]


def test_a_bundle_of_another_system_is_refused(tmp_path: Path) -> None:
    bundle = write_bundle(tmp_path / "bundle")
    content = json.loads((bundle / "bundle.json").read_text())

    other = write_sources(
        tmp_path / "other",
        installation_bundle=str(bundle),
        read_bundle=content,
        installation_system="Debian 13",
    )

    assert "the bundle is for Debian 12 (x86_64)" in other["refused"]


def resolve(names: Any, variables: Path) -> Any:
    """Names of packages as a task gives them: themselves, or a variable of its role."""
    variable = re.fullmatch(r"{{ (\w+_packages) }}", str(names))
    if variable is None:
        return names
    return yaml.safe_load(variables.read_text())[variable[1]]


def test_every_package_that_a_role_installs_is_in_the_bundle() -> None:
    variables = yaml.safe_load((PLAY / "roles/installation/vars/main.yml").read_text())
    packages, lean, cluster = (
        set(variables[f"installation_{name}packages"])
        for name in ("", "lean_", "cluster_")
    )
    installed: dict[bool, set[str]] = {True: set(), False: set()}
    for path in PLAY.rglob("tasks/*.yml"):
        for task in yaml.safe_load(path.read_text()) or []:
            options = task.get("ansible.builtin.apt", {})
            names = resolve(options.get("name", []), path.parents[1] / "vars/main.yml")
            recommended = options.get("install_recommends", True)
            installed[recommended] |= {names} if isinstance(names, str) else {*names}

    versioned = {name for name in installed[True] if "{{" in name}
    assert versioned == {"postgresql-{{ patroni_version }}"}, "postgresql brings it"
    assert installed[True] - versioned <= packages | cluster
    assert installed[False] == lean
    assert packages | cluster <= installed[True] | {"python3-apt"}


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """What makes the parts on the machine with internet."""
    path = PLAY / "roles/bundle/files/make_bundle.py"
    spec = importlib.util.spec_from_file_location("make_bundle", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["make_bundle"] = module
    spec.loader.exec_module(module)
    return module


LISTS = "/var/lib/apt/lists/deb.town.test"
TARGETS = "\n".join(
    "\t".join(words)
    for words in (
        ("Debian", "bookworm", "main", "amd64", "http://deb.town.test/debian/", "main/binary-amd64/Packages", f"{LISTS}_debian_dists_bookworm_main_binary-amd64_Packages"),
        ("Debian", "bookworm", "contrib", "amd64", "http://deb.town.test/debian/", "contrib/binary-amd64/Packages", f"{LISTS}_debian_dists_bookworm_contrib_binary-amd64_Packages"),
        ("Debian", "bookworm", "main", "i386", "http://deb.town.test/debian/", "main/binary-i386/Packages", f"{LISTS}_debian_dists_bookworm_main_binary-i386_Packages"),
        ("Others", "stable", "main", "amd64", "http://others.test/apt/", "main/binary-amd64/Packages", "/var/lib/apt/lists/others.test_apt_dists_stable_main_binary-amd64_Packages"),
    )
)  # fmt: skip


def test_only_indexes_of_the_distribution_are_in_the_bundle(
    script: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    outputs = {"apt-get": TARGETS, "dpkg": "amd64\n"}
    monkeypatch.setattr(script, "run", lambda *command: outputs[command[0]])

    indexes = script.list_indexes()

    assert [index.component for index in indexes] == ["main", "contrib"]
    assert {str(index.find_release()) for index in indexes} == {
        f"{LISTS}_debian_dists_bookworm_InRelease"
    }
    assert script.describe_sources(indexes) == [
        {
            "folder": "debian",
            "suite": "bookworm",
            "components": "contrib main",
            "architecture": "amd64",
            "keyring": "/usr/share/keyrings/debian-archive-keyring.gpg",
        }
    ]


def test_packages_are_asked_for_whatever_this_machine_has_of_them(
    script: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """apt names no package that is installed, nor one that lies in its cache."""
    commands: list[tuple[str, ...]] = []

    def run(*command: str) -> str:
        commands.append(command)
        return f"'http://deb.town.test/debian/pool/{len(commands)}.deb' a 7 SHA256:00\n"

    monkeypatch.setattr(script, "run", run)
    plan = {"packages": ["postgresql"], "lean_packages": ["prometheus"]}

    packages = script.list_packages(plan, tmp_path)

    options = {word for command in commands for word in command if "::" in word}
    [archives] = [word for word in options if word.startswith("Dir::Cache::archives=")]
    states = {
        word.partition("=")[2] for word in options if "Dir::State::status" in word
    }
    assert len(packages) == 4
    assert [path.name for path in Path(archives.partition("=")[2]).rglob("*")] == [
        "partial"
    ]
    assert {Path(state).stat().st_size > 0 for state in states} == {True, False}
    assert {
        (command[-1], recommended)
        for command in commands
        for recommended in ("true", "false")
        if f"APT::Install-Recommends={recommended}" in command
    } == {("postgresql", "true"), ("prometheus", "false")}


def test_a_part_holds_nothing_of_who_made_it(script: Any, tmp_path: Path) -> None:
    folder = tmp_path / "packages"
    (folder / "debian/pool").mkdir(parents=True)
    (folder / "debian/pool/a.deb").write_bytes(b"a")
    (folder / "debian/pool/a.deb").chmod(0o600)

    member = tarfile.TarInfo("member")
    member.uid, member.uname = 1234, "somebody"

    script.pack(folder, tmp_path / "packages.tar")
    anonymous = script.of_nobody(member)

    assert (anonymous.uid, anonymous.uname) == (0, "root")

    with tarfile.open(tmp_path / "packages.tar") as archive:
        members = {
            member.name: (member.uname, member.uid, member.mode)
            for member in archive.getmembers()
        }
    assert members == {
        "debian": ("root", 0, 0o755),
        "debian/pool": ("root", 0, 0o755),
        "debian/pool/a.deb": ("root", 0, 0o644),
    }
