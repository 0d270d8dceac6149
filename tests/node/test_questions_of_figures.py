"""Questions whose answer is a figure, about real tables: search, describe, then rows or sums, by the tools of `/mcp` alone.

The right figure is computed from the file by DuckDB, which reads it by itself. Around the tables stands a real catalogue
of another city, so that a search has something to be wrong about.
"""

import csv
import html
import re
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import duckdb
import httpx
import pytest
from litestar import Litestar

from tests.contract.node import Pusher, make_record, pushing, trusted_issuer
from tests.mcp import call_tool
from tests.node.counterpart import report
from tests.node.producer import Producer
from tests.node.test_outbox import answer
from tests.visitors import browse, freshen
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.kit.territories import TerritoryRegistry
from udi.portal.catalogue.search.feed import SearchFeed
from udi.portal.tenants.models import Tenant
from udi.settings import Settings
from udi.ui.site import Site

__all__ = ["answer"]
NOISE = "opendatasoft-paris_catalog.csv"
TABLES = {
    "fr-city_prenoms.csv": (
        "Prénoms des nouveau-nés",
        "Nombre d’enfants par prénom et par année.",
    ),
    "alessandria_ingressi-biblioteca-2022.csv": (
        "Fréquentation de la bibliothèque en 2022",
        "Entrées, prêts de livres et inscriptions, mois par mois.",
    ),
    "alessandria_ingressi-biblioteca-2023.csv": (
        "Fréquentation de la bibliothèque en 2023",
        "Entrées, prêts de livres et inscriptions, mois par mois.",
    ),
    "brescia-mobilita_Postazioni-Bike-Sharing-Brescia.csv": (
        "Stations de vélos partagés",
        "Bornes de chaque station de vélos, avec leur position.",
    ),
    "brescia-mobilita_Parcheggio-in-struttura-Brescia.csv": (
        "Parkings couverts",
        "Nombre de places de chaque parking en ouvrage.",
    ),
    "giovinazzo_verdepubblico.csv": (
        "Arbres des espaces verts",
        "Arbres par site, par espèce et par année.",
    ),
    "lizzano_dataset_popolazione.csv": (
        "Population de Lizzano",
        "Habitants, naissances et décès, année par année.",
    ),
    "goodtables_VilleMTP_MTP_BudgetPri_2015.csv": (
        "Budget primitif 2015 de Montpellier",
        "Recettes et dépenses votées, par section, fonction et nature.",
    ),
    "upo-vercelli_24-25_Iscritti_UPO.csv": (
        "Étudiants inscrits à l’université",
        "Inscrits de l’année 2024-2025 par cours et par ville.",
    ),
    "megalis_budget-crach-001_expected.csv": (
        "Budget de la commune de Crach",
        "Budget primitif 2022, ligne par ligne.",
    ),
    "pygeoapi_station_list.csv": (
        "Stations météorologiques",
        "Position et altitude des stations de mesure.",
    ),
    "rust-csv_uspop-latin1.csv": (
        "Population des villes des États-Unis",
        "Habitants par ville, avec l’État et la position.",
    ),
}
"""Title and words that their producer gives to each."""
TAG = re.compile(r"<[^>]+>")
NAME_OR_NUMBER = re.compile(r"(?<=\s)(?:[A-ZÉ]\w+|\d+)")
"""What a program leaves out of a question when nothing is found, as the answer advises."""
LATIN = {"goodtables_VilleMTP_MTP_BudgetPri_2015.csv", "rust-csv_uspop-latin1.csv"}


@dataclass(frozen=True)
class Question:
    """A question in somebody's words, what is asked of the table once it is there, and the same in SQL."""

    words: str
    file: str
    sql: str
    measure: tuple[str, Literal["sum", "max", "count", "avg"]]
    filters: dict[str, Any] = field(default_factory=dict)


TUNED = (
    Question(
        "Combien d’enfants ont été prénommés Louise en 2012 ?",
        "fr-city_prenoms.csv",
        "SELECT sum(CAST(Nombre AS BIGINT)) FROM data WHERE Prénom = 'Louise' AND Année = '2012'",
        ("Nombre", "sum"),
        {"Prénom__exact": "Louise", "Année__exact": 2012},
    ),
    Question(
        "Combien de livres la bibliothèque a-t-elle prêtés en 2022 ?",
        "alessandria_ingressi-biblioteca-2022.csv",
        "SELECT sum(CAST(LibriPrestati AS BIGINT)) FROM data",
        ("LibriPrestati", "sum"),
    ),
    Question(
        "Combien de bornes ont les stations de vélos partagés ?",
        "brescia-mobilita_Postazioni-Bike-Sharing-Brescia.csv",
        'SELECT sum(CAST("Tot. colonnine" AS BIGINT)) FROM data',
        ("Tot. colonnine", "sum"),
    ),
    Question(
        "Combien de places a le plus grand des parkings couverts ?",
        "brescia-mobilita_Parcheggio-in-struttura-Brescia.csv",
        'SELECT max(CAST("Posti Totali" AS BIGINT)) FROM data',
        ("Posti Totali", "max"),
    ),
    Question(
        "Combien de pins y a-t-il dans les espaces verts ?",
        "giovinazzo_verdepubblico.csv",
        "SELECT sum(CAST(numero_alberi AS DOUBLE)) FROM data WHERE specie = 'Pino'",
        ("numero_alberi", "sum"),
        {"specie__exact": "Pino"},
    ),
    Question(
        "Quelle était la population de Lizzano en 2020 ?",
        "lizzano_dataset_popolazione.csv",
        "SELECT sum(CAST(Tot_Pop AS BIGINT)) FROM data WHERE trim(Anno) = '2020'",
        ("Tot_Pop", "sum"),
        {"Anno__exact": 2020},
    ),
    Question(
        "Combien d’étudiants sont inscrits à l’université à Novare ?",
        "upo-vercelli_24-25_Iscritti_UPO.csv",
        "SELECT sum(CAST(Iscritti AS BIGINT)) FROM data WHERE Sede = 'NOVARA'",
        ("Iscritti", "sum"),
        {"Sede__exact": "NOVARA"},
    ),
)
"""Those that the tools were looked at with."""
KEPT_APART = (
    Question(
        "À quelle altitude est la plus haute des stations météorologiques ?",
        "pygeoapi_station_list.csv",
        "SELECT max(CAST(elevation AS DOUBLE)) FROM data",
        ("elevation", "max"),
    ),
    Question(
        "Quelles dépenses de fonctionnement la ville de Montpellier a-t-elle votées en 2015 ?",
        "goodtables_VilleMTP_MTP_BudgetPri_2015.csv",
        """SELECT sum(CAST(replace(regexp_replace(BP2015, '[^0-9,-]', '', 'g'), ',', '.') AS DECIMAL(18, 2)))
        FROM data WHERE Section = 'F' AND "D/R" = 'D'""",
        ("BP2015", "sum"),
        {"Section__exact": "F", "D/R__exact": "D"},
    ),
    Question(
        "Combien d’habitants a la plus grande ville de Californie ?",
        "rust-csv_uspop-latin1.csv",
        "SELECT max(CAST(Population AS BIGINT)) FROM data WHERE State = 'CA'",
        ("Population", "max"),
        {"State__exact": "CA"},
    ),
)
"""Those that nothing was tuned by."""


def compute(path: Path, sql: str) -> float:
    """What DuckDB says of a file, every cell of which it reads as text."""
    encoding = "latin-1" if path.name in LATIN else "utf-8"
    reading = f"read_csv('{path}', all_varchar = true, header = true, encoding = '{encoding}')"
    with duckdb.connect() as connection:
        row = connection.execute(sql.replace("FROM data", f"FROM {reading}")).fetchone()
    assert row is not None
    return float(row[0])


@pytest.fixture
async def pusher(
    portal_site: Site, portal_app: Litestar, demo: Territory
) -> AsyncIterator[Pusher]:
    """The node, as the portal knows it."""
    with trusted_issuer(portal_site) as issuer:
        async with pushing(portal_site, portal_app, demo, issuer) as pusher:
            yield pusher


def describe_noise(pusher: Pusher, row: dict[str, str]) -> dict[str, Any]:
    """A dataset of the other city, in its own words."""
    title = row["title"][:150]
    text = " ".join(html.unescape(TAG.sub(" ", row["description"])).split()) or title
    language = row["language"] if row["language"] in {"fr", "en"} else "fr"
    keywords = [word.strip()[:100] for word in row["keyword"].split(",")]
    return make_record(
        pusher.organisation,
        resource_title=title,
        synopsis=[{"lang": language, "text": text[:150]}],
        summary=[{"lang": language, "text": text[:2000]}],
        keywords=[word for word in dict.fromkeys(keywords) if word] or ["données"],
    )


@pytest.fixture
async def published(
    producer: Producer,
    passer_by: httpx.AsyncClient,
    pusher: Pusher,
    shared_data: Path,
    portal_database: Database,
    settings: Settings,
    answer: Callable[..., Any],
) -> dict[str, str]:
    """The tables at the node, announced to the portal beside a catalogue of another city: file by identifier."""
    noise = shared_data / "data/catalogues" / NOISE
    with noise.open(encoding="utf-8-sig", newline="") as lines:
        for row in csv.DictReader(lines, delimiter=","):
            pushed = await pusher.post(describe_noise(pusher, row))
            assert pushed.is_success, pushed.text
    files: dict[str, str] = {}
    for name, (title, words) in TABLES.items():
        content = (shared_data / "data/tables" / name).read_bytes()
        draft = await producer.draft(content, name)
        dataset = await producer.publish(
            draft,
            reason="Un fichier public",
            title=title,
            summary=words,
            keywords="tableau",
        )
        assert await answer(report(dataset)) == httpx.codes.OK
        record = (await passer_by.get(f"/api/v1/resources/{dataset}")).json()
        organisation = {
            "organization_id": str(pusher.organisation),
            "organization_name": "Mairie",
        }
        pushed = await pusher.post({**record, "producer": organisation})
        assert pushed.is_success, pushed.text
        files[dataset] = name
    registry = TerritoryRegistry(
        portal_database, Tenant, lambda host: settings.origin("portal", host)
    )
    freshen(registry)
    await SearchFeed(portal_database, registry, settings).run_once()
    return files


async def ask(
    portal: httpx.AsyncClient,
    node: httpx.AsyncClient,
    question: Question,
    files: dict[str, str],
) -> tuple[str, float | None]:
    """The file that the search puts first, and the figure that the tools of its node give."""
    listed = await call_tool(portal, "search_datasets", {"q": question.words})
    if not listed["datasets"]:
        plain_words = NAME_OR_NUMBER.sub("", question.words)
        listed = await call_tool(portal, "search_datasets", {"q": plain_words})
    identifier = next((entry["dataset_id"] for entry in listed["datasets"]), "")
    if files.get(identifier) != question.file:
        return listed["datasets"][0]["title"] if listed["datasets"] else "", None
    dataset = await call_tool(portal, "describe_dataset", {"dataset_id": identifier})
    assert dataset["rows"]["mcp_server"] == f"{node.base_url}/mcp".replace(
        "//mcp", "/mcp"
    )
    table = await call_tool(node, "describe_table", {"dataset_id": identifier})
    column, aggregate = question.measure
    named = {entry["name"].strip(): entry["name"] for entry in table["columns"]}
    answer = await call_tool(
        node,
        "aggregate_rows",
        {
            "dataset_id": identifier,
            "measures": {named[column]: [aggregate]},
            "filters": question.filters,
        },
    )
    value = answer["rows"][0][f"{named[column]}__{aggregate}"]
    return question.file, None if value is None else float(value)


@pytest.mark.thorough
async def test_questions_about_real_tables_are_answered_with_the_right_figure(
    published: dict[str, str],
    passer_by: httpx.AsyncClient,
    portal_app: Litestar,
    demo: Territory,
    shared_data: Path,
) -> None:
    right = {"tuned": 0, "kept apart": 0}
    async with browse(portal_app, demo) as portal:
        for kind, questions in (("tuned", TUNED), ("kept apart", KEPT_APART)):
            for question in questions:
                file, figure = await ask(portal, passer_by, question, published)
                wanted_figure = compute(
                    shared_data / "data/tables" / question.file, question.sql
                )
                is_right = figure is not None and abs(figure - wanted_figure) < 0.005
                right[kind] += is_right
                sys.stdout.write(
                    f"{question.words} — {file}: {figure}, by DuckDB {wanted_figure}\n"
                )

    sys.stdout.write(f"right figures: {right}\n")
    assert right["tuned"] >= 7
    assert right["kept apart"] >= 3
