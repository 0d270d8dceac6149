"""Every question is answered beforehand where it can be; what is wrong is named, and nothing typed is lost."""

import pytest

from tests.node.producer import ANSWERS, SLUG, Producer
from udi.node.datasets.descriptions.description import check_answers, clean_text

LONG = "x" * 1_000_000
INVALID_CHANGES = [
    ({"title": ""}, "title"),
    ({"title": "t" * 151}, "title"),
    ({"title": LONG}, "title"),
    ({"title": "\x00\x01"}, "title"),
    ({"summary": "  "}, "summary"),
    ({"summary": "s" * 10_001}, "summary"),
    ({"theme": ""}, "theme"),
    ({"theme": "magic"}, "theme"),
    ({"keywords": " , ;"}, "keywords"),
    ({"keywords": "k" * 61}, "keywords"),
    ({"keywords": ",".join(f"k{number}" for number in range(31))}, "keywords"),
    ({"first_day": "31/12/2026"}, "first_day"),
    ({"first_day": "2026-02-30"}, "first_day"),
    ({"first_day": "", "last_day": "2026-01-01"}, "first_day"),
    ({"first_day": "2026-02-01", "last_day": "2026-01-01"}, "last_day"),
    ({"frequency": "hourly"}, "frequency"),
    ({"language": "xx"}, "language"),
    ({"licence": "mine"}, "licence"),
    ({"licence": "other"}, "licence"),
    ({"contact": ""}, "contact"),
    ({"contact": "nobody"}, "contact"),
    ({"contact": "a@b c.fr"}, "contact"),
    ({"contact": "a" * 300 + "@example.org"}, "contact"),
]


def test_complete_answers_have_nothing_wrong() -> None:
    assert check_answers(ANSWERS, has_file=True) == []
    assert (
        check_answers(
            {**ANSWERS, "first_day": "", "last_day": "", "frequency": ""}, has_file=True
        )
        == []
    )


@pytest.mark.parametrize(
    ("change", "field"), INVALID_CHANGES, ids=lambda value: str(value)[:40]
)
def test_a_wrong_answer_is_named(change: dict[str, str], field: str) -> None:
    answers = {name: clean_text(value) for name, value in {**ANSWERS, **change}.items()}

    assert [refusal.field for refusal in check_answers(answers, has_file=True)] == [
        field
    ]


async def test_the_file_fills_the_form(producer: Producer) -> None:
    page = await producer.page(
        f"/datasets/{await producer.draft(name='associations-2026.csv')}/describe"
    )

    assert 'value="Associations 2026"' in page
    assert (
        "2 lignes et 3 colonnes. Colonnes\N{NO-BREAK SPACE}: nom, commune, création."
        in page
    )
    assert "Une ligne par" not in page
    assert 'value="2026-01-01"' in page
    assert '<option value="society" selected>' in page
    assert '<option value="fr" selected>' in page
    assert 'value="mairie@kerlevan.example"' in page
    assert 'value="etalab-2.0" id="licence" checked' in page


async def test_the_lines_of_the_file_are_shown_and_go_nowhere_else(
    producer: Producer,
) -> None:
    dataset = await producer.draft()

    checked = await producer.page(f"/datasets/{dataset}/check")
    described = await producer.page(f"/datasets/{dataset}/describe")

    assert "Les Amis du Phare" in checked
    assert "Les Amis du Phare" not in described


@pytest.mark.thorough
async def test_the_licence_used_last_is_proposed_again(producer: Producer) -> None:
    await producer.describe(await producer.draft(), licence="odbl-1.0")

    page = await producer.page(f"/datasets/{await producer.draft(b'a;b;c')}/describe")

    assert 'value="odbl-1.0" checked' in page


@pytest.mark.thorough
async def test_a_licence_without_a_code_at_rudi_is_chosen_in_a_list(
    producer: Producer,
) -> None:
    dataset = await producer.draft()
    address = f"/datasets/{dataset}/describe"

    offered = await producer.page(address)
    answer = await producer.describe(
        dataset, licence="other", other_licence="dl-de-by-2.0"
    )
    chosen = await producer.page(address)
    review = await producer.page(f"/datasets/{dataset}/review")

    assert '<option value="cc-by-4.0"' in offered
    assert '<option value="odbl-1.0"' not in offered
    assert answer.status_code == 303
    assert 'value="other" checked' in chosen
    assert '<option value="dl-de-by-2.0" selected' in chosen
    assert "Licence de données Allemagne, attribution 2.0" in review


async def test_another_licence_has_to_be_named(producer: Producer) -> None:
    refused = await producer.describe(
        await producer.draft(), licence="other", other_licence=""
    )

    assert refused.status_code == 422
    assert 'href="#licence"' in refused.text


async def test_a_wrong_form_comes_back_with_everything_typed(
    producer: Producer,
) -> None:
    dataset = await producer.draft()

    refused = await producer.describe(
        dataset, contact="nobody", title="Mon <titre>", keywords="un, deux"
    )

    assert refused.status_code == 422
    assert 'href="#contact"' in refused.text
    assert 'aria-invalid="true"' in refused.text
    assert "Mon &lt;titre&gt;" in refused.text
    assert 'value="nobody"' in refused.text
    again = await producer.page(f"/datasets/{dataset}/describe")
    assert "Mon &lt;titre&gt;" in again
    assert 'value="un, deux"' in again


async def test_an_empty_form_names_every_question(producer: Producer) -> None:
    dataset = await producer.draft()

    refused = await producer.client.post(
        f"/datasets/{dataset}/describe", data={"title": ""}
    )

    assert refused.status_code == 422
    for field in (
        "title",
        "summary",
        "theme",
        "keywords",
        "language",
        "licence",
        "contact",
    ):
        assert f'href="#{field}"' in refused.text


@pytest.mark.thorough
async def test_one_may_leave_and_come_back(producer: Producer) -> None:
    dataset = await producer.draft()

    left = await producer.describe(dataset, summary="", leave="1", title="Pas fini")

    assert left.headers["location"] == f"/spaces/{SLUG}"
    assert "Pas fini" in await producer.page(f"/spaces/{SLUG}")


async def test_an_incomplete_draft_is_not_published(producer: Producer) -> None:
    dataset = await producer.draft()
    await producer.describe(dataset, summary="")

    assert (
        (await producer.client.get(f"/datasets/{dataset}/review"))
        .headers["location"]
        .endswith("/describe")
    )
    refused = await producer.client.post(f"/datasets/{dataset}/publish")

    assert refused.status_code == 422
    assert 'href="#summary"' in refused.text
    assert "Brouillon" in await producer.page(f"/spaces/{SLUG}")


async def test_bad_bytes_in_a_form_are_no_accident(producer: Producer) -> None:
    dataset = await producer.draft()

    answer = await producer.client.post(
        f"/datasets/{dataset}/describe",
        content=b"title=%00%ED%A0%80%FF&summary=%F0&theme[]=x&keywords=a&keywords=b",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )

    assert answer.status_code == 422


async def test_a_huge_form_is_refused(producer: Producer) -> None:
    dataset = await producer.draft()

    assert (await producer.describe(dataset, title=LONG)).status_code == 422
    assert (await producer.describe(dataset, title=LONG * 3)).status_code == 413
