"""The catalogue as DCAT-AP: negotiated or by extension, page by page, valid, and nothing sent twice."""

from copy import deepcopy
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from litestar import Litestar
from pyoxigraph import Literal, NamedNode, RdfFormat, Triple, parse
from sqlalchemy import update

from tests.depth import by_depth
from tests.portal.catalogue.corpus import TABLE, Catalogue, document
from tests.protocol.graphs import term
from tests.protocol.shacl import violations
from tests.visitors import browse
from udi.kit.clock import now
from udi.portal.catalogue.models import Dataset, Distribution
from udi.portal.catalogue.open.order import BY_PUBLICATION_DATE
from udi.portal.catalogue.open.query_parameters import parse_moment
from udi.portal.catalogue.search.feed import SearchFeed

FORMS = {
    "ttl": ("text/turtle", RdfFormat.TURTLE),
    "rdf": ("application/rdf+xml", RdfFormat.RDF_XML),
    "jsonld": ("application/ld+json", RdfFormat.JSON_LD),
    "nt": ("application/n-triples", RdfFormat.N_TRIPLES),
}
NEXT = NamedNode("http://www.w3.org/ns/hydra/core#next")
TOTAL = NamedNode("http://www.w3.org/ns/hydra/core#totalItems")
PLACE = BY_PUBLICATION_DATE.write_cursor((now(), uuid4()))
SHAPES = "reference/dcat-ap-shapes/dcat-ap-3.0.1/shapes.ttl"


def graph(answer: httpx.Response) -> set[Triple]:
    kind = answer.headers["content-type"].partition(";")[0]
    form = next(form for media_type, form in FORMS.values() if media_type == kind)
    return {
        Triple(quad.subject, quad.predicate, quad.object)
        for quad in parse(answer.content, format=form)
    }


def datasets(triples: set[Triple]) -> list[str]:
    """The datasets that the catalogue of a page lists."""
    return [
        triple.object.value
        for triple in triples
        if triple.predicate == term("dcat:dataset")
    ]


async def walk(program: httpx.AsyncClient, url: str) -> list[httpx.Response]:
    """Every page from one on, as a harvester follows them."""
    pages = [await program.get(url)]
    while following := [
        triple.object.value for triple in graph(pages[-1]) if triple.predicate == NEXT
    ]:
        assert len(pages) < 50
        pages.append(await program.get(following[0]))
    return pages


@pytest.mark.usefixtures("alone")
@by_depth("extension", FORMS, by_default=[0, 1])
async def test_a_dataset_is_given_in_each_form_by_extension_and_by_negotiation(
    filled: Catalogue, portal_app: Litestar, extension: str
) -> None:
    record = await filled.add(1)
    url = f"/data/{record.id}"
    (media_type, _) = FORMS[extension]

    async with browse(portal_app, filled.territory) as program:
        named = await program.get(f"{url}.{extension}")
        negotiated_response = await program.get(
            url, headers={"Accept": f"text/html;q=0.5, {media_type}"}
        )
        page = await program.get(url)

    assert named.status_code == negotiated_response.status_code == 200
    assert graph(named) == graph(negotiated_response)
    node = NamedNode(f"{filled.territory.origin}{url}")
    assert Triple(node, term("dct:title"), Literal(record.title)) in graph(named)
    assert "Accept" in negotiated_response.headers["vary"].split(", ")
    assert "Accept" in page.headers["vary"].split(", ")
    assert (
        negotiated_response.headers["content-location"]
        == f"{filled.territory.origin}{url}.{extension}"
    )
    assert page.headers["content-type"].startswith("text/html")
    assert named.headers["access-control-allow-origin"] == "*"


@by_depth("address", ["https://h.example:a/", "", "50% #a#b"], by_default=[0])
async def test_one_stored_address_that_is_none_breaks_neither_page_nor_catalogue(
    armor: Catalogue, feed: SearchFeed, portal_app: Litestar, address: str
) -> None:
    record = await armor.add(1)
    async with armor.database.session(armor.territory.id, role="worker") as session:
        dataset = await session.get_one(Dataset, (armor.territory.id, record.id))
        sent = deepcopy(dataset.record)
        for media in sent["available_formats"]:
            media["connector"]["url"] = address
        sent["access_condition"]["licence"] = {
            "licence_type": "CUSTOM",
            "custom_licence_label": [{"lang": "fr", "text": "Sur demande"}],
            "custom_licence_uri": address,
        }
        sent["dataset_series"] = [{"series_url": address}]
        dataset.record = sent
        dataset.licence = ""
        await session.execute(
            update(Distribution)
            .where(Distribution.dataset_id == record.id)
            .values(url=address)
        )
    await feed.run_once()

    async with browse(portal_app, armor.territory) as program:
        page = await program.get(f"/data/{record.id}", follow_redirects=True)
        described = await program.get(f"/data/{record.id}.ttl")
        catalogues = [await program.get(f"/catalog.{extension}") for extension in FORMS]

    assert page.status_code == 200
    assert 'rel="item"' not in page.headers["link"]
    assert NamedNode(f"{armor.territory.origin}/data/{record.id}") in {
        triple.subject for triple in graph(described)
    }
    assert [len(datasets(graph(catalogue))) for catalogue in catalogues] == [1] * 4


async def test_who_reads_all_pages_gets_every_dataset_once(
    filled: Catalogue, portal_app: Litestar
) -> None:
    async with browse(portal_app, filled.territory) as program:
        pages = await walk(program, "/catalog.ttl?page_size=5")
        negotiated = await program.get(
            "/catalog", headers={"Accept": "application/ld+json"}
        )
        anything = await program.get("/catalog", headers={"Accept": "*/*"})
        browser = await program.get("/catalog")
        [total] = {
            triple.object.value
            for triple in graph(pages[0])
            if triple.predicate == TOTAL
        }

    dataset_urls = [dataset for page in pages for dataset in datasets(graph(page))]
    assert [len(datasets(graph(page))) for page in pages] == [5, 5, 2]
    assert len(dataset_urls) == len(set(dataset_urls)) == len(TABLE) == int(total)
    assert all(url.startswith(filled.territory.origin) for url in dataset_urls)
    assert set(datasets(graph(negotiated))) == set(dataset_urls)
    assert anything.headers["content-type"].startswith("text/turtle")
    assert (browser.status_code, browser.headers["location"]) == (303, "/data")
    assert pages[0].links["next"]["url"] == str(pages[1].url)
    assert set(pages[1].links) == {"first", "next"}
    assert set(pages[2].links) == {"first"}


@pytest.mark.thorough
async def test_who_counts_pages_gets_the_same(
    filled: Catalogue, portal_app: Litestar
) -> None:
    base = f"{filled.territory.origin}/catalog.ttl?page_size=5"
    async with browse(portal_app, filled.territory) as program:
        followed = await walk(program, "/catalog.ttl?page_size=5")
        counted = [
            await program.get(f"/catalog.ttl?page_size=5&page={number}")
            for number in (1, 2, 3)
        ]
        beyond = await program.get("/catalog.ttl?page_size=5&page=9")

    assert [set(datasets(graph(page))) for page in counted] == [
        set(datasets(graph(page))) for page in followed
    ]
    assert {rel: link["url"] for rel, link in counted[1].links.items()} == {
        "first": base, "prev": base, "last": f"{base}&page=3", "next": str(followed[2].url),
    }  # fmt: skip
    assert datasets(graph(beyond)) == []
    assert set(beyond.links) == {"first", "prev", "last"}


async def test_a_producer_has_its_part_of_the_catalogue(
    filled: Catalogue, portal_app: Litestar
) -> None:
    mine = {number for number, line in enumerate(TABLE) if line[5] == "goeland"}

    async with browse(portal_app, filled.territory) as program:
        pages = await walk(program, "/producers/goeland.rdf?page_size=1")
        negotiated_response = await program.get(
            "/producers/goeland", headers={"Accept": "text/turtle"}
        )
        unknown = await program.get(
            "/producers/nobody.ttl", headers={"Accept": "text/turtle"}
        )

    assert len(pages) == len(mine)
    assert len({dataset for page in pages for dataset in datasets(graph(page))}) == len(
        mine
    )
    node = NamedNode(f"{filled.territory.origin}/producers/goeland")
    assert Triple(
        node, term("dct:title"), Literal("Réseau Goéland", language="fr")
    ) in graph(negotiated_response)
    assert unknown.status_code == 404


async def test_only_what_changed_since_is_given(
    filled: Catalogue, portal_app: Litestar
) -> None:
    before = (now() + timedelta(hours=1)).isoformat().replace("+00:00", "Z")
    after = (now() - timedelta(hours=1)).isoformat().replace("+00:00", "Z")

    async with browse(portal_app, filled.territory) as program:
        nothing = await program.get(f"/catalog.ttl?modified_since={before}")
        everything = await program.get(f"/catalog.ttl?modified_since={after}")
        search_page = await program.get("/catalog.ttl?q=velo&profiles=dcat-ap")

    assert datasets(graph(nothing)) == []
    assert len(datasets(graph(everything))) == len(TABLE)
    assert len(datasets(graph(search_page))) == 1


@pytest.mark.usefixtures("alone")
async def test_what_did_not_change_is_not_sent_again(
    filled: Catalogue, feed: SearchFeed, portal_app: Litestar
) -> None:
    record = await filled.add(1)
    await feed.run_once()
    async with browse(portal_app, filled.territory) as program:
        for url in (
            "/catalog.ttl?page_size=5",
            "/producers/armor.nt",
            f"/data/{record.id}.rdf",
        ):
            first = await program.get(url)
            plain = await program.get(url, headers={"Accept-Encoding": "identity"})
            for answer in (first, plain):
                assert not answer.headers["etag"].startswith("W/")
                response = await program.get(
                    url, headers={"If-None-Match": answer.headers["etag"]}
                )
                assert (response.status_code, response.content) == (304, b"")
            assert first.headers["etag"] != plain.headers["etag"]
            assert first.content == plain.content
        dated = (await program.get(f"/data/{record.id}.ttl")).headers["last-modified"]
        unchanged = await program.get(
            f"/data/{record.id}.ttl", headers={"If-Modified-Since": dated}
        )
        old = await program.get("/catalog.ttl?page_size=5")
        await filled.add(2)
        await feed.run_once()
        changed = await program.get(
            "/catalog.ttl?page_size=5", headers={"If-None-Match": old.headers["etag"]}
        )

    assert unchanged.status_code == 304
    assert changed.status_code == 200


@by_depth(
    ("query", "field"),
    [("page=0", "page"), ("page_size=101", "page_size"), ("page=1&page=2", "page"), ("modified_since=hier", "modified_since"),
     ("profiles=ckan", "profiles"), ("size=5", "size"), ("q=" + "x" * 300, "q"),
     ("cursor=hier", "cursor"), ("cursor=WzEsMl0", "cursor"), (f"cursor={PLACE}&page=2", "cursor")],
    by_default=[0],
)  # fmt: skip
async def test_a_wrong_parameter_is_named(
    filled: Catalogue, portal_app: Litestar, query: str, field: str
) -> None:
    async with browse(portal_app, filled.territory) as program:
        answer = await program.get(
            f"/catalog.ttl?{query}", headers={"Accept": "text/turtle"}
        )

    assert answer.status_code == 422
    assert [
        (error["field"], bool(error["remedy"])) for error in answer.json()["errors"]
    ] == [(field, True)]


@pytest.mark.parametrize(
    ("url", "refused", "status", "kind"),
    [
        ("/catalog?page=0", 422, 303, "text/plain"),
        ("/catalog.nt?page=0", 422, 422, "application/problem+json"),
        ("/producers/nobody.ttl", 404, 404, "text/html"),
        ("/data/x.rdf", 404, 404, "text/html"),
        ("/data/x/croissant.json", 404, 404, "text/html"),
    ],
)
async def test_a_program_that_takes_anything_is_refused_in_its_own_words(
    filled: Catalogue,
    portal_app: Litestar,
    url: str,
    refused: int,
    status: int,
    kind: str,
) -> None:
    async with browse(portal_app, filled.territory) as program:
        answer = await program.get(url, headers={"Accept": "*/*"})
        person = await program.get(url)

    assert (answer.status_code, answer.headers["content-type"]) == (
        refused,
        "application/problem+json",
    )
    assert (person.status_code, person.headers["content-type"].partition(";")[0]) == (
        status,
        kind,
    )


@pytest.mark.usefixtures("alone")
async def test_a_withdrawn_dataset_says_so_in_every_form(
    filled: Catalogue, portal_app: Litestar
) -> None:
    record = await filled.add(1)
    await filled.withdraw(record)

    async with browse(portal_app, filled.territory) as program:
        answers = [
            await program.get(f"/data/{record.id}.{extension}") for extension in FORMS
        ]
        answers += [await program.get(f"/data/{record.id}")]
        unknown = [
            await program.get(f"/data/{name}")
            for name in (f"{uuid4()}.ttl", "x.ttl", f"{uuid4()}.csv")
        ]

    assert {answer.status_code for answer in answers} == {410}
    for answer in answers[:-1]:
        properties = {
            (triple.predicate.value.rpartition("/")[2], triple.object.value)
            for triple in graph(answer)
        }
        assert ("title", record.title) in properties
        assert any(
            value.endswith("dataset-status/WITHDRAWN") for _, value in properties
        )
    assert {answer.status_code for answer in unknown} == {404}


@pytest.mark.usefixtures("alone")
async def test_the_page_leads_machines_to_what_they_look_for(
    filled: Catalogue, portal_app: Litestar
) -> None:
    record = await filled.add(1, doi="10.5072/FK2/JV9LCO")
    closed = await filled.add(7)

    async with browse(portal_app, filled.territory) as program:
        page = await program.get(f"/data/{record.id}")
        restricted = await program.get(f"/data/{closed.id}")

    links = relations(page)
    address = f"{filled.territory.origin}/data/{record.id}"
    assert links["cite-as"] == ["https://doi.org/10.5072/FK2/JV9LCO"]
    assert {f"{address}.ttl", f"{address}/croissant.json"} <= set(links["describedby"])
    assert links["license"] == [
        "https://www.etalab.gouv.fr/licence-ouverte-open-licence"
    ]
    assert links["item"] == [media.url for media in record.media]
    assert "https://schema.org/Dataset" in links["type"]
    assert relations(restricted)["cite-as"] == [
        f"{filled.territory.origin}/data/{closed.id}"
    ]
    assert "item" not in relations(restricted)
    assert f'href="/data/{record.id}.ttl"' in page.text


async def test_the_links_of_many_files_stay_within_what_a_proxy_takes(
    armor: Catalogue, portal_app: Litestar
) -> None:
    many = await armor.add(
        1,
        available_formats=[
            corpus_file(f"https://node.armor.example/{'long/' * 30}{number}")
            for number in range(60)
        ],
    )

    async with browse(portal_app, armor.territory) as program:
        page = await program.get(f"/data/{many.id}")

    assert len(page.headers["link"]) <= 2500
    assert 1 <= len(relations(page)["item"]) < 60


def corpus_file(url: str) -> dict[str, Any]:
    file = document(1)["available_formats"][0]
    return {
        **file,
        "media_id": str(uuid4()),
        "connector": {"url": url, "interface_contract": "dwnl"},
    }


def relations(page: httpx.Response) -> dict[str, list[str]]:
    urls_by_relation: dict[str, list[str]] = {}
    for link in page.headers["link"].split(", <"):
        url, _, rest = link.partition(">")
        urls_by_relation.setdefault(
            rest.partition('rel="')[2].partition('"')[0], []
        ).append(url.lstrip("<"))
    return urls_by_relation


@pytest.mark.usefixtures("alone")
async def test_every_page_of_the_catalogue_is_valid(
    filled: Catalogue, portal_app: Litestar, shared_data: Path
) -> None:
    async with browse(portal_app, filled.territory) as program:
        pages = await walk(program, "/catalog.ttl?page_size=5")
        pages += await walk(program, "/producers/armor.jsonld?page_size=5")

    assert [violations(graph(page), shared_data / SHAPES) for page in pages] == [
        []
    ] * len(pages)


@pytest.mark.usefixtures("alone")
async def test_nothing_of_another_territory_is_reported(
    filled: Catalogue, elsewhere: Catalogue, portal_app: Litestar, feed: SearchFeed
) -> None:
    theirs = await elsewhere.add(0)
    await feed.run_once()

    async with browse(portal_app, filled.territory) as program:
        mine = await walk(program, "/catalog.nt")
        missing = await program.get(f"/data/{theirs.id}.ttl")

    assert str(theirs.id) not in "".join(page.text for page in mine)
    assert missing.status_code == 404


def test_moments_are_read_strictly() -> None:
    read: dict[str, Any] = {
        text: parse_moment(text)
        for text in ("2026-05-31", "2026-05-31T08:00:00+02:00", "hier", "")
    }

    assert [bool(moment) for moment in read.values()] == [True, True, False, False]
    assert not any(
        first == second for first, second in pairwise(list(read.values())[:2])
    )


@pytest.mark.thorough
@pytest.mark.usefixtures("alone")
async def test_a_harvester_may_ask_for_the_head_alone(
    filled: Catalogue, portal_app: Litestar
) -> None:
    record = await filled.add(1)
    async with browse(portal_app, filled.territory) as program:
        catalogue = await program.head("/catalog", headers={"Accept": "*/*"})
        page = await program.head(f"/data/{record.id}")
        nothing = await program.head("/data/nothing.ttl")

    assert (catalogue.status_code, page.status_code, nothing.status_code) == (
        200,
        200,
        404,
    )
    assert catalogue.headers["content-type"].startswith("text/turtle")
    assert "cite-as" in relations(page)
    assert [answer.content for answer in (catalogue, page, nothing)] == [b""] * 3


async def test_who_asks_for_partners_where_there_are_none_is_led_to_the_catalogue(
    filled: Catalogue, portal_app: Litestar
) -> None:
    async with browse(portal_app, filled.territory) as reader:
        answer = await reader.get("/catalog.ttl?partners=1")

    assert (answer.status_code, answer.headers["location"]) == (303, "/catalog.ttl")
