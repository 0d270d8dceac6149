"""Which public answers are recorded besides the operations that the OpenAPI documents describe."""

CKAN = (
    "package_list", "package_show?id={id}", "package_search?q=lieux", "current_package_list_with_resources",
    "resource_show?id={media}", "organization_list?all_fields=true", "organization_show?id={producer}", "group_list?all_fields=true",
    "group_show?id=environment", "tag_list", "tag_show?id=parc", "license_list", "status_show", "package_show?id=nothing",
)  # fmt: skip
PORTAL = (
    *(f"/api/3/action/{action}" for action in CKAN),
    "/catalog.ttl", "/data/{id}.ttl", "/data/{restricted}.ttl", "/data/{restricted}/access-policy.ttl",
    "/data.atom", "/data/{id}/changes.atom", "/projects.atom", "/calls.atom", "/data-requests.atom", "/agreements.atom", "/news.atom",
    "/data/{id}/citation.json", "/data/{id}/croissant.json", "/data/{id}/datapackage.json",
    "/oembed?url={portal}/data/{id}", "/opensearch.xml", "/sitemap.xml", "/sitemaps/pages.xml", "/data/suggest?q=li",
    "/.well-known/api-catalog", "/.well-known/jwks.json", "/.well-known/dspace-version", "/dsp/2025-1/catalog/datasets/{restricted}",
    "/ogc", "/ogc/conformance", "/ogc/collections", "/ogc/collections/datasets", "/ogc/collections/datasets/items", "/ogc/collections/datasets/items/{id}",
    "/konsult/v1/datasets/{id}/metadatas", "/kalim/v1/agreements", "/status.json", "/status.atom",
    "/api/v1/datasets?size=x", "/api/v1/datasets/nothing", "/api/v1/me",
)  # fmt: skip
MEMBER = ("/inbox.json", "/inbox.atom")
"""Of the portal too, for somebody who logged in."""
NODE = (
    "/catalog.ttl", "/catalog/v1/resources", "/catalog/v1/resources/{id}", "/catalog/v1/version",
    "/datasets/{id}/datapackage.json", "/conf", "/.well-known/jwks.json", "/storage/hash",
    "/api/resources/{id}", "/api/resources/{id}/profile", "/api/resources/{id}/data?page_size=1", "/api/resources/{id}/data/geojson",
    "/ogc/{id}", "/ogc/{id}/collections", "/ogc/{id}/collections/data", "/ogc/{id}/collections/data/items?limit=2", "/ogc/{id}/conformance",
    "/api/resources/{id}/data?columns=nothing", "/api/resources/{restricted}/data",
)  # fmt: skip
