"""The team changes home, news, pages, pictures and menu; visitors see it once it is published."""

import asyncio
import io
import re
from datetime import timedelta
from html import unescape
from typing import Any
from uuid import uuid4
from xml.etree import ElementTree as ET

import pytest
from PIL import Image
from sqlalchemy import text

from tests.depth import by_depth
from tests.journeys.steps import wait_until
from tests.portal.catalogue.corpus import Catalogue
from tests.portal.territory.conftest import Dashboard
from tests.ui.tab import Tab
from tests.visitors import browse
from udi.kit.clock import now
from udi.kit.db import Database
from udi.portal.projects.calls.models import Call
from udi.portal.projects.data_requests.models import DataRequest
from udi.portal.tenants import versions
from udi.portal.tenants.files import read_files
from udi.portal.territory.editing.article_form import find_uses

SITE = "/territory/site"
ATOM = "{http://www.w3.org/2005/Atom}"
NEWS = {
    "day": "2026-01-05",
    "title_fr": "Une piscine ouvre",
    "title_en": "A pool opens",
    "summary_fr": "À Kerlévan, dès lundi.",
    "summary_en": "In Kerlévan, from Monday on.",
    "body_fr": "## Horaires\n\nDe **8 h** à 20 h. [Données](/data)\n\n![](roadstead.svg)",
    "body_en": "From 8 to 20.",
    "picture": "",
}
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 3">{}</svg>'


def photograph(size: tuple[int, int] = (400, 300)) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, "teal").save(file, "JPEG")
    return file.getvalue()


async def publish(dashboard: Dashboard) -> None:
    answer = await dashboard.team.post(f"{SITE}/publish", data={"note": ""})
    assert answer.status_code == 303


def headings(page: str) -> list[str]:
    """The titles of the blocks of a home."""
    return [
        unescape(re.sub("<[^>]+>", "", title)).strip()
        for title in re.findall(
            r"<h2[^>]* id=\"b\d+\"[^>]*>(.*?)</h2>", page, re.DOTALL
        )
    ]


async def read_home(dashboard: Dashboard, language: str = "en") -> str:
    headers = {"Accept-Language": language}
    page = await dashboard.clients["passer-by"].get("/", headers=headers)
    assert page.status_code == 200
    return page.text


async def add_civic_life(dashboard: Dashboard) -> None:
    """An open call, and data that two people need."""
    moment = now()
    async with dashboard.site.database.session(
        dashboard.territory.id, role="worker"
    ) as session:
        session.add(
            Call(
                title="Rafraîchir la ville", summary="Ombre, eau, air.", words="Plus.", language="fr", state="open",
                closes_at=moment.replace(year=moment.year + 1, day=1), results_at=moment.replace(year=moment.year + 2, day=1),
                created_at=moment, changed_at=moment, opened_at=moment,
            )
        )  # fmt: skip
        session.add(
            DataRequest(
                title="Les bornes de recharge", words="Pour rouler.", language="fr", supporters=1, submitted_at=moment,
                changed_at=moment, due_on=moment.date(),
            )
        )  # fmt: skip


async def test_the_home_shows_civic_life_in_the_order_of_the_files(
    dashboard: Dashboard, armor: Catalogue
) -> None:
    await armor.add(0)
    await add_civic_life(dashboard)

    titles = headings(await read_home(dashboard))

    assert titles[:3] == [
        "Rafraîchir la ville",
        "31 towns around the roadstead share their data",
        "Latest data",
    ]
    assert titles[3:5] == ["Data requested", "News"]
    assert titles[-1] == "Where to begin"


async def test_news_go_from_a_form_to_the_home_and_the_feed_and_back(
    dashboard: Dashboard,
) -> None:
    saved = await dashboard.team.post(f"{SITE}/news/new", data=NEWS)
    preview = await dashboard.team.get(saved.headers["location"])
    visitor = dashboard.clients["passer-by"]
    before = await visitor.get("/news/une-piscine-ouvre")
    await publish(dashboard)
    page = await visitor.get("/news/une-piscine-ouvre")
    home = await read_home(dashboard)
    feed = ET.fromstring((await visitor.get("/news.atom")).content)  # noqa: S314 - our own answer

    assert saved.headers["location"] == f"{SITE}/news/une-piscine-ouvre/preview"
    assert "n’est pas encore en ligne" in preview.text
    assert (before.status_code, page.status_code) == (404, 200)
    assert "<h2>Horaires</h2>" in page.text
    assert re.search(r'<img src="/pictures/roadstead.svg\?v=[0-9a-f]{8}"', page.text)
    assert "A pool opens" not in home, "the demonstration shows two news, newer ones"
    assert "Une piscine ouvre" in [
        entry.findtext(f"{ATOM}title") for entry in feed.iter(f"{ATOM}entry")
    ]
    versions = await dashboard.team.post(f"{SITE}/versions/1/restore")
    assert versions.status_code == 303
    assert (await visitor.get("/news/une-piscine-ouvre")).status_code == 404


async def test_news_are_shown_from_their_day_on(dashboard: Dashboard) -> None:
    later = NEWS | {"day": (now() + timedelta(days=2)).date().isoformat()}
    await dashboard.team.post(f"{SITE}/news/new", data=later)
    await publish(dashboard)
    visitor = dashboard.clients["passer-by"]

    assert (await visitor.get("/news/une-piscine-ouvre")).status_code == 404
    assert "Une piscine ouvre" not in (await visitor.get("/news")).text
    assert "Une piscine ouvre" in (await dashboard.team.get(f"{SITE}/news")).text


REFUSED_NEWS: dict[str, tuple[dict[str, str], str]] = {
    "script": ({"body_fr": "<script>a()</script>"}, "est du HTML"),
    "link that runs": ({"body_fr": "[x](javascript:a)"}, "permise pour un lien"),
    "page that is not there": (
        {"body_fr": "[x](/pages/x)"},
        "Aucune page ni actualité",
    ),
    "picture of others": (
        {"body_fr": "![x](//a.b/c.png)"},
        "n’est pas parmi les images",
    ),
    "no title": ({"title_fr": ""}, "Le titre manque"),
    "no day": ({"day": "demain"}, "année, le mois et le jour"),
    "first of all days": ({"day": "0001-01-01"}, "année, le mois et le jour"),
    "too long": ({"summary_fr": "a" * 301}, "Restez sous 300 caractères"),
    "no letters": ({"title_fr": "!!", "title_en": ""}, "Le titre manque"),
    "twice": ({"title_fr": "Trees counted"}, "Un autre texte a le même titre"),
}


@by_depth("case", REFUSED_NEWS, by_default=[0])
async def test_news_that_cannot_be_shown_are_refused_in_a_sentence(
    dashboard: Dashboard, case: str
) -> None:
    changes, sentence = REFUSED_NEWS[case]

    answer = await dashboard.team.post(f"{SITE}/news/new", data=NEWS | changes)

    assert answer.status_code == 422
    assert sentence in answer.text
    assert "Une piscine" not in (await dashboard.team.get(f"{SITE}/news")).text


@pytest.mark.thorough
async def test_news_called_new_have_an_address_beside_the_form(
    dashboard: Dashboard,
) -> None:
    saved = await dashboard.team.post(
        f"{SITE}/news/new", data=NEWS | {"title_fr": "New"}
    )
    form = await dashboard.team.get(f"{SITE}/news/new-1")
    removed = await dashboard.team.post(f"{SITE}/news/new-1/delete")
    repeated = await dashboard.team.post(f"{SITE}/news/new-1/delete")

    assert saved.headers["location"] == f"{SITE}/news/new-1/preview"
    assert 'value="New"' in form.text
    assert (removed.status_code, repeated.status_code) == (303, 404)


def test_find_uses_knows_a_name_from_one_that_contains_it() -> None:
    files = {
        "pages/a.fr.md": b"![](old-oak.svg) [x](/pages/oak-trees)",
        "pages/b.fr.md": b'+++\npicture = "oak.svg"\n+++\n[x](/pages/oak#top)',
        "pictures/oak.svg": b"oak.svg",
    }

    assert find_uses(files, [], ["oak.svg"]) == ["pages/b.fr.md"]
    assert find_uses(files, [], ["/pages/oak"]) == ["pages/b.fr.md"]
    assert find_uses(files, ["pages/a.fr.md"], ["old-oak.svg"]) == []


async def test_a_home_that_is_full_takes_no_other_block(dashboard: Dashboard) -> None:
    figure = {"kind": "figure", "value": {"fr": "7"}, "text": {"fr": "plages"}}
    async with dashboard.site.database.session(dashboard.territory.id) as session:
        await versions.change_draft_values(session, uuid4(), {("home",): [figure] * 24})
    english = {"Accept-Language": "en"}
    added = await dashboard.team.post(f"{SITE}/home/blocks", data={"kind": "search"})
    page = await dashboard.team.get(added.headers["location"], headers=english)

    assert added.headers["location"] == f"{SITE}/home"
    assert page.text.count('<li id="block-') == 24
    assert "Add the block" not in page.text


async def test_changes_of_several_people_at_once_are_all_in_the_draft(
    dashboard: Dashboard, portal_database: Database
) -> None:
    paths = {
        "/look/colours": {"hue": "30", "chroma": "1", "spark": "62", "paper_hue": "85"},
        "/home/blocks/1/hide": {},
        "/home/blocks/2/hide": {},
    }
    async with portal_database.session(dashboard.territory.id) as session:
        await versions.lock_versions(session)
        requests = [
            asyncio.create_task(dashboard.team.post(f"{SITE}{path}", data=form))
            for path, form in paths.items()
        ]
        await wait_until(lambda: all_wait(portal_database, dashboard, len(requests)))
    answers = await asyncio.gather(*requests)
    async with portal_database.session(dashboard.territory.id) as session:
        file = read_files(
            await versions.read_draft(session), dashboard.territory.slug
        ).file

    assert [answer.status_code for answer in answers] == [303, 303, 303]
    assert file.theme.hue == 30
    assert [block.hidden for block in file.home[:3]] == [True, True, False]


async def all_wait(database: Database, dashboard: Dashboard, requests: int) -> bool:
    """Whether so many requests wait for the versions."""
    query = text(
        "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database"
        " WHERE NOT l.granted AND l.locktype = 'advisory' AND d.datname = current_database()"
    )
    async with database.session(dashboard.territory.id) as session:
        waiting = await session.scalar(query)
    return bool(waiting == requests)


@pytest.mark.thorough
async def test_blocks_move_and_the_focus_follows(dashboard: Dashboard) -> None:
    team = dashboard.team
    english = {"Accept-Language": "en"}
    moved = await team.post(f"{SITE}/home/blocks/3/up")
    page = await team.get(moved.headers["location"].partition("#")[0], headers=english)
    hidden = await team.post(f"{SITE}/home/blocks/1/hide")
    await team.post(f"{SITE}/home/blocks/10/remove")
    preview = await team.get(f"{SITE}/home/preview", headers=english)
    before = await read_home(dashboard)
    await publish(dashboard)
    after = await read_home(dashboard)

    assert moved.headers["location"] == f"{SITE}/home?act=up&block=2#block-2"
    assert "“A figure” is now number 2." in page.text
    button = re.search(
        r"<button[^>]*autofocus[^>]*>(.*?)</button>", page.text, re.DOTALL
    )
    assert button is not None
    assert "A figure" in button[1]
    assert hidden.status_code == 303
    assert "What the territory knows" in before
    assert "What the territory knows" not in preview.text
    assert headings(preview.text) == headings(after)
    assert "Where to begin" in headings(before)
    assert "Where to begin" not in headings(after)
    assert after.count("<h1") == 1


@pytest.mark.thorough
async def test_a_block_takes_its_options(
    dashboard: Dashboard, armor: Catalogue
) -> None:
    record = await armor.add(0)
    team = dashboard.team
    figure = {"kind": "figure", "whole": "1", "value_fr": "7", "text_fr": "plages"}
    empty = await team.post(f"{SITE}/home/blocks", data={"kind": "datasets"})
    refused = await team.post(
        f"{SITE}/home/blocks", data={"kind": "datasets", "whole": "1", "datasets": "x"}
    )
    chosen = {
        "kind": "datasets",
        "whole": "1",
        "datasets": f"https://a.example/data/{record.id}",
    }
    await team.post(f"{SITE}/home/blocks", data=chosen)
    await team.post(f"{SITE}/home/blocks", data=figure | {"dataset": str(record.id)})
    await team.post(
        f"{SITE}/home/blocks", data={"kind": "page", "whole": "1", "page": "about"}
    )
    await publish(dashboard)
    page = await read_home(dashboard, "fr")

    assert (empty.status_code, refused.status_code) == (200, 422)
    assert "Aucune adresse de jeu de données" in refused.text
    assert headings(page)[-3:] == [
        "Jeux de données choisis",
        "7 plages",
        "À propos de ces données",
    ]
    assert page.count(f"/data/{record.id}") == 3


async def test_the_map_of_the_home_shows_the_area_of_a_dataset(
    dashboard: Dashboard, armor: Catalogue
) -> None:
    box = {
        "west_longitude": -4.6, "south_latitude": 48.3,
        "east_longitude": -4.4, "north_latitude": 48.4,
    }  # fmt: skip
    placed = await armor.add(0, geography={"bounding_box": box})
    form = {"kind": "map", "whole": "1", "title_fr": "La rade"}

    await dashboard.team.post(
        f"{SITE}/home/blocks", data=form | {"dataset": str(placed.id)}
    )
    await publish(dashboard)
    page = await read_home(dashboard, "fr")

    assert headings(page)[-1] == "La rade"
    assert page.count('class="map area"') == 1
    assert re.search(r'<rect class="box" x="[\d.]+"', page)
    assert "/data?bbox=-4.6,48.3,-4.4,48.4" in page
    assert page.count(f'href="/data/{placed.id}"') == 1


@pytest.mark.thorough
async def test_a_map_with_neither_outline_nor_area_is_left_out(
    dashboard: Dashboard, armor: Catalogue
) -> None:
    plain = await armor.add(0)
    form = {"kind": "map", "whole": "1", "title_fr": "La rade"}

    await dashboard.team.post(
        f"{SITE}/home/blocks", data=form | {"dataset": str(plain.id)}
    )
    await publish(dashboard)

    assert "La rade" not in headings(await read_home(dashboard, "fr"))


@pytest.mark.programs
@pytest.mark.usefixtures("real_children")
async def test_a_picture_is_made_small_and_served_to_run_nothing(
    dashboard: Dashboard,
) -> None:
    words = {"alternative_fr": "Le port, vu du quai", "alternative_en": "The harbour"}
    files = {"picture": ("a.jpg", photograph((2000, 1500)), "image/jpeg")}
    added = await dashboard.team.post(f"{SITE}/pictures", data=words, files=files)
    name = added.headers["location"].partition("=")[2]
    draft = await dashboard.team.get(f"{SITE}/pictures/{name}")
    used = await dashboard.team.post(f"{SITE}/news/new", data=NEWS | {"picture": name})
    refusal = await dashboard.team.post(f"{SITE}/pictures/{name}/delete")
    await publish(dashboard)
    visitor = dashboard.clients["passer-by"]
    served = await visitor.get(f"/pictures/{name}?v=1")
    page = await visitor.get("/news/une-piscine-ouvre")

    assert name == "le-port-vu-du-quai.webp"
    assert used.status_code == 303
    assert (refusal.status_code, "Ces fichiers l’affichent" in refusal.text) == (
        422,
        True,
    )
    assert served.content == draft.content
    assert Image.open(io.BytesIO(served.content)).size == (960, 720)
    assert served.headers["content-type"] == "image/webp"
    assert "sandbox" in served.headers["content-security-policy"]
    assert served.headers["x-content-type-options"] == "nosniff"
    assert "immutable" in served.headers["cache-control"]
    assert 'alt="Le port, vu du quai"' in page.text


BOMB = b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR\x00\x00\xff\xff\x00\x00\xff\xff\x08\x02"
REFUSED_PICTURES: dict[str, tuple[bytes, dict[str, str], str]] = {
    "bomb": (BOMB + bytes(60), {}, "40 mégapixels au plus"),
    "no picture": (b"nothing", {}, "n’est pas une image qui peut être lue ici"),
    "drawing with a script": (
        SVG.format("<script/>").encode(),
        {},
        "contient un script, un lien ou une image",
    ),
    "too heavy": (bytes(8_000_001), {}, "Envoyez-en une de 8 Mo au plus"),
    "no alternative": (b"", {"alternative_en": ""}, "Rien ne dit ce que montre"),
}


@pytest.mark.programs
@pytest.mark.usefixtures("real_children")
@by_depth("case", REFUSED_PICTURES, by_default=[0, 2, 4])
async def test_a_picture_that_cannot_be_shown_is_refused_in_a_sentence(
    dashboard: Dashboard, case: str
) -> None:
    data, changes, sentence = REFUSED_PICTURES[case]
    words = {"alternative_fr": "Le port", "alternative_en": "The harbour"} | changes
    files = {"picture": ("a.png", data, "image/png")}

    answer = await dashboard.team.post(f"{SITE}/pictures", data=words, files=files)

    assert answer.status_code == 422
    assert sentence in answer.text
    assert "le-port" not in (await dashboard.team.get(f"{SITE}/pictures")).text


@pytest.mark.thorough
async def test_menu_and_footer_are_those_of_the_territory(
    dashboard: Dashboard,
) -> None:
    form = {
        "menu-1-label_fr": "Les données",
        "menu-1-to": "/data",
        "menu-3-label_fr": "Nous",
        "menu-3-label_en": "Us",
        "menu-3-to": "/pages/about",
        "footer-2-title_fr": "Ailleurs",
        "footer-2-1-label_fr": "La ville",
        "footer-2-1-to": "https://ville.example/",
    }
    before = await read_home(dashboard, "fr")
    invalid_form = form | {"menu-2-label_fr": "Perdu", "menu-2-to": "/pages/perdu"}
    refused = await dashboard.team.post(f"{SITE}/menu", data=invalid_form)
    saved = await dashboard.team.post(f"{SITE}/menu", data=form)
    await publish(dashboard)
    page = await read_home(dashboard, "fr")
    removed = await dashboard.team.post(f"{SITE}/pages/about/delete")
    menu = page.partition('<nav class="nav main"')[2].partition("</nav>")[0]

    assert refused.status_code == 422
    assert (
        "«\N{NO-BREAK SPACE}/pages/perdu\N{NO-BREAK SPACE}» ne mène nulle part"
        in refused.text
    )
    assert saved.status_code == 303
    assert re.findall(r'href="([^"]+)"', menu) == ["/data", "/pages/about"]
    assert "https://ville.example/" in page
    assert "À propos de ces données" in before
    assert "À propos de ces données" not in page
    assert removed.status_code == 422
    assert "tenant.toml" in removed.text


async def test_another_territory_shows_nothing_of_it(
    dashboard: Dashboard, other: Any
) -> None:
    async with browse(dashboard.app, other) as visitor:
        answers = [
            await visitor.get(path)
            for path in (
                "/pages/about",
                "/news/trees-counted",
                "/pictures/roadstead.svg",
            )
        ]

    assert [answer.status_code for answer in answers] == [404, 404, 404]


PAGES = {
    "home": f"{SITE}/home?act=up&block=2",
    "block": f"{SITE}/home/blocks/3",
    "news": f"{SITE}/news",
    "news-form": f"{SITE}/news/trees-counted",
    "pages": f"{SITE}/pages",
    "pictures": f"{SITE}/pictures",
    "menu": f"{SITE}/menu",
    "preview": f"{SITE}/home/preview",
    "article": "/news/trees-counted",
    "list": "/news",
    "visitors": "/",
}


@pytest.mark.thorough
@by_depth("name", PAGES, by_default=[0])
async def test_the_pages_of_editing_hold_in_a_browser(
    dashboard: Dashboard, armor: Catalogue, tab: Tab, name: str
) -> None:
    await armor.add(0)
    await add_civic_life(dashboard)

    address = f"{dashboard.territory.origin}{PAGES[name]}"
    faults = await tab.find_faults(dashboard.team, address, f"site-{name}", "fr", "en")

    assert faults == []
