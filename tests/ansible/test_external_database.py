"""What the play writes where others run PostgreSQL: where it is, and nothing of a PostgreSQL of ours."""

import json
import sys
from pathlib import Path

import pytest
import yaml

from tests.ansible.excerpt import read_values, render, show
from tests.ansible.machine import PLAY, ansible

pytestmark = pytest.mark.programs

INVENTORY = """
[all]
one ansible_host=192.0.2.10
two ansible_host=192.0.2.11
[db]
one
[identity]
one
[portal]
two
[node]
two
[proxy]
two
[all:vars]
installation_host=data.example.org
installation_territories=["demo"]
"""
TEMPLATES = {
    "settings": "release/templates/udi.env.j2",
    "proxy": "inner_proxy/templates/inner_proxy.cfg.j2",
    "watcher": "monitoring/templates/prometheus.yml.j2",
}
ROLES = ("release", "inner_proxy", "monitoring")


def write_all(folder: Path, **variables: str) -> dict[str, str]:
    """What the templates become on the machine of the database."""
    folder.mkdir()
    (folder / "hosts.ini").write_text(INVENTORY)
    values = show(
        {name: render(PLAY / "roles" / source) for name, source in TEMPLATES.items()}
    )
    play = {
        "hosts": "one",
        "connection": "local",
        "gather_facts": False,
        "roles": ["installation"],
        "vars_files": [
            str(path)
            for role in ROLES
            for part in ("defaults", "vars")
            if (path := PLAY / "roles" / role / part / "main.yml").exists()
        ],
        "tasks": [values],
    }
    (folder / "play.yml").write_text(yaml.safe_dump([play]))
    facts = {
        "installation_territory_hosts": [
            {"slug": "demo", "portal": ["demo.test"], "node": ["node.demo.test"]}
        ],
        "ansible_connection": "local",
        "ansible_python_interpreter": sys.executable,
        "monitoring_token": {"stat": {"exists": False}},
        **variables,
    }
    done = ansible(
        "ansible-playbook",
        "-i",
        folder / "hosts.ini",
        "-e",
        json.dumps(facts),
        folder / "play.yml",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    texts: dict[str, str] = read_values(done.stdout)["one"]
    return texts


@pytest.mark.thorough
def test_programs_go_straight_to_a_postgresql_that_others_run(tmp_path: Path) -> None:
    authority = tmp_path / "authority.pem"
    authority.write_text("of the service")

    ours = write_all(tmp_path / "ours")
    theirs = write_all(
        tmp_path / "theirs",
        installation_database_host="pg.example.org",
        installation_database_ca=str(authority),
    )

    assert "UDI_DATABASE_REPLICA_PORT=5001\n" in ours["settings"]
    assert "UDI_DATABASE_SSLMODE" not in ours["settings"]
    lines = set(theirs["settings"].splitlines())
    assert {
        "UDI_DATABASE_HOST=pg.example.org",
        "UDI_DATABASE_PORT=5432",
        "UDI_DATABASE_SSLMODE=verify-full",
        "UDI_DATABASE_CA=/etc/udi/database-ca.pem",
    } <= lines
    assert "REPLICA" not in theirs["settings"]
    for part, words in (("proxy", "listen primary"), ("watcher", ":9187")):
        assert words in ours[part]
        assert words not in theirs[part]


def test_no_postgresql_of_ours_is_installed_or_backed_up_beside_one_of_others() -> None:
    plays = yaml.safe_load((PLAY / "site.yml").read_text())
    conditions = {
        role["role"]: role["when"]
        for play in plays
        for role in play.get("roles", [])
        if isinstance(role, dict)
    }

    for role in ("postgresql", "backup"):
        assert "not installation_database_external" in conditions[role]
    assert conditions["database_service"] == "installation_database_external"
