"""Several territories searched together: who agreed, what is public, one order, each dataset once, at every door."""

import shutil
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from litestar import Litestar
from pyoxigraph import RdfFormat, parse
from sqlalchemy import update

from tests import stage
from tests.depth import by_depth
from tests.portal.catalogue.corpus import Catalogue, open_catalogue
from tests.portal.catalogue.test_cached_pages import eventually_dated
from tests.ui.tab import Tab
from tests.visitors import browse
from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.portal.catalogue.models import Dataset
from udi.portal.catalogue.search.feed import SearchFeed, request_joint_rebuild
from udi.portal.catalogue.search.index import CURSOR, FINGERPRINT, SearchIndexes
from udi.portal.catalogue.search.joint_index import JOINT
from udi.portal.catalogue.services.models import CatalogueService
from udi.portal.nodes.sources.service_changes import note_changed_services
from udi.portal.tenants.models import Tenant
from udi.settings import Settings

TITLE = "Vélos de la vallée"
DOORS = ("/data", "/data.atom", "/api/v1/datasets", "/catalog.ttl", "/catalog.jsonld")
DCAT = "http://www.w3.org/ns/dcat#"
Answering = Callable[[Territory | None, str], Awaitable[httpx.Response]]


@dataclass
class Three:
    """The territory where one searches, and two others that share, all with an index as new as the database."""

    home: Catalogue
    near: Catalogue
    far: Catalogue
    settings: Settings
    feed: SearchFeed

    async def set_search(self, catalogue: Catalogue, **search: Any) -> None:
        await set_columns(catalogue, search=search)


async def set_columns(catalogue: Catalogue, **values: Any) -> None:
    async with catalogue.database.platform_session(role="owner") as session:
        await session.execute(
            update(Tenant).where(Tenant.id == catalogue.territory.id).values(values)
        )


@pytest.fixture
async def far(
    settings: Settings, portal_database: Database, node_database: Database
) -> AsyncIterator[Catalogue]:
    databases = (portal_database, node_database)
    territory = await stage.add_territory(databases, settings, "far")
    yield await open_catalogue(portal_database, territory)
    await stage.remove_territory(databases, territory.id)


@pytest.fixture
async def three(
    armor: Catalogue,
    elsewhere: Catalogue,
    far: Catalogue,
    settings: Settings,
    feed: SearchFeed,
) -> Three:
    several = Three(armor, elsewhere, far, settings, feed)
    await several.set_search(armor)
    await several.set_search(elsewhere, shared=True)
    await several.set_search(far, shared=True)
    return several


@pytest.fixture
def ask(portal_app: Litestar) -> Answering:
    async def fetch(territory: Territory | None, url: str) -> httpx.Response:
        async with browse(portal_app, territory) as visitor:
            return await visitor.get(url, headers={"Accept-Language": "en"})

    return fetch


async def read_doors(three: Three, ask: Answering) -> dict[str, str]:
    """What each door says, on the installation's own host and on the territory that looks through its partners."""
    answers = {}
    for door in DOORS:
        for territory, url in (
            (None, door),
            (three.home.territory, f"{door}?partners=1"),
        ):
            response = await ask(territory, url)
            assert response.status_code == 200, (url, response.text)
            answers[f"{'here' if territory else 'host'} {door}"] = response.text
    return answers


async def never_agreed(three: Three, **_: Any) -> None:
    await three.set_search(three.near, shared=False)
    await three.feed.run_once()


async def revoked(three: Three, **_: Any) -> None:
    await three.feed.run_once()
    await three.set_search(three.near, shared=False)


async def revoked_in_words(three: Three, **_: Any) -> None:
    await three.set_search(three.near, shared="true")
    await three.feed.run_once()


async def suspended(three: Three, **_: Any) -> None:
    await three.feed.run_once()
    await set_columns(three.near, state="suspended")


async def withdrawn(three: Three, record: Any, **_: Any) -> None:
    await three.near.withdraw(record)
    await three.feed.run_once()


async def withdrawn_a_moment_ago(three: Three, record: Any, **_: Any) -> None:
    await three.feed.run_once()
    await three.near.withdraw(record)


@pytest.mark.parametrize(
    "change",
    [never_agreed, revoked, revoked_in_words, suspended, withdrawn, withdrawn_a_moment_ago],
)  # fmt: skip
async def test_what_is_not_public_or_of_a_territory_that_does_not_agree_is_at_no_door(
    change: Callable[..., Awaitable[None]], three: Three, ask: Answering
) -> None:
    record = await three.near.add(1, resource_title=TITLE)
    await three.far.add(1, resource_title="Pistes du plateau")

    await change(three, record=record)
    answers = await read_doors(three, ask)

    assert {door for door, text in answers.items() if TITLE in text} == set()
    assert all("Pistes du plateau" in text for text in answers.values())


async def read_offered_words(
    territory: Territory | None, ask: Answering
) -> dict[str, Any]:
    """What is offered for the beginning of a word, for the word mistyped, and where nothing is found."""
    partners = "&partners=1" if territory else ""
    begun = (await ask(territory, f"/api/v1/datasets?q=xyl{partners}")).json()
    mistyped = (await ask(territory, f"/api/v1/datasets?q=xilophone{partners}")).json()
    page = await ask(territory, f"/data?q=xylofan{partners}")
    return {
        "completed": begun["completed"],
        "replaced": mistyped["replaced"],
        "page": "xylophone" in page.text,
    }


@pytest.mark.parametrize("change", [never_agreed, revoked, suspended, withdrawn])
async def test_words_of_a_territory_that_left_are_offered_to_nobody(
    change: Callable[..., Awaitable[None]], three: Three, ask: Answering
) -> None:
    record = await three.near.add(1, resource_title="Xylophone")
    await three.far.add(1, resource_title="Pistes du plateau")
    await three.feed.run_once()
    before = [
        await read_offered_words(territory, ask)
        for territory in (None, three.home.territory)
    ]

    await change(three, record=record)
    after = [
        await read_offered_words(territory, ask)
        for territory in (None, three.home.territory)
    ]

    assert [bool(words["completed"]) for words in before] == [True, True]
    assert [bool(words["replaced"]) for words in before] == [True, True]
    assert before[1]["page"]
    nothing = {"completed": [], "replaced": [], "page": False}
    assert after == [nothing, nothing]


@pytest.mark.thorough
async def test_a_territory_offers_the_words_of_those_that_it_names_alone(
    three: Three, ask: Answering
) -> None:
    await three.near.add(1, resource_title="Xylophone")
    await three.far.add(1, resource_title="Pistes du plateau")
    await three.set_search(three.home, territories=[three.far.territory.slug])
    await three.feed.run_once()

    words = await read_offered_words(three.home.territory, ask)

    assert words == {"completed": [], "replaced": [], "page": False}


async def test_what_is_public_of_a_territory_that_agrees_is_at_every_door(
    three: Three, ask: Answering
) -> None:
    await three.near.add(1, resource_title=TITLE)
    await three.feed.run_once()

    answers = await read_doors(three, ask)

    assert {door for door, text in answers.items() if TITLE not in text} == set()


async def test_a_territory_looks_through_those_that_it_names_alone(
    three: Three, ask: Answering
) -> None:
    await three.near.add(1, resource_title=TITLE)
    await three.far.add(1, resource_title="Pistes du plateau")
    await three.set_search(three.home, territories=[three.far.territory.slug])
    await three.feed.run_once()

    page = await ask(three.home.territory, "/data?partners=1")
    host = await ask(None, "/data")

    assert TITLE not in page.text
    assert "Pistes du plateau" in page.text
    assert TITLE in host.text


@pytest.mark.thorough
async def test_a_reader_that_holds_a_date_is_told_of_a_new_partner(
    three: Three, ask: Answering, portal_app: Litestar
) -> None:
    await three.home.add(1, resource_title="Air")
    await three.near.add(1, resource_title=TITLE)
    for other in (three.near, three.far):
        await three.set_search(other, shared=False)
    await three.feed.run_once()
    async with browse(portal_app, three.home.territory) as visitor:
        dated = await eventually_dated(visitor, "/data")
        unchanged = await visitor.get("/data", headers={"If-Modified-Since": dated})
        await three.set_search(three.near, shared=True)
        await three.feed.run_once()
        changed = await visitor.get("/data", headers={"If-Modified-Since": dated})

    assert (unchanged.status_code, changed.status_code) == (304, 200)


async def test_a_territory_is_not_shown_because_another_names_it(
    three: Three, ask: Answering
) -> None:
    await three.near.add(1, resource_title=TITLE)
    await three.set_search(three.near, territories=[three.home.territory.slug])
    await three.set_search(three.home, territories=[three.near.territory.slug])
    await three.feed.run_once()

    page = await ask(three.home.territory, "/data?partners=1")

    assert TITLE not in page.text
    assert "its partners" not in page.text


async def test_datasets_of_several_territories_are_in_one_order_with_counts(
    three: Three, ask: Answering
) -> None:
    await three.set_search(three.home, shared=True)
    await three.home.add(0, resource_title="Air", keywords=["velo"])
    await three.near.add(1, resource_title="Comptages des vélos en ville")
    await three.far.add(1, resource_title="Vélo")
    await three.far.add(1, resource_title="Vélo, vélos et stations de vélo")
    await three.feed.run_once()

    together = (
        await ask(three.home.territory, "/api/v1/datasets?q=velo&partners=1")
    ).json()
    host = (await ask(None, "/api/v1/datasets?q=velo")).json()
    narrowed = (
        await ask(None, f"/api/v1/datasets?q=velo&territory={three.far.territory.slug}")
    ).json()

    titles = [item["title"] for item in together["items"]]
    assert titles[-1] == "Air", "a keyword counts for less than a title, wherever it is"
    assert together["total"] == host["total"] == 4
    assert [item["title"] for item in host["items"]] == titles
    assert {
        (facet["value"], facet["count"]) for facet in together["facets"]["territory"]
    } == {
        (three.far.territory.slug, 2),
        (three.near.territory.slug, 1),
        (three.home.territory.slug, 1),
    }
    assert narrowed["total"] == 2
    assert {item["territory"]["slug"] for item in narrowed["items"]} == {
        three.far.territory.slug
    }
    first = together["items"][0]
    assert first["page"].startswith(f"{first['territory']['url']}/data/")
    assert first["url"].startswith(f"{first['territory']['url']}/api/v1/datasets/")


@by_depth("is_local", [False, True], ids=["host", "partners"], by_default=[1])
@by_depth("words", ["velo", "xylophone"], by_default=[1])
async def test_the_page_of_several_territories_holds_in_a_browser(
    three: Three, portal_app: Litestar, tab: Tab, words: str, *, is_local: bool
) -> None:
    await three.set_search(three.home, shared=True)
    await three.home.add(0, resource_title="Air", keywords=["velo"])
    await three.near.add(1, resource_title="Comptages des vélos en ville")
    await three.far.add(5, resource_title="Vélo, vélos et stations de vélo")
    await three.feed.run_once()
    territory = three.home.territory if is_local else None
    name = f"together-{'partners' if is_local else 'host'}-{words}"

    async with browse(portal_app, territory) as visitor:
        origin = str(visitor.base_url).rstrip("/")
        address = f"{origin}/data?q={words}&partners=1"
        faults = await tab.find_faults(visitor, address, name, "fr", "en")

    assert faults == []


@pytest.mark.thorough
async def test_producers_of_one_name_are_one_value_of_the_filter(
    three: Three, ask: Answering
) -> None:
    await three.near.add(1)
    await three.far.add(1)
    await three.feed.run_once()

    together = (await ask(None, "/api/v1/datasets")).json()
    chosen = (
        await ask(None, "/api/v1/datasets?producer=Armorine%20M%C3%A9tropole")
    ).json()

    assert together["facets"]["producer"] == [
        {"value": "Armorine Métropole", "count": 2}
    ]
    assert chosen["total"] == 2


DOI = "10.5072/arm_1"


async def add_twice(three: Three) -> tuple[Any, Any]:
    """One dataset as a node pushes it, and as another territory read it elsewhere, earlier."""
    copy = await three.far.add(1, resource_title="Copie", doi=DOI)
    original = await three.near.add(1, resource_title="Original", doi=DOI)
    async with three.far.database.session(three.far.territory.id) as session:
        await session.execute(
            update(Dataset).values(harvester_id=three.far.organisations["armor"])
        )
    await three.feed.run_once()
    return original, copy


async def list_titles(ask: Answering, territory: Territory | None) -> dict[str, Any]:
    """What each door shows of the two: the titles that it says, with the totals of those that count."""
    partners = "?partners=1" if territory else ""
    titles = {}
    for door in DOORS:
        text = (await ask(territory, f"{door}{partners}")).text
        titles[door] = {title for title in ("Original", "Copie") if title in text}
    together = (await ask(territory, f"/api/v1/datasets{partners}")).json()
    return titles | {"total": together["total"]}


async def test_a_dataset_of_two_territories_is_shown_once_where_it_is_nearest(
    three: Three, ask: Answering
) -> None:
    await add_twice(three)

    titles = await list_titles(ask, None)

    assert titles == {**{door: {"Original"} for door in DOORS}, "total": 1}


async def test_a_copy_is_shown_where_the_nearest_may_not_be(
    three: Three, ask: Answering
) -> None:
    original, _ = await add_twice(three)
    await three.set_search(three.home, territories=[three.far.territory.slug])

    unnamed = await list_titles(ask, three.home.territory)
    await three.near.withdraw(original)
    await three.feed.run_once()
    left = await list_titles(ask, None)

    assert unnamed == left == {**{door: {"Copie"} for door in DOORS}, "total": 1}


async def test_a_copy_is_shown_as_soon_as_the_other_territory_does_not_agree(
    three: Three, ask: Answering
) -> None:
    await add_twice(three)
    await three.set_search(three.near, shared=False)

    before = await list_titles(ask, None)
    await three.feed.run_once()
    after = await list_titles(ask, None)

    assert before == after == {**{door: {"Copie"} for door in DOORS}, "total": 1}


@pytest.mark.thorough
async def test_a_copy_that_comes_first_gives_way_to_a_nearer_one(
    three: Three, ask: Answering
) -> None:
    await three.far.add(1, resource_title="Copie", doi=DOI)
    async with three.far.database.session(three.far.territory.id) as session:
        await session.execute(
            update(Dataset).values(harvester_id=three.far.organisations["armor"])
        )
    await three.feed.run_once()
    alone = await list_titles(ask, None)
    await three.near.add(1, resource_title="Original", doi=DOI)
    await three.feed.run_once()

    both = await list_titles(ask, None)

    assert alone["total"] == both["total"] == 1
    assert alone["/data"] == {"Copie"}
    assert both["/data"] == {"Original"}


@by_depth(
    ("first", "second", "total"),
    [
        ({"local_id": "https://armor.example/d/1"}, {"local_id": "http://armor.example/d/1/"}, 1),
        ({"local_id": "budget"}, {"local_id": "budget"}, 2),
        ({"resource_title": "Budget"}, {"resource_title": "Budget"}, 2),
        ({"doi": DOI}, {"doi": "10.5072/arm_2"}, 2),
    ],
    ids=["an address", "a word", "a title", "two names"],
    by_default=[0, 1],
)  # fmt: skip
async def test_only_what_is_sure_makes_two_one(
    first: dict[str, Any],
    second: dict[str, Any],
    total: int,
    three: Three,
    ask: Answering,
) -> None:
    await three.near.add(1, **first)
    await three.far.add(1, **second)
    await three.feed.run_once()

    together = (await ask(None, "/api/v1/datasets")).json()

    assert together["total"] == total


async def test_two_territories_may_use_one_identifier_for_one_dataset(
    three: Three, ask: Answering
) -> None:
    same = str(uuid.uuid4())
    await three.near.add(1, global_id=same)
    record = await three.far.add(1, global_id=same)
    await three.feed.run_once()
    before = (await ask(None, "/api/v1/datasets")).json()
    await three.far.withdraw(record)
    await three.feed.run_once()

    after = (await ask(None, "/api/v1/datasets")).json()

    assert before["total"] == after["total"] == 1


async def test_the_catalogue_of_catalogues_is_walked_whole_each_dataset_once(
    three: Three, ask: Answering
) -> None:
    await add_twice(three)
    for number in range(5):
        await three.near.add(1, resource_title=f"Près {number}")
        await three.far.add(1, resource_title=f"Loin {number}")
    await three.feed.run_once()
    origin = three.settings.origin("portal", three.settings.installation_host)
    whole = f"{origin}/catalog"
    datasets: list[str] = []
    catalogues = set()
    url: str | None = "/catalog.nt?page_size=3"
    pages = 0
    while url:
        page = await ask(None, url)
        pages += 1
        for triple in parse(page.content, format=RdfFormat.N_TRIPLES):
            if triple.predicate.value == f"{DCAT}catalog":
                catalogues.add(triple.object.value)
            if (
                triple.predicate.value == f"{DCAT}dataset"
                and triple.subject.value == whole
            ):
                datasets.append(triple.object.value)
        url = page.links.get("next", {}).get("url")

    assert pages == 4
    assert len(datasets) == len(set(datasets)) == 11
    assert catalogues == {
        f"{other.territory.origin}/catalog" for other in (three.near, three.far)
    }


async def add_service(catalogue: Catalogue, title: str) -> uuid.UUID:
    service = uuid.uuid4()
    async with catalogue.database.session(catalogue.territory.id) as session:
        session.add(
            CatalogueService(
                id=service,
                source_id=uuid.uuid4(),
                organisation_id=next(iter(catalogue.organisations.values())),
                identifier=title,
                title=title,
                titles={"fr": title},
                endpoint="https://maps.example.org/wms",
                format="WMS",
                description={},
                digest="",
                seen_run=None,
                first_read_at=now(),
                changed_at=now(),
                withdrawn_at=None,
            )
        )
        await note_changed_services(session, [service])
    return service


@pytest.mark.thorough
async def test_the_catalogue_of_catalogues_has_the_services_of_each_once(
    three: Three, ask: Answering
) -> None:
    for number in range(2):
        await three.near.add(1, resource_title=f"Près {number}")
        await three.far.add(1, resource_title=f"Loin {number}")
    await three.feed.run_once()
    before = await ask(None, "/catalog.nt")
    service = await add_service(three.far, "Carte des bancs")
    await three.feed.run_once()
    whole = (
        f"{three.settings.origin('portal', three.settings.installation_host)}/catalog"
    )
    address = f"{three.far.territory.origin}/services/{service}"
    listed: list[tuple[int, str]] = []
    url: str | None = "/catalog.nt?page_size=1"
    number = 0
    while url:
        page = await ask(None, url)
        number += 1
        listed += [
            (number, triple.subject.value)
            for triple in parse(page.content, format=RdfFormat.N_TRIPLES)
            if triple.predicate.value == f"{DCAT}service"
            and triple.object.value == address
        ]
        url = page.links.get("next", {}).get("url")
    await three.set_search(three.far, shared=False)
    revoked_page = await ask(None, "/catalog.nt?page_size=100")

    assert "Carte des bancs" not in before.text
    assert sorted(subject for _, subject in listed) == sorted(
        [whole, f"{three.far.territory.origin}/catalog"]
    )
    assert len({number for number, _ in listed}) == 1, "on one page"
    assert "Carte des bancs" not in revoked_page.text


async def list_by_page(ask: Answering, url: str | None) -> list[dict[str, set[str]]]:
    """What each page of the installation's catalogue lists: territories, datasets and services."""
    pages = []
    while url:
        page = await ask(None, url)
        listed: dict[str, set[str]] = {
            "catalog": set(),
            "dataset": set(),
            "service": set(),
        }
        for triple in parse(page.content, format=RdfFormat.N_TRIPLES):
            name = triple.predicate.value.removeprefix(DCAT)
            if name in listed and triple.subject.value.endswith("/catalog"):
                listed[name].add(triple.object.value)
        pages.append(listed)
        url = page.links.get("next", {}).get("url")
    return pages


@pytest.mark.thorough
async def test_services_are_listed_of_a_territory_that_has_no_dataset_of_its_own(
    three: Three, ask: Answering
) -> None:
    await three.set_search(three.home, shared=True)
    await add_twice(three)
    services = {
        f"{other.territory.origin}/services/{await add_service(other, 'Carte')}"
        for other in (three.home, three.far)
    }
    await three.feed.run_once()

    pages = await list_by_page(ask, "/catalog.nt?page_size=1")

    assert set.union(*(page["service"] for page in pages)) == services
    assert set.union(*(page["catalog"] for page in pages)) == {
        f"{other.territory.origin}/catalog"
        for other in (three.home, three.near, three.far)
    }


@pytest.mark.thorough
async def test_a_page_that_services_fill_is_the_last_of_its_territory(
    three: Three, ask: Answering
) -> None:
    for other in (three.near, three.far):
        await other.add(1)
        for title in ("Bancs", "Arbres"):
            await add_service(other, title)
    await three.feed.run_once()

    pages = await list_by_page(ask, "/catalog.nt?page_size=2")

    counts = [(len(page["dataset"]), len(page["service"])) for page in pages]
    assert counts == [(1, 2), (1, 2)]
    assert pages[0]["service"].isdisjoint(pages[1]["service"])


@pytest.mark.parametrize(
    "url",
    [
        "/catalog.ttl?partners=1&cursor=x&territory=far",
        "/catalog.ttl?partners=1&q=velo",
        "/catalog.ttl?partners=1&page_size=0",
        "/api/v1/datasets?partners=2",
    ],
)
async def test_what_makes_no_sense_is_refused_with_its_name(
    url: str, three: Three, ask: Answering
) -> None:
    await three.feed.run_once()

    refused = await ask(three.home.territory, url)

    assert refused.status_code == 422


@pytest.mark.thorough
async def test_a_territory_without_data_of_its_own_is_a_portal_of_those_that_share(
    three: Three, ask: Answering
) -> None:
    await three.near.add(1, resource_title=TITLE)
    await three.feed.run_once()

    local_page = await ask(three.home.territory, "/data?q=velo")
    together = await ask(three.home.territory, local_page.headers["location"])
    nothing = await ask(three.home.territory, "/data?q=xylophone&partners=1")

    assert (local_page.status_code, local_page.headers["location"]) == (
        303,
        "/data?q=velo&partners=1",
    )
    assert "In partner territories" not in together.text, "there is no other place"
    assert f'href="{three.near.territory.origin}/data/' in together.text
    assert "No dataset is about" in nothing.text


@pytest.mark.thorough
async def test_where_nothing_is_found_the_host_leads_to_fewer_words(
    three: Three, ask: Answering
) -> None:
    await three.near.add(1, resource_title=TITLE)
    await three.feed.run_once()

    page = await ask(None, "/data?q=v%C3%A9los+xylophone&exact=1")

    assert "No dataset is about “vélos xylophone”" in page.text
    assert "Without the word “xylophone”" in page.text
    assert 'id="refine"' not in page.text, "there is nothing to filter"


async def test_a_territory_that_does_not_share_sees_its_partners_without_its_own(
    three: Three, ask: Answering
) -> None:
    await three.home.add(1, resource_title="À soi seul")
    await three.near.add(1, resource_title=TITLE)
    await three.feed.run_once()

    local_page = await ask(three.home.territory, "/data")
    together = await ask(three.home.territory, "/data?partners=1")

    assert "In partner territories" in local_page.text
    assert TITLE not in local_page.text
    assert TITLE in together.text
    assert "À soi seul" not in together.text


@pytest.mark.thorough
async def test_the_filters_keep_the_search_together(
    three: Three, ask: Answering
) -> None:
    await three.near.add(1, resource_title=TITLE)
    await three.far.add(0, resource_title="Pistes du plateau")
    await three.feed.run_once()

    page = await ask(
        three.home.territory, f"/data?partners=1&territory={three.near.territory.slug}"
    )

    assert TITLE in page.text
    assert "Pistes du plateau" not in page.text
    assert '<input type="hidden" name="partners" value="1">' in page.text
    assert f'href="{three.home.territory.origin}/data"' not in page.text
    assert 'href="/data?partners=1"' in page.text, "the chip that takes the filter away"


@pytest.mark.thorough
async def test_a_changed_title_is_found_again_and_an_organisation_s_name_follows(
    three: Three, ask: Answering
) -> None:
    record = await three.near.add(1, resource_title=TITLE)
    await three.feed.run_once()
    await three.near.add(1, resource_title="Trottinettes", global_id=str(record.id))
    await three.feed.run_once()

    former = (await ask(None, "/api/v1/datasets?q=vallee&exact=1")).json()
    present = (await ask(None, "/api/v1/datasets?q=trottinettes")).json()

    assert former["total"] == 0
    assert [item["id"] for item in present["items"]] == [str(record.id)]


async def test_nothing_of_a_territory_that_left_stays_in_the_files_once_made_again(
    three: Three, ask: Answering
) -> None:
    await three.near.add(1, resource_title="Xylophones municipaux")
    await three.far.add(1)
    await three.feed.run_once()
    before = list_indexed_words(three, "xyl")
    await set_columns(three.near, state="suspended")
    request_joint_rebuild(three.settings)
    await three.feed.run_once()

    assert before == ["xylophones"]
    assert list_indexed_words(three, "xyl") == []
    assert (await ask(None, "/api/v1/datasets")).json()["total"] == 1


async def test_what_a_territory_that_left_published_leaves_the_files_unasked(
    three: Three, ask: Answering
) -> None:
    await three.near.add(1, resource_title="Xylophones municipaux")
    await three.far.add(1)
    await three.feed.run_once()
    before = list_indexed_words(three, "xyl")
    await revoked(three)
    await three.feed.run_once()
    await three.feed.run_once()

    assert before == ["xylophones"]
    assert list_indexed_words(three, "xyl") == []
    assert (await ask(None, "/api/v1/datasets")).json()["total"] == 1


@pytest.mark.thorough
async def test_a_joint_index_of_another_version_is_removed(
    three: Three, ask: Answering
) -> None:
    await three.near.add(1, resource_title=TITLE)
    await three.feed.run_once()
    joint = three.settings.index_folder / FINGERPRINT / str(JOINT)
    territory_index = joint.parent / str(three.near.territory.id)
    other_version = joint.parent / str(uuid.uuid4())
    elsewhere = three.settings.index_folder / "0123456789abcdef" / str(JOINT)
    shutil.copytree(joint, other_version, symlinks=True)
    shutil.copytree(joint, elsewhere, symlinks=True)

    await three.feed.run_once()
    followed = [folder.exists() for folder in (other_version, elsewhere, joint)]
    shutil.copytree(joint, other_version, symlinks=True)
    request_joint_rebuild(three.settings)
    erased = [folder.exists() for folder in (other_version, elsewhere, joint)]

    assert followed == erased == [False, False, True]
    assert territory_index.exists()
    assert TITLE in (await ask(None, "/data")).text


async def test_an_answer_is_kept_by_nobody_while_the_joint_index_is_not_followed(
    three: Three, ask: Answering
) -> None:
    await three.feed.run_once()
    followed = await ask(None, "/data")
    (three.settings.index_folder / FINGERPRINT / str(JOINT) / CURSOR).unlink()
    alone = await ask(None, "/data")

    assert ("etag" in followed.headers, "etag" in alone.headers) == (True, False)


@by_depth("runs_before", [0, 1], ids=["made", "followed"], by_default=[1])
async def test_a_record_that_cannot_be_read_is_left_out_of_the_joint_index(
    runs_before: int, three: Three, ask: Answering
) -> None:
    for _ in range(runs_before):
        await three.feed.run_once()
    await three.near.add(1, resource_title=TITLE)
    damaged = await three.near.add(1, resource_title="Endommagé")
    async with three.near.database.session(three.near.territory.id) as session:
        stored = await session.get_one(Dataset, (three.near.territory.id, damaged.id))
        left = {
            name: value for name, value in stored.record.items() if name != "producer"
        }
        await session.execute(
            update(Dataset).where(Dataset.id == damaged.id).values(record=left)
        )
    await three.feed.run_once()

    together = (await ask(None, "/api/v1/datasets")).json()

    assert [item["title"] for item in together["items"]] == [TITLE]


@pytest.mark.thorough
async def test_which_words_are_dropped_is_told_by_a_dataset_that_is_searched(
    three: Three, ask: Answering
) -> None:
    same = str(uuid.uuid4())
    await three.near.add(
        1, resource_title="Zibeline brocante mezzanine", global_id=same
    )
    await three.far.add(1, resource_title="Zibeline brocante", global_id=same)
    await three.set_search(three.home, territories=[three.far.territory.slug])
    await three.feed.run_once()

    url = "/api/v1/datasets?q=zibeline+brocante+mezzanine&partners=1"
    together = (await ask(three.home.territory, url)).json()

    assert together["total"] == 1
    assert together["dropped"] == ["mezzanine"]


def list_indexed_words(three: Three, start: str) -> list[str]:
    """The words of the joint index's files that begin like this, those of deleted documents among them."""
    reader = SearchIndexes(three.settings.index_folder).find(JOINT)
    assert reader is not None
    return [word for word, _ in reader.searcher.terms_with_prefix("words", start)]
