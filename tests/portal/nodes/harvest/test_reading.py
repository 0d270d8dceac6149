"""Dates, places and words of vocabularies, as sources really write them."""

import csv
import re
from pathlib import Path

import pytest

from udi.portal.nodes.harvest import geometry
from udi.portal.nodes.harvest.addresses import read_email
from udi.portal.nodes.harvest.dates import read_date, read_span
from udi.portal.nodes.harvest.vocabulary import (
    find_access,
    find_format,
    find_frequency,
    find_language,
    find_licence,
    find_theme,
)

AUTHORITY = "http://publications.europa.eu/resource/authority/"


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("2019", "2019"), ("2019-09", "2019-09"), ("20190930", "2019-09-30"), ("2009-00-00", "2009"),
        ("2020-01-01T00:00:00+0000", "2020-01-01T00:00:00Z"), ("2019-09-30 22:00:00", "2019-09-30T22:00:00"),
        ("2012-01-01T10:11:12.123456", "2012-01-01T10:11:12.123456"), ("30/09/2019", "2019-09-30"), ("1/1/2012", "2012-01-01"),
        ("mar, 10/12/2019 - 09:23", "2019-12-10T09:23:00"), ("1er mai 2015", "2015-05-01"), ("février 2015", "2015-02"),
        ("2012-13", ""), ("2019-02-30", ""), ("31/31/2019", ""), ("soon", ""), ("", ""),
    ],
)  # fmt: skip
def test_dates(text: str, read: str) -> None:
    assert read_date(text) == read


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("2020-01-01/2020-12-31", ("2020-01-01", "2020-12-31")), ("1996/P4Y", ("1996", "1999")), ("2009 - 2012", ("2009", "2012")),
        ("2009-2012", ("2009", "2012")), ("01-01-12 / 31-12-13", ("2012-01-01", "2013-12-31")), ("2010/..", ("2010", "")),
        ("01/01/2012 - 31/01/2012", ("2012-01-01", "2012-01-31")), ("jusqu'en février 2015", None), ("/", None),
    ],
)  # fmt: skip
def test_periods(text: str, span: tuple[str, str] | None) -> None:
    assert read_span(text) == span


def test_the_order_of_coordinates_follows_their_system() -> None:
    box = (-2, 48, -1, 49)
    ring = "-2 48,-1 48,-1 49,-2 49,-2 48"
    turned = "48 -2,48 -1,49 -1,49 -2,48 -2"

    assert geometry.read_box(f"POLYGON(({ring}))") == box
    assert (
        geometry.read_box(
            f"<http://www.opengis.net/def/crs/OGC/1.3/CRS84>POLYGON(({ring}))"
        )
        == box
    )
    assert (
        geometry.read_box(
            f"<http://www.opengis.net/def/crs/EPSG/0/4326> POLYGON(({turned}))"
        )
        == box
    )
    corners = "<gml:lowerCorner>48 -2</gml:lowerCorner><gml:upperCorner>49 -1</gml:upperCorner>"
    assert (
        geometry.read_box(
            f'<gml:Envelope srsName="urn:ogc:def:crs:EPSG::4326">{corners}</gml:Envelope>'
        )
        == box
    )
    assert (
        geometry.read_box(
            '{"type":"Polygon","coordinates":[[[-2,48],[-1,48],[-1,49],[-2,48]]]}'
        )
        == box
    )
    assert geometry.read_box("-2, 48, -1, 49") == box
    assert geometry.read_box("Paris") is None


def test_an_area_may_cross_the_antimeridian() -> None:
    halves = "MULTIPOLYGON(((170 -20,180 -20,180 -10,170 -10,170 -20)),((-180 -20,-175 -20,-175 -10,-180 -10,-180 -20)))"

    assert geometry.read_wkt(halves) == (170, -20, -175, -10)


@pytest.mark.parametrize(
    ("text", "email"),
    [
        ("mailto:A@Example.org", "a@example.org"), ("a%40example.org", "a@example.org"), ("https://x.example/c/a@example.org", "a@example.org"),
        ("a@example.org a@example.org", "a@example.org"), ("ian@example.org ", "ian@example.org"), ("niet beschikbaar", ""), ("a@b", ""),
        ("mailto:a@example.org?subject=a@b.example", "a@example.org"), ("mailto:a%3Fb@example.org", "a?b@example.org"),
    ],
)  # fmt: skip
def test_addresses_of_mail(text: str, email: str) -> None:
    assert read_email(text) == email


def rows(shared_data: Path, name: str) -> list[dict[str, str]]:
    with (shared_data / f"reference/vocabularies/{name}.tsv").open(
        encoding="utf-8"
    ) as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def bare(source: str) -> str:
    """A wording without the note of where it was met."""
    noted = r"^(?:gmd:\w+|udata|metadata-language|\(relative\)|\[[^]]*\]|dct:rights|accessLevel) "
    return re.sub(r"^«(.*)»$", r"\1", re.sub(noted, "", source))


def test_every_wording_met_is_mapped_as_a_person_did(shared_data: Path) -> None:
    missed = []
    for name, find, part in (
        ("frequencies", find_frequency, "frequency"),
        ("themes", lambda text: " ".join(find_theme(text)[0]), "data-theme"),
        (
            "formats",
            lambda text: entry.target if (entry := find_format(text)) else "",
            "file-type",
        ),
        (
            "licences",
            lambda text: entry.target if (entry := find_licence(text)) else "",
            "licence",
        ),
        ("access-rights", lambda text: find_access(text)[0], "access-right"),
    ):
        for row in rows(shared_data, name):
            target = row["target"].replace(f"{AUTHORITY}{part}/", "")
            if (
                target
                and not row["source"].endswith("…")
                and find(bare(row["source"])) != target
            ):
                missed.append((name, row["source"], target, find(bare(row["source"]))))

    assert [mismatch for mismatch in missed if mismatch[1] not in DIFFERENT] == []


DIFFERENT = {
    "[dct:Frequency] P0Y3M0DT0H0M0S «Cada trimestre»": "two wordings of one node, which are tried one by one",
    "[GEMET INSPIRE themes] Elevation": "the same word is a topic of ISO 19115; the address of INSPIRE's theme gives TECH",
    '<DIV STYLE="text-align:Left;"><DIV><DIV><P><SPAN>Soumis à la licence Etalab : https://www.etalab.gouv.fr/licen': "cut there",
    '<DIV STYLE="text-align:Left;"><DIV><DIV><P><SPAN>Soumis à la licence Etalab</SPAN></P></DIV></DIV></DIV>': "no version",
    f"{AUTHORITY}access-right/OP_DATPRO": "data that are provisional, which says nothing of access",
    f"{AUTHORITY}file-type/RDF": "RDF in any syntax, which the EU's table has too: it need not be RDF/XML",
    "CKAN private=true": "a field, read by CKAN's own module",
}
"""Wordings read otherwise than in the first table, each with its reason."""


def test_languages_in_every_notation(shared_data: Path) -> None:
    notations = [
        (bare(row["source"]), find_language(row["target"]))
        for row in rows(shared_data, "languages")
        if row["target"]
        and not row["target"].endswith("ZXX")
        and not row["source"].startswith("xml:lang")
    ]

    assert len(notations) > 20
    assert "" not in {language for _, language in notations}
    assert [
        notation
        for notation, language in notations
        if find_language(notation) != language
    ] == []


def test_what_means_nothing_is_not_guessed() -> None:
    assert find_frequency("bi-monthly") == ""
    assert find_theme("Service Postal") == ((), "")
    assert find_licence("House rules") is None
    assert find_format("SDE Feature Class") is None
    assert find_licence("Licence Ouverte 1.0").target == ""  # type: ignore[union-attr]  # the EU has no code for it
