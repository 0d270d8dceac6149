"""No table is forgotten: each that says whose its rows are is carried by an archive, or left out with the reason."""

import json
import re
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import text

from udi.cli.archive import contents
from udi.kit.db import Database
from udi.kit.rows import ImportMapping, parse_rows
from udi.settings import ProgramName, Settings

PAGE = Path(__file__).parents[2] / "docs/reference/archive.md"


@pytest.mark.parametrize("program", contents.PROGRAMS)
async def test_every_table_of_a_territory_is_carried_or_left_out_with_the_reason(
    settings: Settings, program: ProgramName
) -> None:
    database = Database(settings, program)
    query = text(
        "SELECT table_name FROM information_schema.columns WHERE table_schema = 'app' AND column_name = 'tenant_id'"
    )
    async with database.platform_session(role="owner") as session:
        tables = set(await session.scalars(query))
    await database.close()

    carried = {carried_table.name for carried_table in contents.CARRIED[program]}
    left_out = {
        omitted_table.name: omitted_table.reason
        for omitted_table in contents.LEFT_OUT[program]
    }

    assert len(carried) > 3
    assert carried | left_out.keys() == tables - {"trial"}
    assert not carried & left_out.keys()
    assert all(len(reason.split()) > 4 for reason in left_out.values())


@pytest.mark.parametrize("program", contents.PROGRAMS)
def test_columns_that_are_drawn_anew_or_hold_addresses_exist(
    program: ProgramName,
) -> None:
    for carried_table in contents.CARRIED[program]:
        assert carried_table.regenerated_columns | carried_table.address_columns <= set(
            carried_table.table.columns.keys()
        )


def test_a_column_that_the_database_fills_is_not_carried() -> None:
    [datasets] = [
        carried_table
        for carried_table in contents.CARRIED["portal"]
        if carried_table.name == "dataset"
    ]
    names = {column.name for column in datasets.columns}

    assert "title" in names
    assert "title_folded" not in names


def test_what_an_archive_of_an_earlier_release_says_twice_is_read_once() -> None:
    [datasets] = [
        carried_table
        for carried_table in contents.CARRIED["portal"]
        if carried_table.name == "dataset"
    ]
    record = {"summary": [{"lang": "fr", "text": "Chaque arbre."}]}
    line = json.dumps(
        {"title": "Arbres", "summary": {"fr": "Chaque arbre."}, "record": record}
    ).encode()

    assert list(parse_rows(datasets, [line], ImportMapping())) == [
        {"title": "Arbres", "record": record}
    ]
    with pytest.raises(ValueError, match="not a row of dataset"):
        list(
            parse_rows(
                datasets, [line.replace(b"summary", b"summery", 1)], ImportMapping()
            )
        )


def test_identifiers_of_a_list_are_identifiers_again() -> None:
    [datasets] = [
        carried_table
        for carried_table in contents.CARRIED["node"]
        if carried_table.name == "dataset"
    ]
    part = UUID(int=5)
    line = json.dumps({"id": str(part), "accepted_parts": [str(part)]}).encode()

    assert list(parse_rows(datasets, [line], ImportMapping())) == [
        {"id": part, "accepted_parts": [part]}
    ]


def test_every_entry_is_documented_with_what_it_holds() -> None:
    page = PAGE.read_text()
    named = set(re.findall(r"^\| `([^`]+)`", page, re.MULTILINE))
    left_out = {
        f"{program}.{omitted_table.name}"
        for program in contents.PROGRAMS
        for omitted_table in contents.LEFT_OUT[program]
    }

    assert (
        contents.FIXED_ENTRIES
        | {"tenant/<name>", "files/<sha256>", "manifest.json", "signature.json"}
        <= named
    )
    assert left_out <= named
    assert [
        omitted_table.reason
        for program in contents.PROGRAMS
        for omitted_table in contents.LEFT_OUT[program]
        if omitted_table.reason not in page
    ] == []
    assert f"Format {contents.FORMAT}" in page
