"""Migrations say what the models say."""

import asyncio
import re
from pathlib import Path

import pytest

from udi.kit import migrations
from udi.settings import ProgramName, Settings

SOURCE = Path(__file__).parents[2] / "platform/src/udi"
PROGRAMS: tuple[ProgramName, ...] = ("portal", "node")


@pytest.mark.parametrize("program", PROGRAMS)
async def test_models_and_migrations_agree(settings: Settings, program: ProgramName) -> None:
    await asyncio.to_thread(migrations.check, settings, program)


@pytest.mark.parametrize("program", PROGRAMS)
async def test_nothing_is_pending_after_an_upgrade(settings: Settings, program: ProgramName) -> None:
    assert await asyncio.to_thread(migrations.pending, settings, program) == []


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_migration_is_a_dated_sentence(program: ProgramName) -> None:
    names = [path.name for path in (SOURCE / program / "migrations/versions").glob("*.py")]

    assert names
    assert [name for name in names if not re.fullmatch(r"\d{4}_\d\d_\d\d_\d{4}_[a-z0-9_]+\.py", name)] == []
