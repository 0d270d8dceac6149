"""What a client of RUDI sends is put into what is kept: nothing that it does not know is lost."""

from typing import Any

import pytest

from udi.node.datasets.records.document import answers_of, merge_documents
from udi.node.datasets.records.rudi_clients import adapt_for_clients, as_version_4
from udi.node.manager.merge import merge

MEDIA = {
    "media_id": "a",
    "media_type": "FILE",
    "media_visual": "https://x.example/a.png",
}


@pytest.mark.parametrize(
    ("stored", "sent", "merged"),
    [
        ({"purpose": 1, "theme": "x"}, {"theme": "y"}, {"purpose": 1, "theme": "y"}),
        ({"purpose": 1, "theme": "x"}, {"theme": None}, {"purpose": 1}),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 3}}, {"a": {"b": 3, "c": 2}}),
        ({"contacts": [{"contact_id": "1", "role": "author"}]}, {"contacts": [{"contact_id": "1", "contact_name": "Jo"}]},
         {"contacts": [{"contact_id": "1", "role": "author", "contact_name": "Jo"}]}),
        ({"contacts": [{"contact_id": "1", "role": "author"}]}, {"contacts": [{"contact_id": "2"}]},
         {"contacts": [{"contact_id": "2"}]}),
        ({"available_formats": [MEDIA]}, {"available_formats": [{"media_id": "b"}, {"media_id": "a"}]},
         {"available_formats": [{"media_id": "b"}, MEDIA]}),
        ({"available_formats": [MEDIA]}, {"available_formats": [{"media_id": "a", "media_type": "SERVICE"}]},
         {"available_formats": [{"media_id": "a", "media_type": "SERVICE"}]}),
        ({"summary": [{"lang": "fr", "text": "t", "html": "<p>t</p>"}]}, {"summary": [{"lang": "fr", "text": "t"}]},
         {"summary": [{"lang": "fr", "text": "t", "html": "<p>t</p>"}]}),
        ({"summary": [{"lang": "fr", "text": "t", "html": "<p>t</p>"}]}, {"summary": [{"lang": "fr", "text": "u"}]},
         {"summary": [{"lang": "fr", "text": "u"}]}),
        ({"licence": {"licence_type": "STANDARD", "licence_label": "mit"}}, {"licence": {"licence_type": "CUSTOM"}},
         {"licence": {"licence_type": "CUSTOM"}}),
        ({"dataset_size": {"numbers_of_records": 1}}, {"dataset_size": {"number_of_records": 2}},
         {"dataset_size": {"numbers_of_records": 2}}),
        ({"keywords": ["a", "b"]}, {"keywords": ["c"]}, {"keywords": ["c"]}),
        ({"ext_metadata": {"ext_selfdata": {}}}, {}, {"ext_metadata": {"ext_selfdata": {}}}),
        ({"a": "text"}, {"a": {"b": 1}}, {"a": {"b": 1}}),
    ],
)  # fmt: skip
def test_what_was_not_sent_stays(
    stored: dict[str, Any], sent: dict[str, Any], merged: dict[str, Any]
) -> None:
    assert merge(stored, sent) == merged
    assert merge(merged, sent) == merged


def a_document() -> dict[str, Any]:
    return {
        "resource_title": "Arbres", "theme": "environment", "keywords": ["arbre, grand", "rue"], "purpose": ["x"],
        "synopsis": [{"lang": "fr", "text": "s"}], "summary": [{"lang": "fr-FR", "text": "Un."}, {"lang": "en", "text": "One."}],
        "contacts": [{"contact_id": "1", "email": "a@x.example"}, {"contact_id": "2", "email": "b@x.example"}],
        "access_condition": {"licence": {"licence_type": "STANDARD", "licence_label": "mit"}, "usage_constraint": ["u"]},
        "available_formats": [{"media_id": "9", "media_type": "SERVICE"}, {"media_id": "7", "media_caption": "c"}],
        "metadata_info": {"api_version": "1.4.3", "metadata_source": "https://x.example"}, "metadata_status": "local",
    }  # fmt: skip


def composed() -> dict[str, Any]:
    return {
        "global_id": "g", "resource_title": "Bancs", "theme": "publicSpace", "keywords": ["banc"],
        "producer": {"organization_id": "o"}, "contacts": [{"contact_id": "3", "email": "c@x.example"}],
        "dataset_dates": {"created": "2026-01-01", "updated": "2026-02-02"}, "metadata_info": {"api_version": "1.4.1"},
        "access_condition": {"licence": {"licence_type": "STANDARD", "licence_label": "odbl-1.0"}},
        "available_formats": [
            {"media_id": "7", "media_type": "FILE", "file_type": "text/csv", "file_size": 3, "checksum": {"hash": "h"},
             "connector": {"url": "https://node.example/7"}}
        ],
    }  # fmt: skip


def test_a_record_stays_as_it_was_written_until_the_form_says_otherwise() -> None:
    document = a_document()
    answers = answers_of(document)

    same = merge_documents(document, composed(), answers)
    changed = merge_documents(
        document,
        composed(),
        {**answers, "title": "Bancs", "licence": "odbl-1.0", "contact": "c@x.example"},
    )

    assert (same["resource_title"], same["keywords"], same["purpose"]) == (
        "Arbres",
        ["arbre, grand", "rue"],
        ["x"],
    )
    assert same["summary"] == document["summary"]
    assert same["contacts"] == document["contacts"]
    assert same["access_condition"] == document["access_condition"]
    assert same["metadata_info"] == {
        "api_version": "1.4.1",
        "metadata_source": "https://x.example",
    }
    assert "metadata_status" not in same
    assert (changed["resource_title"], changed["theme"]) == ("Bancs", "environment")
    assert changed["contacts"] == composed()["contacts"]
    assert changed["access_condition"]["licence"]["licence_label"] == "odbl-1.0"
    assert changed["access_condition"]["usage_constraint"] == ["u"]


def test_the_terms_that_a_client_wrote_for_restricted_data_stay() -> None:
    address = "https://creativecommons.org/licenses/by/4.0/"
    terms = {
        "licence_type": "CUSTOM",
        "custom_licence_label": [{"lang": "fr", "text": "Nos conditions"}],
        "custom_licence_uri": address,
    }
    document = a_document() | {
        "access_condition": {
            "licence": terms,
            "confidentiality": {"restricted_access": True},
        }
    }
    answers = {**answers_of(document), "title": "Bancs", "licence": ""}

    merged = merge_documents(document, composed(), answers)

    assert merged["resource_title"] == "Bancs"
    assert merged["access_condition"]["licence"] == terms


def test_the_node_says_what_its_own_file_is_and_leaves_the_others() -> None:
    first, second = merge_documents(a_document(), composed(), answers_of(a_document()))[
        "available_formats"
    ]

    assert (first["media_id"], first["file_size"], first["media_caption"]) == (
        "7",
        3,
        "c",
    )
    assert (first["connector"]["url"], first["file_storage_status"]) == (
        "https://node.example/7",
        "available",
    )
    assert second == {"media_id": "9", "media_type": "SERVICE"}


@pytest.mark.parametrize(("ours", "merged"), [([], ["1998"]), (["2024"], ["2024"])])
def test_a_period_that_a_client_gives_stays_until_the_node_says_one(
    ours: list[str], merged: list[str]
) -> None:
    document = a_document()
    media = {"media_id": "7", "dcat": {"periods": ["1998"], "other": "x"}}
    document["available_formats"] = [media]
    described = composed()
    described["available_formats"][0] |= {"dcat": {"periods": ours}} if ours else {}

    [first] = merge_documents(document, described, answers_of(document))[
        "available_formats"
    ]

    assert first["dcat"] == {"other": "x", "periods": merged}


def test_identifiers_and_words_are_those_that_clients_read() -> None:
    version_5 = "005817c2-573a-5b89-8adb-f7fa883cd850"
    shaped = adapt_for_clients(
        {
            "producer": {"organization_id": version_5},
            "contacts": [{"contact_id": version_5, "email": "Jo@Example.org"}],
            "available_formats": [
                {"media_id": version_5, "media_type": "FILE", "file_type": "application/vnd.apache.parquet",
                 "connector": {"url": "https://x.example/a.parquet"}}
            ],
            "resource_languages": ["fr-FR"],
        }
    )  # fmt: skip

    version_4 = "005817c2-573a-4b89-8adb-f7fa883cd850"
    assert as_version_4(version_4) == as_version_4(version_5) == version_4
    assert (
        shaped["producer"]["organization_id"]
        == shaped["contacts"][0]["contact_id"]
        == version_4
    )
    assert shaped["contacts"][0]["email"] == "jo@example.org"
    [media] = shaped["available_formats"]
    assert (media["media_id"], media["media_name"], media["file_type"]) == (
        version_4,
        "a.parquet",
        "application/octet-stream",
    )
    assert shaped["resource_languages"] == ["fr"]
    assert adapt_for_clients({"updatedAt": "x"}) == {"updatedAt": "x"}
