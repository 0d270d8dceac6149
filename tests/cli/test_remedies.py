"""What alerts and the doctor say to do is commands that exist, of units that the play installs; some end their fault here."""

import ast
import asyncio
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from fnmatch import fnmatch
from itertools import pairwise
from pathlib import Path
from typing import get_args

import pytest
import yaml

from tests.cli.conftest import Run
from tests.cli.test_documented_commands import check_call
from tests.cli.test_key import aged
from udi.cli.checks.machine import check_machine
from udi.cli.checks.territories import check_territories
from udi.cli.finding import Finding
from udi.cli.remedies import Part, restart
from udi.kit.tenancy import Territory
from udi.settings import Settings

ROOT = Path(__file__).parents[2]
ALERTS = ROOT / "infra/monitoring/alerts.yml"
ROLES = ROOT / "infra/ansible/roles"
CHECKS = [
    *sorted((ROOT / "platform/src/udi/cli/checks").glob("*.py")),
    ROOT / "platform/src/udi/cli/upgrade/checks.py",
]
QUOTED = re.compile(r"`([^`]+)`")
LABEL = re.compile(r"\{\{ \$labels\.(\w+) \}\}")
PLACEHOLDER = re.compile(r"<[\w -]+>")
NAME = re.compile(r"[a-z_=]+")
"""What is quoted and no command: a variable, an option of the kernel."""
PROGRAM = "portal"
"""In place of a label or a name that a remedy is filled with: each program has the same units."""
ANY = "word"
UNIT = re.compile(r"(udi-[\w-]+)\.(?:service|timer|path)\.j2")
PACKAGED = {"nginx", "postgresql", "postgresql@*"}
"""Units that come with packages which the play installs."""
OTHERS = {"certbot", "chmod", "df", "du", "free", "nginx", "timedatectl"}
"""Programs of the system that remedies name."""
SCRIPT = "/usr/local/sbin/{}\\b"
SQL = "ALTER"
"""Tried where its fault is made."""


def list_units() -> set[str]:
    """The units that the play installs, as patterns."""
    names = {
        match[1]
        for path in ROLES.rglob("templates/*.j2")
        if (match := UNIT.fullmatch(path.name))
    }
    return PACKAGED | {f"{n}-*" if n.endswith("-web") else n for n in names}


def find_commands(remedy: str) -> list[str]:
    """What a remedy quotes that is no mere name, with a word in each place that it leaves open."""
    filled = LABEL.sub(
        lambda match: PROGRAM if match[1] in {"job", "program"} else ANY, remedy
    )
    quoted = QUOTED.findall(PLACEHOLDER.sub(ANY, filled))
    return [text for text in quoted if not NAME.fullmatch(text)]


def check_command(command: str) -> None:
    """Fail where a command does not exist, or names a unit that the play does not install."""
    program, *arguments = shlex.split(command.partition(" | ")[0])
    if program == "udi":
        check_call(arguments)
        return
    if program in {"systemctl", "journalctl"}:
        for unit in named_units(program, arguments):
            assert is_installed(unit), f"no unit «{unit}» for {command}"
        return
    assert program in {*OTHERS, SQL} or is_script(program), command


def named_units(program: str, arguments: list[str]) -> Iterator[str]:
    """The units that a command of systemd names."""
    if program == "journalctl":
        for option, value in pairwise(arguments):
            if option == "-u":
                yield value
        return
    yield from (word for word in arguments[1:] if not word.startswith("-"))


def is_installed(unit: str) -> bool:
    units = list_units()
    return unit == ANY or any(fnmatch(unit, u) or fnmatch(u, unit) for u in units)


def is_script(program: str) -> bool:
    place = re.compile(SCRIPT.format(re.escape(program)))
    return any(place.search(path.read_text()) for path in ROLES.rglob("tasks/*.yml"))


def read_alerts() -> dict[str, str]:
    rules = [
        rule
        for group in yaml.safe_load(ALERTS.read_text())["groups"]
        for rule in group["rules"]
    ]
    return {rule["alert"]: rule["annotations"]["remedy"] for rule in rules}


def read_findings() -> list[str]:
    """Each string of the doctor's checks that quotes something; what it is filled with is a word."""
    texts = []
    for path in CHECKS:
        tree = ast.parse(path.read_text())
        parts = {
            id(value)
            for node in ast.walk(tree)
            if isinstance(node, ast.JoinedStr)
            for value in node.values
        }
        described = {
            id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)
        }
        left_out = parts | described
        texts += [read_text(n) for n in ast.walk(tree) if id(n) not in left_out]
    return [text for text in texts if "`" in text]


def read_text(node: ast.AST) -> str:
    """A string of a program; the values in it are words."""
    if isinstance(node, ast.JoinedStr):
        return "".join(
            str(part.value) if isinstance(part, ast.Constant) else ANY
            for part in node.values
        )
    if isinstance(node, ast.Constant):
        return str(node.value)
    return ""


@pytest.mark.parametrize("alert", read_alerts())
def test_the_remedy_of_an_alert_is_commands_that_exist(alert: str) -> None:
    for command in find_commands(read_alerts()[alert]):
        check_command(command)


def test_nearly_every_alert_is_ended_by_a_command() -> None:
    without = [
        alert for alert, text in read_alerts().items() if not find_commands(text)
    ]

    assert without == ["DatabaseCrowded"]


@pytest.mark.parametrize("remedy", sorted(set(read_findings())))
def test_the_remedy_of_a_finding_is_commands_that_exist(remedy: str) -> None:
    for command in find_commands(remedy):
        check_command(command)


@pytest.mark.parametrize("part", get_args(Part))
def test_a_part_is_started_again_as_its_installation_runs_it(
    part: Part, settings: Settings, tmp_path: Path
) -> None:
    environment = tmp_path / "releases/0.3.0/venv"
    environment.mkdir(parents=True)
    (tmp_path / "current").symlink_to("releases/0.3.0")
    of_a_cluster = settings.model_copy(update={"database_replica_port": 5001})

    local_remedy = restart(settings, part)
    deployed_remedy = restart(settings, part, prefix=str(environment))
    cluster_remedy = restart(of_a_cluster, part, prefix=str(environment))
    node_remedy = restart(settings.model_copy(update={"node_name": "quay"}), part)

    remedies = [local_remedy, deployed_remedy, cluster_remedy, node_remedy]
    for remedy in remedies:
        for command in find_commands(remedy):
            check_command(command)
    assert ["`udi up`" in remedy for remedy in remedies] == [True, False, False, False]
    assert "systemctl restart" in deployed_remedy
    assert ("udi-patroni" in cluster_remedy) is (part == "postgres")
    assert "udi node serve" in node_remedy


@pytest.mark.parametrize(
    "command",
    ["udi nothing", "systemctl restart udi-nothing", "rm -r x", "udi tenant resume"],
)
def test_a_command_that_does_not_exist_is_seen(command: str) -> None:
    with pytest.raises(BaseException, match=r"no |No |rm|Missing"):
        check_command(command)


@pytest.fixture
def command_settings(settings: Settings, tmp_path: Path) -> Settings:
    """Secrets of this test's own."""
    folder = Path(shutil.copytree(settings.secrets_folder, tmp_path / "secrets"))
    for path in folder.iterdir():
        path.chmod(0o600)
    return settings.model_copy(update={"secrets": folder})


def select(findings: list[Finding], part: str, name: str) -> Finding:
    [finding] = [f for f in findings if (f.part, f.name) == (part, name)]
    return finding


async def test_the_remedies_of_secrets_end_their_faults(
    command_settings: Settings, run: Run
) -> None:
    folder = command_settings.secrets_folder
    (folder / "file_keys").chmod(0o644)
    keys = folder / "signing_keys"
    keys.write_text(aged(keys.read_text(), timedelta(days=400)))

    before = await check_machine(command_settings)
    [chmod] = find_commands(select(before, "secrets", "file_keys").remedy)
    [rotate] = find_commands(select(before, "signing key", "portal").remedy)
    await asyncio.to_thread(subprocess.run, shlex.split(chmod), check=True)
    await run(*shlex.split(rotate)[1:])
    after = await check_machine(command_settings)

    assert select(before, "signing key", "portal").severity == "warning"
    assert select(after, "secrets", "folder").severity == "ok"
    assert select(after, "signing key", "portal").severity == "ok"


async def test_the_remedy_of_a_suspended_territory_serves_it_again(
    command_settings: Settings, run: Run, demo: Territory
) -> None:
    await run("tenant", "suspend", demo.slug)

    before = await check_territories(command_settings)
    [resume] = find_commands(select(before, "territory", f"{demo.slug} portal").remedy)
    await run(*shlex.split(resume)[1:])
    after = await check_territories(command_settings)

    of_demo = [f for f in after if f.name.startswith(f"{demo.slug} ")]
    assert len(of_demo) > 1
    assert [f.name for f in of_demo if f.message.startswith("Suspended")] == []
