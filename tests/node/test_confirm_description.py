"""What the file says is shown to the producer to confirm: keywords to choose from, units of columns; nothing is guessed."""

import re

import pytest

from tests.node.producer import Producer
from udi.node.datasets.descriptions.keywords import add_keywords, suggest_keywords

BUDGET = (
    b"code_insee;annee;montant;surface (ha);taux\n"
    b"22001;2024;12,5;3;0,5\n22002;2024;13,5;4;0,6\n22003;2024;1,5;8;0,7\n"
)
KILOS = BUDGET.replace(b"montant", "montant (k€)".encode())


def units_on(page: str) -> dict[str, str]:
    """The fields of units of a page: the unit by column."""
    return dict(
        re.findall(
            r'name="unit_column" value="([^"]*)">.*?<input id="unit-\d+" name="unit" type="text" value="([^"]*)"',
            page,
            re.DOTALL,
        )
    )


@pytest.mark.parametrize(
    ("title", "columns", "theme", "words"),
    [
        (
            "Arbres remarquables 2026",
            ["CODE_INSEE", "nom_commune", "essence", "x_wgs84"],
            "Nature et environnement",
            ["arbres", "remarquables", "nature", "environnement", "essence"],
        ),
        ("Export", ["id", "latitude", "DCRTE", "libelle", "date"], "", []),
        (
            "Budget",
            ["ESSENCE_ARBRE", "LIB", "budgets"],
            "Economy",
            ["budget", "economy", "essence", "arbre"],
        ),
    ],
)
def test_suggest_keywords_gives_plain_words_and_no_code(
    title: str, columns: list[str], theme: str, words: list[str]
) -> None:
    assert suggest_keywords(title, columns, theme, []) == words


def test_suggest_keywords_leaves_out_what_was_chosen() -> None:
    assert suggest_keywords("Arbres", ["essences"], "Nature", ["arbre", "Essence"]) == [
        "nature"
    ]


def test_add_keywords_puts_each_once_after_what_was_typed() -> None:
    answers = {"keywords": "rue, Arbre"}

    assert add_keywords(answers, ["arbre", "parc"])["keywords"] == "rue, Arbre, parc"
    assert add_keywords({"keywords": ""}, ["parc"])["keywords"] == "parc"
    assert add_keywords(answers, []) == answers


async def test_no_keyword_is_published_that_nobody_chose(producer: Producer) -> None:
    dataset = await producer.draft(BUDGET, "budget-primitif.csv")

    page = await producer.page(f"/datasets/{dataset}/describe")
    refused = await producer.describe(dataset, keywords="")
    chosen = await producer.describe(dataset, keywords="rue", suggestion="primitif")

    assert 'name="keywords" type="text" value=""' in page
    assert 'name="suggestion" value="primitif">' in page
    assert refused.status_code == 422
    assert 'href="#keywords"' in refused.text
    assert chosen.status_code == 303
    assert "rue, primitif" in await producer.page(f"/datasets/{dataset}/review")
    again = await producer.page(f"/datasets/{dataset}/describe")
    assert 'name="suggestion" value="primitif"' not in again


@pytest.mark.thorough
async def test_units_of_the_file_are_shown_and_the_rest_is_left_empty(
    producer: Producer,
) -> None:
    dataset = await producer.draft(BUDGET, "budget.csv")

    page = await producer.page(f"/datasets/{dataset}/describe")

    assert units_on(page) == {"montant": "", "surface (ha)": "ha", "taux": ""}


async def test_a_confirmed_unit_is_in_the_record_the_schema_and_the_next_version(
    producer: Producer,
) -> None:
    dataset = await producer.draft(BUDGET, "budget.csv")
    await producer.client.post(
        f"/datasets/{dataset}/describe",
        data={
            "unit_column": ["montant", "surface (ha)", "code_insee", "none"],
            "unit": ["k€", "", "m", "m"],
        },
    )
    await producer.publish(dataset)

    package = await producer.client.get(f"/datasets/{dataset}/datapackage.json")
    file = package.json()["resources"][0]
    described = {field["name"]: field.get("unit") for field in file["schema"]["fields"]}
    profile = await producer.client.get(f"/api/resources/{dataset}/profile/")
    fields = profile.json()["profile"]["schema"]["fields"]

    assert described == {field["name"]: field.get("unit") for field in fields}
    assert described == {
        "code_insee": None,
        "annee": None,
        "montant": "k€",
        "surface (ha)": None,
        "taux": None,
    }
    review = await producer.page(f"/datasets/{dataset}/review")
    assert '<span dir="auto">montant</span> k€' in review
    await producer.send(
        BUDGET + b"22004;2024;1;2;1\n",
        "budget.csv",
        path=f"/datasets/{dataset}/versions",
    )
    page = await producer.page(f"/datasets/{dataset}/describe")
    assert units_on(page)["montant"] == "k€"


async def test_a_unit_that_is_too_long_is_refused_and_none_is_kept(
    producer: Producer,
) -> None:
    dataset = await producer.draft(BUDGET, "budget.csv")

    refused = await producer.describe(
        dataset, unit_column="montant", unit="k" * 41, title="Un titre"
    )

    assert refused.status_code == 422
    assert 'href="#unit-0"' in refused.text
    assert units_on(refused.text)["montant"] == "k" * 41
    page = await producer.page(f"/datasets/{dataset}/describe")
    assert units_on(page)["montant"] == ""
    assert "Un titre" in page


@pytest.mark.thorough
async def test_what_the_file_writes_is_not_kept_against_the_next_file(
    producer: Producer,
) -> None:
    dataset = await producer.draft(KILOS, "budget.csv")
    await producer.describe(dataset, unit_column="montant (k€)", unit="k€")
    await producer.publish(dataset, unit_column="montant (k€)", unit="M€")

    history = await producer.page(f"/datasets/{dataset}/history.csv")
    profile = await producer.client.get(f"/api/resources/{dataset}/profile/")
    units = [
        field.get("unit") for field in profile.json()["profile"]["schema"]["fields"]
    ]

    assert history.count("Unités de colonnes corrigées") == 1
    assert units == [None, None, "M€", "ha", None]
