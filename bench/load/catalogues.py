"""A catalogue of somebody else's with any number of records: each is made when it is asked for, and nothing is kept."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

HOST = "catalogue.localhost"
LARGEST_PAGE = 100
PATHS = {
    "CKAN": "/api/3/action/package_search",
    "data.json": "/data.json",
    "Turtle": "/catalogue.ttl",
}
"""Address of each kind of catalogue, on the same site."""
WORDS = "Chaque ligne dit ce que c’est, où c’est, depuis quand et qui s’en occupe ; une mise à jour par mois."
PREFIXES = """@prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix dct: <http://purl.org/dc/terms/> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> .
@prefix vcard: <http://www.w3.org/2006/vcard/ns#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""


def serve(count: int, listening: Any) -> None:
    """Answer for ever; `listening` (a queue) is told the port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            kind = next(
                (kind for kind, path in PATHS.items() if path == parts.path), ""
            )
            self.send_response(200 if kind else 404)
            self.end_headers()
            if kind:
                parameters = {
                    name: values[0] for name, values in parse_qs(parts.query).items()
                }
                for piece in write(kind, count, parameters):
                    self.wfile.write(piece)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the standard library's name
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listening.put(server.server_address[1])
    server.serve_forever()


def write(kind: str, count: int, parameters: dict[str, str]) -> Iterator[bytes]:
    """The document of a kind, in pieces.

    No two catalogues of another kind or length have an identifier or a file in common: each is read as if it were alone.
    """
    name = f"{kind.lower().replace('.', '-')}-{count}"
    if kind == "CKAN":
        start = int(parameters.get("start", 0))
        rows = min(int(parameters.get("rows", LARGEST_PAGE)), LARGEST_PAGE)
        packages = [
            _package(name, place) for place in range(start, min(start + rows, count))
        ]
        yield json.dumps(
            {
                "success": True,
                "help": "",
                "result": {"count": count, "results": packages},
            }
        ).encode()
    elif kind == "data.json":
        yield b'{"conformsTo": "https://project-open-data.cio.gov/v1.1/schema", "dataset": ['
        for place in range(count):
            yield (b"," if place else b"") + json.dumps(
                _described(name, place), ensure_ascii=False
            ).encode()
        yield b"]}"
    else:
        yield PREFIXES.encode()
        for place in range(count):
            yield _triples(name, place).encode()


def _package(name: str, place: int) -> dict[str, Any]:
    return {
        "id": f"{name}-p{place}", "name": f"{name}-{place}", "title": f"Jeu de données n° {place}", "notes": WORDS,
        "license_id": "fr-lo", "metadata_modified": "2026-01-15T08:00:00", "maintainer_email": "donnees@exemple.example",
        "organization": {"title": "Ville d’Exemple"}, "tags": [{"display_name": "voirie"}, {"display_name": "arbres"}],
        "resources": [
            {"id": f"{name}-r{place}-{extension}", "url": f"https://exemple.example/{name}/{place}.{extension}", "format": extension.upper(), "name": extension}
            for extension in ("csv", "json")
        ],
    }  # fmt: skip


def _described(name: str, place: int) -> dict[str, Any]:
    return {
        "@type": "dcat:Dataset", "identifier": f"{name}-p{place}", "title": f"Jeu de données n° {place}", "description": WORDS,
        "keyword": ["voirie", "arbres"], "modified": "2026-01-15", "accessLevel": "public",
        "license": "https://www.etalab.gouv.fr/licence-ouverte-open-licence",
        "publisher": {"@type": "org:Organization", "name": "Ville d’Exemple"},
        "contactPoint": {"@type": "vcard:Contact", "fn": "Service", "hasEmail": "mailto:donnees@exemple.example"},
        "distribution": [
            {"@type": "dcat:Distribution", "downloadURL": f"https://exemple.example/{name}/{place}.{extension}", "mediaType": f"text/{extension}"}
            for extension in ("csv", "html")
        ],
    }  # fmt: skip


def _triples(name: str, place: int) -> str:
    at = f"https://exemple.example/{name}/{place}"
    files = "".join(
        f' ;\n  dcat:distribution [ a dcat:Distribution ; dct:title "{extension}" ; dcat:downloadURL <{at}.{extension}> ]'
        for extension in ("csv", "json")
    )
    return (
        f'<{at}> a dcat:Dataset ; dct:identifier "{name}-p{place}" ; dct:title "Jeu de données n° {place}"@fr ;\n'
        f'  dct:description "{WORDS}"@fr ; dcat:keyword "voirie"@fr , "arbres"@fr ;\n'
        '  dct:modified "2026-01-15"^^xsd:date ;\n'
        "  dct:publisher <https://exemple.example/ville> ;\n"
        f'  dcat:contactPoint [ vcard:fn "Service" ; vcard:hasEmail <mailto:donnees@exemple.example> ]{files} .\n'
    )
