"""The play without a machine: well formed, in good style, its variables documented, its scripts doing what they say."""

import configparser
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import jinja2
import pytest
import yaml

from tests.ansible.excerpt import read_values, show, write_checks
from tests.ansible.machine import PLAY, ROOT, ansible

pytestmark = pytest.mark.programs

ROLES = sorted(path.name for path in (PLAY / "roles").iterdir())
REFERENCE = ROOT / "docs/reference/roles.md"
EXAMPLE = PLAY / "inventory/example/hosts.ini"
CLUSTER = PLAY / "inventory/cluster/hosts.ini"
OWN_MODULES = PLAY / "collections/ansible_collections/udi/deployment/plugins/modules"
KEY_FILE = re.compile(r"/etc/[\w./-]*(?:key\.pem|\.key)\b")
KEYS_OF_THE_MACHINE = {
    Path("/etc/letsencrypt/live/rade/privkey.pem"),
    Path("/etc/letsencrypt/archive/rade/privkey1.pem"),
    Path("/etc/ssl/private/ssl-cert-snakeoil.key"),
    Path("/etc/ssh/ssh_host_ed25519_key"),
    Path("/etc/shadow"),
}
"""What Debian and certbot keep there."""
SCRIPTS = sorted([*(PLAY / "roles").rglob("*.sh"), *(PLAY / "files").rglob("*.sh")])


def read(role: str, name: str) -> Any:
    path = PLAY / "roles" / role / name
    if path.exists():
        return yaml.safe_load(path.read_text())
    return {}


def options(role: str) -> dict[str, dict[str, Any]]:
    role_options: dict[str, dict[str, Any]] = read(role, "meta/argument_specs.yml")[
        "argument_specs"
    ]["main"].get("options", {})
    return role_options


@pytest.mark.thorough
@pytest.mark.parametrize(
    "inventory",
    [EXAMPLE, CLUSTER],
    ids=lambda path: path.parent.name,
)
def test_the_syntax_is_right(inventory: Path) -> None:
    done = ansible("ansible-playbook", "-i", inventory, "--syntax-check", "site.yml")

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.thorough
def test_ansible_lint_has_nothing_to_say_in_its_production_profile() -> None:
    done = ansible("ansible-lint", "--profile", "production", "--offline", "--nocolor")

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("role", ROLES)
def test_the_variables_of_a_role_are_declared_and_documented_with_their_words(
    role: str,
) -> None:
    section = REFERENCE.read_text().partition(f"\n## {role}\n")[2].partition("\n## ")[0]
    declared = options(role)
    optional = {name for name, option in declared.items() if not option.get("required")}

    assert (
        read(role, "meta/argument_specs.yml")["argument_specs"]["main"][
            "short_description"
        ]
        in section
    )
    assert set(re.findall(r"^\| `(\w+)`", section, re.MULTILINE)) == declared.keys()
    assert [
        name
        for name, option in declared.items()
        if option["description"] not in section
    ] == []
    assert (read(role, "defaults/main.yml") or {}).keys() == optional


def test_only_modules_that_come_with_ansible_or_with_the_play_are_used() -> None:
    tasks = [
        path
        for path in PLAY.rglob("*.yml")
        if path.parent.name in {"tasks", "handlers"}
    ]
    modules = {
        name
        for path in tasks
        for name in re.findall(
            r"^\s+([a-z_]+\.[a-z_]+\.[a-z_]+):", path.read_text(), re.MULTILINE
        )
    }

    assert len(modules) > 5
    assert {name for name in modules if not name.startswith("ansible.builtin.")} == {
        f"udi.deployment.{path.stem}" for path in OWN_MODULES.glob("*.py")
    }


def test_no_task_file_is_long() -> None:
    assert [
        path
        for path in PLAY.rglob("tasks/*.yml")
        if len(path.read_text().splitlines()) > 80
    ] == []


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_is_read_by_the_shell(script: Path) -> None:
    assert subprocess.run(["sh", "-n", str(script)], check=False).returncode == 0


LIMITED = {("uninstall", "db1"), ("restore", "db")}
"""What is asked of some machines, in each run."""
LOCALLY = ("-i", "localhost,", "--limit", "localhost")


@pytest.mark.thorough
def test_the_inventory_of_one_machine_passes_the_checks_and_its_wheel_is_built() -> (
    None
):
    done = ansible("ansible-playbook", "-i", EXAMPLE, *LOCALLY, "site.yml")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "Store the path, checksum and release of the wheel" in done.stdout


@pytest.mark.thorough
def test_the_inventory_of_several_machines_passes_the_checks(tmp_path: Path) -> None:
    checks = write_checks(tmp_path / "play")

    done = ansible("ansible-playbook", "-i", CLUSTER, *LOCALLY, *checks)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "Store the territories' host names" in done.stdout


def list_tasks(*arguments: str) -> str:
    done = ansible(
        "ansible-playbook", "-i", EXAMPLE, "--list-tasks", *arguments, "site.yml"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_each_part_of_the_play_has_a_documented_tag() -> None:
    text = (ROOT / "docs/how-to/deploy-on-a-machine.md").read_text()
    documented = set(re.findall(r"^\| `--tags (\w+)`", text, re.MULTILINE))

    plays = yaml.safe_load((PLAY / "site.yml").read_text())
    tags = {play["tags"] for play in plays}

    assert len(documented) > 8
    assert tags - {"always"} == documented


def test_a_part_alone_reads_what_its_units_are_written_from() -> None:
    """Without them a unit would be written otherwise, and restart for nothing."""
    listed = list_tasks("--tags", "portal")

    assert "Compute the checksum of the settings" in listed
    assert "Read the certificate authority" in listed
    assert "Read the name and the version of the system" in listed
    assert "Write the units of the portal" in listed
    assert "Install PostgreSQL" not in listed


def test_certificates_are_asked_for_after_territories_and_programs() -> None:
    names = [play["name"] for play in yaml.safe_load((PLAY / "site.yml").read_text())]

    place = names.index("Certificates of the territories")
    assert {"Database", "Schemas and territories", "Portal", "Hosted node"} <= set(
        names[:place]
    )


def test_uninstall_is_refused_without_the_name_of_the_installation() -> None:
    done = ansible(
        "ansible-playbook",
        "-i",
        EXAMPLE,
        "-e",
        "uninstall_confirmed=1",
        "uninstall.yml",
    )

    assert done.returncode != 0
    assert "-e uninstall_confirmed=data.example.org" in " ".join(done.stdout.split())
    assert "Find the units" not in done.stdout


@pytest.mark.parametrize(
    ("action", "machines"),
    [
        pytest.param(*words, marks=[] if words in LIMITED else [pytest.mark.thorough])
        for words in itertools.product(("uninstall", "restore"), ("all", "db1", "db"))
    ],
)
def test_what_erases_is_refused_on_some_of_the_machines_too_unless_it_is_meant(
    action: str, machines: str
) -> None:
    """A limit leaves out localhost, and a question that is asked there with it."""
    done = ansible(
        *("ansible-playbook", "--check", "-i", CLUSTER, "--limit", machines),
        *("-e", f"{action}_confirmed=1", f"{action}.yml"),
    )

    assert done.returncode != 0
    assert f"-e {action}_confirmed=data.example.org" in " ".join(done.stdout.split())
    assert "Find the units" not in done.stdout


def test_a_cluster_is_not_restored_while_some_of_its_machines_run() -> None:
    done = ansible(
        *("ansible-playbook", "--check", "-i", CLUSTER, "--limit", "db,app1"),
        *("-e", "restore_confirmed=data.example.org", "restore.yml"),
    )

    assert done.returncode != 0
    assert "It leaves out app2, node1, node2." in " ".join(done.stdout.split())
    assert "Find the units" not in done.stdout


def test_secrets_of_a_backup_reach_every_machine_that_has_some() -> None:
    """Keycloak too enters the database by a password of that moment."""
    plays = {
        play["name"]: play
        for name in ("site.yml", "restore.yml")
        for play in yaml.safe_load((PLAY / name).read_text())
    }

    assert (
        plays["Secrets of that moment"]["hosts"]
        == plays["Secrets and territory files"]["hosts"]
    )


def test_what_starts_services_is_stopped_before_them(tmp_path: Path) -> None:
    [task] = [
        task
        for task in yaml.safe_load((PLAY / "tasks/stop_programs.yml").read_text())
        if "loop" in task
    ]
    units = (
        *("udi-keys.service", "udi-keys.path", "udi-portal-web-8000.service"),
        *("udi-backup.service", "udi-backup.timer", "udi-patroni.service"),
    )
    variables = {
        **task["vars"],
        "stop_units": {"files": [{"path": f"/etc/{unit}"} for unit in units]},
    }
    loop = task["loop"].removeprefix("{{").removesuffix("}}")
    play = {
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "vars": variables,
        "tasks": [
            {"ansible.builtin.debug": {"msg": f"order {{{{ ({loop}) | join(' ') }}}}"}}
        ],
    }
    (tmp_path / "play.yml").write_text(yaml.safe_dump([play]))

    done = ansible("ansible-playbook", "-i", "localhost,", tmp_path / "play.yml")

    assert done.returncode == 0, done.stdout + done.stderr
    assert (
        "order udi-backup.timer udi-keys.path udi-backup.service udi-keys.service udi-portal-web-8000.service"
        in done.stdout
    )


def test_collections_of_the_operator_are_found_beside_our_own() -> None:
    """Such as one that makes the inventory."""
    settings = configparser.ConfigParser()
    settings.read(PLAY / "ansible.cfg")

    assert settings["defaults"]["collections_path"].split(":") == [
        "collections",
        "~/.ansible/collections",
        "/usr/share/ansible/collections",
    ]


def test_uninstall_stops_a_service_before_its_settings_are_removed() -> None:
    tasks = yaml.safe_load((PLAY / "tasks/uninstall.yml").read_text())
    stops = [
        place
        for place, task in enumerate(tasks)
        if "'keepalived'" in task.get("loop", "")
        and task["ansible.builtin.systemd_service"]
        == {"name": "{{ service }}", "state": "stopped", "enabled": False}
    ]
    removals = [
        place
        for place, task in enumerate(tasks)
        if "/etc/keepalived/keepalived.conf" in json.dumps(task)
    ]

    assert (len(stops), len(removals)) == (1, 1)
    assert stops < removals


@pytest.mark.parametrize("role", ["release", "inner_proxy"])
def test_an_installation_is_recognised_by_what_each_of_its_machines_has(
    role: str,
) -> None:
    """One machine is in every group; several have in common only what a play of all of them makes."""
    folder = read("installation", "defaults/main.yml")["installation_folder"]
    mark = jinja2.Template(
        read("installation", "vars/main.yml")["installation_mark"]
    ).render(installation_alone=role == "release", installation_folder=folder)
    text = (PLAY / "roles" / role / "tasks/main.yml").read_text()
    plays = yaml.safe_load((PLAY / "site.yml").read_text())
    [systems] = [play for play in plays if play["name"] == "Systems of the machines"]
    needed = {"release": "db:", "inner_proxy": systems["hosts"]}
    [maker] = [play for play in plays if role in json.dumps(play.get("roles", []))]

    assert f"{mark}\n" in text.replace("{{ installation_folder }}", folder).replace(
        '"', ""
    )
    assert maker["hosts"].startswith(needed[role])


def changed(inventory: Path, was: str, becomes: str) -> str:
    text = inventory.read_text()
    assert was in text
    return text.replace(was, becomes)


REFUSED = {
    "empty group": (
        changed(EXAMPLE, "[proxy]\nterritory", "[proxy]"),
        "The group proxy names no machine",
    ),
    "two databases": (changed(CLUSTER, "db[1:3]", "db[1:2]"), "Two could not"),
    "name for address": (
        changed(CLUSTER, "ansible_host=192.0.2.13", "ansible_host=db3.example.org"),
        "gives «db3.example.org»",
    ),
    "no address": (
        changed(CLUSTER, "ansible_host=192.0.2.13 ", ""),
        "need an IPv4 address for db3",
    ),
    "same address": (
        changed(CLUSTER, "192.0.2.13", "192.0.2.12"),
        "have the same address",
    ),
    "cluster beside a database of others": (
        f"{CLUSTER.read_text()}\ninstallation_database_host=pg.example.org\n",
        "it keeps the secrets and runs what is done once",
    ),
    "keycloak of others in clear": (
        f"{EXAMPLE.read_text()}\ninstallation_keycloak_url=http://id.town.example\n",
        "is the public address of a Keycloak that others run",
    ),
    "no store": (
        changed(CLUSTER, "release_object_store=s3://udi-files", ""),
        "Give release_object_store=s3://bucket",
    ),
    "three databases and a folder": (
        changed(CLUSTER, "release_object_store=s3://udi-files", "").replace(
            "node[1:2]", "node1"
        ),
        "the backups of the machine that leads would hold none of them",
    ),
    "three repositories": (
        changed(CLUSTER, "backup_repository=s3://udi-backups/here", ""),
        "which back up to one place",
    ),
    "no way in": (
        changed(CLUSTER, "reverse_proxy_shared_address=192.0.2.40", ""),
        "Give reverse_proxy_shared_address",
    ),
    "acme": (
        f"{CLUSTER.read_text()}\nreverse_proxy_certificate=acme\n",
        "reverse_proxy_certificate=provided",
    ),
    "certificate of nobody": (
        f"{EXAMPLE.read_text()}\nreverse_proxy_territory_certificates={{'rade': 'acme'}}\n",
        "names «rade», which is not in installation_territories (demo)",
    ),
    "certificate without its key": (
        f"{EXAMPLE.read_text()}\nreverse_proxy_territory_certificates={{'demo': {{'key_file': 'k'}}}}\n",
        "gives «demo» neither acme nor both",
    ),
}
"""Inventories that the play refuses, and the words of the reason."""
REFUSING = ("Check the inventory", "Check what is said of certificates")
"""The tasks of the play that refuse an inventory."""
USUALLY_REFUSED = {"empty group", "two databases", "certificate without its key"}
"""One for each file of checks."""


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param(
            *case,
            id=name,
            marks=[] if name in USUALLY_REFUSED else [pytest.mark.thorough],
        )
        for name, case in REFUSED.items()
    ],
)
def test_machines_that_would_not_make_an_installation_are_refused_with_the_reason(
    tmp_path: Path, text: str, reason: str
) -> None:
    (tmp_path / "hosts.ini").write_text(text)
    checks = write_checks(tmp_path / "play", *REFUSING)

    done = ansible("ansible-playbook", "-i", tmp_path / "hosts.ini", *checks)

    assert done.returncode != 0
    assert reason in " ".join(done.stdout.split())


def test_no_machine_is_touched_where_an_inventory_is_refused(tmp_path: Path) -> None:
    inventory = tmp_path / "hosts.ini"
    inventory.write_text(changed(EXAMPLE, "[proxy]\nterritory", "[proxy]"))

    done = ansible("ansible-playbook", "-i", inventory, "site.yml")

    assert done.returncode != 0
    assert "PLAY [Prepare the deployment on this computer]" in done.stdout
    assert "PLAY [Systems of the machines]" not in done.stdout


@pytest.mark.parametrize(
    ("inventory", "system", "reason"),
    [
        pytest.param(
            *(EXAMPLE, "Ubuntu 22.04", "territory runs Ubuntu 22.04. The play was run"),
            id="alone",
        ),
        pytest.param(
            *(CLUSTER, "Debian 13", "db1 runs Debian 13. Three databases"),
            id="cluster",
            marks=pytest.mark.thorough,
        ),
    ],
)
def test_a_system_on_which_the_play_was_never_run_is_refused(
    tmp_path: Path, inventory: Path, system: str, reason: str
) -> None:
    [refusal] = [
        task
        for task in yaml.safe_load((PLAY / "tasks/systems.yml").read_text())
        if task["name"] == "Refuse a system on which the play was never run"
    ]
    play = {
        "hosts": "db",
        "gather_facts": False,
        "roles": ["installation"],
        "tasks": [refusal],
    }
    (tmp_path / "play.yml").write_text(yaml.safe_dump([play]))
    variables = {"installation_system": system}

    done = ansible(
        "ansible-playbook",
        "-i",
        inventory,
        "-e",
        json.dumps(variables),
        tmp_path / "play.yml",
    )

    assert done.returncode != 0
    assert reason in " ".join(done.stdout.split())


def test_packages_that_are_there_are_not_asked_for_again() -> None:
    """One task of apt takes seconds, also where it finds nothing to do.

    The tasks before may have found nothing to do: each reads the lists again where they are old.
    """
    conditions = {}
    lists = {}
    for path in (PLAY / "roles").glob("*/tasks/*.yml"):
        for task in yaml.safe_load(path.read_text()) or []:
            apt = task.get("ansible.builtin.apt", {})
            variable = re.fullmatch(r"{{ (\w+) }}", str(apt.get("name")))
            if variable:
                conditions[variable[1]] = task["when"]
                lists[variable[1]] = (
                    apt.get("update_cache"),
                    apt.get("cache_valid_time"),
                )

    assert len(conditions) > 8
    assert conditions == {
        name: f"not installation_unmade and {name} is not subset(installation_installed)"
        for name in conditions
    }
    assert lists == dict.fromkeys(conditions, (True, 86400))


def test_machines_whose_scripts_wait_with_curl_have_it() -> None:
    """Each of them has the role release."""
    roles = {
        path.parents[1].name
        for path in (PLAY / "roles").glob("*/files/*.sh")
        if re.search(r"\bcurl --", path.read_text())
    }

    assert roles == {"patroni", "release"}
    assert "curl" in read("release", "vars/main.yml")["release_packages"]


@pytest.mark.thorough
def test_what_a_machine_has_is_known_once(tmp_path: Path) -> None:
    """Packages that were removed and left their settings are not there."""
    program = tmp_path / "dpkg-query"
    program.write_text(
        "#!/bin/sh\necho installed nginx-light; echo config-files restic\n"
    )
    program.chmod(0o755)
    play = {
        "hosts": "db",
        "connection": "local",
        "gather_facts": False,
        "roles": ["installation"],
        "tasks": [
            {"ansible.builtin.import_tasks": str(PLAY / "tasks/systems.yml")},
            show(
                {
                    "packages": "installation_installed",
                    "root": "'root' in installation_accounts",
                    "unmade": "installation_unmade",
                }
            ),
        ],
    }
    (tmp_path / "play.yml").write_text(yaml.safe_dump([play]))
    variables = {
        "installation_system": "Debian 12",
        "installation_mark": str(tmp_path / "absent"),
        "ansible_connection": "local",
        "ansible_python_interpreter": sys.executable,
    }

    done = ansible(
        *("ansible-playbook", "-i", EXAMPLE, "-e", json.dumps(variables)),
        tmp_path / "play.yml",
        PATH=f"{tmp_path}{os.pathsep}{os.environ['PATH']}",
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert list(read_values(done.stdout).values()) == [
        {"packages": ["nginx-light"], "root": True, "unmade": False}
    ]


def show_outgoing(folder: Path, **variables: Any) -> str:
    """The environment that the play gives to what fetches packages."""
    play = {
        "hosts": "db",
        "connection": "local",
        "gather_facts": False,
        "roles": ["installation"],
        "tasks": [
            {"ansible.builtin.debug": {"msg": "{{ installation_outgoing | to_json }}"}}
        ],
    }
    (folder / "play.yml").write_text(yaml.safe_dump([play]))
    hosts = [{"slug": "demo", "portal": ["demo.test"], "node": ["node.demo.test"]}]
    variables |= {
        "installation_territory_hosts": hosts,
        "ansible_python_interpreter": sys.executable,
    }
    done = ansible(
        "ansible-playbook",
        "-i",
        EXAMPLE,
        "-e",
        json.dumps(variables),
        folder / "play.yml",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_what_fetches_packages_takes_the_proxy_of_the_town_and_ours_do_not(
    tmp_path: Path,
) -> None:
    proxy = "http://proxy.town.test:3128"

    without = show_outgoing(tmp_path)
    outgoing = show_outgoing(
        tmp_path,
        installation_outgoing_proxy=proxy,
        installation_outgoing_direct=["mirror.town.test"],
    )

    assert proxy not in without
    assert outgoing.count(proxy) == 2
    for name in ("127.0.0.1", "demo.test", "node.demo.test", "mirror.town.test"):
        assert name in outgoing


def test_the_hosts_of_territories_are_read() -> None:
    command = [
        sys.executable,
        str(PLAY / "files/read_hosts.py"),
        str(ROOT / "tenants"),
        "demo",
    ]
    done = subprocess.run(command, check=True, capture_output=True, text=True)

    assert json.loads(done.stdout) == [
        {"slug": "demo", "portal": ["demo.localhost"], "node": ["node.demo.localhost"]}
    ]


def test_the_archive_of_territories_is_the_same_while_their_files_are(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "tenants"
    shutil.copytree(ROOT / "tenants/demo", folder / "demo")
    (folder / "other").mkdir()
    program = str(PLAY / "roles/territories/files/pack.py")

    def pack(name: str) -> bytes:
        archive = tmp_path / name
        command = [sys.executable, program, str(archive), str(folder), "demo"]
        subprocess.run(command, check=True)
        return archive.read_bytes()

    first = pack("first.tar")
    os.utime(folder / "demo/tenant.toml", (0, 0))
    (folder / "demo/tenant.toml").chmod(0o600)
    again = pack("again.tar")
    with (folder / "demo/tenant.toml").open("a") as file:
        file.write("# more")

    assert again == first
    assert pack("changed.tar") != first
    with tarfile.open(tmp_path / "first.tar") as packed:
        members = {member.name: member.mode for member in packed.getmembers()}
    assert members["demo"] == 0o755
    assert members["demo/tenant.toml"] == 0o644
    assert all(name.partition("/")[0] == "demo" for name in members)


def test_what_links_of_a_territory_lead_to_is_packed_as_files_and_folders(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "tenants"
    shared = tmp_path / "shared"
    (folder / "demo").mkdir(parents=True)
    (shared / "pages").mkdir(parents=True)
    (shared / "tenant.toml").write_text("name")
    (shared / "pages/about.md").write_text("about")
    (folder / "demo/tenant.toml").symlink_to(shared / "tenant.toml")
    (folder / "demo/pages").symlink_to(shared / "pages")
    (folder / "demo/again.toml").hardlink_to(shared / "tenant.toml")
    archive = tmp_path / "territories.tar"
    program = str(PLAY / "roles/territories/files/pack.py")

    command = [sys.executable, program, str(archive), str(folder), "demo"]
    subprocess.run(command, check=True)

    with tarfile.open(archive) as packed:
        members = {member.name: member for member in packed.getmembers()}
    files = {name for name, member in members.items() if member.isreg()}
    folders = {name for name, member in members.items() if member.isdir()}
    assert files == {"demo/tenant.toml", "demo/again.toml", "demo/pages/about.md"}
    assert folders == {"demo", "demo/pages"}
    assert {members[name].size for name in files} == {4, 5}


def draw(folder: Path) -> str:
    script = PLAY / "roles/secrets/files/draw_secrets.sh"
    done = subprocess.run(
        ["sh", str(script), str(folder), "one", "two"],
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout


def test_secrets_are_drawn_once_and_never_reported(tmp_path: Path) -> None:
    first = draw(tmp_path)
    drawn = {path.name: path.read_text() for path in tmp_path.iterdir()}

    assert first == "CHANGED\nCHANGED\n"
    assert draw(tmp_path) == ""
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == drawn
    assert {path.stat().st_mode & 0o077 for path in tmp_path.iterdir()} == {0}
    assert len(drawn["one"].strip()) == 48
    assert drawn["one"] != drawn["two"]


def test_a_machine_is_given_the_secrets_it_needs_and_keeps_no_other(
    tmp_path: Path,
) -> None:
    keeper = tmp_path / "keeper"
    machine = tmp_path / "machine"
    for folder in (keeper, machine):
        folder.mkdir()
    for name in ("portal_app_password", "signing_keys"):
        (keeper / name).write_bytes(f"the {name}, whatever: «\n\n".encode())
    (machine / "of_another_group").write_text("old")

    exported_secrets = hand_out("tell_secrets.sh", keeper)
    first = hand_out("keep_secrets.sh", machine, "remove", given=exported_secrets)
    again = hand_out("keep_secrets.sh", machine, "remove", given=exported_secrets)
    emptied = hand_out("keep_secrets.sh", machine, "keep", given="\n")

    assert [first, again, emptied] == ["CHANGED\n" * 3, "", ""]
    assert {path.name: path.read_bytes() for path in machine.iterdir()} == {
        path.name: path.read_bytes() for path in keeper.iterdir()
    }
    assert {path.stat().st_mode & 0o077 for path in machine.iterdir()} == {0}


def hand_out(script: str, folder: Path, *arguments: str, given: str = "") -> str:
    command = [
        "sh",
        str(PLAY / "roles/secrets/files" / script),
        str(folder),
        *arguments,
    ]
    return subprocess.run(
        command, check=True, capture_output=True, text=True, input=given
    ).stdout


def issue(folder: Path, *arguments: str) -> bool:
    script = PLAY / "roles/reverse_proxy/files/issue_certificate.sh"
    command = ["sh", str(script), *arguments[:-1], str(folder), *arguments[-1].split()]
    return (
        "CHANGED"
        in subprocess.run(command, check=True, capture_output=True, text=True).stdout
    )


@pytest.mark.skipif(
    not shutil.which("openssl"), reason="needs openssl (Debian: apt install openssl)"
)
def test_a_certificate_is_issued_again_only_when_the_names_change(
    tmp_path: Path,
) -> None:
    assert issue(tmp_path, "a.example b.example")
    authority = (tmp_path / "authority.pem").read_bytes()
    assert not issue(tmp_path, "a.example b.example")
    assert not issue(tmp_path, "--once", "a.example c.example")
    assert issue(tmp_path, "a.example c.example")

    verify = [
        "openssl",
        "verify",
        "-CAfile",
        "authority.pem",
        "-verify_hostname",
        "c.example",
        "certificate.pem",
    ]
    assert (
        subprocess.run(
            verify, cwd=tmp_path, check=False, capture_output=True
        ).returncode
        == 0
    )
    assert (tmp_path / "authority.pem").read_bytes() == authority
    assert {path.stat().st_mode & 0o077 for path in tmp_path.iterdir()} == {0}


@pytest.mark.parametrize(
    ("upstream", "compresses"),
    [("udi_portal", False), ("udi_node", False), ("udi_identity", True)],
)
def test_what_the_programs_compress_is_not_compressed_twice(
    upstream: str, *, compresses: bool
) -> None:
    text = (PLAY / "roles/reverse_proxy/templates/udi.conf.j2").read_text()
    common, *servers = text.split("\nserver {\n")
    [server] = [block for block in servers if f"://{upstream};" in block]

    assert ("gzip off;" in server) is not compresses
    assert ("gzip_types" in server) is compresses
    assert "Accept-Encoding" not in text, (
        "what the reader takes must reach the programs"
    )
    assert "gzip" not in common


def test_the_header_of_rudis_client_passes_the_proxy() -> None:
    """nginx drops names with an underscore, and heeds what the first server or all of them say."""
    text = (PLAY / "roles/reverse_proxy/templates/udi.conf.j2").read_text()

    assert "\nunderscores_in_headers on;\n" in text.partition("\nserver {")[0]


def test_the_unit_that_makes_archives_reads_no_key_of_the_machine() -> None:
    unit = (PLAY / "roles/operator/templates/objects.conf.j2").read_text()
    hidden = {
        Path(path.removeprefix("-"))
        for line in unit.splitlines()
        if line.startswith("InaccessiblePaths=")
        for path in line.partition("=")[2].split()
    }
    ours = {
        Path(path)
        for file in (PLAY / "roles").rglob("*")
        if file.is_file()
        for path in KEY_FILE.findall(file.read_text(errors="ignore"))
    }

    keys = ours | KEYS_OF_THE_MACHINE
    assert {"/etc/udi/machine", "/etc/udi/tls"} <= {str(path.parent) for path in ours}
    assert {key for key in keys if not hidden & {key, *key.parents}} == set()


def test_the_worker_restarts_with_a_secret_that_was_replaced() -> None:
    """Its secrets are copies that systemd made when it started: another unit restarts it, and no unit tells of a secret."""
    environment = jinja2.Environment(  # noqa: S701 - a unit, not HTML
        loader=jinja2.FileSystemLoader(PLAY / "roles/operator/templates")
    )
    environment.filters["dict2items"] = lambda values: [
        {"key": key, "value": value} for key, value in values.items()
    ]
    unit = environment.get_template("udi-operator-worker.service.j2")
    secrets = {"secrets_login_providers": {"login_demo_town": "what it gave"}}
    before, after = (
        unit.render(
            **secrets,
            installation_wheel={"release": "1"},
            operator_login_secrets={"results": [{"stat": {"mtime": mtime}}]},
        )
        for mtime in (1.5, 2.5)
    )

    assert before != after
    assert "LoadCredential=login_demo_town:" in before
    assert "what it gave" not in before
