"""A producer writes the title and the description in each language of the territory: the form, the page, the record."""

import uuid
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.node.producer import Producer
from udi.kit.tenancy import Territory
from udi.node.datasets.descriptions.description import LOCALE, check_answers
from udi.node.datasets.models import Dataset
from udi.node.datasets.records.document import answers_of, merge_documents
from udi.node.datasets.records.rudi import compose_document
from udi.protocol.record import read_record
from udi.ui.site import Site

ENGLISH = {
    "main_language": "fr",
    "title_en": "Associations of Kerlévan",
    "summary_en": "One row an association.  Kept by the town hall.",
}


async def read_document(
    site: Site, territory: Territory, dataset: str
) -> dict[str, Any]:
    async with site.database.session(territory.id) as session:
        row = await session.get_one(Dataset, (territory.id, uuid.UUID(dataset)))
        await session.refresh(row, ["versions", "space"])
        for version in row.versions:
            await session.refresh(version, ["file", "preparation"])
        return compose_document(row, row.latest, territory, at=datetime.now(UTC))


@pytest.mark.thorough
async def test_the_form_offers_each_other_language_and_keeps_what_was_written(
    producer: Producer, node_site: Site, demo: Territory
) -> None:
    dataset = await producer.draft()
    empty = await producer.page(f"/datasets/{dataset}/describe")

    assert "<details><summary>Dans d’autres langues" in empty
    assert 'name="title_en"' in empty
    assert 'name="title_fr"' not in empty
    await producer.publish(dataset, **ENGLISH)

    document = await read_document(node_site, demo, dataset)
    record = read_record(document)
    again = await producer.page(f"/datasets/{dataset}/describe")
    assert record.titles == {
        "fr": "Associations de Kerlévan",
        "en": "Associations of Kerlévan",
    }
    assert record.summary == {
        "fr": "Une ligne par association. Tenue par la mairie.",
        "en": "One row an association.  Kept by the town hall.",
    }
    assert record.synopsis["en"] == "One row an association."
    assert "<details open><summary>Dans d’autres langues" in again
    assert 'value="Associations of Kerlévan"' in again


async def test_readers_see_the_table_under_the_title_in_their_language(
    producer: Producer,
) -> None:
    dataset = await producer.publish(**ENGLISH)
    addresses = (f"/datasets/{dataset}/data", f"/embed/datasets/{dataset}/table")

    for address in addresses:
        english = await producer.page(address, headers={"Accept-Language": "en"})
        french = await producer.page(address, headers={"Accept-Language": "fr"})
        assert "<h1" in english
        assert "Associations of Kerlévan</h1>" in english
        assert "Associations de Kerlévan</h1>" in french


async def test_a_text_that_is_too_long_names_its_language(producer: Producer) -> None:
    dataset = await producer.draft()

    refused = await producer.describe(
        dataset, main_language="fr", title_en="t" * 151, summary_en="s" * 10_001
    )

    assert refused.status_code == 422
    assert 'href="#title_en"' in refused.text
    assert 'href="#summary_en"' in refused.text
    assert "(English)" in refused.text


async def test_without_other_languages_the_record_is_as_before(
    producer: Producer, node_site: Site, demo: Territory
) -> None:
    dataset = await producer.publish(title_en=" ", summary_en="", main_language="fr")

    document = await read_document(node_site, demo, dataset)

    assert "resource_titles" not in document
    assert [text["lang"] for text in document["summary"]] == ["fr"]


async def test_the_main_language_is_the_one_that_the_producer_names(
    producer: Producer, node_site: Site, demo: Territory
) -> None:
    dataset = await producer.publish(main_language="en", title_fr="Associations")

    document = await read_document(node_site, demo, dataset)

    assert document["resource_titles"] == [
        {"lang": "en", "text": "Associations de Kerlévan"},
        {"lang": "fr", "text": "Associations"},
    ]


@pytest.mark.thorough
async def test_texts_change_places_with_those_of_the_new_main_language(
    producer: Producer, node_site: Site, demo: Territory
) -> None:
    turned = {**ENGLISH, "form_language": "fr", "main_language": "en"}
    dataset = await producer.publish(**turned)

    document = await read_document(node_site, demo, dataset)

    assert document["resource_titles"] == [
        {"lang": "en", "text": "Associations of Kerlévan"},
        {"lang": "fr", "text": "Associations de Kerlévan"},
    ]
    assert [text["lang"] for text in document["summary"]] == ["en", "fr"]


def test_a_record_of_a_client_gives_and_takes_texts_in_languages() -> None:
    document = {
        "resource_title": "Arbres",
        "resource_titles": [
            {"lang": "fr", "text": "Arbres"},
            {"lang": "de", "text": "Bäume"},
        ],
        "summary": [{"lang": "fr", "text": "Un."}, {"lang": "de", "text": "Eins."}],
        "synopsis": [{"lang": "fr", "text": "Un."}],
        "available_formats": [{"media_id": "7", "media_type": "FILE"}],
    }
    media = {
        "media_id": "7", "media_type": "FILE", "file_type": "text/csv", "file_size": 3,
        "checksum": {}, "connector": {},
    }  # fmt: skip
    composed = {
        "global_id": "g", "producer": {}, "dataset_dates": {"updated": "2026-01-01"},
        "access_condition": {}, "metadata_info": {}, "available_formats": [media],
        "resource_title": "Arbres", "resource_titles": [{"lang": "de", "text": "Linden"}],
        "summary": [{"lang": "de", "text": "Zwei."}],
    }  # fmt: skip
    answers = answers_of(document)

    same = merge_documents(document, composed, answers)
    changed = merge_documents(document, composed, {**answers, "title_de": "Linden"})

    assert (answers["title_de"], answers["summary_de"], answers[LOCALE]) == (
        "Bäume",
        "Eins.",
        "fr",
    )
    assert same["resource_titles"] == document["resource_titles"]
    assert changed["resource_titles"] == composed["resource_titles"]
    assert changed["summary"] == document["summary"]


def test_a_language_that_is_the_main_one_is_not_checked_twice() -> None:
    answers = {"title": "Arbres", LOCALE: "fr", "title_fr": "t" * 200}

    assert "title_fr" not in {
        refusal.field for refusal in check_answers(answers, has_file=True)
    }
