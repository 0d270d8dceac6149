"""Every page of both programs, and every address that is none: a route in neither list fails the walk."""

from dataclasses import dataclass

from tests.pages.place import ARABIC


@dataclass(frozen=True)
class Stop:
    """One page in one state: its route, the address that stands for it, who visits, and the status that is right."""

    route: str
    address: str
    who: str
    status: int = 200

    @property
    def name(self) -> str:
        return f"{self.who} {self.address}"


def _stops(program: str, who: str, *addresses: str) -> list[Stop]:
    """`route`, or `route => address`, or `route => address = status`."""
    found = []
    for line in addresses:
        route, _, rest = line.partition(" => ")
        address, _, status = (rest or route).partition(" = ")
        found.append(Stop(f"{program} GET {route}", address, who, int(status or 200)))
    return found


STOPS = [
    *_stops(
        "portal", "portal",
        "/", "/join", "/accessibility", "/eco-design", "/api", "/charter", "/legal", "/data", "/producers", "/problems",
        "/data => /data?q=velo&theme=transportation", "/data => /data?q=zzzzzz", "/data => /data?period=hier", "/data => /data?q=trottinette",
        f"/data => /data?q={ARABIC.split()[0]}", "/problems/{name} => /problems/not-found",
        "/producers/{slug} => /producers/armor", "/producers/{slug} => /producers/arabic", "/producers/{slug} => /producers/nobody = 404",
        "/data/{name} => /data/{portal table}", "/data/{name} => /data/{portal restricted}", "/data/{name} => /data/{portal long}",
        "/data/{name} => /data/{portal arabic}", "/data/{name} => /data/{portal gone} = 410",
        "/data/{dataset_id}/{slug} => /data/{portal table}/comptages-velo",
        "/data/{dataset_id}/history => /data/{portal table}/history",
        "/embed/data/{dataset_id} => /embed/data/{portal table}", "/embed/data/{dataset_id} => /embed/data/{portal arabic}",
        "/embed/producers/{slug} => /embed/producers/armor", "/embed/search",
        "/ogc => /ogc?f=html", "/ogc/collections => /ogc/collections?f=html", "/ogc/conformance => /ogc/conformance?f=html",
        "/ogc/collections/{collection} => /ogc/collections/datasets?f=html",
        "/ogc/collections/{collection}/items => /ogc/collections/datasets/items?f=html",
    ),
    *_stops(
        "portal", "team", "/my-space", "/my-space/tokens", "/nodes", "/sources/try", "/sources", "/sources/new",
        "/sources/{source_id} => /sources/{portal source}", "/sources/{source_id}/close => /sources/{portal source}/close", "/", "/data/{name} => /data/{portal long}",
        "/data/{dataset_id}/withdraw => /data/{portal long}/withdraw",
        "/producers/{slug}/links => /producers/armor/links", "/producers/{slug}/links => /producers/arabic/links",
        "/join/new", "/join/requests", "/join/{application_id} => /join/{portal asked}",
        "/join/{application_id} => /join/{portal approved}", "/join/{application_id}/correct => /join/{portal refused}/correct",
        "/join/{application_id} => /join/{portal refused}",
        "/my-space/organisations/{slug} => /my-space/organisations/armor",
        "/my-space/organisations/{slug}/membership => /my-space/organisations/arabic/membership",
        "/my-space/organisations/{slug}/entries/{entry_id} => /my-space/organisations/armor/entries/{portal invitation}",
        "/following", "/following/new => /following/new?kind=theme&target=environment", "/following/webhooks",
        "/following/webhooks/{webhook_id} => /following/webhooks/{portal webhook}",
    ),
    *_stops(
        "portal", "portal", "/following/unsubscribe/{token} => /following/unsubscribe/{portal unsubscribe}",
        "/following/unsubscribe/{token} => /following/unsubscribe/nobody = 404",
    ),
    *_stops("portal", "installation", "/", "/data => /data?q=velo"),
    *_stops(
        "node", "node", "/", "/problems", "/problems/{name} => /problems/not-found",
        "/datasets/{dataset_id}/data => /datasets/{node map}/data", "/datasets/{dataset_id}/data => /datasets/{node arabic}/data",
        "/embed/datasets/{dataset_id}/{part} => /embed/datasets/{node map}/table",
        "/embed/datasets/{dataset_id}/{part} => /embed/datasets/{node map}/map",
        "/embed/datasets/{dataset_id}/{part} => /embed/datasets/{node map}/chart",
        "/embed/datasets/{dataset_id}/{part} => /embed/datasets/{node draft}/table = 404",
    ),
    *_stops(
        "node", "producer", "/", "/spaces/{slug}", "/spaces/{slug}/archive", "/spaces/{slug}/datasets/new",
        "/spaces/{slug}/figures", "/spaces/{slug}/keys", "/spaces/{slug}/place", "/spaces/{slug}/shared",
        "/datasets/{dataset_id} => /datasets/{node map}", "/datasets/{dataset_id} => /datasets/{node draft}",
        "/datasets/{dataset_id} => /datasets/{node arabic}",
        "/datasets/{dataset_id} => /datasets/00000000-0000-4000-8000-000000000000 = 404", "/datasets/{dataset_id}/check => /datasets/{node draft}/check",
        "/datasets/{dataset_id}/check => /datasets/{node faulty}/check", "/datasets/{dataset_id}/check => /datasets/{node people}/check",
        "/datasets/{dataset_id}/cells => /datasets/{node faulty}/cells",
        "/datasets/{dataset_id}/describe => /datasets/{node draft}/describe",
        "/datasets/{dataset_id}/erase => /datasets/{node draft}/erase",
        "/datasets/{dataset_id}/erase => /datasets/{node map}/erase = 409",
        "/datasets/{dataset_id}/people => /datasets/{node map}/people",
        "/datasets/{dataset_id}/personal-data => /datasets/{node people}/personal-data",
        "/datasets/{dataset_id}/review => /datasets/{node arabic}/review",
        "/datasets/{dataset_id}/schema => /datasets/{node draft}/schema",
        "/datasets/{dataset_id}/understood => /datasets/{node draft}/understood",
        "/datasets/{dataset_id}/versions/new => /datasets/{node map}/versions/new",
        "/datasets/{dataset_id}/versions/{number}/difference => /datasets/{node map}/versions/2/difference",
        "/datasets/{dataset_id}/versions/{number}/link => /datasets/{node draft}/versions/1/link",
        "/datasets/{dataset_id}/versions/{number}/remove => /datasets/{node map}/versions/1/remove",
        "/datasets/{dataset_id}/withdraw => /datasets/{node map}/withdraw",
    ),
]  # fmt: skip
NO_PAGES = {
    "portal": [
        "/.well-known/api-catalog",
        "/.well-known/change-password",
        "/.well-known/jwks.json",
        "/.well-known/security.txt",
        "/api/3/action/{action}",
        "/api/action/{action}",
        "/api/openapi.json",
        "/api/v1/datasets",
        "/api/v1/datasets/all",
        "/api/v1/datasets/{dataset_id}",
        "/api/v1/following",
        "/api/v1/following/rhythm",
        "/api/v1/me",
        "/api/v1/producers",
        "/api/v1/producers/{slug}",
        "/catalog",
        "/catalog.jsonld",
        "/catalog.nt",
        "/catalog.rdf",
        "/catalog.ttl",
        "/catalog.xml",
        "/data.atom",
        "/data/suggest",
        "/data/{dataset_id}/changes.atom",
        "/data/{dataset_id}/citation.bib",
        "/data/{dataset_id}/citation.json",
        "/data/{dataset_id}/citation.ris",
        "/data/{dataset_id}/croissant.json",
        "/data/{dataset_id}/datapackage.json",
        "/data/{dataset_id}/files/{media_id}",
        "/health",
        "/icon.svg",
        "/kalim/v1/id_generation",
        "/kalim/v1/integrationRequest/search",
        "/apigateway/v1/encryption-key",
        "/konsult/v1/encryption-key",
        "/kalim/v1/resources/id_generation",
        "/kalim/v1/resources/{resource_id}/report",
        "/konsult/v1/datasets/{dataset_id}/metadatas",
        "/language/{code}",
        "/login",
        "/login/callback",
        "/logo.svg",
        "/metrics",
        "/oembed",
        "/ogc/api",
        "/ogc/collections/{collection}/items/{record_id}",
        "/opensearch.xml",
        "/ready",
        "/robots.txt",
        "/sitemap.xml",
        "/sitemaps/{name}",
        "/sources/{source_id}/records/{record_id}",
        "/sources/{source_id}/report.json",
        "/static/{digest}/{name}",
        "/territories.css",
        "/theme.css",
    ],
    "node": [
        "/api/resources/{resource_id}",
        "/api/resources/{resource_id}/data",
        "/api/resources/{resource_id}/data/{kind}",
        "/api/resources/{resource_id}/profile",
        "/api/resources/{resource_id}/swagger",
        "/api/v1/resources",
        "/api/v1/resources/search",
        "/api/v1/resources/{dataset_id}",
        "/api/v1/resources/{dataset_id}/report",
        "/api/v1/version",
        "/archives/{archive_id}/{filename}",
        "/catalog/admin/hash",
        "/catalog/v1/resources",
        "/catalog/v1/resources/search",
        "/catalog/v1/resources/{dataset_id}",
        "/catalog/v1/version",
        "/conf",
        "/datasets/{dataset_id}/cells.csv",
        "/datasets/{dataset_id}/datapackage.json",
        "/datasets/{dataset_id}/file",
        "/datasets/{dataset_id}/history.csv",
        "/files/{file_id}/{filename}",
        "/health",
        "/icon.svg",
        "/language/{code}",
        "/login",
        "/login/callback",
        "/manager/api/v1/catalog/enum",
        "/manager/api/v1/catalog/enum/themes/{language}",
        "/manager/api/v1/catalog/licences",
        "/manager/api/v1/catalog/uuid",
        "/manager/api/v1/catalog/version",
        "/manager/api/v1/catalog/{kind}",
        "/manager/api/v1/catalog/{kind}/{object_id}",
        "/manager/api/v1/front/{word}",
        "/manager/api/v1/open/{word}",
        "/manager/api/v1/storage/jwt",
        "/manager/conf",
        "/metrics",
        "/ogc/{resource_id}",
        "/ogc/{resource_id}/api",
        "/ogc/{resource_id}/collections",
        "/ogc/{resource_id}/collections/{name}",
        "/ogc/{resource_id}/collections/{name}/items",
        "/ogc/{resource_id}/collections/{name}/items/{line}",
        "/ogc/{resource_id}/conformance",
        "/ready",
        "/resources/{dataset_id}/report",
        "/spaces/{slug}/figures.csv",
        "/spaces/{slug}/figures.json",
        "/static/{digest}/{name}",
        "/storage/download/{media_id}",
        "/storage/hash",
        "/storage/list",
        "/theme.css",
        "/uploads/{upload_id}",
    ],
}
"""Files, feeds and answers for programs; `/login` leads to the identity service, whose pages the journeys check, and an OGC record to its dataset."""
