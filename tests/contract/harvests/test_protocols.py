"""Each protocol of which no server can run here is read whole from a site made after its documentation, that pages as it does.

What such servers really wrote is in the shared data: tests/portal/nodes/sources/test_real_catalogues.py reads it all.
"""

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from tests.contract.harvests.records import iso, title
from tests.contract.harvests.whole import (
    Expected,
    Holder,
    Workspace,
    check_following,
    check_two_readings,
)
from tests.depth import examples, only, thorough
from tests.portal.catalogue.corpus import document
from tests.portal.nodes.sources.conftest import Answer, Catalogue, Open

MANY = examples(13, 45)
PAGE = examples(5, 20)
FEW = examples(9, 12)
"""Where each dataset is a document, or two."""
NEW = "Relevé des eaux 3, corrigé"
Names = dict[int, str]
"""The titles of what a site holds, by number."""
QueryFields = dict[str, str]
Site = Callable[[Names, str, QueryFields, str], object]
"""What a site says at a path to a query, under its origin: JSON, text, or None."""
SOURCE = "https://agence.example"
LICENCE = "https://creativecommons.org/licenses/by/4.0/"
ABOUT = "Hauteur de l’eau, par jour."
DAY = "2025-01-01T00:00:00+00:00"


def some(names: Names, first: int, most: int) -> list[tuple[int, str]]:
    """A page of what is held."""
    return sorted(names.items())[first : first + most]


def opendatasoft(names: Names, path: str, query: QueryFields, _origin: str) -> object:
    """Explore API v2.1: `limit` of 100 at most, `offset`."""
    if path != "/api/explore/v2.1/catalog/datasets":
        return None
    page = some(
        names, int(query.get("offset", 0)), min(int(query.get("limit", 10)), 100)
    )
    results = [
        {
            "dataset_id": f"releve-{number}", "dataset_uid": f"da_{number}", "has_records": True, "features": [],
            "attachments": [], "metas": {"default": {
                "title": name, "description": f"<p>{ABOUT}</p>", "license": "Licence Ouverte v2.0", "language": "fr",
                "publisher": "Agence", "modified": DAY, "keyword": ["eau"], "records_count": 3,
            }},
        }
        for number, name in page
    ]  # fmt: skip
    return {"total_count": len(names), "results": results}


def udata(names: Names, path: str, query: QueryFields, origin: str) -> object:
    """API 1: `page`, `page_size`, and the whole address of the next page."""
    if path != "/api/1/datasets/":
        return None
    page = int(query.get("page", 1))
    size = int(query.get("page_size", 20))
    data = [
        {
            "id": f"{number:024x}", "slug": f"releve-{number}", "title": name, "description": ABOUT, "tags": ["eau"],
            "license": "lov2", "frequency": "daily", "organization": {"name": "Agence"}, "created_at": DAY,
            "last_modified": DAY, "resources": [
                {"id": str(uuid.UUID(int=number)), "title": "CSV", "url": f"{SOURCE}/{number}.csv", "format": "csv", "mime": "text/csv",
                 "type": "main", "filetype": "remote"}
            ],
        }
        for number, name in some(names, (page - 1) * size, size)
    ]  # fmt: skip
    if page * size < len(names):
        further = f"{origin}{path}?page={page + 1}&page_size={size}"
    else:
        further = None
    return {
        "data": data,
        "page": page,
        "page_size": size,
        "total": len(names),
        "next_page": further,
        "previous_page": None,
    }


def stac(names: Names, path: str, query: QueryFields, origin: str) -> object:
    """STAC API 1.0: collections, page by page, each page linked from the one before."""
    if path != "/collections":
        return None
    page = int(query.get("page", 1))
    size = int(query.get("limit", PAGE))
    collections = [
        {
            "type": "Collection", "stac_version": "1.0.0", "id": f"releve-{number}", "title": name, "description": ABOUT,
            "keywords": ["eau"], "license": "CC-BY-4.0", "providers": [{"name": "Agence", "roles": ["producer"]}],
            "extent": {"spatial": {"bbox": [[-2, 48, -1, 49]]}, "temporal": {"interval": [["2020-01-01T00:00:00Z", None]]}},
            "links": [{"rel": "items", "href": f"{origin}/collections/releve-{number}/items", "type": "application/geo+json"}],
        }
        for number, name in some(names, (page - 1) * size, size)
    ]  # fmt: skip
    if page * size < len(names):
        links = [
            {"rel": "next", "href": f"{origin}{path}?page={page + 1}&limit={size}"}
        ]
    else:
        links = []
    return {"collections": collections, "links": links}


def datajson(names: Names, path: str, _query: QueryFields, _origin: str) -> object:
    """Project Open Data 1.1: one document."""
    if path != "/data.json":
        return None
    datasets = [
        {
            "@type": "dcat:Dataset", "identifier": f"releve-{number}", "title": name, "description": ABOUT, "keyword": ["eau"],
            "modified": "2025-01-01", "accessLevel": "public", "license": LICENCE, "publisher": {"name": "Agence"},
            "contactPoint": {"fn": "Agence", "hasEmail": "mailto:eau@agence.example"},
            "distribution": [{"downloadURL": f"{SOURCE}/{number}.csv", "mediaType": "text/csv", "title": "CSV"}],
        }
        for number, name in sorted(names.items())
    ]  # fmt: skip
    return {
        "conformsTo": "https://project-open-data.cio.gov/v1.1/schema",
        "dataset": datasets,
    }


def schemaorg(names: Names, path: str, _query: QueryFields, origin: str) -> object:
    """A page with a catalogue of schema.org that names its datasets, each described on a page of its own."""
    if path == "/catalogue":
        named = [
            {"@type": "Dataset", "url": f"{origin}/d/{number}"}
            for number in sorted(names)
        ]
        return _page(
            {
                "@context": "https://schema.org",
                "@type": "DataCatalog",
                "name": "Catalogue",
                "dataset": named,
            }
        )
    number = int(path.removeprefix("/d/")) if path.startswith("/d/") else -1
    if number not in names:
        return None
    return _page({
        "@context": "https://schema.org", "@type": "Dataset", "name": names[number], "description": ABOUT,
        "identifier": f"releve-{number}", "keywords": "eau", "license": LICENCE, "dateModified": "2025-01-01",
        "publisher": {"@type": "Organization", "name": "Agence", "email": "eau@agence.example"},
        "distribution": [{"@type": "DataDownload", "contentUrl": f"{SOURCE}/{number}.csv", "encodingFormat": "text/csv"}],
    })  # fmt: skip


def _page(document: object) -> str:
    return f'<!doctype html><title>Jeu</title><script type="application/ld+json">{json.dumps(document)}</script><p>Jeu'


def packages(names: Names, path: str, _query: QueryFields, _origin: str) -> object:
    """A folder of data packages (Frictionless, version 1)."""
    if path == "/packages/":
        return _listing(f"{number}/" for number in sorted(names))
    number, _, file = path.removeprefix("/packages/").partition("/")
    if not number.isdigit() or int(number) not in names:
        return None
    if not file:
        return _listing(["datapackage.json"])
    return {
        "name": f"releve-{number}", "title": names[int(number)], "description": ABOUT, "keywords": ["eau"],
        "licenses": [{"name": "CC-BY-4.0", "path": LICENCE}], "created": DAY,
        "contributors": [{"title": "Agence", "role": "publisher", "email": "eau@agence.example"}],
        "resources": [{"name": "releve", "path": "releve.csv", "format": "csv", "mediatype": "text/csv", "bytes": 12}],
    }  # fmt: skip


def waf(names: Names, path: str, _query: QueryFields, _origin: str) -> object:
    """A folder of ISO 19139 records, as Apache lists it."""
    if path == "/meta/":
        return _listing(f"{number}.xml" for number in sorted(names))
    number = path.removeprefix("/meta/").removesuffix(".xml")
    if number.isdigit() and int(number) in names:
        return iso(int(number), called=names[int(number)])
    return None


def _listing(names: Any) -> str:
    links = "".join(f'<a href="{name}">{name}</a>\n' for name in names)
    return f"<html><head><title>Index of /</title></head><body><h1>Index of /</h1><pre>{links}</pre></body></html>"


DOCUMENTS = {
    number: document(
        number % 12, global_id=str(uuid.uuid5(uuid.NAMESPACE_URL, f"{number}"))
    )
    for number in range(MANY)
}


def rudi(names: Names, path: str, query: QueryFields, _origin: str) -> object:
    """A node of RUDI: `limit`, `offset`."""
    if path != "/api/v1/resources":
        return None
    page = some(names, int(query.get("offset", 0)), int(query.get("limit", 500)))
    return {
        "total": len(names),
        "items": [
            DOCUMENTS[number] | {"resource_title": name} for number, name in page
        ],
    }


SITES: dict[str, tuple[Site, str, int, int]] = {
    "opendatasoft": (
        opendatasoft,
        f"/api/explore/v2.1/catalog/datasets?limit={PAGE}",
        MANY,
        3,
    ),
    # Three pages of datasets, then the dataservices and reuses, which this site lacks.
    "udata": (udata, f"/api/1/datasets/?page_size={PAGE}", MANY, 5),
    "stac": (stac, f"/collections?limit={PAGE}", MANY, 3),
    "data.json": (datajson, "/data.json", MANY, 1),
    "schema.org": (schemaorg, "/catalogue", FEW, FEW + 1),
    "data-package": (packages, "/packages/", FEW, 2 * FEW + 1),
    "waf": (waf, "/meta/", FEW, FEW + 1),
    "rudi": (rudi, f"/api/v1/resources?limit={PAGE}", MANY, 3),
}
RECOGNISED = {"data-package": "waf"}
"""What the first document is, where it is another format than the records."""

FOLLOWED = {"udata"}
"""The one that a usual run follows too. What follows is the same for all."""


@pytest.mark.parametrize("protocol", only({"rudi", "udata"}, SITES))
async def test_each_protocol_is_read_whole(
    catalogue: Catalogue, open_source: Open, workspace: Workspace, protocol: str
) -> None:
    site, start, many, pages = SITES[protocol]
    title_by_number: Names = {number: title(number) for number in range(many)}

    def live(path: str, query: QueryFields) -> Answer | None:
        answer = site(title_by_number, path, query, catalogue.origin)
        if answer is None:
            return None
        text = answer if isinstance(answer, str) else json.dumps(answer)
        return 200, {}, text.encode()

    async def change() -> None:
        title_by_number[3] = NEW

    async def remove() -> None:
        del title_by_number[7]

    async def restore() -> None:
        title_by_number[7] = title(7)

    catalogue.live = live
    reading = await open_source(f"{catalogue.origin}{start}")

    await check_two_readings(
        workspace,
        reading,
        protocol,
        Expected(RECOGNISED.get(protocol, protocol), many, pages),
    )
    await check_following(
        workspace,
        reading,
        Holder(change, remove, restore, (title(3), NEW), title(7)),
        is_followed=protocol in FOLLOWED or thorough(),
    )
