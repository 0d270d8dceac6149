"""Every address of the node, from its own routes: what serves data under an agreement, and everything else.

A route whose parameters are unknown here fails; one that is not among `FORMS` must show no cell to anybody, so that a
new way out is tried on the day that it is written.
"""

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass

from litestar import Litestar
from litestar.routes import HTTPRoute

from tests.node.producer import SLUG
from udi.node.agreements.pages import EXPORT_FORMATS, FILE, USES
from udi.protocol.addresses import PARTS
from udi.tabular.exports.exports import FORMATS

UNKNOWN_ID = "3f2b0000-0000-4000-8000-000000000009"
PLACES = {
    "landing",
    "description",
    "conformance",
    "collections",
    "collection",
    "items",
    "item",
}
"""The forms of an address that is about where the rows are."""
PLACED_KINDS = {"geojson", "pmtiles"}
"""The exports that are."""
NOTHING = "nothing"
"""The form of an address that shows no cell, whoever asks."""
FORMS = {
    "/datasets/{dataset_id}/file": "file",
    "/files/{file_id}/{filename}": "file",
    "/storage/download/{media_id}": "file",
    "/api/resources/{resource_id}/data": "page",
    "/api/resources/{resource_id}/data/{kind}": "export",
    "/ogc/{resource_id}": "landing",
    "/ogc/{resource_id}/api": "description",
    "/ogc/{resource_id}/conformance": "conformance",
    "/ogc/{resource_id}/collections": "collections",
    "/ogc/{resource_id}/collections/{name}": "collection",
    "/ogc/{resource_id}/collections/{name}/items": "items",
    "/ogc/{resource_id}/collections/{name}/items/{line}": "item",
    "/embed/datasets/{dataset_id}/{part}": "frame",
    "/agreements/{agreement_id}/files/{kind}": "export for a person",
}
"""What each route gives under an agreement, as the table «How rows leave» has it."""
NAMED_TABLES = (
    "/api/resources/{resource_id}/tables/{table_name}/data",
    "/datasets/{dataset_id}/tables/{table_name}/{file_name}",
    "/ogc/{resource_id}/tables/{table_name}",
)
"""How addresses of tables beside the main one begin."""
FORMS_OF_METHOD = {("/agreements/{agreement_id}/files", "POST"): "list for a person"}
"""The same, where a route gives it by one method only."""
VALUES = {
    "dataset_id": ("{dataset}",),
    "resource_id": ("{dataset}",),
    "file_id": ("{file}",),
    "filename": ("{file_name}",),
    "media_id": ("{media}",),
    "agreement_id": ("{agreement}",),
    "object_id": ("{dataset}",),
    "part": PARTS,
    "line": ("1", "3", "11"),
    "number": ("1",),
    "slug": (SLUG,),
    "code": ("fr",),
    "language": ("fr",),
    "word": ("ident_info",),
    "digest": ("x",),
    "archive_id": (UNKNOWN_ID,),
    "consent_id": (UNKNOWN_ID,),
    "event": ("accept",),
    "key_id": (UNKNOWN_ID,),
    "organisation_id": (UNKNOWN_ID,),
    "part_id": (UNKNOWN_ID,),
    "portal_id": (UNKNOWN_ID,),
    "request_id": (UNKNOWN_ID,),
    "upload_id": (UNKNOWN_ID,),
    "table_name": ("feuille",),
}
"""What the parameters of routes are replaced by."""
VALUES_OF_ROUTE: dict[tuple[str, str], tuple[str, ...]] = {
    ("/agreements/{agreement_id}/files/{kind}", "kind"): tuple(
        dict.fromkeys((FILE, USES, *EXPORT_FORMATS))
    ),
    ("/api/resources/{resource_id}/data/{kind}", "kind"): tuple(FORMATS),
    ("/api/resources/{resource_id}/tables/{table_name}/data/{kind}", "kind"): tuple(
        FORMATS
    ),
    ("/datasets/{dataset_id}/{file_name}", "file_name"): ("table.txt",),
    ("/datasets/{dataset_id}/tables/{table_name}/{file_name}", "file_name"): (
        "table.csv",
    ),
    ("/manager/api/v1/catalog/{kind}", "kind"): ("resources", "media"),
    ("/manager/api/v1/catalog/{kind}/{object_id}", "kind"): ("resources", "media"),
    ("/ogc/{resource_id}/collections/{name}", "name"): ("data",),
    ("/ogc/{resource_id}/collections/{name}/items", "name"): ("data",),
    ("/ogc/{resource_id}/collections/{name}/items/{line}", "name"): ("data",),
    ("/ogc/{resource_id}/tables/{table_name}/collections/{name}", "name"): ("data",),
    ("/ogc/{resource_id}/tables/{table_name}/collections/{name}/items", "name"): (
        "data",
    ),
    (
        "/ogc/{resource_id}/tables/{table_name}/collections/{name}/items/{line}",
        "name",
    ): ("data",),
    ("/problems/{name}", "name"): ("restricted",),
    ("/static/{digest}/{name}", "name"): ("x",),
}
"""The same, where one word means another thing on each route."""
PARAMETER = re.compile(r"\{([a-z_]+)\}")


@dataclass(frozen=True)
class Address:
    """An address of the node: its route, its path with places for identifiers, its methods, what it gives."""

    route: str
    path: str
    methods: tuple[str, ...]
    form: str
    kind: str = ""
    """Of an export."""
    line: int = 0
    """Of one place."""

    @property
    def name(self) -> str:
        """What it gives, in words."""
        return f"{self.form} {self.kind}".strip()

    @property
    def needs_places(self) -> bool:
        """Whether there is nothing at it where rows have no place."""
        return self.form in PLACES or self.kind in PLACED_KINDS

    @property
    def shows_data(self) -> bool:
        """Whether it gives something of the data under an agreement."""
        return self.form != NOTHING

    @property
    def is_of_named_table(self) -> bool:
        """Whether it is one of a table beside the main one, of which only who is let through learns that there is none."""
        return self.route.startswith(NAMED_TABLES)


def group_addresses(app: Litestar) -> dict[str, list[Address]]:
    """Every address under which the node answers, with each value of its parameters, by what it gives.

    Raises:
        AssertionError: a route has a parameter of which nothing is known here.
    """
    routes = [route for route in app.routes if isinstance(route, HTTPRoute)]
    addresses = [address for route in routes for address in _addresses_of(route)]
    groups: dict[str, list[Address]] = {}
    for address in sorted(addresses, key=lambda entry: (entry.path, entry.methods)):
        groups.setdefault(address.form, []).append(address)
    return groups


def _addresses_of(route: HTTPRoute) -> Iterator[Address]:
    path_format = route.path_format.rstrip("/") or "/"
    names = PARAMETER.findall(path_format)
    for values in itertools.product(*(_values(path_format, name) for name in names)):
        filled = dict(zip(names, values, strict=True))
        path = PARAMETER.sub(lambda match, filled=filled: filled[match[1]], path_format)  # type: ignore[misc]
        for form, methods in _methods_by_form(path_format, route).items():
            yield Address(
                route=path_format,
                path=path,
                methods=tuple(methods),
                form=form,
                kind=filled.get("kind", ""),
                line=int(filled.get("line", 0)),
            )


def _methods_by_form(path_format: str, route: HTTPRoute) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for method in sorted(route.methods - {"OPTIONS"}):
        form = FORMS_OF_METHOD.get((path_format, method)) or FORMS.get(
            path_format, NOTHING
        )
        groups.setdefault(form, []).append(method)
    return groups


def _values(route: str, name: str) -> tuple[str, ...]:
    values = VALUES_OF_ROUTE.get((route, name)) or VALUES.get(name)
    assert values, (
        f"{route}: say in tests/node/agreements/trial/addresses.py what stands in the place of {name}"
    )
    return values
