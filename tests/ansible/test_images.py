"""The images and the chart as they are built: under `--all`, where the programs that build them are there."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.ansible.machine import ROOT

pytestmark = [pytest.mark.programs, pytest.mark.thorough]

PREFIX = "localhost/udi-of-a-test"
STORAGE = {"STORAGE_DRIVER": "vfs", "BUILDAH_ISOLATION": "chroot"}
CHART = ROOT / "infra/helm/udi"
VALUES = """
images: {prefix: registry.example.org/udi}
database: {host: db.example.org}
hosts: {installation: data.example.org, identity: id.example.org, portals: [demo.example.org], nodes: [node.example.org]}
territories: {demo: territory-demo}
files: {bucket: udi}
"""


def require(*programs: str) -> None:
    """Skip, with the reason, where a program is absent."""
    for program in programs:
        if shutil.which(program) is None:
            pytest.skip(f"needs {program}")


def buildah(*arguments: str) -> str:
    """What buildah answers, on the store of the builds."""
    return subprocess.run(
        ["buildah", *arguments],
        env={**os.environ, **STORAGE},
        check=True,
        capture_output=True,
        text=True,
    ).stdout


def build(number: int) -> dict[str, list[str]]:
    """Build portal and node under a name of its own: the fingerprints of their layers."""
    prefix = f"{PREFIX}-{number}"
    environment = {**os.environ, **STORAGE, "PREFIX": prefix}
    subprocess.run(
        [ROOT / "infra/oci/build", "portal", "node"], env=environment, check=True
    )
    names = [
        name
        for name in buildah("images", "--format", "{{.Name}}:{{.Tag}}").split()
        if name.startswith(prefix)
    ]
    try:
        return {
            name.removeprefix(prefix).partition(":")[0]: json.loads(
                buildah("inspect", "--type", "image", name)
            )["OCIv1"]["rootfs"]["diff_ids"]
            for name in names
        }
    finally:
        buildah("rmi", "--force", *names)


def test_two_builds_of_one_commit_have_the_same_layers() -> None:
    require("buildah", "mmdebstrap")
    first = build(1)
    second = build(2)

    assert {"-portal", "-node"} <= first.keys()
    assert second == first


def test_the_chart_is_in_order_and_gives_its_objects(tmp_path: Path) -> None:
    require("helm")
    values = tmp_path / "values.yaml"
    values.write_text(VALUES)
    lint = subprocess.run(
        ["helm", "lint", "--strict", CHART, "--values", values],
        check=False,
        capture_output=True,
        text=True,
    )
    rendered = subprocess.run(
        ["helm", "template", "udi", CHART, "--values", values],
        check=True,
        capture_output=True,
        text=True,
    ).stdout

    assert (lint.returncode, lint.stderr) == (0, "")
    objects = list(yaml.safe_load_all(rendered))
    assert sorted(f"{part['kind']} {part['metadata']['name']}" for part in objects) == [
        "ConfigMap udi-settings",
        "Deployment udi-identity",
        "Deployment udi-node",
        "Deployment udi-portal",
        "Ingress udi",
        "Job udi-prepare-1",
        "Service udi-identity",
        "Service udi-node",
        "Service udi-portal",
    ]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("files: {bucket: ''}", "give a bucket, or a claim"),
        ("territories: {}", "territories names no ConfigMap"),
        ("images: {prefix: ''}", "images.prefix is the registry"),
        ("files: {bucket: '', claim: kept}\nnode: {replicas: 2}", "more than one needs"),
    ],
)  # fmt: skip
def test_the_chart_says_what_is_missing(
    tmp_path: Path, change: str, reason: str
) -> None:
    require("helm")
    (tmp_path / "values.yaml").write_text(
        yaml.safe_dump(yaml.safe_load(VALUES) | yaml.safe_load(change))
    )

    done = subprocess.run(
        ["helm", "template", "udi", CHART, "--values", tmp_path / "values.yaml"],
        check=False,
        capture_output=True,
        text=True,
    )

    assert done.returncode != 0
    assert reason in done.stderr
