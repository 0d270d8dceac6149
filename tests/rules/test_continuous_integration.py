"""The parts of `.ci/run` are all of the tests, each once, and both forges run every part."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PART = re.compile(r"^  (\w+)\) (.+) ;;$", re.MULTILINE)
FOLDER = re.compile(r"tests/\w+")


def read_parts() -> dict[str, str]:
    """Return the command of each part of `.ci/run`."""
    return dict(PART.findall((ROOT / ".ci/run").read_text()))


def read_github_parts() -> list[str]:
    jobs = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())["jobs"]
    parts: list[str] = jobs["test"]["strategy"]["matrix"]["part"]
    return parts


def read_gitlab_parts() -> list[str]:
    jobs = yaml.safe_load((ROOT / ".gitlab-ci.yml").read_text())
    [matrix] = jobs["test"]["parallel"]["matrix"]
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
def test_each_forge_runs_every_part(read: Callable[[], list[str]]) -> None:
    assert sorted(read()) == sorted(read_parts())


def test_both_forges_have_the_same_questions_for_a_change() -> None:
    github = ROOT / ".github/PULL_REQUEST_TEMPLATE.md"
    gitlab = ROOT / ".gitlab/merge_request_templates/Default.md"

    assert github.read_text() == gitlab.read_text()
