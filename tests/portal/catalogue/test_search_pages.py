"""Search as people and programs meet it: what a page says of a question, filters, feeds, suggestions."""

import re
from datetime import datetime
from html import unescape
from xml.etree import ElementTree as ET

import httpx
import pytest
from litestar import Litestar

from tests.portal.catalogue.corpus import TABLE, Catalogue
from tests.visitors import browse
from udi.kit.paging import PAGE_SIZE
from udi.portal.catalogue.search.feed import SearchFeed

ATOM = "{http://www.w3.org/2005/Atom}"
OPENSEARCH = "{http://a9.com/-/spec/opensearch/1.1/}"


def ours(xml: bytes) -> ET.Element:
    return ET.fromstring(xml)  # noqa: S314 - ours


async def fetch(
    app: Litestar, catalogue: Catalogue, url: str, language: str = "en"
) -> httpx.Response:
    async with browse(app, catalogue.territory) as visitor:
        return await visitor.get(url, headers={"Accept-Language": language})


async def test_the_page_says_what_else_was_searched_and_how_not_to(
    filled: Catalogue, portal_app: Litestar
) -> None:
    page = await fetch(portal_app, filled, "/data?q=bicyclette", "fr")
    exact = await fetch(portal_app, filled, "/data?q=bicyclette&exact=1", "fr")

    assert "Cherché aussi pour «\u00a0bicyclette\u00a0»" in page.text
    assert "<mark>vélo</mark>" in page.text
    assert "/data?q=bicyclette&amp;exact=1" in page.text
    assert "<mark>" not in exact.text


async def test_the_page_says_which_words_begin_like_the_one_typed(
    filled: Catalogue, portal_app: Litestar
) -> None:
    page = await fetch(portal_app, filled, "/data?q=trottin")

    assert "a word that begins so, such as “trottinette" in page.text


async def test_the_page_and_programs_learn_which_words_of_a_question_were_left_out(
    filled: Catalogue, portal_app: Litestar
) -> None:
    question = "q=comptages+cyclables+saumon"
    page = await fetch(portal_app, filled, f"/data?{question}", "fr")
    answer = await fetch(portal_app, filled, f"/api/v1/datasets?{question}")
    exact = await fetch(portal_app, filled, f"/data?{question}&exact=1", "fr")

    assert "voici les plus proches, sans «\u00a0saumon\u00a0»" in page.text
    assert f"/data?{question}&amp;exact=1" in page.text
    assert (answer.json()["total"], answer.json()["dropped"]) == (1, ["saumon"])
    assert "ne parle de «\u00a0comptages cyclables saumon\u00a0»" in exact.text


async def test_every_filter_of_the_page_is_kept_by_its_form_and_has_a_chip(
    filled: Catalogue, portal_app: Litestar
) -> None:
    query = "updated=week&updated=older&keyword=effectifs&from=2010&to=2012&bbox=-5,48,-4,49&sort=published"

    page = await fetch(portal_app, filled, f"/data?{query}")
    with_counts = await fetch(portal_app, filled, "/data?facets=keyword&keyword=bus")

    for label in (
        "In the last week",
        "More than a year ago",
        "effectifs",
        "From 2010 to 2012",
        "Rectangle on the map",
    ):
        assert label in page.text
    assert 'name="keyword" value="bus" checked' in with_counts.text
    assert (
        "Choose among the keywords"
        in (await fetch(portal_app, filled, "/data?keyword=bus")).text
    )


async def test_coordinates_and_years_that_make_no_sense_are_said_where_they_are(
    filled: Catalogue, portal_app: Litestar
) -> None:
    page = await fetch(portal_app, filled, "/data?w=1&s=50&e=2&n=40&from=MMXV", "fr")

    assert "Ce n’est pas un rectangle" in page.text
    assert "Écrivez une année en quatre chiffres" in page.text
    assert 'value="MMXV"' in page.text
    assert 'name="n" type="text" value="40"' in page.text, (
        "what was typed can be corrected"
    )
    assert page.text.count('<h3 dir="auto">') == PAGE_SIZE, (
        "the rest of the search stands"
    )


async def test_a_page_has_one_canonical_address(
    filled: Catalogue, portal_app: Litestar
) -> None:
    page = await fetch(
        portal_app,
        filled,
        "/data?theme=education&licence=&q=&sort=modified&theme=environment",
    )

    origin = filled.territory.origin
    assert (
        f'<link rel="canonical" href="{origin}/data?theme=education&amp;theme=environment">'
        in page.text
    )


async def test_where_nothing_is_found_words_that_look_alike_are_offered(
    filled: Catalogue, portal_app: Litestar
) -> None:
    page = await fetch(portal_app, filled, "/data?q=effectuer", "fr")

    assert "Des mots qui se ressemblent" in page.text
    assert 'href="/data?q=effectifs"' in page.text
    assert 'href="/data-requests/new?title=effectuer"' in page.text


async def test_a_word_with_quotes_or_a_hyphen_is_what_may_be_left_out(
    filled: Catalogue, portal_app: Litestar
) -> None:
    page = await fetch(portal_app, filled, "/data?q=arbres+-essence")
    phrase = await fetch(portal_app, filled, "/data?q=arbres+%22le+long+des+quais%22")

    assert 'href="/data?q=arbres">Without the word “-essence”' in page.text
    assert (
        'href="/data?q=arbres">Without the word “&#34;le long des quais&#34;”'
        in phrase.text
    )


async def test_suggestions_answer_in_the_words_of_opensearch(
    filled: Catalogue, portal_app: Litestar
) -> None:
    answer = await fetch(portal_app, filled, "/data/suggest?q=menus+des+can")
    nothing = await fetch(portal_app, filled, "/data/suggest")
    described = await fetch(portal_app, filled, "/opensearch.xml", "fr")

    root = ours(described.content)
    templates = {
        url.get("type"): url.get("template") for url in root.iter(f"{OPENSEARCH}Url")
    }
    words, suggestions = answer.json()
    assert words == "menus des can"
    assert suggestions[0].startswith("menus des cantine")
    assert answer.headers["content-type"].startswith("application/x-suggestions+json")
    assert nothing.json() == ["", []]
    assert (
        templates["text/html"]
        == f"{filled.territory.origin}/data?q={{searchTerms}}&page={{startPage?}}"
    )
    assert len(root.findtext(f"{OPENSEARCH}ShortName") or "") in range(1, 17)


@pytest.mark.usefixtures("alone")
async def test_suggestions_know_only_their_territory(
    filled: Catalogue, elsewhere: Catalogue, feed: SearchFeed, portal_app: Litestar
) -> None:
    await feed.run_once()

    assert (await fetch(portal_app, elsewhere, "/data/suggest?q=trot")).json() == [
        "trot",
        [],
    ]
    assert (await fetch(portal_app, filled, "/data/suggest?q=trot")).json()[1]


async def test_any_search_is_a_feed_whose_pages_lead_to_one_another(
    filled: Catalogue, portal_app: Litestar
) -> None:
    entry_ids: list[str] = []
    url = "/data.atom?theme=environment&theme=transportation&theme=education"
    async with browse(portal_app, filled.territory) as reader:
        first = await reader.get(url)
        feed = ours(first.content)
        entry_ids = [
            entry.findtext(f"{ATOM}id") or "" for entry in feed.iter(f"{ATOM}entry")
        ]
        updated = [
            datetime.fromisoformat(entry.findtext(f"{ATOM}updated") or "")
            for entry in feed.iter(f"{ATOM}entry")
        ]
        unchanged = await reader.get(
            url, headers={"If-None-Match": first.headers["etag"]}
        )

    assert first.headers["content-type"].startswith("application/atom+xml")
    assert len(entry_ids) == len(set(entry_ids)) == 7
    assert all(
        entry_id.startswith(f"{filled.territory.origin}/data/")
        for entry_id in entry_ids
    )
    assert updated == sorted(updated, reverse=True)
    assert unchanged.status_code == 304
    assert (
        feed.findtext(f"{ATOM}id")
        == f"{filled.territory.origin}/data.atom?theme=education&theme=environment&theme=transportation"
    )


@pytest.mark.thorough
@pytest.mark.usefixtures("alone")
async def test_a_long_feed_has_pages(
    filled: Catalogue, feed: SearchFeed, portal_app: Litestar
) -> None:
    async with filled.database.session(filled.territory.id) as session:
        for number in range(31):
            await filled.add_in(session, 0, resource_title=f"Zébulons {number} & <fin>")
    await feed.run_once()
    ids: list[str] = []
    url = "/data.atom?q=%0Bzebulon"
    async with browse(portal_app, filled.territory) as reader:
        while url:
            root = ours((await reader.get(url)).content)
            ids += [
                entry.findtext(f"{ATOM}id") or "" for entry in root.iter(f"{ATOM}entry")
            ]
            links = {
                link.get("rel"): link.get("href") or ""
                for link in root.findall(f"{ATOM}link")
            }
            url = links.get("next", "").removeprefix(filled.territory.origin)

    assert len(ids) == len(set(ids)) == 31
    assert "previous" in links
    assert links["alternate"].startswith(f"{filled.territory.origin}/data?q=")


async def test_the_page_leads_to_its_feed(
    filled: Catalogue, portal_app: Litestar
) -> None:
    page = await fetch(portal_app, filled, "/data?q=bus&page=1")

    assert (
        '<link rel="alternate" type="application/atom+xml" href="/data.atom?q=bus"'
        in page.text
    )
    assert "script-src 'self'" in page.headers["content-security-policy"]


async def test_an_empty_feed_is_sound(
    elsewhere: Catalogue, feed: SearchFeed, portal_app: Litestar
) -> None:
    await feed.run_once()

    root = ours((await fetch(portal_app, elsewhere, "/data.atom?q=rien")).content)

    assert root.findtext(f"{ATOM}updated") == "1970-01-01T00:00:00Z"
    assert list(root.iter(f"{ATOM}entry")) == []


async def test_programs_learn_what_else_was_searched(
    filled: Catalogue, portal_app: Litestar
) -> None:
    answer = (
        await fetch(portal_app, filled, "/api/v1/datasets?q=bicyclette+trottin")
    ).json()
    place = (await fetch(portal_app, filled, "/api/v1/datasets?bbox=1,2,3")).json()
    filtered_page = (
        await fetch(
            portal_app,
            filled,
            "/api/v1/datasets?updated=year&facets=keyword&from=2000&bbox=-5,40,5,50",
        )
    ).json()

    assert answer["also"][0]["words"] == "bicyclette"
    assert "vélo" in answer["also"][0]["synonyms"]
    assert answer["completed"] == [
        {"word": "trottin", "by": ["trottinette", "trottinettes"]}
    ]
    assert place["errors"][0]["code"] == "not-a-box"
    assert (
        "from=2000&bbox=-5%2C40%2C5%2C50&facets=keyword"
        in filtered_page["links"]["self"]
    )


async def test_the_values_that_a_filter_leaves_out_are_a_link_away(
    filled: Catalogue, portal_app: Litestar
) -> None:
    async with browse(portal_app, filled.territory) as visitor:
        page = await visitor.get("/data?sort=title")
        [more] = re.findall(
            r'<a href="([^"]+)" rel="nofollow">et 1 autre</a>', page.text
        )
        whole = await visitor.get(unescape(more).partition("#")[0])

    themes = {line[3] for line in TABLE}
    assert len(themes) == 7
    assert "sort=title" in more
    assert page.text.count('name="theme"') == 6
    assert whole.text.count('name="theme"') == 7
    assert '<input type="hidden" name="facets" value="theme">' in whole.text, (
        "the form keeps them shown"
    )
    assert "et 1 autre" not in whole.text
