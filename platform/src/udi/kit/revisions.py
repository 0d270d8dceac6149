"""Which revisions a program's database passes through, as their files say: whoever only asks for that needs no Alembic.

Alembic takes seven megabytes of each web worker's family (docs/reference/sizing.md).
"""

import ast
from functools import cache
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from udi.settings import ProgramName

Phase = Literal["expand", "contract"]
PACKAGE = Path(__file__).parents[1]


async def find_pending(session: AsyncSession, program: ProgramName) -> list[str]:
    """Expanding revisions that the database does not have yet, oldest first; any role may read where it stands."""
    return missing(program, tuple(await session.scalars(text("SELECT version_num FROM public.alembic_version"))))


def missing(program: ProgramName, heads: tuple[str, ...]) -> list[str]:
    """Those that a database at these heads lacks; one that is ahead of this program (it went back a version) lacks none."""
    revisions = chain(program)
    reached = [revisions.index(head) for head in heads if head in revisions]
    if heads and not reached:
        return []
    return list(revisions[max(reached, default=-1) + 1 :])


def unused_since(program: ProgramName, revision: str) -> str:
    """The version that a contracting revision declares."""
    return str(_declared(program)[revision]["unused_since"])


@cache
def chain(program: ProgramName, phase: Phase = "expand") -> tuple[str, ...]:
    """The revisions of one phase of a program, oldest first."""
    after = {each["down_revision"]: name for name, each in _declared(program).items() if each["phase"] == phase}
    found: list[str] = []
    while (name := after.get(found[-1] if found else None)) is not None:
        found.append(name)
    return tuple(found)


@cache
def _declared(program: ProgramName) -> dict[str, dict[str, Any]]:
    """By revision, the names to which its file gives a plain value."""
    files = (PACKAGE / program / "migrations/versions").glob("*.py")
    return {str(said["revision"]): said for said in map(_read, files)}


def _read(path: Path) -> dict[str, Any]:
    said = {}
    for part in ast.parse(path.read_text()).body:
        if (
            isinstance(part, ast.Assign)
            and isinstance(part.value, ast.Constant)
            and isinstance(part.targets[0], ast.Name)
        ):
            said[part.targets[0].id] = part.value.value
    return said
