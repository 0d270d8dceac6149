"""The parts of `.ci/run` are all of the tests, each once, and both forges run every part."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PART = re.compile(r"^  (\w+)\) (.+) ;;$", re.MULTILINE)
FOLDER = re.compile(r"tests/\w+")
QUICK, MUTANTS = "quick", "mutants"


def read_parts() -> dict[str, str]:
    """Return the command of each part of `.ci/run`."""
    return dict(PART.findall((ROOT / ".ci/run").read_text()))


def read_github_parts(run: str) -> list[str]:
    workflow = "night" if run == "night" else "ci"
    jobs = yaml.safe_load((ROOT / f".github/workflows/{workflow}.yml").read_text())
    parts: list[str] = jobs["jobs"]["test"]["strategy"]["matrix"]["part"]
    return parts


def read_gitlab_parts(run: str) -> list[str]:
    jobs = yaml.safe_load((ROOT / ".gitlab-ci.yml").read_text())
    [matrix] = jobs[run]["parallel"]["matrix"]
    parts: list[str] = matrix["PART"]
    return parts


def test_each_folder_of_tests_is_in_one_part() -> None:
    folders = {
        f"tests/{path.relative_to(ROOT / 'tests').parts[0]}"
        for path in (ROOT / "tests").rglob("test_*.py")
    }
    named = [
        folder
        for command in read_parts().values()
        for folder in FOLDER.findall(command)
    ]

    assert sorted(named) == sorted(folders)


def test_one_part_checks_the_style() -> None:
    commands = list(read_parts().values())

    assert [command for command in commands if command.endswith("./udi test --fast")]


@pytest.mark.parametrize("read", [read_github_parts, read_gitlab_parts])
def test_each_forge_runs_every_part(read: Callable[[str], list[str]]) -> None:
    assert sorted(read("test")) == sorted(read_parts().keys() - {MUTANTS})


@pytest.mark.parametrize("read", [read_github_parts, read_gitlab_parts])
def test_each_forge_runs_every_part_and_the_mutants_in_a_night(
    read: Callable[[str], list[str]],
) -> None:
    assert sorted(read("night")) == sorted(read_parts().keys() - {QUICK})


def read_schedules() -> list[str]:
    """Return the commands that a night runs."""
    github = yaml.safe_load((ROOT / ".github/workflows/night.yml").read_text())
    gitlab = yaml.safe_load((ROOT / ".gitlab-ci.yml").read_text())
    return [github["jobs"]["test"]["steps"][-1]["run"], *gitlab["night"]["script"]]


def test_a_night_runs_what_a_change_leaves_out() -> None:
    assert [command.split()[-1] for command in read_schedules()] == ["--all", "--all"]


@pytest.mark.parametrize(
    ("part", "depth", "named"),
    [("nowhere", "", "«nowhere»"), ("node", "--deep", "«--deep»")],
)
def test_what_is_no_part_and_no_depth_is_refused(
    part: str, depth: str, named: str
) -> None:
    refused = subprocess.run(
        [ROOT / ".ci/run", part, depth], capture_output=True, text=True, check=False
    )

    assert (refused.returncode, named in refused.stderr) == (2, True)


def test_both_forges_have_the_same_questions_for_a_change() -> None:
    github = ROOT / ".github/PULL_REQUEST_TEMPLATE.md"
    gitlab = ROOT / ".gitlab/merge_request_templates/Default.md"

    assert github.read_text() == gitlab.read_text()
