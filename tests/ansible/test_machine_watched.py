"""A machine that the play made is watched: everything answers with its numbers, on loopback, and alerts go somewhere."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.ansible.machine import Machine

pytestmark = pytest.mark.thorough
JOBS = {
    "portal": 2,
    "node": 2,
    "identity": 1,
    "machine": 1,
    "postgresql": 1,
    "watch": 1,
}
"""Targets of each job on one machine, the addresses that visitors open apart."""
PATIENCE = 150


def ask(machine: Machine, path: str) -> Any:
    """What Prometheus says on the machine."""
    return json.loads(
        machine.run(f"curl --silent --fail 'http://127.0.0.1:9090/api/v1/{path}'")
    )["data"]


def counted(machine: Machine) -> dict[str, list[str]]:
    """State of each target, by job."""
    health_by_job: dict[str, list[str]] = {}
    for target in ask(machine, "targets")["activeTargets"]:
        health_by_job.setdefault(target["labels"]["job"], []).append(target["health"])
    return health_by_job


def wait_until(reached: Callable[[], bool], describe: Callable[[], Any]) -> None:
    """Wait a few collections long, and fail with what is so instead."""
    deadline = time.monotonic() + PATIENCE
    while not reached():
        assert time.monotonic() < deadline, describe()
        time.sleep(3)


def test_every_program_machine_and_database_tells_its_numbers(machine: Machine) -> None:
    wait_until(
        lambda: (
            {state for states in counted(machine).values() for state in states}
            == {"up"}
        ),
        lambda: counted(machine),
    )

    target_counts = {job: len(states) for job, states in counted(machine).items()}
    assert target_counts.pop("place") >= 4
    assert target_counts == JOBS


def test_the_database_answers_its_exporter_which_may_read_statistics_only(
    machine: Machine,
) -> None:
    may = machine.run(
        "psql -h /run/postgresql -U postgres -d postgres -tAc "
        "\"SELECT rolsuper, rolcreaterole, pg_has_role(oid, 'pg_monitor', 'member') FROM pg_roles WHERE rolname = 'prometheus'\""
    )

    assert may.strip() == "f|f|t"
    assert [
        sample["value"][1] for sample in ask(machine, "query?query=pg_up")["result"]
    ] == ["1"]


def test_each_address_answers_as_visitors_see_it(machine: Machine) -> None:
    def probed() -> list[str]:
        return [
            sample["value"][1]
            for sample in ask(machine, "query?query=probe_success")["result"]
        ]

    wait_until(lambda: set(probed()) == {"1"}, probed)

    assert len(probed()) >= 4


def test_the_alerts_are_loaded_and_nobody_is_disturbed_for_nothing(
    machine: Machine,
) -> None:
    rules = [
        rule for group in ask(machine, "rules")["groups"] for rule in group["rules"]
    ]

    assert {rule["health"] for rule in rules} <= {"ok", "unknown"}
    assert len(rules) > 20
    firing = {rule["name"] for rule in rules if rule["state"] == "firing"}
    assert firing == set()


def test_what_watches_listens_on_loopback_only(machine: Machine) -> None:
    ports = ("9090", "9093", "9094", "9100", "9115", "9187")
    listening = [line.split()[3] for line in machine.run("ss -ltnH").splitlines()]

    watching = [address for address in listening if address.rpartition(":")[2] in ports]
    assert len(watching) >= 4
    assert {address.rpartition(":")[0] for address in watching} == {"127.0.0.1"}
