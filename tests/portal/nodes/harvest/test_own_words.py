"""A territory's own words come before our tables, for what is read for it and for nothing else."""

import asyncio
import json

import pytest

from udi.portal.nodes.harvest.format_detection import read
from udi.portal.nodes.harvest.record import HarvestedRecord
from udi.portal.nodes.harvest.vocabulary import (
    find_access,
    find_format,
    find_frequency,
    find_licence,
    find_theme,
    territory_vocabulary,
)

WORDS = {
    "themes": {"Vie de quartier": "SOCI", "Mer et littoral": "ENVI TRAN"},
    "licences": {
        "Licence du département": "etalab-2.0",
        "Licence libre d'ici": "CC_BY_4_0",
    },
    "formats": {
        "Tableau du service": "CSV",
        "Flux de cartes": "WMS_SRVC",
        "Relevé": "DBF_OWN",
    },
    "frequencies": {"à chaque conseil": "QUARTERLY"},
    "access": {"Sur demande motivée": "RESTRICTED"},
}
DESCRIBED = {
    "@type": "dcat:Dataset", "identifier": "a", "title": "Fêtes de quartier", "theme": ["Vie de quartier"],
    "license": "Licence du département", "accrualPeriodicity": "à chaque conseil",
    "distribution": [{"@type": "dcat:Distribution", "downloadURL": "https://d.example/a", "format": "Tableau du service"}],
}  # fmt: skip


def read_one() -> HarvestedRecord:
    body = {
        "conformsTo": "https://project-open-data.cio.gov/v1.1/schema",
        "dataset": [DESCRIBED],
    }
    page = read(
        json.dumps(body).encode(), base_url="https://d.example/data.json", language="fr"
    )
    return page.records[0]


def test_each_table_takes_words_of_a_territory() -> None:
    with territory_vocabulary(WORDS):
        assert find_theme("vie de  QUARTIER") == (("SOCI",), "exact")
        assert find_theme("Mer et littoral")[0] == ("ENVI", "TRAN")
        licence = find_licence("Licence du département")
        other = find_licence("Licence libre d'ici")
        assert licence is not None
        assert (licence.target, licence.code) == ("ETALAB_2_0", "etalab-2.0")
        assert other is not None
        assert (other.target, other.code) == ("CC_BY_4_0", "cc-by-4.0")
        table, maps, own_format = (find_format(wording) for wording in WORDS["formats"])
        assert table is not None
        assert (table.target, table.media_type, table.kind) == (
            "CSV",
            "text/csv",
            "file",
        )
        assert maps is not None
        assert maps.kind == "service"
        assert own_format is not None
        assert (own_format.target, own_format.kind) == ("DBF_OWN", "file")
        assert find_frequency("À chaque conseil") == "QUARTERLY"
        assert find_access("sur demande motivée") == ("RESTRICTED", "")


def test_ours_are_still_known_and_a_territorys_come_first() -> None:
    with territory_vocabulary({"themes": {"Transport": "SOCI"}}):
        assert find_theme("Transport")[0] == ("SOCI",)
        assert find_theme("Environment")[0] == ("ENVI",)
    assert find_theme("Transport")[0] == ("TRAN",)


def test_a_record_is_read_with_them_and_without_them_its_words_are_kept() -> None:
    with territory_vocabulary(WORDS):
        mapped_record = read_one()
    unknown = read_one()

    assert mapped_record.themes == ("SOCI",)
    assert mapped_record.licence is not None
    assert mapped_record.licence.code == "etalab-2.0"
    assert mapped_record.frequency == "QUARTERLY"
    assert mapped_record.distributions[0].format == "CSV"
    assert unknown.themes == ()
    assert [term.label for term in unknown.themes_other] == ["Vie de quartier"]
    assert unknown.licence is not None
    assert (unknown.licence.code, unknown.licence.source) == (
        "",
        "Licence du département",
    )
    assert unknown.distributions[0].format_label == "Tableau du service"
    assert len(unknown.faults) > len(mapped_record.faults)


async def test_two_territories_that_read_at_once_have_their_own() -> None:
    """In the threads too, where reading is done."""

    async def go(code: str) -> tuple[str, ...]:
        with territory_vocabulary({"themes": {"Vie de quartier": code}}):
            await asyncio.sleep(0)
            return (await asyncio.to_thread(read_one)).themes

    assert await asyncio.gather(go("SOCI"), go("HEAL"), go("ENVI")) == [
        ("SOCI",),
        ("HEAL",),
        ("ENVI",),
    ]
    assert find_theme("Vie de quartier")[0] == ()


def test_words_are_given_back_after_an_error() -> None:
    with pytest.raises(RuntimeError), territory_vocabulary(WORDS):
        raise RuntimeError
    assert find_theme("Vie de quartier")[0] == ()
