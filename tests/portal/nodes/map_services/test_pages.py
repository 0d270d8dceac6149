"""The page of a service: layers in words, a map once somebody asks for it, one server alone let in, and what cannot be shown."""

import json
import re
import uuid
from collections.abc import AsyncIterator, Iterator
from html import unescape
from typing import Any

import httpx
import pytest
from litestar import Litestar
from playwright.async_api import Route

from tests.depth import by_depth
from tests.portal.catalogue.corpus import Catalogue, described, open_catalogue
from tests.portal.nodes.elsewhere import Catalogue as Elsewhere
from tests.portal.nodes.elsewhere import serve
from tests.portal.nodes.map_services import documents
from tests.service_overrides import override_service
from tests.ui.tab import Tab
from tests.visitors import browse
from udi.kit.db import Database
from udi.kit.http import OutgoingClient
from udi.kit.tenancy import Territory
from udi.portal.nodes.map_services.descriptions import (
    FAILURE_SECONDS,
    MAP_SERVICES,
    MapServiceReader,
)
from udi.ui.site import Site

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360488cfa0f00"
    "02db01bbedff75100000000049454e44ae426082"
)
"""A picture of one pixel."""
EVERYBODY = {"Access_Control_Allow_Origin": "*"}


@pytest.fixture
async def armor(portal_database: Database, demo: Territory) -> Catalogue:
    """The catalogue of a territory."""
    return await open_catalogue(portal_database, demo)


@pytest.fixture
def maps() -> Iterator[Elsewhere]:
    """A server of maps of somebody else's."""
    with serve("maps.localhost") as site:
        yield site


@pytest.fixture
def moments() -> list[float]:
    """The hands of the clock of the reader: its last number is now."""
    return [0.0]


@pytest.fixture(autouse=True)
async def reader(
    portal_site: Site, monkeypatch: pytest.MonkeyPatch, moments: list[float]
) -> AsyncIterator[None]:
    client = OutgoingClient(["*.localhost:*"])
    service_reader = MapServiceReader(
        client, clock=lambda: moments[-1], patience=60, turn_patience=60
    )
    override_service(monkeypatch, portal_site.services, MAP_SERVICES, service_reader)
    yield
    await service_reader.close()
    await client.close()


async def add_service(
    armor: Catalogue, url: str, contract: str = "wms", **changes: Any
) -> str:
    """The address of the page of a service of a dataset."""
    media = str(uuid.uuid4())
    names = ("versions", "layer", "default_crs", "formats", "matrix_set", "max_zoom")
    parameters = [{"key": name, "value": "voirie"} for name in names]
    if contract == "custom":
        parameters = [{"key": "contract_url", "value": url}]
    service = {
        "media_type": "SERVICE", "media_id": media, "media_name": "Carte",
        "connector": {"url": url, "interface_contract": contract, "connector_parameters": parameters},
    }  # fmt: skip
    dataset = described(1, available_formats=[service], **changes)
    await armor.add(1, **dataset)
    return f"/data/{dataset['global_id']}/services/{media}"


@pytest.fixture
async def visitor(
    armor: Catalogue, portal_app: Litestar
) -> AsyncIterator[httpx.AsyncClient]:
    async with browse(portal_app, armor.territory) as client:
        client.headers["Accept-Language"] = "en"
        yield client


def policy_of(page: httpx.Response) -> str:
    return page.headers["content-security-policy"]


async def test_a_layer_is_shown_once_somebody_chooses_it_and_its_server_alone_is_let_in(
    armor: Catalogue, visitor: httpx.AsyncClient, maps: Elsewhere
) -> None:
    maps.put("/wms", documents.WMS_130)
    address = await add_service(armor, f"{maps.origin}/wms?map=x")
    dataset = address.partition("/services")[0]

    page_of_dataset = await visitor.get(dataset, follow_redirects=True)
    before = list(maps.requests)
    page = await visitor.get(address)
    layer_page = await visitor.get(f"{address}?layer=voirie")
    again = await visitor.get(f"{address}?layer=nulle")

    assert f'href="{address}"' in page_of_dataset.text
    assert before == []
    assert maps.requests == ["/wms?map=x&SERVICE=WMS&REQUEST=GetCapabilities"]
    assert maps.headers[0]["Origin"] == armor.territory.origin
    assert "openlayers.js" not in page.text
    assert maps.origin not in policy_of(page)
    assert "Rues &amp; chemins" in page.text
    assert f"{maps.origin}/wms?map=x" in page.text
    assert f"img-src 'self' data: {maps.origin};" in policy_of(layer_page)
    assert "connect-src 'self';" in policy_of(layer_page)
    assert "service-map.js" in layer_page.text
    assert f"Your browser asks {maps.origin[7:]} for this map." in layer_page.text
    assert again.status_code == 404


@pytest.mark.thorough
async def test_objects_are_shown_where_their_server_lets_pages_read_them(
    armor: Catalogue, visitor: httpx.AsyncClient, maps: Elsewhere
) -> None:
    maps.put("/wfs", documents.WFS_200, **EVERYBODY)
    maps.put("/closed", documents.WFS_200)
    maps.put("/api/collections", documents.COLLECTIONS, **EVERYBODY)
    opened = await add_service(armor, f"{maps.origin}/wfs", "wfs")
    closed = await add_service(armor, f"{maps.origin}/closed", "wfs")
    api = await add_service(armor, f"{maps.origin}/api/collections/toilettes", "custom")

    layer_page = await visitor.get(f"{opened}?layer=ville:arbres")
    refused = await visitor.get(f"{closed}?layer=ville:arbres")
    collection = await visitor.get(f"{api}?layer=toilettes")

    assert f"connect-src 'self' {maps.origin};" in policy_of(layer_page)
    assert "img-src 'self' data:;" in policy_of(layer_page)
    assert "openlayers.js" not in refused.text
    assert maps.origin not in policy_of(refused)
    assert "The service does not let pages of other sites read it." in unescape(
        refused.text
    )
    assert f"{maps.origin}/api/collections/toilettes/items" in collection.text


@by_depth(
    ("status", "body", "words"),
    [
        (401, b"", "It asks for a login."),
        (500, b"", "The service answered with an error."),
        (200, documents.EXCEPTION, "The service answered with an error."),
        (200, b"<a/>", "Its answer does not describe a service of this kind."),
    ],
    by_default=[0, 2],
)
async def test_what_cannot_be_shown_is_said_with_the_address_for_software(
    armor: Catalogue,
    visitor: httpx.AsyncClient,
    maps: Elsewhere,
    status: int,
    body: bytes,
    words: str,
) -> None:
    maps.put("/wms", body, status=status)
    address = await add_service(armor, f"{maps.origin}/wms")

    page = await visitor.get(address)

    assert page.status_code == 200
    assert words in unescape(page.text)
    assert f'value="{maps.origin}/wms"' in page.text


@pytest.mark.thorough
async def test_a_failure_is_asked_about_again_after_a_minute(
    armor: Catalogue, visitor: httpx.AsyncClient, maps: Elsewhere, moments: list[float]
) -> None:
    address = await add_service(armor, f"{maps.origin}/wms")

    first = await visitor.get(address)
    maps.put("/wms", documents.WMS_130)
    cached_page = await visitor.get(address)
    moments.append(FAILURE_SECONDS + 1)
    renewed = await visitor.get(address)

    assert "answered with an error" in first.text
    assert "answered with an error" in cached_page.text
    assert "Zonage" in renewed.text
    assert len(maps.requests) == 2


@pytest.mark.thorough
async def test_no_connection_of_the_database_is_held_while_a_service_is_asked(
    armor: Catalogue, visitor: httpx.AsyncClient, maps: Elsewhere, portal_site: Site
) -> None:
    pool = portal_site.database.engine("public").pool
    connection_counts: list[int] = []

    def answer(_path: str, _words: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        connection_counts.append(pool.checkedout())  # type: ignore[attr-defined]  # a fixture without a type
        return 200, {}, documents.WMS_130

    maps.live = answer
    address = await add_service(armor, f"{maps.origin}/wms")

    page = await visitor.get(address)

    assert "Zonage" in page.text
    assert connection_counts == [0]


async def test_where_many_services_are_asked_for_the_page_says_so(
    armor: Catalogue,
    visitor: httpx.AsyncClient,
    maps: Elsewhere,
    portal_site: Site,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    maps.put("/wms", documents.WMS_130)
    client = OutgoingClient(["*.localhost:*"])
    full_reader = MapServiceReader(client, most_waiting=0)
    override_service(monkeypatch, portal_site.services, MAP_SERVICES, full_reader)
    address = await add_service(armor, f"{maps.origin}/wms")

    page = await visitor.get(address)
    await client.close()

    assert page.status_code == 200
    assert "Many visitors are opening maps here." in page.text
    assert maps.requests == []


async def test_services_of_restricted_data_and_files_have_no_page(
    armor: Catalogue, visitor: httpx.AsyncClient, maps: Elsewhere
) -> None:
    maps.put("/wms", documents.WMS_130)
    restricted = {
        "access_condition": {
            "licence": {"licence_type": "STANDARD", "licence_label": "etalab-2.0"},
            "confidentiality": {"restricted_access": True, "gdpr_sensitive": False},
        }
    }
    closed = await add_service(armor, f"{maps.origin}/wms", **restricted)
    plain = await add_service(armor, f"{maps.origin}/api", "custom")
    nothing = re.sub(r"[^/]+$", str(uuid.uuid4()), plain)

    answers = [await visitor.get(path) for path in (closed, plain, nothing)]
    page = await visitor.get(closed.partition("/services")[0], follow_redirects=True)

    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert maps.requests == []
    assert closed not in page.text


@by_depth(
    ("contract", "layer"),
    [("wms", "voirie"), ("wmts", "ORTHO"), ("wfs", "ville:arbres")],
    by_default=[0],
)
async def test_a_map_is_drawn_in_a_browser_that_asks_its_server_alone(
    armor: Catalogue,
    visitor: httpx.AsyncClient,
    maps: Elsewhere,
    drawn_tab: Tab,
    contract: str,
    layer: str,
) -> None:
    answers = {
        "GetCapabilities": {
            "wms": documents.WMS_130,
            "wmts": documents.WMTS,
            "wfs": documents.WFS_200,
        }[contract],
        "GetFeature": json.dumps(documents.FEATURES).encode(),
    }
    media_types = {"GetCapabilities": "text/xml", "GetFeature": "application/json"}

    def answer(_path: str, words: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        name = words["REQUEST"]
        headers = {
            "Content-Type": media_types.get(name, "image/png"),
            "Access-Control-Allow-Origin": "*",
        }
        return 200, headers, answers.get(name, PIXEL)

    drawn: list[str] = []

    async def give(route: Route) -> None:
        """The server of maps, to the browser: a page that comes of no network may reach no loopback."""
        drawn.append(route.request.url)
        status, headers, body = maps.answer(route.request.url)
        await route.fulfill(status=status, headers=headers, body=body)

    maps.live = answer
    address = await add_service(armor, f"{maps.origin}/ows", contract)
    origin = armor.territory.origin
    await drawn_tab.page.route(f"{maps.origin}/**", give)

    await drawn_tab.visit(visitor, f"{origin}{address}", "en")
    before = list(drawn)
    await drawn_tab.visit(visitor, f"{origin}{address}?layer={layer}", "en")
    await drawn_tab.page.wait_for_selector("#service-map[data-ready]", timeout=60_000)
    status = await drawn_tab.page.locator("#service-status").text_content()
    rows = await drawn_tab.page.locator("#service-rows li").all_text_contents()
    faults = await drawn_tab.find_faults(
        visitor, f"{origin}{address}?layer={layer}", f"service-{contract}", "en", "fr"
    )

    assert before == []
    assert len(drawn) > 0
    assert status == {"wfs": "Objects shown: 30, of 4000."}.get(
        contract, "The map is shown."
    )
    assert rows == {"wfs": [f"Chêne {rank}" for rank in range(20)]}.get(contract, [])
    assert faults == []
