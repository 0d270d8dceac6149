"""The doctor names units that failed or start again and again, those of an older release, and a clock that nothing sets."""

from dataclasses import replace
from pathlib import Path

import pytest

from udi.cli.checks.machine import check_disks, check_reader
from udi.cli.checks.units import (
    assess_clock,
    assess_releases,
    assess_units,
    check_units,
    parse_properties,
)
from udi.cli.units import ServiceUnit, find_current_release
from udi.settings import Settings

NOW = 10_000.0
RUNNING = {
    "Id": "udi-portal-web-8000.service",
    "ActiveState": "active",
    "SubState": "running",
    "Result": "success",
    "NRestarts": "0",
    "ActiveEnterTimestampMonotonic": "9990000000",
}
UNIT = ServiceUnit("udi-portal-worker", "worker", None, "0.2.0")


def write(*units: dict[str, str]) -> str:
    """Units as `systemctl show` prints them."""
    blocks = [
        "\n".join(f"{name}={value}" for name, value in unit.items()) for unit in units
    ]
    return "\n\n".join(blocks) + "\n"


def test_units_that_run_are_all_right_and_those_that_are_not_there_are_left_out() -> (
    None
):
    parsed = parse_properties(write(RUNNING, {"Id": ""}, RUNNING))

    [finding] = assess_units(parsed, NOW)

    assert len(parsed) == 2
    assert finding.severity == "ok"
    assert parse_properties("") == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"ActiveState": "failed", "Result": "oom-kill"}, "It failed (oom-kill)."),
        (
            {
                "ActiveState": "activating",
                "SubState": "auto-restart",
                "NRestarts": "41",
            },
            "It was started again 41 times, and ended again.",
        ),
        ({"NRestarts": "3"}, "It was started again 3 times, the last 10 s ago."),
    ],
)
def test_a_unit_that_failed_or_starts_again_and_again_has_the_commands_that_end_it(
    changes: dict[str, str], words: str
) -> None:
    [finding] = assess_units(
        parse_properties(write({**RUNNING, **changes}, RUNNING)), NOW
    )

    assert (finding.severity, finding.name) == ("fault", RUNNING["Id"])
    assert finding.message == words
    assert f"systemctl reset-failed {RUNNING['Id']}" in finding.remedy
    assert f"systemctl restart {RUNNING['Id']}" in finding.remedy


@pytest.mark.parametrize(
    "changes",
    [{"NRestarts": "2"}, {"NRestarts": "9", "ActiveEnterTimestampMonotonic": "1"}],
)
def test_a_unit_that_runs_well_since_is_no_fault(changes: dict[str, str]) -> None:
    [finding] = assess_units([{**RUNNING, **changes}], NOW)

    assert finding.severity == "ok"


def test_a_unit_of_an_older_release_is_named_with_the_command() -> None:
    none = replace(UNIT, name="udi-keycloak", release=None)

    [behind] = assess_releases([UNIT, none], "0.3.0")
    [right] = assess_releases([UNIT, none], "0.2.0")

    assert (behind.severity, behind.name) == ("warning", "udi-portal-worker")
    assert "0.2.0, and 0.3.0 is installed" in behind.message
    assert "systemctl restart udi-portal-worker" in behind.remedy
    assert right.severity == "ok"
    assert assess_releases([UNIT], None) == []


def test_the_release_that_starts_is_the_one_that_the_link_names(tmp_path: Path) -> None:
    environment = tmp_path / "releases/0.3.0/venv"
    environment.mkdir(parents=True)
    before = find_current_release(str(environment))
    (tmp_path / "current").symlink_to("releases/0.3.0")

    assert before is None
    assert find_current_release(str(environment)) == "0.3.0"
    assert find_current_release(str(tmp_path)) is None


def test_a_clock_that_nothing_sets_is_a_warning() -> None:
    finding = assess_clock("no\n")

    assert finding.severity == "warning"
    assert "timedatectl set-ntp true" in finding.remedy
    assert assess_clock("yes\n").severity == assess_clock("").severity == "ok"


async def test_a_machine_without_units_of_ours_has_no_finding(
    settings: Settings,
) -> None:
    assert await check_units(settings) == []


async def test_the_room_of_backups_is_looked_at_where_they_go_to_a_folder(
    settings: Settings, tmp_path: Path
) -> None:
    plan = tmp_path / "backup.toml"
    planned = settings.model_copy(update={"backup_plan": plan})
    names = []
    for repository in (str(tmp_path / "backups"), "s3://bucket/prefix"):
        plan.write_text(f'repository = "{repository}"\n')
        names.append({finding.name for finding in check_disks(planned)})

    assert names[0] - names[1] == {"backups"}


async def test_a_process_that_reads_files_can_be_started() -> None:
    finding = await check_reader()

    assert finding.severity == "ok"
