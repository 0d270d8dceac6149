"""Migrations say what the models say."""

import asyncio
import re
from pathlib import Path

import pytest

from tests.rules.compatibility import faults
from udi.kit import migrations, revisions
from udi.settings import ProgramName, Settings

SOURCE = Path(__file__).parents[2] / "platform/src/udi"
PROGRAMS: tuple[ProgramName, ...] = ("portal", "node")
REVISIONS = sorted(SOURCE.glob("*/migrations/versions/*.py"))


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


@pytest.mark.parametrize("path", REVISIONS, ids=lambda path: path.stem)
def test_a_revision_leaves_the_program_of_the_release_before_alone(path: Path) -> None:
    assert faults(path) == []


@pytest.mark.parametrize("program", PROGRAMS)
def test_expanding_revisions_are_one_chain_and_contracting_ones_another(program: ProgramName) -> None:
    expand, contract = revisions.chain(program), revisions.chain(program, "contract")

    assert len(expand) + len(contract) == len([path for path in REVISIONS if program in path.parts])
    assert contract == () or expand[-1] not in contract


@pytest.mark.parametrize(
    "does",
    [
        'op.drop_column("project", "title", schema="app")',
        'op.drop_table("project")',
        'op.rename_table("project", "plan")',
        'op.alter_column("project", "title", new_column_name="name")',
        'op.alter_column("project", "size", type_=sa.Integer)',
        'op.alter_column("project", "title", nullable=False)',
        'op.add_column("project", sa.Column("title", sa.Text, nullable=False), schema="app")',
        'op.create_unique_constraint("uq_project_title", "project", ["title"])',
        'op.create_index("ix_project_title", "project", ["title"], unique=True)',
        'op.execute("ALTER TABLE app.project DROP COLUMN title")',
        'op.execute("ALTER TABLE app.project RENAME COLUMN title TO name")',
        'op.execute("ALTER TABLE app.project ALTER COLUMN size TYPE integer")',
        'op.execute("ALTER TABLE app.project ALTER title SET NOT NULL")',
        'op.execute("ALTER TABLE app.project ADD COLUMN title text NOT NULL")',
        'op.execute("alter table app.project add constraint c check (size > 0)")',
    ],
)
def test_what_the_program_before_would_notice_is_found(tmp_path: Path, does: str) -> None:
    path = tmp_path / "revision.py"
    text = f'phase = "expand"\n\n\ndef upgrade() -> None:\n    {does}\n'

    path.write_text(text)
    assert len(faults(path)) == 1

    path.write_text(f'compatible_because = "no release has written to this table yet"\n{text}')
    assert faults(path) == []

    path.write_text(f'unused_since = "0.3.0"\n{text.replace("expand", "contract")}')
    assert faults(path) == []


@pytest.mark.parametrize(
    "does",
    [
        'op.add_column("project", sa.Column("title", sa.Text), schema="app")',
        'op.add_column("project", sa.Column("title", sa.Text, nullable=False, server_default=""), schema="app")',
        'op.create_index("ix_project_title", "project", ["title"])',
        'op.alter_column("project", "title", nullable=True)',
        "op.execute(\"ALTER TABLE app.project ADD COLUMN title text NOT NULL DEFAULT ''\")",
        'op.create_table("project", sa.Column("title", sa.Text, nullable=False))\n'
        '    op.create_unique_constraint("uq_project_title", "project", ["title"])',
    ],
)
def test_additions_are_allowed(tmp_path: Path, does: str) -> None:
    path = tmp_path / "revision.py"
    path.write_text(f'phase = "expand"\n\n\ndef upgrade() -> None:\n    {does}\n')

    assert faults(path) == []


@pytest.mark.parametrize("text", ["", 'phase = "both"\n', 'phase = "contract"\n'])
def test_a_revision_says_its_phase_and_a_contracting_one_since_when(tmp_path: Path, text: str) -> None:
    path = tmp_path / "revision.py"
    path.write_text(text)

    assert len(faults(path)) == 1
