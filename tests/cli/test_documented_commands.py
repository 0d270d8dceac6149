"""Every `udi …` line of the documentation is one that the command line takes."""

import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer

from bench.__main__ import app as measures
from tests.command import app as checks
from udi.cli.main import build_app

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
CALL = re.compile(r"^(?:[A-Z_]+=\S+ )*(?:sudo )?(?:\./|bin/)?udi (.+)$")
REDIRECTION = re.compile(r"\s[<>|].*")
"""What the shell does with what a command reads or writes."""
PLACEHOLDER = re.compile(r"<([\w -]+)>")


def calls(page: Path) -> Iterator[str]:
    """The arguments of each call in the shell blocks of a page."""
    for block in BLOCK.findall(page.read_text()):
        for line in block.replace("\\\n", " ").splitlines():
            if match := CALL.match(line.strip()):
                yield REDIRECTION.sub("", PLACEHOLDER.sub("word", match.group(1)))


def check_call(arguments: list[str]) -> None:
    """Read a call as the command line does, without running it, and fail where it would refuse it."""
    name = arguments[0]
    group = find_group(name)
    if name in IN_A_CLONE:
        arguments = arguments[1:]
    while hasattr(group, "commands"):
        name, *arguments = arguments
        assert name in group.commands, f"no command «{name}»"
        group = group.commands[name]
    group.make_context(group.name, arguments)


@cache
def find_group(name: str) -> Any:
    """The commands among which a call's first word is looked for."""
    return typer.main.get_command(IN_A_CLONE.get(name) or build_app())


IN_A_CLONE = {"bench": measures, "test": checks}
WRITTEN = [
    (page, call) for page in PAGES for call in calls(page) if "--help" not in call
]


@pytest.mark.parametrize(
    ("page", "call"),
    WRITTEN,
    ids=lambda value: value.name if isinstance(value, Path) else value,
)
def test_a_call_of_the_documentation_is_taken(page: Path, call: str) -> None:
    check_call(shlex.split(call, comments=True))


def test_a_call_that_does_not_exist_is_seen() -> None:
    assert len(WRITTEN) > 20
    with pytest.raises(AssertionError, match="no command «nothing»"):
        check_call(["tenant", "nothing"])
    with pytest.raises(Exception, match="No such option"):
        check_call(["tenant", "list", "--nothing"])
