"""Programs of others read the catalogue over HTTP, as they read any portal, and get every dataset exactly once."""

import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from litestar import Litestar

from tests import stage
from tests.contract.readers.environments import environment
from tests.contract.readers.serving import read_with, serving
from tests.depth import by_depth, examples
from tests.portal.catalogue.corpus import (
    PRODUCERS,
    TABLE,
    Catalogue,
    document,
    open_catalogue,
)
from tests.visitors import freshen, shut_down
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.kit.territories import TerritoryRegistry
from udi.portal import app as portal
from udi.portal import site as portal_parts
from udi.portal.catalogue.search.feed import SearchFeed
from udi.portal.tenants.models import Tenant
from udi.settings import Settings

MANY = examples(24, 62)
PAGE = 7
EXTENSIONS = ("ttl", "jsonld", "rdf", "nt")


def read_as(first: str) -> pytest.MarkDecorator:
    """The forms of the catalogue that a program of others reads: the first by a usual run, the rest by one of everything."""
    return pytest.mark.parametrize(
        "extension",
        [
            pytest.param(
                extension, marks=[] if extension == first else [pytest.mark.thorough]
            )
            for extension in EXTENSIONS
        ],
    )


SEVERAL = 8
"""The dataset that has several files, of years, with a table of all of them, documentation, a link and a service."""
YEARS = (2023, 2024)
HIGH = len(range(0, MANY, len(TABLE)))
"""How many say by their keywords that they have high value: one line of the table in twelve."""


def several_files(dataset: str, node: str) -> list[dict[str, Any]]:
    """The files, links and services of a dataset, as a node of ours names them."""
    [file] = document(SEVERAL)["available_formats"]
    pages = f"{node}/datasets/{dataset}"
    files = []
    for year in YEARS:
        media = str(uuid.uuid4())
        period = {"start": f"{year}-01-01T00:00:00Z", "end": f"{year}-12-31T23:59:59Z"}
        table = {"name": str(year), "url": f"{pages}/tables/{media}"}
        files.append(
            file
            | {
                "media_id": media,
                "media_name": f"{year}.csv",
                "media_role": "data",
                "connector": {
                    "url": f"{pages}/files/{media}/{year}.csv",
                    "interface_contract": "dwnl",
                },
                "file_tables": [table],
                "dcat": {"periods": [period]},
            }
        )
    files[-1]["file_tables"].append(
        {"name": "2023–2024", "url": f"{pages}/tables/series"}
    )
    notice = file | {
        "media_id": str(uuid.uuid4()),
        "media_name": "notice.pdf",
        "media_role": "documentation",
        "file_type": "application/pdf",
        "connector": {"url": f"{pages}/files/notice.pdf", "interface_contract": "dwnl"},
    }
    others = [
        {
            "media_type": "SERVICE",
            "media_id": str(uuid.uuid4()),
            "media_name": role,
            "media_role": role,
            "connector": {
                "url": f"https://ailleurs.example/{role}",
                "interface_contract": contract,
            },
        }
        for role, contract in (("link", "page"), ("service", "api"))
    ]
    return [*files, notice, *others]


def addresses_of_several(dataset: str, node: str) -> set[str]:
    """What there is to download or to call of it: the files, the table of all years, and the API of each table."""
    api = f"{node}/api/resources/{dataset}/tables/series/data/"
    return {
        *(f"{year}.csv" for year in YEARS),
        "notice.pdf",
        f"{api}csv/",
        api,
        "https://ailleurs.example/link",
        "https://ailleurs.example/service",
    }


@pytest.fixture(scope="module")
def portal_settings(settings: Settings) -> Settings:
    """Readers that ask for a whole catalogue at once are not held back."""
    return settings.model_copy(update={"api_requests_per_minute": 10**6})


@pytest.fixture(scope="module")
async def served(portal_settings: Settings) -> AsyncIterator[Litestar]:
    """The portal on those ports."""
    site = portal_parts.build_site(portal_settings)
    freshen(site.registry)
    app = portal.create(site)
    yield app
    await shut_down(app)


@pytest.fixture(scope="module")
async def wide(
    portal_settings: Settings,
    portal_database: Database,
    node_database: Database,
    served: Litestar,
) -> AsyncIterator[tuple[Catalogue, list[str]]]:
    """A catalogue of many pages, served; and the identifiers of its datasets."""
    databases = (portal_database, node_database)
    territory: Territory = await stage.add_territory(databases, portal_settings, "read")
    registry = TerritoryRegistry(
        portal_database, Tenant, lambda host: portal_settings.origin("portal", host)
    )
    freshen(registry)
    catalogue = await open_catalogue(portal_database, territory)
    ids = []
    async with portal_database.session(territory.id) as session:
        for number in range(MANY):
            line = number % len(TABLE)
            box = {
                "west_longitude": -3.5,
                "south_latitude": 48.0,
                "east_longitude": -3.0,
                "north_latitude": 48.5,
            }
            more: dict[str, Any] = {"resource_title": f"{TABLE[line][0]}, {number}"}
            if number % 3 == 0:
                more |= {
                    "geography": {"bounding_box": box},
                    "temporal_spread": {"start_date": "2019-01-01T00:00:00Z"},
                }
            if number == SEVERAL:
                several = str(uuid.uuid4())
                node = territory.links["node"]
                more["global_id"] = several
                more["available_formats"] = several_files(several, node)
            if line == 0:
                more["keywords"] = ["hvd", "Mobilité", "air"]
            record = await catalogue.add_in(session, line, **more)
            ids.append(str(record.id))
    await SearchFeed(portal_database, registry, portal_settings).run_once()
    async with serving(served):
        yield catalogue, ids
    await stage.remove_territory(databases, territory.id)


@pytest.fixture(scope="module")
def standards() -> Path:
    return environment("standards")


@pytest.mark.thorough
async def test_mlcroissant_finds_no_error(
    wide: tuple[Catalogue, list[str]], standards: Path
) -> None:
    catalogue, ids = wide
    urls = [
        f"{catalogue.territory.origin}/data/{dataset_id}/croissant.json"
        for dataset_id in ids[: len(TABLE)]
    ]

    report_by_url = await read_with(standards, "read_croissant.py", *urls)

    assert {url: report["errors"] for url, report in report_by_url.items()} == {
        url: [] for url in urls
    }
    assert [report_by_url[url]["name"] for url in urls] == [
        f"{line[0]}, {number}" for number, line in enumerate(TABLE)
    ]
    restricted = [
        number for number, line in enumerate(TABLE) if line[6] == "restricted"
    ]
    assert [
        number for number, url in enumerate(urls) if not report_by_url[url]["files"]
    ] == restricted


@pytest.mark.thorough
async def test_frictionless_finds_no_error(
    wide: tuple[Catalogue, list[str]], standards: Path
) -> None:
    catalogue, ids = wide
    urls = [
        f"{catalogue.territory.origin}/data/{dataset_id}/datapackage.json"
        for dataset_id in ids[: len(TABLE)]
    ]

    report_by_url = await read_with(standards, "read_packages.py", *urls)

    assert {url: report["errors"] for url, report in report_by_url.items()} == {
        url: [] for url in urls
    }
    assert [report_by_url[url]["title"] for url in urls] == [
        f"{line[0]}, {number}" for number, line in enumerate(TABLE)
    ]
    assert [url for url, report in report_by_url.items() if not report["paths"]] == []
    assert [
        path
        for report in report_by_url.values()
        for path in report["paths"]
        if not path.startswith("http")
    ] == []


async def test_owslib_reads_every_record_once(
    wide: tuple[Catalogue, list[str]], standards: Path
) -> None:
    catalogue, ids = wide

    report = await read_with(
        standards, "read_records.py", f"{catalogue.territory.origin}/ogc", str(PAGE)
    )

    assert sorted(report["seen"]) == sorted(ids)
    assert report["followed"] == report["seen"]
    assert "/collections/{catalogId}/items" in report["api"]
    assert report["one"] == f"{TABLE[0][0]}, 0"
    assert report["near"] == len(range(0, MANY, 3))
    assert report["words"] == len(range(1, MANY, len(TABLE)))
    assert any(name.endswith("/conf/record-core") for name in report["conformance"])


async def test_feedparser_follows_a_search_to_its_end(
    wide: tuple[Catalogue, list[str]], standards: Path
) -> None:
    catalogue, ids = wide

    report = await read_with(
        standards, "read_feed.py", f"{catalogue.territory.origin}/data.atom"
    )

    assert report["faults"] == []
    assert sorted(
        entry[0].rpartition("/")[2].rpartition(":")[2] for entry in report["seen"]
    ) == sorted(ids)
    assert all(title and updated for _, title, updated in report["seen"])


@pytest.fixture(scope="module")
def ckan() -> Path:
    return environment("ckan")


async def test_ckanapi_reads_every_package_once(
    wide: tuple[Catalogue, list[str]], ckan: Path
) -> None:
    catalogue, ids = wide

    report = await read_with(
        ckan, "read_ckanapi.py", catalogue.territory.origin, str(PAGE)
    )

    assert sorted(report["listed"]) == sorted(report["found"]) == sorted(ids)
    assert report["producers"] == sorted(PRODUCERS)
    assert report["title"].rpartition(", ")[0] in {line[0] for line in TABLE}
    assert report["missing"]


@read_as("ttl")
async def test_ckans_dcat_reader_gets_every_dataset_once(
    wide: tuple[Catalogue, list[str]], ckan: Path, extension: str
) -> None:
    catalogue, ids = wide
    url = f"{catalogue.territory.origin}/catalog.{extension}?page_size={PAGE}"

    datasets = await read_with(ckan, "read_ckan_dcat.py", url, extension)

    assert sorted(dataset["id"] for dataset in datasets) == sorted(ids)
    assert {dataset["uri"] for dataset in datasets} == {
        f"{catalogue.territory.origin}/data/{dataset_id}" for dataset_id in ids
    }
    assert all(
        dataset["title"] and dataset["resources"] and dataset["publisher"]
        for dataset in datasets
    )
    assert {dataset["access"].rpartition("/")[2] for dataset in datasets} == {
        "PUBLIC",
        "RESTRICTED",
    }
    [several] = [one for one in datasets if one["id"] == ids[SEVERAL]]
    expected = addresses_of_several(ids[SEVERAL], catalogue.territory.links["node"])
    tables_of_years = len(YEARS)
    assert several["resources"] == len(expected) + tables_of_years


@pytest.mark.thorough
@read_as("jsonld")
async def test_udatas_dcat_reader_gets_every_dataset_once(
    wide: tuple[Catalogue, list[str]], udata: Path, extension: str
) -> None:
    catalogue, ids = wide
    url = f"{catalogue.territory.origin}/catalog.{extension}?page_size={PAGE}"

    datasets = await read_with(udata, "read_udata.py", url, extension)

    assert sorted(dataset["id"] for dataset in datasets) == sorted(ids)
    assert all(
        dataset["title"] and dataset["resources"] and dataset["tags"]
        for dataset in datasets
    )
    assert {dataset["access"].rpartition(".")[2].lower() for dataset in datasets} >= {
        "open"
    }
    [several] = [one for one in datasets if one["id"] == ids[SEVERAL]]
    expected = addresses_of_several(ids[SEVERAL], catalogue.territory.links["node"])
    read = {
        url.rpartition("/")[2] if "/files/" in url else url
        for url in several["resources"]
    }
    assert read >= expected


@pytest.fixture(scope="module")
def udata() -> Path:
    return environment("udata")


@by_depth(
    "shapes",
    ["dcat-ap-3.0.1/shapes.ttl", "dcat-ap-hvd-3.0.0/hvd-SHACL-base.ttl"],
    by_default={0},
)
async def test_another_shacl_engine_finds_no_violation(
    wide: tuple[Catalogue, list[str]], standards: Path, shared_data: Path, shapes: str
) -> None:
    catalogue, ids = wide
    url = f"{catalogue.territory.origin}/catalog.ttl?page_size=31"
    if "hvd" in shapes:
        url = f"{catalogue.territory.origin}/catalog.ttl?q=hvd"

    report = await read_with(
        standards,
        "read_shapes.py",
        url,
        str(shared_data / "reference/dcat-ap-shapes" / shapes),
    )

    assert report["broken"] == []
    assert report["datasets"] == (HIGH if "hvd" in shapes else len(ids))
