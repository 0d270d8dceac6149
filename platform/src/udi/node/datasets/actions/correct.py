"""What a producer corrects of what was understood of a file."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import InvalidError, Refusal
from udi.kit.identity import Actor
from udi.node.datasets.actions.draft import request_preparation
from udi.node.datasets.models import Dataset, Version
from udi.node.datasets.versions.findings import (
    corrections_of,
    named_tables_of,
    tables_dropped_of,
)
from udi.tabular.columns.column import ColumnType
from udi.tabular.formats.text_encoding import CHARSETS
from udi.tabular.profiles.corrections import SYSTEMS, CorrectedType, Corrections
from udi.tabular.profiles.named_tables import MOST_LEFT
from udi.tabular.profiles.profile import Profile

LARGEST_LINE = 1_000


def read_corrections(
    form: Mapping[str, Any], profile: Profile
) -> tuple[Corrections, list[Refusal]]:
    """What the form says, and what is wrong with it; a field left as it was understood corrects nothing.

    The type of column number n is the field `type-n`.
    """
    line = str(form.get("header_line") or "").strip()
    refusals = list[Refusal]()
    header = int(line) if line.isascii() and line.isdigit() else None
    if line and (header is None or header > LARGEST_LINE):
        refusals.append(
            Refusal(
                "header_line",
                "This is not a line number.",
                "Write 0 if no line names the columns.",
            )
        )
    encoding = str(form.get("encoding") or "")
    sheet = str(form.get("sheet") or "")
    if encoding and encoding not in CHARSETS.values():
        refusals.append(Refusal("encoding", "Choose one of the proposed answers."))
    if sheet and sheet not in {profile_sheet.name for profile_sheet in profile.sheets}:
        refusals.append(Refusal("sheet", "Choose one of the proposed answers."))
    crs = str(form.get("crs") or "")
    if crs and crs not in SYSTEMS:
        refusals.append(Refusal("crs", "Choose one of the proposed answers."))
    types = {}
    for index, column in enumerate(profile.columns):
        type_code = str(form.get(f"type-{index}") or "")
        if type_code and type_code not in list(ColumnType):
            refusals.append(
                Refusal(f"type-{index}", "Choose one of the proposed answers.")
            )
        elif type_code:
            types[column.name] = CorrectedType(ColumnType(type_code))
    delimiter = {"tab": "\t"}.get(
        str(form.get("delimiter") or ""), str(form.get("delimiter") or "")
    )
    return Corrections(encoding, delimiter[:1], header, sheet, types, crs), refusals


def keep_lines(corrections: Corrections, before: Corrections) -> Corrections:
    """The same with what was settled of the lines, but for the header given now; another sheet has other lines.

    Columns in which zeros are put back stay, as do the choice of a mended copy and the tables that are left out.
    """
    corrections = replace(
        corrections,
        zeros=before.zeros,
        mended=before.mended,
        mended_zeros=before.mended_zeros,
        left_out=before.left_out,
    )
    if corrections.sheet != before.sheet:
        return corrections
    lines = before.lines
    if corrections.header_line is not None:
        lines = replace(lines, header=None)
    return replace(corrections, lines=lines)


def leave_table_out(version: Version, title: str, *, leave: bool) -> Corrections:
    """The corrections of a version with a table beside the main one left out, or put back.

    Raises:
        InvalidError: its file has no table of this title.
    """
    titles = {table.title for table in named_tables_of(version)}
    titles |= {*tables_dropped_of(version)}
    if title not in titles:
        raise InvalidError(refusals=[Refusal("title", "The file has no such table.")])
    before = corrections_of(version)
    others = tuple(other for other in before.left_out if other != title)
    if leave:
        others = (*others, title)[-MOST_LEFT:]
    return replace(before, left_out=others)


async def correct_version(
    session: AsyncSession,
    actor: Actor,
    dataset: Dataset,
    version: Version,
    corrections: Corrections,
) -> None:
    """Have a file read again as its producer says it should be; those that replace it are too.

    It is the newest one of its dataset, or of one of its parts.
    """
    before = corrections_of(version)
    corrections = replace(
        corrections,
        treatments=before.treatments,
        schema=before.schema,
        made_from=before.made_from,
    )
    marks = {"part": str(version.part_id)} if version.part_id else {}
    dataset.record_event(actor, "version.corrected", number=version.number, **marks)
    await request_preparation(session, version, corrections.as_json(), promptly=True)
