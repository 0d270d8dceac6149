"""The site changed by the team: draft, preview, publication, history and undo; bad input in one sentence."""

import re
from html import unescape

import pytest

from tests import stage
from tests.depth import by_depth
from tests.portal.tenants.test_logos import draw, paint
from tests.portal.territory.conftest import Dashboard
from tests.ui.test_logo_pictures import png_size
from udi.kit.db import Database
from udi.portal.tenants import versions
from udi.settings import Settings

SITE = "/territory/site"
COLOURS = {"hue": "30", "chroma": "1", "spark": "62", "paper_hue": "85"}
SETTINGS = {
    "name-fr": "Armorine",
    "name-en": "Armorine",
    "tagline-fr": "Les données du territoire",
    "tagline-en": "The territory's data",
    "contact": "equipe@armorine.example",
    "privacy_contact": "donnees-personnelles@armorine.example",
    "sender": "ne-pas-repondre@armorine.example",
    "sender_name": "Armorine, les données du territoire",
    "time_zone": "Europe/Paris",
    "shared": "1",
}


async def post(dashboard: Dashboard, path: str, **data: str) -> str:
    """Do something as the team; where it leads."""
    response = await dashboard.team.post(f"{SITE}{path}", data=data)
    assert response.status_code == 303, response.text
    return response.headers["location"]


async def send(dashboard: Dashboard, drawing: str, content: bytes) -> str:
    """Send a drawing; the errors of the page, empty where it was taken."""
    response = await dashboard.team.post(
        f"{SITE}/look/{drawing}", files={drawing: ("a", content, "image/svg+xml")}
    )
    if response.status_code == 303:
        return ""
    assert response.status_code == 422
    return errors_of(response.text)


def errors_of(page: str) -> str:
    return unescape(
        " ".join(re.findall(r'<p class="error"[^>]*>(.*?)</p>', page, re.DOTALL))
    )


async def read(dashboard: Dashboard, path: str) -> str:
    return (await dashboard.clients["passer-by"].get(path)).text


async def test_a_change_is_online_once_published_and_can_be_undone(
    dashboard: Dashboard,
) -> None:
    assert "--hue:186" in await read(dashboard, "/theme.css")

    await post(dashboard, "/look/colours", **COLOURS)
    assert "--hue:186" in await read(dashboard, "/theme.css")
    preview = await dashboard.team.get(f"{SITE}/look/preview.css")
    assert '[data-territory="preview"]{--hue:30' in preview.text
    changes = (await dashboard.team.get(f"{SITE}/changes")).text
    assert "<ins>+hue = 30</ins>" in changes
    await post(dashboard, "/publish", note="En orange")
    assert "--hue:30" in await read(dashboard, "/theme.css")
    site = (await dashboard.team.get(SITE)).text
    assert "En orange" in site
    await post(dashboard, "/versions/1/restore")
    assert "--hue:186" in await read(dashboard, "/theme.css")
    journal = (await dashboard.team.get("/territory/journal")).text
    assert "Des changements du site ont été publiés" in journal
    assert "Une version antérieure du site a été rétablie" in journal


@pytest.mark.thorough
async def test_a_logo_and_an_icon_sign_the_pages(dashboard: Dashboard) -> None:
    assert await send(dashboard, "logo", draw()) == ""
    assert await send(dashboard, "icon", paint()) == ""
    draft = await dashboard.team.get(f"{SITE}/look/icon/draft")
    assert draft.headers["content-type"] == "image/png"
    assert 'src="/logo.svg' not in await read(dashboard, "/charter")
    await post(dashboard, "/publish")

    page = await read(dashboard, "/charter")
    [logo] = re.findall(r'<img src="(/logo\.svg\?[0-9a-f]+)" alt=""', page)
    [icon] = re.findall(r'<link rel="icon" href="(/site-icon\?[0-9a-f]+)"', page)
    served = await dashboard.clients["passer-by"].get(logo)
    assert served.headers["content-type"].startswith("image/svg+xml")
    assert b"<path" in served.content
    icon_response = await dashboard.clients["passer-by"].get(icon)
    assert icon_response.content == paint()
    assert (await dashboard.team.get("/logo.png")).status_code == 404
    frame = await read(dashboard, "/embed/search")
    assert f'<img src="{logo}" alt="" height="24"' in frame
    [card] = re.findall(r'<meta property="og:image" content="([^"]+)"', page)
    shared = await dashboard.clients["passer-by"].get(card)
    assert shared.headers["content-type"] == "image/png"
    assert png_size(shared.content) == (1200, 630)

    await post(dashboard, "/look/logo", remove="1")
    await post(dashboard, "/publish")
    assert 'src="/logo.svg' not in await read(dashboard, "/charter")


@by_depth(
    ("drawing", "content", "sentence"),
    [
        ("logo", draw("<script>1</script>"), "script"),
        ("logo", paint(points=b"\0" * 9_000_000), "dépasse la taille qu’il annonce"),
        ("logo", draw(" " * 210_000), "trop lourd"),
        ("icon", b"GIF89a", "ni un SVG ni un PNG"),
        ("logo", b"", "Aucun fichier"),
    ],
    ids=["script", "bomb", "heavy", "neither", "none"],
    by_default=[0],
)
async def test_a_bad_drawing_is_refused_in_one_sentence_and_changes_nothing(
    dashboard: Dashboard, drawing: str, content: bytes, sentence: str
) -> None:
    assert sentence in await send(dashboard, drawing, content)

    async with dashboard.site.database.session(dashboard.territory.id) as session:
        assert await versions.find_draft(session) is None


@pytest.mark.thorough
async def test_rules_that_cannot_be_read_or_load_are_refused(
    dashboard: Dashboard,
) -> None:
    refused = {
        ":root{--accent:#ffcc00}": "La couleur lisible la plus proche est #8c7000.",
        "a{background:url(https://x.example/y)}": "charge un élément d’ailleurs",
    }
    for rules, sentence in refused.items():
        response = await dashboard.team.post(
            f"{SITE}/look/rules", data={"rules": rules}
        )
        assert response.status_code == 422
        assert sentence in errors_of(response.text)
        assert unescape(response.text).count(rules) == 1
    response = await dashboard.team.post(
        f"{SITE}/look/colours", data=COLOURS | {"hue": "400"}
    )
    assert "Indiquez un nombre de 0 à 360." in errors_of(response.text)
    assert "--hue:186" in (await dashboard.team.get(f"{SITE}/look/preview.css")).text

    await post(dashboard, "/look/rules", rules=":root{--radius:0}")
    await post(dashboard, "/publish")
    assert "--radius:0" in await read(dashboard, "/theme.css")


@by_depth(
    ("name", "value", "sentence"),
    [
        ("name-fr", "", "doit avoir un nom"),
        ("contact", "equipe", "Ce n’est pas une adresse électronique"),
        ("sender", "a@b", "Ce n’est pas une adresse électronique"),
        ("time_zone", "Paris", "pas dans la liste"),
        ("tagline-en", "x" * 301, "trop long"),
        ("sender_name", " ", "doivent avoir un expéditeur"),
        ("territories", "Pays de Retz", "Ce ne sont pas des noms courts"),
        ("territories", "x" * 41, "Ce ne sont pas des noms courts"),
        ("territories", "rade " * 201, "Ce ne sont pas des noms courts"),
    ],
    by_default=[0],
)
async def test_a_bad_setting_is_refused_beside_its_field(
    dashboard: Dashboard, name: str, value: str, sentence: str
) -> None:
    response = await dashboard.team.post(
        f"{SITE}/settings", data=SETTINGS | {name: value}
    )

    assert response.status_code == 422
    assert sentence in errors_of(response.text)
    async with dashboard.site.database.session(dashboard.territory.id) as session:
        assert await versions.find_draft(session) is None


@pytest.mark.thorough
async def test_settings_that_are_the_same_change_nothing_and_others_are_published(
    dashboard: Dashboard,
) -> None:
    await post(dashboard, "/settings", **SETTINGS)
    async with dashboard.site.database.session(dashboard.territory.id) as session:
        assert await versions.find_draft(session) is None

    changed = SETTINGS | {"tagline-fr": "Tout est ouvert", "tagline-en": ""}
    changed["territories"] = "rade, pays-de-retz"
    await post(dashboard, "/settings", **changed, hosts="x.example")
    await post(dashboard, "/publish")
    assert "Tout est ouvert" in await read(dashboard, "/")
    settings = (await dashboard.team.get(f"{SITE}/settings")).text
    assert f"{dashboard.territory.slug}.localhost" in settings
    assert 'name="hosts"' not in settings
    assert 'value="rade pays-de-retz"' in settings


@pytest.mark.thorough
async def test_texts_are_written_shown_and_refused(dashboard: Dashboard) -> None:
    words = "# Notre charte\n\nDes **données** <script>1</script>"
    await post(dashboard, "/texts/charter.md", text=words)
    page = (await dashboard.team.get(f"{SITE}/texts/charter.md")).text
    assert "<strong>données</strong>" in page
    assert "<script>1" not in page
    await post(dashboard, "/texts/vocabulary.themes.tsv", text="Vie de quartier\tSOCI")
    await post(dashboard, "/publish")
    assert "Notre charte" in await read(dashboard, "/charter")

    for path, text, sentence in (
        ("vocabulary.themes.tsv", "Quartier\tSOCI\nRade\tMER", "La ligne 2"),
        ("synonyms.ttl", "<x:a> a\n", "La ligne"),
    ):
        response = await dashboard.team.post(
            f"{SITE}/texts/{path}", data={"text": text}
        )
        assert response.status_code == 422
        assert sentence in errors_of(response.text)
    await post(dashboard, "/texts/legal.en.md", text="")
    response = await dashboard.team.post(f"{SITE}/texts/legal.md", data={"text": ""})
    assert "dans une langue au moins" in errors_of(response.text)
    assert (await dashboard.team.get(f"{SITE}/texts/tenant.toml")).status_code == 404


@pytest.mark.thorough
async def test_a_nul_in_a_text_or_a_name_hinders_no_publication(
    dashboard: Dashboard,
) -> None:
    await post(dashboard, "/texts/charter.md", text="# Notre\0 charte")
    await post(dashboard, "/look/rules", rules=":root{--radius:0\0}")
    await post(dashboard, "/settings", **SETTINGS | {"tagline-fr": "La\0 rade"})
    await post(dashboard, "/publish", note="Une\0 charte")

    assert "La rade" in await read(dashboard, "/")
    assert "Notre charte" in await read(dashboard, "/charter")
    assert "--radius:0}" in await read(dashboard, "/theme.css")


async def test_whoever_publishes_second_sees_who_published_and_loses_nothing(
    dashboard: Dashboard, portal_database: Database, settings: Settings
) -> None:
    await post(dashboard, "/look/colours", **COLOURS)
    files = stage.territory_files(dashboard.territory)
    files["legal.md"] = b"# Mentions de l'exploitant\n"
    await stage.apply_territory_files(
        portal_database, dashboard.territory, files, settings=settings
    )

    assert await post(dashboard, "/publish") == f"{SITE}/changes"
    page = (await dashboard.team.get(f"{SITE}/changes")).text
    assert "Par l’exploitant, depuis les fichiers" in page
    assert "Mentions de l&#39;exploitant" in page
    await post(dashboard, "/update")
    assert await post(dashboard, "/publish") == SITE
    assert "--hue:30" in await read(dashboard, "/theme.css")
    assert "exploitant" in await read(dashboard, "/legal")


async def test_a_version_that_no_database_could_number_is_not_found(
    dashboard: Dashboard,
) -> None:
    response = await dashboard.team.get(f"{SITE}/versions/{2**31}")

    assert response.status_code == 404


@pytest.mark.thorough
async def test_a_nul_in_a_file_of_the_operator_hinders_no_publication(
    dashboard: Dashboard, portal_database: Database, settings: Settings
) -> None:
    files = stage.territory_files(dashboard.territory)
    files["charter.md"] = b"# Notre\0 charte\n"
    files["theme.css"] = b":root{--radius:0\0}\n"
    await stage.apply_territory_files(
        portal_database, dashboard.territory, files, settings=settings
    )
    await post(dashboard, "/settings", **SETTINGS | {"tagline-fr": "La rade"})
    await post(dashboard, "/publish", note="Une\0 charte")

    assert "La rade" in await read(dashboard, "/")
    assert "Une charte" in (await dashboard.team.get(SITE)).text
    assert "Notre\ufffd charte" in await read(dashboard, "/charter")
    assert "--radius:0\ufffd" in await read(dashboard, "/theme.css")


async def test_acts_are_for_the_team(dashboard: Dashboard) -> None:
    for person, status in (("passer-by", 401), ("member", 403)):
        for path in ("/publish", "/discard", "/update", "/look/logo", "/settings"):
            response = await dashboard.clients[person].post(f"{SITE}{path}")
            assert response.status_code == status, path
