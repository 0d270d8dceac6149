"""Addresses that programs know beforehand (RFC 8615): the interfaces there are, whom to tell of a flaw, where a password is changed."""

from datetime import UTC, datetime, timedelta
from typing import Any

from litestar import Response, get
from litestar.response import Redirect

from udi.kit.clock import now
from udi.kit.mail_addresses import mail_url
from udi.portal.catalogue.open.records import HTML, OPENAPI
from udi.portal.catalogue.open.responses import OPEN
from udi.ui.dependencies import AnyRequest, CurrentTerritory
from udi.ui.site import site_of

LINKSET = 'application/linkset+json; profile="https://www.rfc-editor.org/info/rfc9727"'
OPENAPI_3_1 = "application/vnd.oai.openapi+json;version=3.1"
DAY = {"Cache-Control": "public, max-age=86400"}
VALID_DAYS = 180
ACCOUNT = "/account/#/account-security/signing-in"


@get("/.well-known/api-catalog")
async def show_api_catalogue(territory: CurrentTerritory) -> Response[dict[str, Any]]:
    """Every programming interface of the portal (RFC 9727), as a linkset (RFC 9264)."""
    origin = territory.origin
    described = {
        "/ogc": {"service-desc": [{"href": f"{origin}/ogc/api", "type": OPENAPI}]},
        "/api/v1": {
            "service-desc": [
                {"href": f"{origin}/api/openapi.json", "type": OPENAPI_3_1}
            ]
        },
    }
    interfaces = ("/api/v1", "/ogc", "/api/3/action", "/catalog")
    shared = {
        "service-doc": [{"href": f"{origin}/api", "type": HTML}],
        "status": [{"href": f"{origin}/health", "type": "application/json"}],
    }
    items = [{"href": origin + path} for path in interfaces]
    linkset = [{"anchor": f"{origin}/.well-known/api-catalog", "item": items}]
    linkset += [
        {"anchor": origin + path, **shared, **described.get(path, {})}
        for path in interfaces
    ]
    return Response({"linkset": linkset}, media_type=LINKSET, headers={**DAY, **OPEN})


@get("/.well-known/security.txt")
async def show_security(territory: CurrentTerritory) -> Response[str]:
    """Whom to tell of a flaw, in which languages (RFC 9116): the contact of tenant.toml."""
    today = now().astimezone(UTC).date()
    expires = datetime(today.year, today.month, today.day, tzinfo=UTC) + timedelta(
        days=VALID_DAYS
    )
    lines = [
        f"Contact: {mail_url(territory.contact)}",
        f"Expires: {expires.isoformat().replace('+00:00', 'Z')}",
        f"Preferred-Languages: {', '.join(territory.languages)}",
        f"Canonical: {territory.origin}/.well-known/security.txt",
    ]
    return Response("\n".join(lines) + "\n", media_type="text/plain", headers=DAY)


@get("/.well-known/change-password")
async def redirect_to_password_change(request: AnyRequest) -> Redirect:
    """Lead a password manager to the identity service, the only place that has passwords."""
    return Redirect(
        site_of(request).settings.issuer + ACCOUNT,
        status_code=302,
        headers={"Cache-Control": "no-store"},
    )


routes = [show_api_catalogue, show_security, redirect_to_password_change]
