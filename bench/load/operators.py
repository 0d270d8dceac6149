"""What `/installation` costs: to gather the figures of every territory, and to show them to an operator."""

import time
import uuid
from datetime import timedelta
from typing import Any

import httpx

from udi.cli.installation.gather import ProgramDatabases, gather_all, save_figures
from udi.kit.clock import now
from udi.kit.identity import OPERATOR
from udi.kit.oidc import Login
from udi.kit.sessions import SESSIONS
from udi.portal.app import create
from udi.portal.site import build_site
from udi.settings import Settings
from udi.ui.login import cookie_name
from udi.ui.site import Site

PATH = "/installation"
WARMING = 3
MILLISECONDS = 1000
ENCODINGS = {"bytes": "identity", "bytes_gzip": "gzip"}


async def measure_installation(
    settings: Settings, requests: int = 30
) -> dict[str, Any]:
    """Processor time of this process: in seconds to gather, in milliseconds a page; and the page's size in bytes."""
    gathering = await _gather(settings)
    site = build_site(settings)
    app: Any = create(site)
    origin = site.installation.origin
    headers = {"Cookie": f"{cookie_name(origin)}={await _log_in(site)}"}
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(
        transport=transport, base_url=origin, headers=headers
    ) as client:
        for _ in range(WARMING):
            (await client.get(PATH)).raise_for_status()
        began = time.process_time()
        for _ in range(requests):
            await client.get(PATH)
        spent = time.process_time() - began
        sizes = {
            name: await _measure_size(client, encoding)
            for name, encoding in ENCODINGS.items()
        }
    for hook in app.on_shutdown:
        await hook()
    return {
        "page_processor_ms": round(spent / requests * MILLISECONDS, 1),
        **sizes,
        **gathering,
    }


async def _gather(settings: Settings) -> dict[str, Any]:
    databases = ProgramDatabases.open(settings)
    try:
        began = time.process_time()
        figures = await gather_all(settings, databases)
        await save_figures(databases.portal, figures)
        spent = time.process_time() - began
    finally:
        await databases.close()
    return {"territories": len(figures), "gather_processor_s": round(spent, 3)}


async def _log_in(site: Site) -> str:
    subject = str(uuid.uuid4())
    login = Login(
        issuer=site.settings.issuer,
        subject=subject,
        name="Operator of a measure",
        email="",
        access_expires_at=now() + timedelta(minutes=5),
        realm_roles=frozenset({OPERATOR}),
    )
    return await site.services[SESSIONS].log_in(site.installation, login)


async def _measure_size(client: httpx.AsyncClient, encoding: str) -> int:
    headers = {"Accept-Encoding": encoding}
    async with client.stream("GET", PATH, headers=headers) as response:
        return sum([len(part) async for part in response.aiter_raw()])
