"""Three machines with the database: the one that leads loses its power under load, and nothing acknowledged is lost."""

import importlib.util
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.ansible.database_cluster import Cluster
from tests.ansible.excerpt import read_values, render, show
from tests.ansible.failures import (
    ETCD_TRAFFIC,
    flapping,
    leader_after_leader,
    partition,
    power_cut,
    slow_disk,
    unfollowed_leader,
)
from tests.ansible.machine import (
    PLAY,
    TOOL,
    Machine,
    ansible,
    booted,
    require_tool,
)
from udi.cli.backup import restored_cluster

pytestmark = pytest.mark.programs

CLIENT = Path(__file__).with_name("cluster_client.py")
HARDENING = PLAY / "roles/release/files/hardening.conf"
SYSTEMS = {
    "name": "Systems",
    "hosts": "db",
    "become": True,
    "gather_facts": False,
    "roles": ["installation"],
    "tasks": [
        {
            "name": "Know the system of each machine",
            "ansible.builtin.import_tasks": str(PLAY / "tasks/systems.yml"),
        }
    ],
}
GROUND = {
    "name": "Ground",
    "hosts": "db",
    "become": True,
    "roles": ["secrets"],
    "tasks": [
        {
            "name": "Harden",
            "udi.deployment.files": {
                "files": [
                    {
                        "path": "/etc/systemd/system/udi-.service.d/hardening.conf",
                        "content": f"{{{{ lookup('ansible.builtin.file', '{HARDENING}', rstrip=false) }}}}",
                    }
                ]
            },
        },
        {
            "name": "Bring the client",
            "ansible.builtin.copy": {
                "src": str(CLIENT),
                "dest": "/var/tmp/",
                "mode": "0644",
            },
        },
    ],
}
DATABASE = {
    "name": "Database",
    "hosts": "db",
    "become": True,
    "gather_facts": False,
    "roles": ["inner_proxy", "patroni"],
}
CLIENT_COMMAND = "/opt/udi/patroni/*/bin/python /var/tmp/cluster_client.py"
LOAD = 75.0
BEFORE = 10.0
DARK = 40.0
BELIEVED = 20.0
"""Seconds for which Patroni believes in a leader that it does not hear (`ttl`)."""
SLOW = 1.0
STALLED = 10.0
"""Longer than Patroni waits for etcd (`retry_timeout`)."""
MOST_WRITERS = 10
"""Writers on each machine are numbered from a multiple of this."""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Three machines with the play run once."""
    require_tool()
    folder = tmp_path_factory.mktemp("cluster")
    inventory = folder / "hosts.yml"
    play = folder / "play.yml"
    names = {
        f"udc{os.getpid() % 1000}{letter}": _address(rank)
        for rank, letter in enumerate("abc")
    }
    with ExitStack() as machines:
        hosts = {
            name: machines.enter_context(booted(name, address))
            for name, address in names.items()
        }
        groups = {
            group: {"hosts": dict.fromkeys(hosts)}
            for group in ("db", "identity", "portal", "node", "proxy")
        }
        variables = {
            "installation_host": "udi.test",
            "installation_territories": ["demo"],
        }
        inventory.write_text(
            yaml.safe_dump(
                {"all": {"hosts": hosts, "children": groups, "vars": variables}}
            )
        )
        play.write_text(yaml.safe_dump([SYSTEMS, GROUND, DATABASE]))
        (folder / "files").symlink_to(PLAY / "files")
        cluster = Cluster(
            {
                name: Machine(name, address, inventory)
                for name, address in names.items()
            },
            play,
        )
        cluster.apply()
        cluster.wait()
        yield cluster


def _address(rank: int) -> str:
    return f"10.99.0.{150 + os.getpid() % 30 * 3 + rank}"


@pytest.mark.thorough
def test_a_second_run_changes_nothing(cluster: Cluster) -> None:
    assert cluster.apply().counts == {"changed": 0, "failed": 0}


@dataclass(frozen=True)
class Trial:
    """What befalls one machine, that which leads or one that follows, for how long; who writes elsewhere bears it."""

    name: str
    role: str
    befalls: Callable[[Cluster, str], AbstractContextManager[None]]
    seconds: float = DARK
    most_write_gap: float = 30.0
    most_read_gap: float = 6.0


TRIALS = [
    Trial("power cut of the leader", "Leader", power_cut),
    Trial("leader cut off from the two others", "Leader", partition),
    Trial("follower at each commit cut off", "Sync Standby", partition),
    Trial("slow disk of the leader", "Leader", partial(slow_disk, seconds=SLOW)),
    Trial("slow disk of the follower", "Sync Standby", partial(slow_disk, seconds=SLOW)),
    Trial("leader cut off from etcd alone", "Leader", partial(partition, matches=ETCD_TRAFFIC)),
    Trial("leader hears nobody, and is heard", "Leader", partial(partition, ways=("input",))),
    Trial("leader cut off as long as it is believed", "Leader", partition, seconds=BELIEVED),
    Trial("leader cut off again and again", "Leader", flapping, most_write_gap=DARK),
    Trial("each new leader cut off", "Leader", leader_after_leader, most_write_gap=LOAD, most_read_gap=LOAD),
    Trial("new leader cut off at once", "Leader", unfollowed_leader, BELIEVED, most_write_gap=LOAD, most_read_gap=LOAD),
    Trial("stalled disk of the leader", "Leader", partial(slow_disk, seconds=STALLED)),
]  # fmt: skip


@pytest.fixture(scope="module")
def rows(request: pytest.FixtureRequest) -> Iterator[list[str]]:
    """What each trial cost, shown at the end."""
    lines = [
        "trial | side | acknowledged | lost | stored though not acknowledged | write: silence s, worst client s | read | back s"
    ]
    yield lines
    capture = request.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        sys.stderr.write("\n" + "\n".join(lines) + "\n")


def start_clients(place: str, first: int) -> subprocess.Popen[str]:
    """Writers and readers of one machine, through its inner proxy."""
    command = f"{CLIENT_COMMAND} {LOAD} {first}"
    return subprocess.Popen(
        [TOOL, "exec", place, "--", "sh", "-c", command],
        stdout=subprocess.PIPE,
        text=True,
    )


def list_rows(cluster: Cluster, place: str) -> set[tuple[int, int]]:
    """The rows that the machine that leads has."""
    query = "psql -h /run/postgresql -U postgres -Atc 'SELECT writer, number FROM acknowledged'"
    text = cluster.machines[cluster.find("Leader", place)].run(query)
    rows = set()
    for line in text.split():
        writer, number = line.split("|")
        rows.add((int(writer), int(number)))
    return rows


@pytest.mark.thorough
@pytest.mark.parametrize("trial", TRIALS, ids=lambda trial: trial.name)
def test_nothing_acknowledged_is_lost_whatever_befalls_one_machine(
    cluster: Cluster, rows: list[str], trial: Trial
) -> None:
    """Clients on each machine that lives write, through its own proxy: what one acknowledges alone would be lost."""
    cluster.wait()
    victim = cluster.find(trial.role)
    other, third = (name for name in cluster.machines if name != victim)
    cluster.machines[other].run(f"{CLIENT_COMMAND} prepare")
    places = {"another": other, "the third": third}
    if trial.befalls is not power_cut:
        places["itself"] = victim
    processes = {
        side: start_clients(place, rank * MOST_WRITERS)
        for rank, (side, place) in enumerate(places.items())
    }
    time.sleep(BEFORE)
    with trial.befalls(cluster, victim):
        time.sleep(trial.seconds)
    back = cluster.wait(other, 180)
    figures = {
        side: json.loads(process.communicate(timeout=LOAD + 90)[0])
        for side, process in processes.items()
    }
    stored = list_rows(cluster, other)
    lost = {}
    for rank, (side, figure) in enumerate(figures.items()):
        acknowledged = {
            (int(writer), number)
            for writer, numbers in figure["acknowledged"].items()
            for number in numbers
        }
        lost[side] = len(acknowledged - stored)
        beside = [
            row for row in stored - acknowledged if row[0] // MOST_WRITERS == rank
        ]
        write = figure["write"]
        read = figure["read"]
        rows.append(
            f"{trial.name} | {side} | {len(acknowledged)} | {lost[side]} | {len(beside)} | "
            f"{write['silence']}, {write['worst']} | {read['silence']}, {read['worst']} | {back:.0f}"
        )
        sys.stderr.write(f"{rows[-1]}\n")

    assert lost == dict.fromkeys(figures, 0)
    assert figures["another"]["write"]["done"] > 500
    assert figures["another"]["write"]["worst"] < trial.most_write_gap
    assert figures["another"]["read"]["worst"] < trial.most_read_gap


@pytest.mark.thorough
def test_only_a_machine_of_the_database_may_change_who_leads(cluster: Cluster) -> None:
    leader = next(member for member in cluster.members() if member["Role"] == "Leader")
    api = f"https://{leader['Host']}:8008"
    certificate_options = (
        "--cert /etc/udi/patroni/machine.crt --key /etc/udi/patroni/machine.key"
    )
    ask = f"curl -sk -o /dev/null -w '%{{http_code}}' -X PATCH -d '{{}}' {api}/config"
    machine = cluster.machines[leader["Member"]]

    assert machine.run(ask) == "403"
    assert machine.run(f"{ask} {certificate_options}") == "200"
    assert (
        machine.run(f"curl -sk -o /dev/null -w '%{{http_code}}' {api}/primary") == "200"
    )


@pytest.mark.thorough
def test_no_password_travels_in_clear(cluster: Cluster) -> None:
    leader = next(member for member in cluster.members() if member["Role"] == "Leader")
    enter = f"PGPASSWORD=$(cat /etc/udi/secrets/patroni_superuser_password) PGCONNECT_TIMEOUT=5 psql -h {leader['Host']}"
    machine = cluster.machines[leader["Member"]]

    assert (
        machine.run(f"PGSSLMODE=require {enter} -U postgres -Atc 'SELECT 1'").strip()
        == "1"
    )
    assert "no encryption" in machine.run(
        f"PGSSLMODE=disable {enter} -U postgres -Atc 'SELECT 1' 2>&1 || true"
    )


@pytest.mark.parametrize("count", [2, pytest.param(4, marks=pytest.mark.thorough)])
def test_a_number_of_machines_that_cannot_agree_is_refused_with_the_reason(
    tmp_path: Path, count: int
) -> None:
    hosts = {f"db{number}": {"ansible_connection": "local"} for number in range(count)}
    groups = {
        group: {"hosts": dict.fromkeys(hosts)}
        for group in ("db", "identity", "portal", "node", "proxy")
    }
    variables = {"installation_host": "udi.test", "installation_territories": ["demo"]}
    inventory = tmp_path / "hosts.yml"
    play = tmp_path / "play.yml"
    inventory.write_text(
        yaml.safe_dump({"all": {"hosts": hosts, "children": groups, "vars": variables}})
    )
    play.write_text(
        yaml.safe_dump(
            [
                {
                    "name": "Database",
                    "hosts": "db",
                    "gather_facts": False,
                    "roles": ["patroni"],
                }
            ]
        )
    )

    done = ansible("ansible-playbook", "-i", inventory, play)

    assert done.returncode != 0
    assert "three machines in the group db" in done.stdout


ETCD = {name: f"https://192.0.2.{rank}:2380" for rank, name in enumerate("abcd", 11)}


def member(number: int, name: str, address: str) -> dict[str, Any]:
    """A member as `etcdctl member list -w json` says it; one that never started has no name."""
    return {"ID": number, "name": name, "peerURLs": [ETCD[address]]}


@pytest.fixture(scope="module")
def join_etcd() -> Any:
    """The script that the role patroni runs on a machine."""
    path = PLAY / "roles/patroni/files/join_etcd.py"
    specification = importlib.util.spec_from_file_location("join_etcd", path)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("members", "machines", "absent", "departures", "arrivals"),
    [
        ("abc", "abc", "", [], []),
        ("abc", "abc", "c", [3], ["c"]),
        ("abc", "abd", "d", [3], ["d"]),
        ("ab", "abc", "c", [], ["c"]),
        ("ab-c", "abc", "c", [], []),
    ],
    ids=[
        "all there",
        "a new disk under the same name",
        "another machine",
        "the lost one already removed",
        "the new one already added",
    ],
)
def test_etcd_replaces_the_member_of_a_lost_machine_and_no_other(
    join_etcd: Any,
    members: str,
    machines: str,
    absent: str,
    departures: list[int],
    arrivals: list[str],
) -> None:
    """Letters are machines; after a dash, a member that was added and never started."""
    started, _, added = members.partition("-")
    all_members = [member(number, name, name) for number, name in enumerate(started, 1)]
    all_members += [member(9, "", name) for name in added]
    addresses = {name: ETCD[name] for name in machines}

    departing = join_etcd.list_departures(all_members, addresses, [*absent])
    staying = [entry for entry in all_members if entry not in departing]

    assert [entry["ID"] for entry in departing] == departures
    assert join_etcd.list_arrivals(staying, addresses, [*absent]) == arrivals


def test_etcd_refuses_to_replace_two_machines_at_once(
    join_etcd: Any, tmp_path: Path
) -> None:
    with pytest.raises(SystemExit, match="b and c hold nothing"):
        join_etcd.main(tmp_path, ETCD, ["b", "c"])


def test_etcd_keeps_members_whose_address_changed_in_the_inventory(
    join_etcd: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    members = [member(number, name, name) for number, name in enumerate("abc", 1)]
    calls = []

    def answer(_: Path, *arguments: str) -> str:
        calls.append(arguments[1])
        return json.dumps({"members": members})

    monkeypatch.setattr(join_etcd, "call_etcd", answer)
    renumbered = {"a": ETCD["a"], "b": "https://198.51.100.12:2380", "c": ETCD["d"]}

    with pytest.raises(SystemExit, match=r"192\.0\.2\.12:2380 and .*192\.0\.2\.13"):
        join_etcd.main(tmp_path, renumbered, ["c"])

    assert calls == ["list"]


def run_script(
    folder: Path, name: str, *arguments: str | Path, **programs: str
) -> subprocess.CompletedProcess[str]:
    """Run a script of the role with programs of the machine replaced, and its PostgreSQL in a folder."""
    for program, text in programs.items():
        path = folder / program
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
    text = (PLAY / "roles/patroni/files" / name).read_text()
    script = folder / name
    script.write_text(text.replace("/var/lib/postgresql", str(folder)))
    return subprocess.run(
        ["sh", script, *arguments],
        env={**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )


FORGET = """echo "$1 $2" >>"$0.calls"
case "$1" in get) printf '/udi/udi/config\n\n/udi/udi/leader\n\n/udi/udi/members/a\n' ;; esac"""


def test_etcd_forgets_who_led_and_keeps_the_settings_of_the_cluster(
    tmp_path: Path,
) -> None:
    done = run_script(tmp_path, "forget_cluster.sh", tmp_path, etcdctl=FORGET)

    assert done.returncode == 0, done.stderr
    assert (tmp_path / "etcdctl.calls").read_text().splitlines() == [
        "get --prefix",
        "del /udi/udi/leader",
        "del /udi/udi/members/a",
    ]


def test_a_restore_stops_where_etcd_does_not_answer(tmp_path: Path) -> None:
    done = run_script(tmp_path, "forget_cluster.sh", tmp_path, etcdctl="exit 1")

    assert done.returncode != 0


PSQL = """case "$*" in
*data_directory*) echo "${0%/*}/15/main" ;;
*tablespace*) echo 2 ;;
*) echo C.UTF-8 ;;
esac"""


@pytest.mark.parametrize(
    ("path", "target", "reason"),
    [
        ("15/other", "", ""),
        ("15/udi/base", "", "udi holds files of another database"),
        ("15/main/pg_wal", "/elsewhere", "its pg_wal is a link"),
        ("15/main", "15/disk", "is a link to another place"),
    ],
    ids=["sound", "files of a former cluster", "log on another disk", "a link"],
)
def test_a_database_that_cannot_become_one_of_three_is_refused_before_anything_starts(
    tmp_path: Path, path: str, target: str, reason: str
) -> None:
    for folder in ("15/disk", *(["15/main"] if path != "15/main" else [])):
        (tmp_path / folder).mkdir(parents=True)
    if target:
        (tmp_path / path).symlink_to(tmp_path / target)
    else:
        (tmp_path / path).mkdir(parents=True)

    done = run_script(
        *(tmp_path, "adopt.sh", "show", "15", tmp_path / "15/udi"),
        psql=PSQL,
        systemctl='echo "$*" >"$0.calls"',
        mountpoint="exit 1",
    )

    assert (done.returncode != 0) is bool(reason), done.stderr
    assert reason in done.stderr
    assert done.stdout == ("" if reason else "C.UTF-8\n")
    assert (tmp_path / "systemctl.calls").exists() is not bool(reason)


def test_no_setting_of_the_log_has_it_hold_a_password() -> None:
    """Neither where all statements are logged, nor the slow ones or a part of them."""
    script = (PLAY / "roles/patroni/files/adopt.sh").read_text()
    expected = {
        "log_statement": "none",
        "log_min_error_statement": "panic",
        "log_min_duration_statement": "-1",
        "log_min_duration_sample": "-1",
        "log_transaction_sample_rate": "0",
    }

    for text in (script.partition("ALTER ROLE")[0], restored_cluster.UNLOGGED):
        assert dict(re.findall(r"^SET (\w+) = (\S+);$", text, re.MULTILINE)) == expected


@pytest.mark.parametrize(
    ("databases", "running", "adopts", "joins", "first"),
    [
        pytest.param({"db0": "ours"}, [], True, [], "", id="one machine becomes three"),
        pytest.param({"db0": "theirs"}, [], False, [], "", id="a database of others"),
        pytest.param(
            *({"db1": "ours"}, [], False, [], ""),
            id="not the first",
            marks=pytest.mark.thorough,
        ),
        pytest.param(
            *({"db0": "ours"}, ["db1", "db2"], False, ["db0"], "db1"),
            id="beside a cluster",
        ),
        pytest.param(
            *({}, ["db0", "db2"], False, ["db1"], "db0"),
            id="a machine replaced",
            marks=pytest.mark.thorough,
        ),
        pytest.param(
            {}, [], False, [], "", id="a cluster begun", marks=pytest.mark.thorough
        ),
    ],
)
def test_a_database_is_adopted_and_etcd_joined_only_where_that_is_sound(
    tmp_path: Path,
    *,
    databases: dict[str, str],
    running: list[str],
    adopts: bool,
    joins: list[str],
    first: str,
) -> None:
    hosts = {
        f"db{number}": {
            "ansible_connection": "local",
            "ansible_python_interpreter": sys.executable,
            "installation_private_address": f"192.0.2.{number + 11}",
            "patroni_other": {"stat": {"exists": f"db{number}" in databases}},
            "patroni_alone": {
                "stat": {"exists": databases.get(f"db{number}") == "ours"}
            },
            "patroni_before": {
                "etcd": f"db{number}" in running,
                "patroni": f"db{number}" in running,
            },
            "patroni_etcd_data": {"stat": {"exists": f"db{number}" in running}},
            "patroni_etcd_joined": {"stat": {"exists": False}},
        }
        for number in range(3)
    }
    groups = {
        group: {"hosts": dict.fromkeys(hosts)}
        for group in ("db", "identity", "portal", "node", "proxy")
    }
    variables = {"installation_host": "udi.test", "installation_territories": ["demo"]}
    read = {"ansible.builtin.include_vars": str(PLAY / "roles/patroni/vars/main.yml")}
    values = show(
        {
            "adopts": "patroni_adopts",
            "first": "patroni_etcd_running | first | default('')",
            "etcd": render(PLAY / "roles/patroni/templates/etcd.yml.j2"),
        }
    )
    play = {"hosts": "db", "gather_facts": False, "roles": ["installation"]}
    (tmp_path / "play.yml").write_text(
        yaml.safe_dump([{**play, "tasks": [read, values]}])
    )
    (tmp_path / "hosts.yml").write_text(
        yaml.safe_dump({"all": {"hosts": hosts, "children": groups, "vars": variables}})
    )

    done = ansible(
        "ansible-playbook", "-i", tmp_path / "hosts.yml", tmp_path / "play.yml"
    )

    assert done.returncode == 0, done.stdout + done.stderr
    values_by_host = read_values(done.stdout)
    assert values_by_host.keys() == hosts.keys()
    assert {values["adopts"] for values in values_by_host.values()} == {adopts}
    assert {values["first"] for values in values_by_host.values()} == {first}
    assert [
        host
        for host in hosts
        if "initial-cluster-state: existing" in values_by_host[host]["etcd"]
    ] == joins
