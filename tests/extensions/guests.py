"""A portal with two packages beside it, in a process of its own: `python -m tests.extensions.guests <settings>` prints what it saw."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from tests import stage, visitors
from udi.cli.archive import contents
from udi.kit.db import Database
from udi.kit.jobs import Job
from udi.kit.rows import read_rows
from udi.kit.tenancy import Territory
from udi.portal import app as portal
from udi.portal.nodes.harvest.document_reader import DocumentReader
from udi.portal.nodes.sources.formats import format_name
from udi.portal.site import build_site
from udi.portal.tenants.models import Tenant
from udi.settings import Settings
from udi.ui.domain_migrations import upgrade_domains
from udi.ui.site import Site
from udi.ui.worker import task_handlers

CATALOGUE = (
    b"#catalogue-lines\ntrees\tTrees of the town\thttps://lines.example/trees.csv\n"
)


async def try_domain(settings: Settings) -> dict[str, Any]:
    """The domain «notices»: its page, its task, its table, its words, what an archive holds of it."""
    from udi_notices.models import Notice  # noqa: PLC0415 - in this process alone

    site = build_site(settings)
    app = portal.create(site)
    imported_in_web = sorted(name for name in sys.modules if name.startswith("udi_"))
    databases = (site.database, Database(settings, "node"))
    visitors.freshen(site.registry)
    here = await stage.add_territory(databases, settings, "here")
    there = await stage.add_territory(databases, settings, "there")
    async with site.database.platform_session(role="owner") as session:
        row: Any = await session.get(Tenant, here.id)
        row.languages = ["fr", "en", "br"]
    notice = Notice(title="Le parc ferme à 19 h", published=False)
    async with site.database.session(here.id) as session:
        session.add(notice)
    pages = {"before": await read_page(app, here, "fr")}
    await run_task(settings, here, str(notice.id))
    for language in ("fr", "en", "br"):
        pages[language] = await read_page(app, here, language)
    pages["there"] = await read_page(app, there, "fr")
    seen = {
        "pages": pages,
        "imported_in_web": imported_in_web,
        "rows_there": await count(site, there),
        "rows_here": await count(site, here),
        "archived": await read_archived(site, here),
        "refused_elsewhere": await write_for_another(site, here, there),
    }
    for territory in (here, there):
        await stage.remove_territory(databases, territory.id)
    await databases[1].close()
    await visitors.shut_down(app)
    return seen


async def read_page(app: Any, territory: Territory, language: str) -> str:
    """The page of notices, which passes the checks of every page."""
    async with visitors.browse(app, territory) as visitor:
        response = await visitor.get("/notices", headers={"Accept-Language": language})
    response.raise_for_status()
    return response.text


async def run_task(settings: Settings, territory: Territory, notice: str) -> None:
    """Publish the notice, as the worker does."""
    site = build_site(settings, pages=False)
    job = Job("publish_notice", territory.id, {"notice": notice}, 0, last=True)
    await task_handlers(site)["publish_notice"](job)
    await site.services.close()
    await site.outgoing.close()
    await site.database.close()


async def count(site: Site, territory: Territory) -> int:
    """How many notices a passer-by may read."""
    from udi_notices.models import Notice  # noqa: PLC0415 - in this process alone

    async with site.database.session(territory.id, role="public") as session:
        return await session.scalar(select(func.count()).select_from(Notice)) or 0


async def write_for_another(site: Site, here: Territory, there: Territory) -> str:
    """What the database says to a row for another territory."""
    from udi_notices.models import Notice  # noqa: PLC0415 - in this process alone

    try:
        async with site.database.session(here.id) as session:
            session.add(Notice(tenant_id=there.id, title="Ailleurs", published=True))
    except Exception as error:  # noqa: BLE001 - its kind is what the test looks at
        return str(error)
    return ""


async def read_archived(site: Site, territory: Territory) -> list[str]:
    """The rows of notices as `udi tenant export` writes them."""
    [table] = [table for table in contents.CARRIED["portal"] if table.name == "notice"]
    if not contents.is_entry(contents.entry_of("portal", table)):
        return []
    async with site.database.session(territory.id, role="owner") as session:
        return [row.decode() async for row in read_rows(session, table, territory.id)]


async def try_format() -> dict[str, Any]:
    """The format «lines», read by the child behind walls that reads every document."""
    async with DocumentReader({}) as documents:
        page = await documents.open(CATALOGUE, "https://lines.example/", "en")
    [record] = page.records
    return {
        "format": page.format,
        "title": record.title,
        "address": record.distributions[0].download_url,
        "called": format_name(page.format),
    }


async def run(settings: Settings) -> dict[str, Any]:
    """Both."""
    return {"domain": await try_domain(settings), "format": await try_format()}


if __name__ == "__main__":
    of_the_test = Settings.model_validate_json(Path(sys.argv[1]).read_text())
    upgrade_domains(of_the_test, "portal")
    upgrade_domains(of_the_test, "portal")
    sys.stdout.write(json.dumps(asyncio.run(run(of_the_test))) + "\n")
