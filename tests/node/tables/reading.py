"""Reading typed tables back, for tests."""

from pathlib import Path
from typing import Any

from tests.cursors import open_cursor
from udi.tabular.columns.column import LINE
from udi.tabular.profiles.conversion import TableConversion, convert_table
from udi.tabular.profiles.corrections import NONE, Corrections
from udi.tabular.profiles.profile import profile_path


def converted(
    file: Path, target: Path, corrections: Corrections = NONE
) -> TableConversion:
    """Convert a file as the node does: profile, then conversion."""
    return convert_table(
        file,
        profile_path(file, corrections=corrections),
        target,
        corrections=corrections,
    )


def rows(target: Path) -> list[tuple[Any, ...]]:
    """All rows of a typed table, in the order of the file."""
    with open_cursor() as cursor:
        return cursor.execute("select * from read_parquet(?)", [str(target)]).fetchall()


def names(target: Path) -> list[str]:
    """Names of the columns of a typed table, after the line."""
    with open_cursor() as cursor:
        described = cursor.execute(
            "describe select * from read_parquet(?)", [str(target)]
        ).fetchall()
    first, *others = (str(row[0]) for row in described)
    assert first == LINE
    return others
