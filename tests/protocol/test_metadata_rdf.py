"""The object `dcat` of a record in RDF: whatever is accepted or stored can be written, and is read back by others."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import RdfFormat, parse

from tests.protocol.examples import a_file, a_record
from udi.protocol.rdf import MEDIA_TYPES, write_dataset
from udi.protocol.rdf_metadata import telephone_number
from udi.protocol.record import restore_record
from udi.protocol.serialisations import write_canonical
from udi.protocol.validation import validate

ORIGIN = "https://donnees.rade.bzh"
LANGUAGES = ("fr", "pt-BR", "français", "", "fr_FR", "fr-x", "a", "zh-Hant", "x-y")
words = st.sampled_from(
    ("Arbres", "", "a b", '"\\\n', "https://x.example/a b", "urn:x:1", "javascript:1", "<>", "www.x.example")
) | st.text(max_size=8)  # fmt: skip
lines = st.dictionaries(st.sampled_from(LANGUAGES) | st.text(max_size=4), words)
resources = st.lists(st.fixed_dictionaries({}, optional={"uri": words, "label": words}))
agents = st.fixed_dictionaries(
    {},
    optional={
        "name": lines,
        "is_person": st.booleans(),
        **dict.fromkeys(("uri", "identifier", "kind", "email", "url"), words),
    },
)
METADATA = st.fixed_dictionaries(
    {},
    optional={
        "keywords": st.dictionaries(st.sampled_from(LANGUAGES), st.lists(words)),
        "publisher": agents,
        "creators": st.lists(agents, max_size=2),
        "rights_holders": st.lists(agents, max_size=2),
        "contact_points": st.lists(
            st.fixed_dictionaries(
                {},
                optional=dict.fromkeys(
                    ("name", "organisation", "phone", "url", "role"), words
                ),
            ),
            max_size=2,
        ),
        "provenance": st.lists(lines, max_size=2),
        "version_notes": lines,
        **dict.fromkeys(("subjects", "places", "sources", "conforms_to"), resources),
        **dict.fromkeys(
            ("themes", "hvd_categories", "applicable_legislation", "documentation"),
            st.lists(words, max_size=2),
        ),
        **dict.fromkeys(
            ("temporal_resolution", "landing_page", "version", "access"), words
        ),
    },
)
MEDIA_METADATA = st.fixed_dictionaries(
    {},
    optional={
        "captions": lines,
        "rights": lines,
        **dict.fromkeys(
            (
                "rights_statements",
                "languages",
                "conforms_to",
                "standards",
                "documentation",
            ),
            st.lists(words, max_size=2),
        ),
        **dict.fromkeys(
            ("access_url", "endpoint", "format", "media_type", "status"), words
        ),
        "availability": words,
    },
)


def write(document: dict[str, Any]) -> bytes:
    """The lines of a stored record, which a reader of RDF understands."""
    written = write_canonical(write_dataset(ORIGIN, restore_record(document)))
    list(parse(written, format=RdfFormat.N_TRIPLES))
    return written


@given(dcat=METADATA, of_media=MEDIA_METADATA)
def test_every_text_of_a_record_is_written(
    dcat: dict[str, Any], of_media: dict[str, Any]
) -> None:
    document = a_record(dcat=dcat, available_formats=[a_file(dcat=of_media)])

    assert write(document)


@pytest.mark.parametrize(
    ("file_type", "stated", "written"),
    [
        ("", "application/x-ours", "application/x-ours"),
        ("application/x-ours", "", ""),
        ("", "Application/X-Ours", ""),
        ("text/csv;charset=utf-8", "", "text/csv"),
        ("Text/ CSV+crypt", "", "text/csv"),
        ("", "no type", ""),
    ],
)
def test_a_media_type_is_written_where_it_has_a_format_or_its_source_says_it(
    file_type: str, stated: str, written: str
) -> None:
    file = a_file(file_type=file_type, dcat={"media_type": stated})
    lines = write(a_record(available_formats=[file])).decode().splitlines()
    types = [line.split()[2] for line in lines if "/dcat#mediaType>" in line]

    assert types == ([f"<{MEDIA_TYPES}{written}>"] if written else [])


@pytest.mark.parametrize("tag", LANGUAGES)
def test_a_language_is_refused_where_it_cannot_be_written(tag: str) -> None:
    names = {"fr": "Ville", tag: "Town"}
    dcat = {
        "publisher": {"name": names},
        "keywords": {tag: ["tree"]},
        "version_notes": names,
        "provenance": [names],
    }
    media = {"captions": names, "rights": names}
    document = a_record(dcat=dcat, available_formats=[a_file(dcat=media)])
    written = write(document)

    assert (b'"Town"' in written) is not bool(validate(document))


@pytest.mark.parametrize(
    ("metres", "written"),
    [(1e-05, "0.00001"), (2.5, "2.5"), (50_000_000, "50000000"), (0, "0")],
)
def test_metres_are_a_decimal_without_exponent(metres: float, written: str) -> None:
    lines = write(a_record(dcat={"spatial_resolution": metres})).decode()

    assert f'"{written}"^^' in lines


def test_a_person_is_one_for_the_next_portal() -> None:
    creator = {"name": {"fr": "Quelqu'un"}, "is_person": True}
    lines = write(a_record(dcat={"creators": [creator]})).decode()

    assert "#creator-1> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <http://xmlns.com/foaf/0.1/Person>" in lines  # fmt: skip


@pytest.mark.parametrize(
    ("phone", "number"),
    [
        ("+33 (0)2-99.12", "+33029912"),
        (".+3491222222", "+3491222222"),
        ("02 99 12 34 56 poste 12", "0299123456"),
        ("Tél. 02 99 12 34 56, ou 06 12", "0299123456"),
        ("0299123456;0612345678", "0299123456"),
        ("nobody", ""),
        ("", ""),
    ],
)
def test_telephone_number_takes_no_other_number_in(phone: str, number: str) -> None:
    assert telephone_number(phone) == number
