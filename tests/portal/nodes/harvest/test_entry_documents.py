"""Documents that only name their datasets (Czech LKOD and others), and things of a catalogue that are no dataset."""

import pytest

from tests.portal.nodes.harvest.test_formats import codes, one, read
from udi.portal.nodes.harvest.record import HarvestedPage

CZECH = "https://ofn.gov.cz/rozhran%C3%AD-katalog%C5%AF-otev%C5%99en%C3%BDch-dat/2021-01-11/kontexty/c.jsonld"
ENTRY = """
@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .
<https://source.example/c> a dcat:Catalog ; dct:title "Katalog"@cs ;
  dcat:dataset <https://source.example/d/1>, <https://source.example/d/2> .
"""
DATASET = {
    "@context": CZECH,
    "iri": "https://source.example/d/1",
    "typ": "Datová sada",
    "název": {"cs": "Zastávky", "en": "Stops"},
    "popis": {"cs": "Zastávky městské dopravy."},
    "klíčové_slovo": {"cs": ["doprava", "zastávky"]},
    "poskytovatel": "https://rpp.example/00064581",
    "téma": ["http://publications.europa.eu/resource/authority/data-theme/TRAN"],
    "periodicita_aktualizace": "http://publications.europa.eu/resource/authority/frequency/MONTHLY",
    "časové_pokrytí": {
        "typ": "Časový interval",
        "začátek": "2026-01-01",
        "konec": "2026-12-31",
    },
    "kontaktní_bod": {
        "typ": "Organizace",
        "jméno": {"cs": "Oddělení dat"},
        "e-mail": "mailto:data@source.example",
    },
    "distribuce": [
        {
            "typ": "Distribuce",
            "iri": "https://source.example/d/1/csv",
            "název": {"cs": "CSV"},
            "přístupové_url": "https://source.example/stops.csv",
            "soubor_ke_stažení": "https://source.example/stops.csv",
            "formát": "http://publications.europa.eu/resource/authority/file-type/CSV",
            "typ_média": "http://www.iana.org/assignments/media-types/text/csv",
            "podmínky_užití": {
                "autorské_dílo": "https://data.gov.cz/podmínky-užití/neobsahuje-autorská-díla/",
                "databáze_jako_autorské_dílo": "https://creativecommons.org/licenses/by/4.0/",
            },
        }
    ],
}


def others(page: HarvestedPage) -> list[tuple[str, str]]:
    assert page.dataset_count == 0
    return [
        (refusal.title, str(refusal.faults[0].values.get("value")))
        for refusal in page.refused
    ]


def test_an_entry_document_leads_to_its_datasets_one_by_one() -> None:
    page = read(ENTRY)

    assert page.links == ("https://source.example/d/1", "https://source.example/d/2")
    assert (page.records, page.faults) == ((), ())


def test_links_of_a_catalogue_that_describes_datasets_are_not_followed() -> None:
    described = f'{ENTRY}<https://source.example/d/1> a dcat:Dataset ; dct:title "Un" .'

    page = read(described)

    assert page.links == ()
    assert [fault.code for fault in page.faults] == ["reference_dangling"]


def test_a_czech_entry_document_is_read_by_our_own_table_of_terms() -> None:
    catalogue = {
        "@context": CZECH,
        "iri": "https://source.example/catalogue",
        "typ": "Katalog",
        "název": {"cs": "Katalog"},
        "datová_sada": ["https://source.example/d/1", "https://source.example/d/2"],
    }

    assert read(catalogue).links == (
        "https://source.example/d/1",
        "https://source.example/d/2",
    )


def test_a_czech_dataset_keeps_what_it_says() -> None:
    record = one(DATASET)

    assert record.title == {"cs": "Zastávky", "en": "Stops"}
    assert record.keywords == {"cs": ("doprava", "zastávky")}
    assert (record.themes, record.frequency) == (("TRAN",), "MONTHLY")
    assert record.temporal[0].start == "2026-01-01"
    assert record.contacts[0].email == "data@source.example"
    (file,) = record.distributions
    assert (file.download_url, file.format) == (
        "https://source.example/stops.csv",
        "CSV",
    )
    assert file.licence
    assert file.licence.code == "cc-by-4.0"
    assert "licence_missing" not in codes(record)


def test_another_remote_context_is_still_not_understood() -> None:
    page = read({**DATASET, "@context": "https://elsewhere.example/context.jsonld"})

    assert page.records == ()


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (
            {
                "help": "",
                "success": True,
                "result": [
                    {"id": "o1", "title": "Ville", "is_organization": True, "package_count": 3},
                    {"id": "g1", "title": "Eau", "type": "group", "package_count": 9},
                    {"id": "s1", "title": "Appli", "type": "showcase"},
                ],
            },
            [("Ville", "organization"), ("Eau", "group"), ("Appli", "showcase")],
        ),
        (
            {
                "next_page": None,
                "total": 3,
                "data": [
                    {"id": "r", "title": "Carte", "datasets": [], "url": "https://x.example"},
                    {"id": "t", "name": "Climat", "elements": {"rel": "subsection"}},
                    {"id": "a", "title": "API", "base_api_url": "https://api.example"},
                ],
            },
            [("Climat", "topic")],
        ),
    ],
)  # fmt: skip
def test_what_is_no_dataset_is_left_out_by_its_name(
    answer: object, expected: list[tuple[str, str]]
) -> None:
    assert others(read(answer)) == expected
