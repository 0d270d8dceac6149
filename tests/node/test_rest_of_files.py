"""People are found wherever a file holds them; what nobody can look into is told, and stops."""

from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from tests.depth import only
from tests.node.hidden_members import (
    HARMLESS,
    PDF,
    SEARCHED,
    UNSEARCHED,
    packed,
    two_sheets,
)
from tests.node.producer import Producer
from tests.node.scripts import Script, new_key
from udi.node.datasets.versions.preparation import FileAnalysis, prepare
from udi.tabular.columns.column import ColumnType, TypedColumn
from udi.tabular.formats.markup import MarkupError, xml_pairs
from udi.tabular.personal.explanations import PersonalDataKind
from udi.tabular.personal.report import PersonalDataFinding, PersonalDataSeverity
from udi.tabular.personal.treatment_choices import list_choices
from udi.tabular.profiles import remainder_report

COMBINED = {
    "a table below that of another sheet",
    "a zipped XLSX",
    "a GTFS",
}
"""Places that are two others at once: looked into under `--all`."""


def prepared(folder: Path, name: str, content: bytes) -> FileAnalysis:
    """What a child answers about a file."""
    source = folder / "source"
    target = folder / "typed" / "table.parquet"
    source.write_bytes(content)
    target.parent.mkdir()
    return prepare(source, name, {}, target)


@pytest.fixture
async def script(manager: httpx.AsyncClient, passer_by: httpx.AsyncClient) -> Script:
    return Script(passer_by, await new_key(manager))


@pytest.mark.parametrize("where", only({*SEARCHED} - COMBINED, SEARCHED))
def test_people_are_found_wherever_they_stand(tmp_path: Path, where: str) -> None:
    name, make = SEARCHED[where]

    preparation = prepared(tmp_path, name, make(tmp_path))

    assert [
        finding["what"]
        for finding in preparation.personal
        if finding["strength"] == "stop"
    ]
    assert preparation.unsearched == []


@pytest.mark.parametrize("where", only({"two sheets", "nested JSON"}, HARMLESS))
def test_nothing_is_found_where_nobody_stands(tmp_path: Path, where: str) -> None:
    name, make = HARMLESS[where]

    preparation = prepared(tmp_path, name, make(tmp_path))

    assert (preparation.personal, preparation.unsearched) == ([], [])


@pytest.mark.parametrize("what", UNSEARCHED)
def test_what_nobody_can_look_into_is_reported(tmp_path: Path, what: str) -> None:
    name, content, parts = UNSEARCHED[what]

    assert prepared(tmp_path, name, content).unsearched == parts


def test_the_place_is_reported(tmp_path: Path) -> None:
    content = packed(classeur_dot_xlsx=two_sheets(hidden="Membres"))

    places = {
        finding["place"] for finding in prepared(tmp_path, "lot.zip", content).personal
    }

    assert places == {"classeur.xlsx › Membres"}


def test_what_a_budget_leaves_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        remainder_report.SearchBudget,
        "__init__",
        lambda budget: budget.__dict__.update(parts=1, size=1000),
    )
    name, make = SEARCHED["a ZIP of CSV"]

    assert prepared(tmp_path, name, make(tmp_path)).unsearched == ["membres.csv"]


async def test_members_of_a_hidden_sheet_are_not_published_without_a_reason(
    producer: Producer,
) -> None:
    dataset = await producer.draft(two_sheets(hidden="Membres"), "classeur.xlsx")
    await producer.describe(dataset)

    check = await producer.page(f"/datasets/{dataset}/check")
    refused = await producer.client.post(f"/datasets/{dataset}/publish")

    assert "«\N{NO-BREAK SPACE}Membres › Nom\N{NO-BREAK SPACE}»" in check
    assert f'href="/datasets/{dataset}/personal-data"' not in check
    assert refused.status_code == 422


async def test_a_pdf_is_not_published_without_a_reason(
    producer: Producer, script: Script
) -> None:
    dataset = await producer.draft(PDF, "avis.pdf")
    await producer.describe(dataset)

    review = await producer.page(f"/datasets/{dataset}/review")
    refused = await producer.client.post(f"/datasets/{dataset}/publish")
    published = await producer.client.post(
        f"/datasets/{dataset}/publish", data={"reason": "Un avis sans personne"}
    )
    next_night = (
        await script.put(dataset, PDF + b"%", "?publish=true&name=avis.pdf")
    ).json()["publication"]

    assert "Ces parties ne peuvent pas être vérifiées automatiquement" in review
    assert (refused.status_code, published.status_code) == (422, 303)
    assert next_night["state"] == "published"


async def test_a_picture_more_in_an_archive_stops_the_next_night(
    producer: Producer, script: Script
) -> None:
    name, content, _ = UNSEARCHED["a picture in an archive"]
    dataset = await producer.publish(
        await producer.draft(content, name), reason="Un plan sans personne"
    )
    more = packed(
        places_dot_csv=b"a;b\n1;2\n",
        plan_dot_png=b"\x89PNG\r\n\x1a\n" + bytes(70),
        photo_dot_png=PDF,
    )

    publication = (await script.put(dataset, more, "?publish=true")).json()[
        "publication"
    ]

    assert publication["state"] == "stopped"
    assert (
        "Nous n’avons pas cherché de données personnelles dans toutes ses parties."
        in publication["why"]
    )


def test_entities_are_not_expanded() -> None:
    text = b'<!DOCTYPE a [<!ENTITY b "x"><!ENTITY c "&b;&b;">]><a>&c;</a>'

    with pytest.raises(MarkupError):
        list(xml_pairs([text]))


def test_what_stands_elsewhere_is_no_column_of_the_table() -> None:
    finding = PersonalDataFinding(
        ("nom",), PersonalDataKind.FULL_NAME, PersonalDataSeverity.STOP, 1, 1
    )
    column = TypedColumn("nom", ColumnType.TEXT)

    assert list_choices([finding], [column])
    assert not list_choices([replace(finding, place="Membres")], [column])
