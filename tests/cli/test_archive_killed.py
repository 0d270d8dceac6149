"""Killed in the middle, an export leaves no archive and an import serves nobody; the next try succeeds.

So it is with a copy that follows by a difference, which opens the same as its origin.
"""

import asyncio
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import commands
from tests.cli.archiving import (
    ROOT,
    Life,
    bring,
    elsewhere,
    environment_of,
    export_to,
    files_of,
    forget,
    graph_of,
    home,
    life,
    names,
    other_databases,
    states,
)
from tests.cli.following import begin_copy, change_catalogue, last_difference_to
from udi.cli.archive.tar_file import InvalidArchiveError
from udi.cli.suspension import set_territory_state
from udi.settings import Settings

__all__ = ["elsewhere", "home", "life", "other_databases"]
PATIENCE = 120
IMPORT_STEPS = (
    "organisations and accounts",
    "files:",
    "rows of the databases",
    "hosted node",
)


async def killed(settings: Settings, *arguments: str, at: Callable[[str], bool]) -> int:
    """Run a command and kill it (SIGKILL) when it says a step; its exit status."""

    def run() -> int:
        with commands.start(
            "tenant",
            *arguments,
            environment=environment_of(settings),
            folder=ROOT,
            stdout=subprocess.DEVNULL,
        ) as process:
            assert process.stderr is not None
            for line in process.stderr:
                if at(line):
                    process.kill()
            return process.wait()

    async with asyncio.timeout(PATIENCE):
        return await asyncio.to_thread(run)


@pytest.mark.parametrize(
    "step",
    [
        pytest.param("rows of the databases", marks=pytest.mark.thorough),
        "catalogue for others",
        pytest.param("organisations and accounts", marks=pytest.mark.thorough),
    ],
)
async def test_an_export_leaves_nothing_that_could_be_taken_for_an_archive(
    life: Life, elsewhere: Settings, tmp_path: Path, step: str
) -> None:
    target = tmp_path / "one.tar"

    status = await killed(
        life.settings,
        "export",
        life.slug,
        "--to",
        str(target),
        at=lambda line: step in line,
    )

    assert status == -signal.SIGKILL
    assert names(tmp_path) == [".one.tar.partial"]
    with pytest.raises(InvalidArchiveError):
        await bring(elsewhere, tmp_path / ".one.tar.partial", check_only=True)
    await export_to(life, target)
    assert names(tmp_path) == ["one.tar"]
    assert (await bring(elsewhere, target, check_only=True)).outcome == "checked"


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param(IMPORT_STEPS[-1:], id="last step"),
        pytest.param(IMPORT_STEPS, id="each step", marks=pytest.mark.thorough),
    ],
)
async def test_an_import_killed_at_its_steps_serves_nobody_and_ends_the_same(
    life: Life, elsewhere: Settings, tmp_path: Path, steps: tuple[str, ...]
) -> None:
    path = tmp_path / "one.tar"
    await export_to(life, path)
    for step in steps:
        status = await killed(
            elsewhere, "import", str(path), at=lambda line, step=step: step in line
        )

        assert status == -signal.SIGKILL
        assert set(await states(elsewhere, life.slug)) == {"arriving"}

    done = await bring(elsewhere, path)

    assert done.outcome == "imported"
    assert await states(elsewhere, life.slug) == ["active", "active"]
    assert await graph_of(elsewhere, life.slug) == await graph_of(
        life.settings, life.slug
    )
    assert await files_of(elsewhere, life.id) == await files_of(life.settings, life.id)
    await forget(elsewhere, life.slug)


async def test_a_copy_opens_by_the_last_difference_the_same(
    life: Life, elsewhere: Settings, tmp_path: Path
) -> None:
    first = await begin_copy(life, elsewhere, tmp_path / "first.tar")
    last = tmp_path / "last.tar"
    assert await states(elsewhere, life.slug) == ["arriving", "arriving"]

    await change_catalogue(life, "Arbres suivis")
    counts = await last_difference_to(life, last, first)
    opened = await bring(elsewhere, last)

    assert counts.changed["portal.dataset"] == 2
    assert counts.removed == {"portal.report": 1}
    assert opened.outcome == "imported"
    assert await states(life.settings, life.slug) == ["read_only", "read_only"]
    assert await states(elsewhere, life.slug) == ["active", "active"]
    assert await graph_of(elsewhere, life.slug) == await graph_of(
        life.settings, life.slug
    )
    assert await files_of(elsewhere, life.id) == await files_of(life.settings, life.id)
    await set_territory_state(life.settings, life.slug, "active")
    await forget(elsewhere, life.slug)
