"""Questions of people, put as they are to the tool that searches, about catalogues of others: which dataset comes first."""

import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from litestar import Litestar

from tests.mcp import call_tool
from tests.portal.nodes.elsewhere import Catalogue
from tests.portal.nodes.sources.conftest import Open
from tests.visitors import browse, freshen
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.kit.territories import TerritoryRegistry
from udi.portal.catalogue.search.feed import SearchFeed
from udi.portal.tenants.models import Tenant
from udi.settings import Settings

CATALOGUES = (
    "opendatasoft-paris_catalog.csv",
    "pod_www2.ed.gov.data.json",
    "udata_evian.json",
    "udata_results.json",
    "birmingham_package_search.json",
)


@dataclass(frozen=True)
class Question:
    """A question in somebody's words, and how the title of the dataset that answers it begins."""

    words: str
    title: str


TUNED = (
    Question("Où sont les arbres remarquables de Paris ?", "Les arbres remarquables"),
    Question(
        "Quels prénoms sont donnés aux enfants à Paris ?", "Liste des prénoms 2004"
    ),
    Question("Où a-t-on tourné des films à Paris ?", "Lieux de tournage de films"),
    Question("Où boire un café à un euro ?", "Liste des cafés à un euro"),
    Question(
        "Combien de tonnes de verre sont collectées ?",
        "Tonnages de la collecte du verre",
    ),
    Question(
        "Où recharger un véhicule électrique à Bordeaux ?",
        "Bornes de recharge électrique de véhicules - Bordeaux",
    ),
    Question(
        "Y a-t-il des pistes cyclables à Montpellier ?",
        "Pistes Cyclables - Ville de Montpellier",
    ),
    Question(
        "Quelle est la population des communes françaises en 2011 ?",
        "Population française - Communes - 2011",
    ),
    Question(
        "Où sont les arrêts de bus de Saint-Malo ?", "Emplacement des Arrêts de Bus"
    ),
    Question("Quels sont les fromages français ?", "Liste des Fromages Français"),
    Question(
        "Quels sont les résultats du baccalauréat ?", "Résultats du baccalauréat 2014"
    ),
    Question(
        "Où faire du covoiturage près de Nantes ?",
        "Aires de covoiturage de Nantes Métropole",
    ),
    Question(
        "How many traffic accidents are there in Helsinki?",
        "Traffic accidents in Helsinki",
    ),
    Question("Where are the subway stations in New York?", "NYC Subway Stations"),
    Question(
        "Which hurricanes were the deadliest in the United States?",
        "The Deadliest Hurricanes",
    ),
    Question("Où sont les défibrillateurs d’Évian ?", "defibrillateurs"),
    Question(
        "Which baby names are popular in North Carolina?", "Baby names popularity"
    ),
    Question(
        "What did Birmingham buy with purchase cards in April 2021?",
        "April 2021 Purchase Card Transactions",
    ),
    Question(
        "Which charter schools were there in 2012-13?",
        "EDFacts Charter Schools, 2012-13",
    ),
    Question(
        "À quel prix se vendent les maisons et les terrains ?",
        "Demandes de valeurs foncières",
    ),
)
"""Those that the search was looked at with."""
FIRST_KEPT_APART = (
    Question("Où trouver un jardin partagé à Paris ?", "Les jardins partagés"),
    Question(
        "Où acheter un journal dans un kiosque à Paris ?", "Liste des kiosques presse"
    ),
    Question(
        "Combien de logements sociaux sont financés à Paris ?",
        "Logements sociaux financés à Paris",
    ),
    Question("Qui garde des enfants à Antony ?", "Assistantes maternelles à Antony"),
    Question("Quels médecins sont accrédités ?", "Données sur les médecins accrédités"),
    Question("Où sont les horloges ?", "Horloges extérieures et intérieures"),
    Question("Which train stations are there in Europe?", "European train stations"),
    Question("Where can I see a museum in New York?", "NYC Museums and Galleries"),
    Question(
        "What do private schools look like in 2011-12?",
        "Private School Universe Survey, 2011-12",
    ),
    Question(
        "Combien de personnes ont été vaccinées contre la Covid-19 ?",
        "Données relatives aux personnes vaccinées",
    ),
)
"""Those that nothing was tuned by at first. Two failed: their causes (short names of places, words that people use for what
administrations call otherwise) were then mended as wholes, seen from these; so they prove less than those below.
"""
KEPT_APART = (
    Question("Which theaters are there in New York City?", "NYC Theaters"),
    Question("Qui a gagné le Ballon d’Or 2013 ?", "Résultats Ballon d'Or FIFA 2013"),
    Question(
        "Quels livres ont été les plus empruntés en 2013 ?",
        "les 1000 titres les plus empruntés de 2013",
    ),
    Question("Combien coûte l’essence ?", "Prix des carburants"),
    Question(
        "Où jeter une bouteille en verre à Paris ?",
        "Mobiliers urbains de propreté - Emplacements des colonnes à verre",
    ),
    Question(
        "Combien de voitures circulent chaque jour sur les routes d’Île-de-France ?",
        "Trafic routier moyen journalier en Ile de France",
    ),
    Question(
        "How many crimes were reported in Chicago?",
        "Incidents in Chicago from 2001 to Present",
    ),
    Question("Où se garer en sous-sol à Paris ?", "Parc de stationnement en sous-sol"),
    Question("Combien d’énergie les logements consomment-ils ?", "DPE Logements"),
    Question("Where can I borrow a bike in Lyon?", "Station Vélo'V Grand Lyon"),
)
"""Written from the titles before that mend, when seven were right. Whoever wrote the words of the mend had read them: none
was added for one of them (fuel has no entry, and its question finds nothing).
"""
QUESTIONS = {
    "tuned": TUNED,
    "first kept apart": FIRST_KEPT_APART,
    "kept apart": KEPT_APART,
}


@pytest.mark.thorough
async def test_questions_about_catalogues_of_others_find_the_dataset_that_answers(
    catalogue: Catalogue,
    open_source: Open,
    shared_data: Path,
    portal_app: Litestar,
    portal_database: Database,
    demo: Territory,
    settings: Settings,
) -> None:
    for name in CATALOGUES:
        catalogue.put(f"/{name}", (shared_data / "data/catalogues" / name).read_bytes())
        await (await open_source(f"{catalogue.origin}/{name}", rhythm="by_hand")).read()
    registry = TerritoryRegistry(
        portal_database, Tenant, lambda host: settings.origin("portal", host)
    )
    freshen(registry)
    await SearchFeed(portal_database, registry, settings).run_once()

    right = dict.fromkeys(QUESTIONS, 0)
    async with browse(portal_app, demo) as program:
        for kind, questions in QUESTIONS.items():
            for question in questions:
                answer = await call_tool(
                    program, "search_datasets", {"q": question.words}
                )
                titles = [entry["title"] for entry in answer["datasets"]] or [""]
                is_right = titles[0].startswith(question.title)
                right[kind] += is_right
                sys.stdout.write(
                    f"{is_right} — {question.words} — {question.title} — {titles[0]}\n"
                )

    sys.stdout.write(f"\nright datasets first: {right}\n")
    assert right["tuned"] >= 20
    assert right["first kept apart"] >= 10
    assert right["kept apart"] >= 9
