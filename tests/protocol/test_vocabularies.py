"""Themes, licences, formats, languages and access rights."""

import csv
from pathlib import Path

import pytest

from udi.protocol.access import AccessRights
from udi.protocol.formats import (
    FORMATS,
    file_label,
    service_label,
)
from udi.protocol.languages import (
    LANGUAGES,
    TAGS,
    URI,
    language_of,
    language_uri,
    name_language,
)
from udi.protocol.licences import DEFAULT, LICENCES, find_licence
from udi.protocol.themes import THEMES, translate_theme
from udi.ui.glyphs import GLYPHS

OLD_LABELS = {
    "Citoyenneté": "citizenship",
    "Culture, Sports, Loisirs": "culture",
    "Economie": "economy",
    "Education": "education",
    "Enfance": "children",
    "Environnement": "environment",
    "Espace public": "publicSpace",
    "Logement": "housing",
    "Mobilité, Transport": "transportation",
    "Référentiels géographiques": "location",
    "Réseaux, Energie": "energyNetworks",
    "Santé, Sécurité": "health",
    "Social": "society",
    "Urbanisme": "townPlanning",
}


@pytest.mark.parametrize(("label", "code"), OLD_LABELS.items())
def test_an_old_theme_label_is_translated(label: str, code: str) -> None:
    assert translate_theme(label) == code
    assert translate_theme(f" {label.upper()} ") == code


@pytest.mark.parametrize(
    "label", ["biota", "oceans", "", "économies d'eau", "🌊", "x" * 100_000]
)
def test_an_unknown_theme_is_not_guessed(label: str) -> None:
    assert translate_theme(label) is None


def test_the_fourteen_themes_have_names_a_drawing_and_an_eu_theme() -> None:
    assert len(THEMES) == 14
    assert set(OLD_LABELS.values()) == set(THEMES)
    for code, theme in THEMES.items():
        assert translate_theme(code) == code
        assert set(theme.label) == {"fr", "en", "es"}
        assert {translate_theme(name) for name in theme.label.values()} == {code}
        assert theme.glyph in GLYPHS
        assert theme.uri.startswith(
            "http://publications.europa.eu/resource/authority/data-theme/"
        )


def test_each_licence_says_what_it_allows_in_each_language() -> None:
    assert DEFAULT in LICENCES
    for code, licence in LICENCES.items():
        assert licence.code == code
        assert set(licence.name) == {"fr", "en", "es"}
        assert set(licence.allows) in ({"fr", "en", "es"}, set())
        assert licence.uri.startswith("http")
        assert find_licence(code) is licence
        assert find_licence(licence.url) is licence
        assert find_licence(licence.uri) is licence


@pytest.mark.parametrize(
    ("wording", "code"),
    [
        ("Licence Ouverte version 2.0", "etalab-2.0"),
        ("  http://www.etalab.gouv.fr/licence-ouverte-open-licence/ ", "etalab-2.0"),
        ("Licence Ouverte Version 1.0", "etalab-1.0"),
        ("https://opendatacommons.org/licenses/odbl/summary/", "odbl-1.0"),
        ("ODbL", "odbl-1.0"),
        (
            "https://creativecommons.org/publicdomain/zero/1.0/deed.fr",
            "public-domain-cc0",
        ),
    ],
)
def test_other_wordings_of_a_licence_are_recognised(wording: str, code: str) -> None:
    licence = find_licence(wording)
    assert licence
    assert licence.code == code


@pytest.mark.parametrize(
    "wording",
    ["", "https://example.org/", "no limitations", "licence", "Attribution", "v2.0"],
)
def test_what_names_no_licence_is_not_guessed(wording: str) -> None:
    assert find_licence(wording) is None


@pytest.mark.parametrize("wording", ["Licence Ouverte", "cc-by", "CC BY-SA", "GFDL"])
def test_the_version_of_a_licence_is_not_guessed(wording: str) -> None:
    licence = find_licence(wording)

    assert licence
    assert not licence.has_version
    assert "version not stated" in licence.name["en"]


def test_eu_identifiers_agree_with_the_vocabularies_measured_on_real_catalogues(
    shared_data: Path,
) -> None:
    folder = shared_data / "reference/vocabularies"
    with (folder / "formats.tsv").open() as file:
        types = {
            row["target"]
            for row in csv.DictReader(file, delimiter="\t")
            if row["verified"] == "yes"
        }
    with (folder / "licences.tsv").open() as file:
        rows = [
            row
            for row in csv.DictReader(file, delimiter="\t")
            if row["rudi"] and row["target"]
        ]

    named = {
        "CSV",
        "XLSX",
        "JSON",
        "GeoJSON",
        "GeoPackage",
        "Shapefile",
        "KML",
        "PDF",
        "ZIP",
        "WMS",
        "WFS",
        "WMTS",
    }
    assert {FORMATS[label].uri for label in named} <= types
    assert {(row["rudi"], row["target"]) for row in rows} <= {
        (code, licence.uri) for code, licence in LICENCES.items()
    }


@pytest.mark.parametrize(
    ("media_type", "label"),
    [
        ("text/csv", "CSV"),
        ("TEXT/CSV; charset=utf-8", "CSV"),
        ("text/csv+crypt", "CSV"),
        ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "XLSX"),
        ("application/geo+json", "GeoJSON"),
        ("image/tiff; application=geotiff", "GeoTIFF"),
        ("image/tiff", "TIFF"),
        ("application/x-executable", "X-EXECUTABLE"),
    ],
)
def test_a_file_has_a_short_label(media_type: str, label: str) -> None:
    assert file_label(media_type) == label


def test_a_service_is_named_by_its_contract_or_is_an_api() -> None:
    assert [service_label(contract) for contract in ("wms", "WFS", "wmts", "custom", "csv file", "")] == [
        "WMS", "WFS", "WMTS", "API", "API", "API",
    ]  # fmt: skip


def test_languages_have_names_and_eu_identifiers() -> None:
    assert len(TAGS) == 32
    assert {language_of(tag) for tag in TAGS} == set(LANGUAGES)
    assert (
        LANGUAGES["fr"].uri
        == "http://publications.europa.eu/resource/authority/language/FRA"
    )


def test_access_rights_have_words_and_eu_identifiers() -> None:
    assert AccessRights("restricted") is AccessRights.RESTRICTED
    for right in AccessRights:
        assert set(right.label) == set(right.explanation) == {"fr", "en", "es"}
        assert right.uri.endswith(right.name)


@pytest.mark.parametrize(
    ("code", "uri", "names"),
    [
        ("fr", "FRA", ("français", "French", "francés")),
        ("nl", "NLD", ("néerlandais", "Dutch", "neerlandés")),
        ("br", "BRE", ("breton", "Breton", "bretón")),
        ("xx", "", ("xx", "xx", "xx")),
    ],
)
def test_languages_have_their_address_and_a_name_in_each_language(
    code: str, uri: str, names: tuple[str, str, str]
) -> None:
    assert language_uri(code) == (f"{URI}{uri}" if uri else "")
    assert tuple(name_language(code, reader) for reader in ("fr", "en", "es")) == names
