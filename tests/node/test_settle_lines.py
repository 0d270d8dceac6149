"""The lines of a file are shown as they are; what its producer settles of them is obeyed at once, and remembered."""

import asyncio
from pathlib import Path
from typing import Any

import html5lib
import httpx
import pytest

from tests.node import hostile
from tests.node.producer import Producer
from tests.node.test_check_file import latest, table_of
from tests.service_overrides import ServiceOverrides
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.node.datasets.actions import line_settings
from udi.node.datasets.actions.line_settings import read_line_form
from udi.node.datasets.models import Preparation, Version
from udi.node.datasets.versions.findings import line_settings_of
from udi.tabular.formats.line_settings import NO_LINES, LineSettings
from udi.tabular.messages.notes import Note
from udi.tabular.profiles.corrections import Corrections
from udi.tabular.profiles.profile import Profile
from udi.tabular.queries.readers import READERS, FileReaderPool, ReaderLimits

TITLED = (
    "Subventions;;\n;2023;2024\nAssociation;voté;versé\n;en €;en €\n"
    "Judo;10;12\nPhare;20;25\nSous-total T1;30;37\nTennis;5;5\nTotal;35;42\n"
    "Source : mairie;;\n"
).encode()
SETTLED = {
    "header": "2",
    "name_lines": "2",
    "units": "4",
    "below": "1",
    "totals": "1",
}


async def profile_of(
    database: Database, territory: Territory, dataset: str
) -> dict[str, Any]:
    version = await latest(database, territory, dataset)
    profile: dict[str, Any] = version.profile
    return profile


def names_of(profile: dict[str, Any]) -> list[str]:
    return [column["name"] for column in profile["columns"]]


def shown_values(page: str, action: str) -> dict[str, str]:
    """What a browser sends of a form that nobody changed, by field."""
    root = html5lib.parse(page, namespaceHTMLElements=False)
    form = next(one for one in root.iter("form") if one.get("action") == action)
    values = {
        field.get("name"): field.get("value")
        for field in form.iter("input")
        if field.get("type") == "hidden" or "checked" in field.attrib
    }
    for field in form.iter("select"):
        options = list(field.iter("option"))
        selected = [option for option in options if "selected" in option.attrib]
        values[field.get("name")] = [*selected, *options][0].get("value")
    return values


def version_of(corrections: Corrections, *notes: str, header_line: int = 1) -> Version:
    """A version of a text whose profile has these notes."""
    profile = Profile(
        "text/csv",
        "CSV",
        reads="text",
        header_line=header_line,
        notes=tuple(Note(code) for code in notes),
    )
    return Version(
        profile=profile.as_json(),
        preparation=Preparation(corrections=corrections.as_json()),
    )


async def test_lines_are_settled_shown_and_remembered(
    producer: Producer, node_database: Database, demo: Territory
) -> None:
    dataset = await producer.draft(TITLED, "subventions.csv")
    before = await producer.page(f"/datasets/{dataset}/check")

    settled = await producer.client.post(f"/datasets/{dataset}/lines", data=SETTLED)
    first = await profile_of(node_database, demo, dataset)
    after = await producer.page(f"/datasets/{dataset}/check")
    longer = TITLED.replace(b"Tennis", b"Voile;1;1\nTennis")
    await producer.send(longer, path=f"/datasets/{dataset}/versions")
    second = await profile_of(node_database, demo, dataset)
    other = b"Commune;Nombre\nBrest;1\nQuimper;2\nTotal;3\n"
    await producer.send(other, path=f"/datasets/{dataset}/versions")
    third = await profile_of(node_database, demo, dataset)
    warned = await producer.page(f"/datasets/{dataset}/check")
    address = f"/datasets/{dataset}/lines"
    unchanged = shown_values(warned, address)
    await producer.client.post(address, data=unchanged)
    fourth = await profile_of(node_database, demo, dataset)

    assert "Subventions;;" in before
    assert settled.headers["location"] == f"/datasets/{dataset}/check"
    assert names_of(first) == ["Association", "2023 voté", "2024 versé"]
    assert (first["rows"], second["rows"], third["rows"]) == (3, 4, 3)
    assert names_of(second) == names_of(first)
    assert "Laissée de côté" in after
    assert names_of(third) == ["Commune", "Nombre"]
    assert "ne convient pas à ce fichier" in warned
    assert unchanged["header"] == "1"
    assert (names_of(fourth), fourth["rows"]) == (names_of(third), third["rows"])


@pytest.mark.thorough
async def test_settled_lines_hold_for_the_next_file_after_a_treatment(
    producer: Producer, node_database: Database, demo: Territory
) -> None:
    records = "Judo;10;12\n" * 15 + "Phare;20;25\n" * 15 + "Total;450;555\n"
    content = f"Subventions;;\n;2023;2024\nAssociation;voté;versé\n{records}".encode()
    dataset = await producer.draft(content, "subventions.csv")
    settled = {"header": "2", "name_lines": "2", "totals": "1"}
    await producer.client.post(f"/datasets/{dataset}/lines", data=settled)
    remembered = "vaut aussi pour les prochaines versions"
    before = await producer.page(f"/datasets/{dataset}/check")

    await producer.client.post(
        f"/datasets/{dataset}/personal-data", data={"count": "0"}
    )
    treated = await profile_of(node_database, demo, dataset)
    counted = await producer.page(f"/datasets/{dataset}/check")
    longer = content.replace(b"Total", b"Voile;1;1\nTotal")
    await producer.send(longer, path=f"/datasets/{dataset}/versions")
    following = await profile_of(node_database, demo, dataset)

    assert names_of(treated)[0] == "Association"
    assert len(names_of(treated)) == 2
    assert names_of(following) == ["Association", "2023 voté", "2024 versé"]
    assert following["rows"] == 31
    assert remembered in before
    assert f'action="/datasets/{dataset}/lines"' in counted
    assert remembered not in counted


@pytest.mark.parametrize(
    ("notes", "expected"),
    [
        ((), LineSettings(header=(2, 3), below=1, columns=("a",))),
        (("settled_end_left",), LineSettings(header=(2, 3), columns=("a",))),
        (("settled_lines_left",), NO_LINES),
    ],
)
def test_line_settings_of_leaves_out_what_does_not_hold_for_the_file(
    notes: tuple[str, ...], expected: LineSettings
) -> None:
    settled = LineSettings(header=(2, 3), below=1, columns=("a",))

    in_use = line_settings_of(version_of(Corrections(lines=settled), *notes))

    assert in_use == expected


def test_read_line_form_keeps_what_no_field_asks() -> None:
    """A header below the lines that are shown has no radio, nor has a text whose end is not read a last row."""
    form = {"name_lines": "", "units": "", "first": "22", "encoding": ""}
    by_number = Corrections(
        header_line=20, encoding="IBM850", delimiter="~", lines=LineSettings(below=3)
    )
    by_lines = Corrections(lines=LineSettings(header=(20, 21), below=3))

    numbered, _ = read_line_form(form, version_of(by_number, header_line=20))
    two_lines, _ = read_line_form(
        {**form, "name_lines": "2"}, version_of(by_lines, header_line=20)
    )
    chosen, _ = read_line_form(
        {**form, "header": "4", "below": ""}, version_of(by_number, header_line=20)
    )
    forgotten, _ = read_line_form({"forget": "1"}, version_of(by_number))

    assert numbered.header_line == 20
    assert numbered.lines == LineSettings(first=22, below=3)
    assert (numbered.encoding, numbered.delimiter) == ("", "~")
    assert two_lines.lines == LineSettings(header=(20, 21), first=22, below=3)
    assert chosen.header_line is None
    assert chosen.lines == LineSettings(header=(4, 0), first=22)
    assert forgotten == Corrections()


async def test_a_busy_node_shows_the_page_without_the_lines(
    producer: Producer, services: ServiceOverrides, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = await producer.draft(TITLED, "subventions.csv")
    monkeypatch.setattr(line_settings, "LINES_PATIENCE", 0.05)
    services[READERS] = FileReaderPool(hostile.nothing, ReaderLimits(places=1))

    async with services[READERS].acquire_slot("another"), asyncio.timeout(50):
        checked = await producer.page(f"/datasets/{dataset}/check")

    assert "Subventions;;" not in checked
    assert "Association" in checked


@pytest.mark.thorough
async def test_settling_keeps_other_corrections_and_can_be_forgotten(
    producer: Producer, node_database: Database, demo: Territory
) -> None:
    dataset = await producer.draft(TITLED, "subventions.csv")
    initial = await profile_of(node_database, demo, dataset)
    await producer.client.post(
        f"/datasets/{dataset}/understood", data={"type-0": "code"}
    )

    await producer.client.post(f"/datasets/{dataset}/lines", data={"first": "6"})
    settled = await profile_of(node_database, demo, dataset)
    await producer.client.post(f"/datasets/{dataset}/lines", data={"forget": "1"})
    forgotten = await profile_of(node_database, demo, dataset)

    assert settled["columns"][0]["type"] == "code"
    assert settled["rows"] == 4
    assert forgotten["rows"] == initial["rows"]


@pytest.mark.parametrize(
    ("field", "value", "place"),
    [
        ("header", "<b>", "header"),
        pytest.param("below", "99", "below", marks=pytest.mark.thorough),
        ("encoding", "klingon", "encoding"),
        pytest.param("sheet", "none", "header", marks=pytest.mark.thorough),
        pytest.param("delimiter", "é", "delimiter", marks=pytest.mark.thorough),
    ],
)
async def test_what_nobody_proposed_is_refused(
    producer: Producer, field: str, value: str, place: str
) -> None:
    dataset = await producer.draft()

    refused = await producer.client.post(
        f"/datasets/{dataset}/lines", data={field: value}
    )

    assert refused.status_code == 422
    assert f'href="#{place}"' in refused.text


async def test_lines_left_out_are_searched_for_people(producer: Producer) -> None:
    people = "".join(
        f"jean.dupont{number}@example.org;{number}\n" for number in range(30)
    )
    content = f"{people}lieu;nombre\nBrest;1\nQuimper;2\n".encode()
    dataset = await producer.draft(content, "lieux.csv")

    await producer.client.post(f"/datasets/{dataset}/lines", data={"header": "31"})
    checked = await producer.page(f"/datasets/{dataset}/check")

    assert "données personnelles" in checked
    assert "adresse" in checked


@pytest.mark.thorough
async def test_lost_zeros_are_put_back_where_it_is_chosen(
    producer: Producer,
    node_database: Database,
    node_site: Any,
    demo: Territory,
    tmp_path: Path,
) -> None:
    content = b"lieu;code postal\nBourg;1000\nBrest;29200\n"
    dataset = await producer.draft(content, "codes.csv")
    address = f"/datasets/{dataset}/zeros"

    await producer.client.post(address, data={"column": "code postal", "repair": "1"})
    repaired = await producer.page(f"/datasets/{dataset}/check")
    await producer.send(
        content.replace(b"1000", b"1500"), path=f"/datasets/{dataset}/versions"
    )
    version = await latest(node_database, demo, dataset)
    rows = await table_of(node_site, version, tmp_path)
    unknown = await producer.client.post(address, data={"column": "ville"})

    assert "Les zéros de tête sont remis" in repaired
    assert [row[2] for row in rows] == ["01500", "29200"]
    assert unknown.status_code == 404


@pytest.mark.thorough
async def test_a_mended_copy_is_offered_beside_the_file_with_its_repairs(
    producer: Producer, passer_by: httpx.AsyncClient
) -> None:
    content = (
        b"lieu;code insee;code postal;jour\nBourg;1053;1000;12/03/2024\n"
        b"Brest;29019;29200;13/03/2024\n"
    )
    dataset = await producer.draft(content, "codes.csv")
    offered = await producer.client.post(
        f"/datasets/{dataset}/mended", data={"mended": "1"}
    )
    await producer.publish(dataset)

    profile = (await passer_by.get(f"/api/resources/{dataset}/profile/")).json()
    page = (await passer_by.get(f"/datasets/{dataset}/data")).text
    original = (await passer_by.get(f"/datasets/{dataset}/file")).content
    copy = (await passer_by.get(f"/datasets/{dataset}/codes.csv")).text
    await producer.client.post(f"/datasets/{dataset}/mended")
    withdrawn = (await passer_by.get(f"/api/resources/{dataset}/profile/")).json()
    plain = (await passer_by.get(f"/datasets/{dataset}/codes.csv")).text

    assert offered.headers["location"] == f"/datasets/{dataset}/check"
    assert profile["profile"]["repairs"] == [
        {"kind": "zeros", "count": 1, "column": "code insee"},
        {"kind": "dates", "count": 2, "column": "jour"},
    ]
    assert "zéros de tête remis" in page
    assert original == content
    assert "Bourg,01053,1000,2024-03-12" in copy
    assert "Bourg,1053,1000,2024-03-12" in plain
    assert "repairs" not in withdrawn["profile"]
