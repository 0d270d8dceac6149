"""A register as CSV: taken, changed, imported; every error by line and column, and nothing half done."""

import csv
import io
from html import unescape
from typing import Any
from uuid import uuid4

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.depth import by_depth
from tests.portal.selfdata.conftest import ENGLISH, REGISTER, TownHall
from udi.kit.csv_writer import ACTIVE
from udi.kit.errors import InvalidError
from udi.portal.selfdata.register_csv import read_register_file

HEADER = "service;people;data;purpose;legal_basis;special_data;retention;moments;state"
LINE = (
    "Crèche;Enfants;Noms;Accueillir;public_task;oui;Deux ans;childhood care;published"
)


async def send(town_hall: TownHall, content: bytes | str) -> httpx.Response:
    data = content.encode() if isinstance(content, str) else content
    files = {"file": ("register.csv", data, "text/csv")}
    return await town_hall.manager.post(
        f"{REGISTER}/import", files=files, headers=ENGLISH
    )


async def read_table(town_hall: TownHall) -> list[dict[str, str]]:
    answer = await town_hall.manager.get(f"{REGISTER}/export.csv")
    text = answer.content.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text), delimiter=";"))


def write_table(rows: list[dict[str, str]]) -> str:
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue()


async def test_a_table_is_taken_changed_and_imported(town_hall: TownHall) -> None:
    row = await town_hall.add(service_en="Canteen", purpose="=1+1")
    await town_hall.add(service="Médiathèque")
    [canteen, library] = await read_table(town_hall)
    assert canteen["service_en"] == "Canteen"
    assert canteen["purpose"] == "'=1+1"
    canteen["retention"] = "Trois ans"

    sent = await send(town_hall, write_table([canteen, {**library, "id": ""}]))

    assert sent.status_code == 303
    rows = {entry.id: entry for entry in await town_hall.entries()}
    assert len(rows) == 3
    assert rows[row.id].retention == "Trois ans"
    assert rows[row.id].purpose == "=1+1"
    assert rows[row.id].texts_of("service")["en"] == "Canteen"


@by_depth(
    "text",
    ["=1+1", "'=1+1", "''=1+1", "-", "'- un\n- deux", "'+", "@x", "'", "'a", "a'="],
    by_default=[0, 1, 3],
)
async def test_a_text_is_the_same_after_a_table_and_its_import(
    town_hall: TownHall, text: str
) -> None:
    row = await town_hall.add(purpose=text, purpose_en=text)
    [line] = await read_table(town_hall)
    without = {name: line[name] for name in ("id", "service", "people")}

    whole = await send(town_hall, write_table([line]))
    part = await send(town_hall, write_table([without]))

    [after] = await town_hall.entries()
    assert (whole.status_code, part.status_code) == (303, 303)
    assert not line["purpose"].startswith(ACTIVE)
    assert (after.id, after.texts_of("purpose")) == (row.id, {"fr": text, "en": text})


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@by_depth("separator", [";", ",", "\t"], by_default=[0])
async def test_a_table_of_any_spreadsheet_is_read(
    town_hall: TownHall, encoding: str, separator: str
) -> None:
    table = f"{HEADER}\r\n{LINE}\r\n;;;;;;;;\r\n".replace(";", separator)

    sent = await send(town_hall, table.encode(encoding))

    assert sent.status_code == 303
    [row] = await town_hall.entries()
    assert (row.service, row.special_data, row.state) == ("Crèche", True, "published")
    assert row.moments == ["childhood", "care"]
    assert (await town_hall.statement()).holds_data


@by_depth(
    ("changed", "place"),
    [
        ({"legal_basis": "because"}, "Line 3, column legal_basis"),
        ({"special_data": "perhaps"}, "Line 3, column special_data"),
        ({"moments": "moon"}, "Line 3, column moments"),
        ({"state": "hidden"}, "Line 3, column state"),
        ({"service": ""}, "Line 3, column service"),
        ({"retention": ""}, "Line 3, column retention"),
        ({"people": "x" * 301}, "Line 3, column people"),
        ({"language": "de"}, "Line 3, column language"),
        ({"id": "moon"}, "Line 3, column id"),
        ({"id": str(uuid4())}, "Line 3, column id"),
        ({"nonsense": "1"}, "Line 1, column nonsense"),
    ],
    by_default=[0],
)
async def test_an_error_has_its_line_and_column(
    town_hall: TownHall, changed: dict[str, str], place: str
) -> None:
    names = HEADER.split(";")
    sound = dict(zip(names, LINE.split(";"), strict=True))
    empty = dict.fromkeys(changed, "")
    rows = [empty | sound, empty | sound | changed]

    sent = await send(town_hall, write_table(rows))

    assert sent.status_code == 422
    assert place in unescape(sent.text)
    assert await town_hall.entries() == []


async def test_all_errors_are_said_at_once(town_hall: TownHall) -> None:
    invalid_line = LINE.replace("public_task", "x").replace("Crèche", "")

    sent = await send(
        town_hall, f"{HEADER}\n{invalid_line}\n{LINE}\n{LINE};more\n{invalid_line}\n"
    )

    words = unescape(sent.text)
    assert "5 errors to correct, nothing was kept" in words
    for place in ("Line 2, column service", "Line 4, column –", "Line 5, column legal"):
        assert place in words


async def test_an_identifier_stands_on_one_line(town_hall: TownHall) -> None:
    await town_hall.add()
    [row] = await read_table(town_hall)

    sent = await send(town_hall, write_table([row, row]))

    assert "This identifier is on two lines." in unescape(sent.text)


@by_depth(
    ("content", "words"),
    [
        ("", "This is not a table as CSV."),
        ("service\n", "one line for each service"),
        (b"\x00\x01", "This is not a table as CSV."),
        ("people\nTous\n", "This column is missing."),
        ("service;service\na;b\n", "This column appears twice."),
        (b"service\n" + b"x" * 600_000, "larger than 512 kB"),
        ("service\n" + "a\n" * 201, "200 at most"),
    ],
    by_default=[0],
)
async def test_what_is_no_table_is_refused(
    town_hall: TownHall, content: bytes | str, words: str
) -> None:
    sent = await send(town_hall, content)

    assert sent.status_code == 422
    assert words in unescape(sent.text)
    assert await town_hall.entries() == []


async def test_a_register_is_taken_as_json(town_hall: TownHall) -> None:
    await town_hall.add()

    answer = await town_hall.manager.get(f"{REGISTER}/export.json")

    document: dict[str, Any] = answer.json()
    assert document["holds_data"] is None
    assert [entry["service"] for entry in document["entries"]] == ["Cantine scolaire"]


def count_outcome(content: bytes) -> int:
    """How many services a file has, or how many errors."""
    try:
        return len(read_register_file(content, ["fr"], "fr", {}))
    except InvalidError as error:
        return len(error.refusals)


@given(st.binary(max_size=300))
def test_any_file_is_read_or_refused(content: bytes) -> None:
    assert count_outcome(content) > 0
