"""Every language of the project on a page, in a mail, in a problem of the API and in search; and the chooser that offers them."""

import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from litestar import Litestar
from sqlalchemy import update

from tests import stage
from tests.portal.catalogue.corpus import described, open_catalogue
from tests.visitors import browse, freshen
from udi.kit.tenancy import Territory
from udi.portal.catalogue.search.feed import SearchFeed
from udi.portal.tenants.models import Tenant
from udi.settings import Settings
from udi.ui.emails import EmailRecipient
from udi.ui.locale import LANGUAGES
from udi.ui.login_theme import own_languages
from udi.ui.site import Site

SPOKEN = list(own_languages())
WORDS = {
    "fr": ("Aller au contenu", "3 mai 2026", "Aucun jeu de données n’a cette adresse ici."),
    "en": ("Skip to content", "3 May 2026", "No dataset has this address here."),
    "es": ("Ir al contenido", "3 de mayo de 2026", "No hay ningún conjunto de datos en esta dirección."),
}  # fmt: skip
"""The first link of a page, a day, a refusal."""
DATASETS = {
    "fr": ("Médiathèques des quartiers", "médiathèque"),
    "en": ("Libraries of the districts", "library"),
    "es": ("Viviendas de los barrios", "vivienda"),
}
"""A title in the plural, and the word that somebody asks for."""


@pytest.fixture(scope="module")
async def town(
    settings: Settings, portal_site: Site, node_site: Site
) -> AsyncIterator[Territory]:
    """A territory that speaks every language, Spanish first, with a dataset in each."""
    databases = (portal_site.database, node_site.database)
    added = await stage.add_territory(databases, settings, "spoken")
    languages = sorted(SPOKEN, key=lambda code: code != "es")
    async with portal_site.database.platform_session(role="owner") as session:
        row = update(Tenant).where(Tenant.id == added.id)
        await session.execute(row.values(languages=languages))
    freshen(portal_site.registry)
    catalogue = await open_catalogue(portal_site.database, added)
    for language, (title, _) in DATASETS.items():
        texts = [{"lang": language, "text": title}]
        changes = {"global_id": str(uuid.uuid4()), "resource_title": title}
        await catalogue.add(0, **described(0, **changes, synopsis=texts, summary=texts))
    feed = SearchFeed(portal_site.database, portal_site.registry, settings)
    await feed.run_once()
    [town] = [
        territory
        for territory in await portal_site.registry.list()
        if territory.id == added.id
    ]
    yield town
    await stage.remove_territory(databases, added.id)


def test_every_language_is_tried() -> None:
    assert set(WORDS) == set(DATASETS) == set(SPOKEN)


@pytest.mark.parametrize("language", SPOKEN)
async def test_a_page_is_in_the_readers_language(
    portal_app: Litestar, town: Territory, language: str
) -> None:
    async with browse(portal_app, town) as visitor:
        response = await visitor.get("/", headers={"Accept-Language": language})

    assert f'<html lang="{language}" dir="ltr">' in response.text
    assert response.headers["Content-Language"] == language
    assert WORDS[language][0] in response.text
    for other in SPOKEN:
        assert f'hreflang="{other}"' in response.text
        assert (LANGUAGES[other] in response.text) is (other != language)


async def test_who_asks_for_no_language_has_the_first_of_the_territory(
    portal_app: Litestar, town: Territory
) -> None:
    async with browse(portal_app, town) as visitor:
        asked_for_none = await visitor.get("/", headers={"Accept-Language": "de"})
        named = await visitor.get("/?lang=fr", headers={"Accept-Language": "en"})

    assert asked_for_none.headers["Content-Language"] == "es"
    assert named.headers["Content-Language"] == "fr"


@pytest.mark.parametrize("language", SPOKEN)
async def test_a_problem_is_in_the_readers_language(
    portal_app: Litestar, town: Territory, language: str
) -> None:
    address = f"/api/v1/datasets/{uuid.uuid4()}"
    async with browse(portal_app, town) as visitor:
        response = await visitor.get(address, headers={"Accept-Language": language})

    assert response.status_code == 404
    assert WORDS[language][2] in response.json().values()


@pytest.mark.parametrize("language", SPOKEN)
def test_a_mail_is_in_the_language_of_its_reader(
    portal_site: Site, town: Territory, language: str
) -> None:
    mail = portal_site.emails.render(
        town,
        "organisations/emails/team-invited.jinja",
        EmailRecipient("people@example.org", language),
        key="one",
        inviter="",
        day=datetime(2026, 5, 3, 12, tzinfo=UTC),
        address="https://example.org/",
    )

    assert mail.language == language
    assert WORDS[language][1] in mail.subject
    assert f'<html lang="{language}" dir="ltr">' in mail.html
    assert portal_site.pages.gettext(language, "Answer the invitation") in mail.text


@pytest.mark.parametrize("language", SPOKEN)
async def test_search_finds_a_plural_by_its_singular(
    portal_app: Litestar, town: Territory, language: str
) -> None:
    title, word = DATASETS[language]
    async with browse(portal_app, town) as visitor:
        response = await visitor.get(f"/api/v1/datasets?exact=1&q={word}")

    assert [item["title"] for item in response.json()["items"]] == [title]
