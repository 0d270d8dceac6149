"""What the play does for territories: in few visits of a machine, whatever their number, and for those that changed alone."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.ansible.excerpt import read_values, show
from tests.ansible.machine import PLAY, ROOT, ansible

pytestmark = pytest.mark.programs

EXAMPLE = PLAY / "inventory/example/hosts.ini"


def compare(folder: Path, machine: Path) -> dict[str, str]:
    """What the script says that a machine has otherwise: contents by path."""
    sums = subprocess.run(
        ["sh", "-c", "find . -type f -exec sha256sum {} +"],
        cwd=machine,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    program = str(PLAY / "roles/territories/files/compare.py")
    slugs = [path.name for path in folder.iterdir()]
    done = subprocess.run(
        [sys.executable, program, str(folder), *slugs],
        input=sums,
        check=True,
        capture_output=True,
        text=True,
    )
    return {file["path"]: file["content"] for file in json.loads(done.stdout)}


def test_files_of_territories_that_a_machine_has_otherwise_are_found(
    tmp_path: Path,
) -> None:
    folder, machine = tmp_path / "tenants", tmp_path / "machine"
    shutil.copytree(ROOT / "tenants/demo", folder / "demo")
    shutil.copytree(folder, machine)
    same = compare(folder, machine)
    (folder / "demo/legal.md").write_text("Others «élus»\n")
    (folder / "rade/pages").mkdir(parents=True)
    (folder / "rade/pages/about.md").symlink_to(folder / "demo/legal.md")
    (folder / "rade/logo.png").write_bytes(b"\xff\xd8")

    differing = compare(folder, machine)

    assert same == {}
    assert differing.pop("/etc/udi/tenants/rade/logo.png").startswith("2 bytes, sha256")
    assert differing == {
        "/etc/udi/tenants/demo/legal.md": "Others «élus»\n",
        "/etc/udi/tenants/rade/pages/about.md": "Others «élus»\n",
    }


def test_nothing_is_done_on_a_machine_for_each_territory() -> None:
    """A visit of a machine takes a second: a hundred territories would take minutes, changed or not."""
    loops = [
        (path.name, task["name"])
        for path in PLAY.rglob("tasks/*.yml")
        for task in yaml.safe_load(path.read_text()) or []
        if re.search(
            r"installation_territor|reverse_proxy_(given|asked|apart)|read_hosts",
            str(task.get("loop", "")),
        )
    ]

    assert loops == []


def evaluate(folder: Path, expression: str, **variables: Any) -> Any:
    """What an expression of the play becomes for the machine of the example."""
    play = {
        "hosts": "db",
        "connection": "local",
        "gather_facts": False,
        "roles": ["installation"],
        "vars_files": [str(PLAY / "roles/reverse_proxy/vars/main.yml")],
        "tasks": [show({"value": expression})],
    }
    (folder / "play.yml").write_text(yaml.safe_dump([play]))
    variables["ansible_python_interpreter"] = sys.executable
    done = ansible(
        *("ansible-playbook", "-i", EXAMPLE, "-e", json.dumps(variables)),
        folder / "play.yml",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    [values] = read_values(done.stdout).values()
    return values["value"]


@pytest.mark.parametrize(("every", "options"), [(False, ["--changed"]), (True, [])])
def test_territories_where_nothing_changed_are_left_alone_unless_told(
    tmp_path: Path, *, every: bool, options: list[str]
) -> None:
    tasks = (PLAY / "roles/provision/tasks/main.yml").read_text()
    [task] = [
        task
        for task in yaml.safe_load(tasks)
        if task["name"] == "Apply the territories' files"
    ]
    argv = task["ansible.builtin.command"]["argv"].strip()

    command = evaluate(
        tmp_path,
        argv.removeprefix("{{").removesuffix("}}"),
        provision_every_territory=every,
        installation_territories=["baie", "rade"],
    )

    assert command == [
        *("/usr/local/sbin/udi", "tenant", "apply", "baie", "rade", "--json"),
        *options,
    ]


def test_certificates_that_territories_bring_are_written_in_one_visit(
    tmp_path: Path,
) -> None:
    for name in ("a.pem", "a.key", "b.pem", "b.key"):
        (tmp_path / name).write_text(f"the {name}\n")
    template = PLAY / "roles/reverse_proxy/templates/territory_certificates.json.j2"
    certificates: dict[str, Any] = {
        name: {
            "certificate_file": f"{tmp_path}/{name}.pem",
            "key_file": f"{tmp_path}/{name}.key",
        }
        for name in ("a", "b")
    }

    brought = evaluate(
        tmp_path,
        f"lookup('ansible.builtin.template', '{template}') | from_json",
        reverse_proxy_territory_certificates={**certificates, "rade": "acme"},
    )

    assert [folder["path"].rpartition("/")[2] for folder in brought["folders"]] == [
        "territory-a",
        "territory-b",
    ]
    assert {folder["mode"] for folder in brought["folders"]} == {"0700"}
    assert {
        file["path"].removeprefix("/etc/udi/tls/sites/"): (
            file["mode"],
            file["content"],
        )
        for file in brought["files"]
    } == {
        "territory-a/certificate.pem": ("0644", "the a.pem\n"),
        "territory-a/key.pem": ("0600", "the a.key\n"),
        "territory-b/certificate.pem": ("0644", "the b.pem\n"),
        "territory-b/key.pem": ("0600", "the b.key\n"),
    }
