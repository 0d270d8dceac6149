"""Every address that anybody may call, of both programs, from their own routes: none can be forgotten."""

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence

from litestar import Litestar
from litestar.routes import HTTPRoute

from udi.portal.catalogue.open.ckan_actions import ACTIONS
from udi.protocol.addresses import PARTS
from udi.tabular.exports.exports import FORMATS

PARAMETER = re.compile(r"\{([a-z_]+)[^}]*\}")
NOBODY = "6f1f7c3e-2b1d-4c3a-9a55-0d1e2f3a4b5c"
"""An identifier of nothing."""
FORMS = {
    "node": ("GET text/html", "GET */*", "HEAD */*"),
    "portal": ("GET text/html", "GET */*"),
}
"""How each address of a program is asked: by a browser, by a machine; at the node, for its headers alone too."""
RDF = ("", ".ttl", ".rdf", ".xml", ".jsonld", ".nt")
SEVERAL: dict[str, dict[str, tuple[str, ...]]] = {
    "node /api/resources/{resource_id}/data/{kind}": {"kind": tuple(FORMATS)},
    "node /datasets/{dataset_id}/{file_name}": {
        "file_name": tuple(f"compteurs.{kind}" for kind in FORMATS)
    },
    "node /api/resources/{resource_id}/tables/{table_name}/data/{kind}": {
        "kind": tuple(FORMATS)
    },
    "node /datasets/{dataset_id}/tables/{table_name}/{file_name}": {
        "file_name": tuple(f"compteurs.{kind}" for kind in FORMATS)
    },
    "node /agreements/{agreement_id}/files/{kind}": {"kind": ("file", "csv", "uses")},
    "node /manager/api/v1/catalog/{kind}": {"kind": ("resources", "media")},
    "node /manager/api/v1/catalog/{kind}/{object_id}": {"kind": ("resources", "media")},
    "node /embed/datasets/{dataset_id}/{part}": {"part": PARTS},
    "node /embed/datasets/{dataset_id}/tables/{table_name}/{part}": {"part": PARTS},
    "node /ogc/{resource_id}/collections/{name}": {"name": ("data",)},
    "node /ogc/{resource_id}/collections/{name}/items": {"name": ("data",)},
    "node /ogc/{resource_id}/collections/{name}/items/{line}": {"name": ("data",)},
    "node /ogc/{resource_id}/tables/{table_name}/collections/{name}": {
        "name": ("data",)
    },
    "node /ogc/{resource_id}/tables/{table_name}/collections/{name}/items": {
        "name": ("data",)
    },
    "node /ogc/{resource_id}/tables/{table_name}/collections/{name}/items/{line}": {
        "name": ("data",)
    },
    "portal /data/{name}": {"name": tuple(f"{{id}}{suffix}" for suffix in RDF)},
    "portal /services/{name}": {"name": (NOBODY, f"{NOBODY}.ttl")},
    "portal /data/{dataset_id}/{slug}": {"slug": ("{title}",)},
    "portal /my-space/organisations/{slug}/processing/templates/{name}": {
        "name": ("commune",)
    },
    "portal /sitemaps/{name}": {"name": ("pages.xml", "1.xml")},
    "portal /dsp/2025-1/catalog/datasets/{name}": {"name": ("{id}",)},
    "portal /api/3/action/{action}": {"action": tuple(sorted(ACTIONS))},
}
"""The values of a parameter, where it has several or its own."""
NOBODYS = (
    "access_request_id", "agreement_id", "application_id", "archive_id", "call_id", "connector_id", "consent_id", "data_request_id",
    "document_id", "drawing", "entry_id", "fault_report_id", "invitation_id", "notice_id", "organisation_id", "person_id", "pid", "process_id", "project_id", "reading_id", "report_id", "request_id", "service_id", "source_id",
    "space", "submission_id", "token", "upload_id", "webhook_id",
)  # fmt: skip
"""Parameters that name something else than the dataset: nothing of that name is there."""
QUESTIONS = {
    "portal /data": (
        "q={word}",
        "access=restricted",
        "licence=etalab-2.0",
        "facets=keyword,licence",
    ),
    "portal /data/suggest": ("q={word}",),
    "portal /data.atom": ("q={word}",),
    "portal /api/v1/datasets": (
        "q={word}",
        "access=restricted",
        "licence=etalab-2.0",
        "facets=licence",
    ),
    "portal /api/3/action/{action}": (
        "id={id}",
        "q={word}",
        "fq=license_id:etalab-2.0&facet.field=[%22license_id%22]",
    ),
    "portal /api/action/{action}": ("id={id}", "q={word}"),
    "portal /oembed": ("url={portal}/data/{id}",),
    "portal /embed/search": ("q={word}",),
    "portal /catalog.ttl": ("q={word}", "profiles=dcat-ap"),
    "portal /ogc/collections/{collection}/items": (
        "q={word}",
        "ids={id}",
        "datetime=2020-01-01/..",
        "bbox=-5,47,-1,49",
    ),
    "portal /access-requests": ("dataset={id}",),
    "portal /my-data": ("q={word}", "all=1"),
    "portal /my-data/ask": ("right=access&all=1",),
    "portal /my-data/paper": ("right=access&whom=child",),
    "portal /my-data/letter": ("right=access&all=1",),
    "portal /my-data/letter.ics": ("right=access&all=1",),
    "node /api/v1/resources": (
        "fields=available_formats",
        "count_by=theme",
        "global_id={id}",
        "limit=1",
    ),
    "node /catalog/v1/resources": ("fields=dataset_size", "count_by=keywords"),
    "node /embed/datasets/{dataset_id}/{part}": ("lang=en",),
    "node /api/resources/{resource_id}/data": (
        "index__greater=1",
        "columns=note",
        "page_size=1",
    ),
    "node /datasets/{dataset_id}/data": (
        "version=1",
        "lang=en",
        "q={word}",
        "view=column&column=note",
        "view=chart",
        "view=map",
    ),
}
"""What besides is asked of an address that takes questions."""


def addresses(
    app: Litestar, program: str, values: Mapping[str, Sequence[str]]
) -> Iterator[str]:
    """Each address of a program that is read, filled with each of the values of its parameters.

    Raises:
        KeyError: a parameter is new: say of what it is.
    """
    words = {name: options[0] for name, options in values.items()}
    for path in sorted({route.path_format for route in app.routes if _is_read(route)}):
        names = PARAMETER.findall(path)
        several = SEVERAL.get(f"{program} {path}", {})
        for combination in itertools.product(
            *(several.get(name, values[name]) for name in names)
        ):
            filled = PARAMETER.sub("{}", path).format(
                *(value.format(**words) for value in combination)
            )
            yield filled
            for question in QUESTIONS.get(f"{program} {path}", ()):
                yield f"{filled}?{question.format(**words)}"


def _is_read(route: object) -> bool:
    return isinstance(route, HTTPRoute) and "GET" in route.methods


def values_of(
    dataset: str,
    media: str,
    file: str,
    *,
    producer: str,
    slug: str,
    portal: str,
    part: str,
) -> dict[str, list[str]]:
    """What fills the parameters: those of the dataset where they are about one, else nobody's."""
    about = {
        "id": dataset, "word": "compteurs", "title": slug, "portal": portal, "dataset_id": dataset,
        "resource_id": dataset, "restricted_id": dataset, "record_id": dataset, "media_id": media, "file_id": file,
        "object_id": dataset, "part_id": part, "filename": "compteurs.csv", "number": "1", "line": "2", "language": "fr", "code": "fr",
        "collection": "datasets", "file_name": "compteurs.csv", "digest": "0", "slug": producer, "kind": "file", "part": "table", "table_name": part, "name": "restricted",
        "action": "package_show", "start": NOBODY, "table": "provider",
    }  # fmt: skip
    return {name: [value] for name, value in about.items()} | {
        name: [NOBODY] for name in NOBODYS
    }
