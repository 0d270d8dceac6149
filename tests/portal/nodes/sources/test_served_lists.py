"""Dataservices of udata that name their datasets by a link alone: the lists behind it are read for these names.

The answers are written after udata's published models (`udata/core/dataservices/models.py`): `datasets` of a dataservice
is `{"rel", "href", "type", "total"}`, and leads to pages of whole datasets with `data`, `total` and `next_page`.
"""

import json
from typing import Any

import pytest
from sqlalchemy import select

from tests.depth import by_depth
from tests.portal.nodes.elsewhere import Answer, Catalogue
from tests.portal.nodes.sources.conftest import Open, Reading
from tests.portal.nodes.sources.test_reuses import (
    DATASETS,
    SERVICES,
    dataservice,
    dataset,
)
from udi.portal.catalogue.models import Dataset
from udi.portal.catalogue.services.models import (
    CatalogueService,
    CatalogueServiceDataset,
)
from udi.portal.nodes.harvest import udata
from udi.portal.nodes.sources import crawl

PAGE = 2
"""Datasets of a page of the lists: fewer than anybody asks for."""


class Site:
    """A site of udata: its datasets, and what each of its dataservices serves, an answer of the site that may be changed."""

    def __init__(self, catalogue: Catalogue, datasets: list[dict[str, Any]]) -> None:
        self.catalogue = catalogue
        self.datasets = datasets
        self.served: dict[str, list[dict[str, Any]]] = {}
        self.broken: dict[str, int] = {}
        """The page from which on a list breaks."""
        self.links: dict[str, str] = {}
        self.following: dict[str, str] = {}
        """Where a list says that its next page is, beside what it has."""
        catalogue.live = self.answer

    def answer(self, path: str, query: dict[str, str]) -> Answer | None:
        """The answer at a path."""
        service = query.get("dataservice", "")
        if path == SERVICES:
            return self._write([self._describe(name) for name in self.served], "")
        if path != DATASETS:
            return None
        if not service:
            return self._write(self.datasets, "")
        listed = self.served.get(service, [])
        page = int(query.get("page", 1))
        if page >= self.broken.get(service, page + 1):
            return 500, {}, b""
        following = self.following.get(service, "")
        if page * PAGE < len(listed):
            following = f"{self.catalogue.origin}{DATASETS}?dataservice={service}&page_size=100&page={page + 1}"
        some = listed[(page - 1) * PAGE : page * PAGE]
        return self._write(some, following, total=len(listed))

    def _describe(self, name: str) -> dict[str, Any]:
        address = f"{self.catalogue.origin}{DATASETS}?dataservice={name}"
        link = {
            "rel": "subsection",
            "href": self.links.get(name, address),
            "type": "GET",
            "total": len(self.served[name]),
        }
        return dataservice(name, datasets=link)

    def _write(
        self, things: list[dict[str, Any]], following: str, total: int | None = None
    ) -> Answer:
        body = {
            "data": things,
            "next_page": following or None,
            "total": len(things) if total is None else total,
        }
        return 200, {"Content-Type": "application/json"}, json.dumps(body).encode()


TREES = dataset("trees", "Arbres")
WELLS = dataset("wells", "Puits")
ROADS = dataset("roads", "Voies")
FOREIGN = dataset("foreign", "Jeu d’un autre site")


@pytest.fixture
def site(catalogue: Catalogue) -> Site:
    """A site with three datasets and one dataservice."""
    site = Site(catalogue, [TREES, WELLS, ROADS])
    site.served["api"] = [TREES, FOREIGN, ROADS]
    return site


async def read_services(reading: Reading) -> dict[str, tuple[set[str], Any]]:
    """The titles of what each service serves, and when it changed."""
    query = select(CatalogueService).where(
        CatalogueService.source_id == reading.source_id,
        CatalogueService.withdrawn_at.is_(None),
    )
    link = CatalogueServiceDataset
    services: dict[str, tuple[set[str], Any]] = {}
    async with reading.database.session(reading.territory.id) as session:
        for service in await session.scalars(query):
            titles = (
                select(Dataset.title)
                .join(link, link.dataset_id == Dataset.id)
                .where(link.service_id == service.id)
            )
            served = set(await session.scalars(titles))
            services[service.identifier] = (served, service.changed_at)
    return services


async def test_a_service_serves_what_the_pages_behind_its_link_list(
    site: Site, open_source: Open
) -> None:
    site.served["empty"] = []
    site.served["away"] = [WELLS]
    site.links["away"] = f"http://elsewhere.example{DATASETS}?dataservice=away"
    reading = await open_source(f"{site.catalogue.origin}{DATASETS}")
    run = await reading.read()
    first = await read_services(reading)
    await reading.read()
    second = await read_services(reading)
    requests = [path for path in site.catalogue.requests if "dataservice=" in path]

    assert (run.outcome, run.total) == ("complete", 3)
    assert set(await reading.list_published()) == {"Arbres", "Puits", "Voies"}
    assert first["api"][0] == {"Arbres", "Voies"}
    assert first["empty"][0] == first["away"][0] == set()
    assert second == first, "the same names again are no change"
    assert requests == 2 * [
        f"{DATASETS}?dataservice=api&page_size=100",
        f"{DATASETS}?dataservice=api&page_size=100&page=2",
    ]


@pytest.mark.thorough
async def test_what_a_list_says_follows_it(site: Site, open_source: Open) -> None:
    reading = await open_source(f"{site.catalogue.origin}{DATASETS}")
    await reading.read()
    before = await read_services(reading)
    site.served["api"] = [WELLS]
    await reading.read()
    after = await read_services(reading)

    assert before["api"][0] == {"Arbres", "Voies"}
    assert after["api"][0] == {"Puits"}
    assert after["api"][1] > before["api"][1]


@pytest.mark.thorough
@pytest.mark.parametrize("page", [1, 2])
async def test_a_list_that_breaks_takes_nothing_away(
    page: int, site: Site, open_source: Open
) -> None:
    reading = await open_source(f"{site.catalogue.origin}{DATASETS}")
    await reading.read()
    before = await read_services(reading)
    site.broken["api"] = page
    run = await reading.read()

    assert await read_services(reading) == before
    assert run.outcome == "complete", "the datasets are whole without it"
    about = [fault.code for fault in await reading.faults() if "api&" in fault.field]
    assert len(about) == 1


async def test_a_list_that_goes_on_at_another_site_leaves_the_datasets_whole(
    site: Site, open_source: Open
) -> None:
    site.served["api"] = [TREES, ROADS]
    reading = await open_source(f"{site.catalogue.origin}{DATASETS}")
    await reading.read()
    before = await read_services(reading)
    site.served["api"] = [TREES]
    site.following["api"] = f"{AWAY}&page=2"
    run = await reading.read()

    assert await read_services(reading) == before
    assert run.outcome == "complete"
    assert "next_elsewhere" in {fault.code for fault in await reading.faults()}


AWAY = f"http://elsewhere.example{DATASETS}?dataservice=api"


@by_depth(("served", "link"), [([], ""), ([TREES], AWAY)], by_default=[1])
async def test_a_service_whose_list_is_not_read_serves_nothing(
    served: list[dict[str, Any]], link: str, site: Site, open_source: Open
) -> None:
    """The site says that the list is empty now, or that another site has it."""
    reading = await open_source(f"{site.catalogue.origin}{DATASETS}")
    await reading.read()
    before = await read_services(reading)
    site.served["api"] = served
    site.links |= {"api": link} if link else {}
    await reading.read()
    after = await read_services(reading)

    assert before["api"][0] == {"Arbres", "Voies"}
    assert after["api"][0] == set()


@pytest.mark.thorough
async def test_a_link_that_is_no_address_leaves_the_other_services(
    site: Site, open_source: Open
) -> None:
    site.served["odd"] = [WELLS]
    site.links["odd"] = "http://[odd/api/1/datasets/?dataservice=odd"
    reading = await open_source(f"{site.catalogue.origin}{DATASETS}")
    await reading.read()
    services = await read_services(reading)

    assert services["api"][0] == {"Arbres", "Voies"}
    assert services["odd"][0] == set()


@pytest.mark.thorough
async def test_lists_past_the_bound_are_left_and_the_datasets_are_whole(
    site: Site, open_source: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.served |= {f"api-{number}": [TREES] for number in range(4)}
    monkeypatch.setattr(crawl, "MOST_PAGES", 4)
    reading = await open_source(f"{site.catalogue.origin}{DATASETS}")
    run = await reading.read()
    requests = [path for path in site.catalogue.requests if "dataservice=" in path]

    assert run.outcome == "complete"
    assert len(requests) == 1
    assert set(await read_services(reading)) == set(site.served)


@pytest.mark.thorough
async def test_a_source_that_is_such_a_list_has_its_datasets(
    site: Site, open_source: Open
) -> None:
    reading = await open_source(f"{site.catalogue.origin}{DATASETS}?dataservice=api")
    run = await reading.read()

    assert run.outcome == "complete"
    assert set(await reading.list_published()) == {
        "Arbres",
        "Jeu d’un autre site",
        "Voies",
    }


@pytest.mark.parametrize(
    ("address", "entry", "service"),
    [
        ("https://u.example/api/1/datasets/?dataservice=a&page=2", "https://u.example/api/1/datasets/", "a"),
        ("https://u.example/api/1/datasets/?dataservice=a&page=2", "https://u.example/api/1/datasets/?dataservice=a", ""),
        ("https://u.example/api/1/datasets/?dataservice=a", "https://u.example/api/1/datasets/?dataservice=b", "a"),
        ("https://u.example/api/1/reuses/?dataservice=a", "", ""),
        ("https://u.example/api/1/datasets/velos/?dataservice=a", "", ""),
        ("https://[u.example/api/1/datasets/?dataservice=a", "", ""),
    ],
)  # fmt: skip
def test_a_list_of_datasets_says_of_which_service_it_is(
    address: str, entry: str, service: str
) -> None:
    assert udata.find_listed_service(address, entry) == service
