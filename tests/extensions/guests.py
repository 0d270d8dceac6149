"""A portal with packages beside it, in a process of its own: `python -m tests.extensions.guests <settings>` prints what it saw."""

import asyncio
import json
import os
import sys
from datetime import date
from pathlib import Path
from typing import Any

import httpx
from litestar import Litestar
from sqlalchemy import func, select

from tests import compiled, stage, visitors
from tests.portal.catalogue.corpus import open_catalogue
from tests.reaper import RUN
from udi.cli.archive import contents
from udi.cli.languages import list_folders
from udi.kit import child
from udi.kit.db import Database
from udi.kit.http import OutgoingClient
from udi.kit.jobs import Job
from udi.kit.rows import read_rows
from udi.kit.tenancy import Territory
from udi.node.files.remote.addresses import understand_address
from udi.node.files.remote.remote_files import RemoteLocation, RemoteRequest
from udi.portal import app as portal
from udi.portal.catalogue.search.words import BY_LANGUAGE
from udi.portal.nodes.harvest.document_reader import DocumentReader
from udi.portal.nodes.sources.formats import format_name
from udi.portal.site import build_site
from udi.portal.tenants.models import Tenant
from udi.settings import Settings
from udi.tabular.profiles.profile import profile_path
from udi.ui.domain_migrations import upgrade_domains
from udi.ui.formats import display_date, display_number
from udi.ui.languages import list_languages, text_direction
from udi.ui.locale import LANGUAGES, localise
from udi.ui.login_theme import derived_files
from udi.ui.site import Site
from udi.ui.worker import list_schedules, task_handlers

CATALOGUE = (
    b"#catalogue-lines\ntrees\tTrees of the town\thttps://lines.example/trees.csv\n"
)


async def try_domain(settings: Settings, site: Site, app: Litestar) -> dict[str, Any]:
    """The domain «notices»: its page, its task, its table, its words, what an archive holds of it."""
    from udi_notices.models import Notice  # noqa: PLC0415 - in this process alone

    databases = (site.database, Database(settings, "node"))
    first = await stage.add_territory(databases, settings, "here")
    second = await stage.add_territory(databases, settings, "there")
    async with site.database.platform_session(role="owner") as session:
        row: Any = await session.get(Tenant, first.id)
        row.languages = ["fr", "en", "br"]
    notice = Notice(title="Le parc ferme à 19 h", published=False)
    async with site.database.session(first.id) as session:
        session.add(notice)
    pages = {"before": await read_page(app, first, "fr")}
    await run_task(settings, first, str(notice.id))
    drafts = await delete_drafts(settings, site, first)
    for language in ("fr", "en", "br"):
        pages[language] = await read_page(app, first, language)
    pages["there"] = await read_page(app, second, "fr")
    pages["hello"] = await read_page(app, first, "en", "/hello")
    seen = {
        "pages": pages,
        "greeted": first.slug,
        "drafts": drafts,
        "rows_there": await count(site, second),
        "rows_here": await count(site, first),
        "archived": await read_archived(site, first),
        "refused_elsewhere": await write_for_another(site, first, second),
    }
    for territory in (first, second):
        await stage.remove_territory(databases, territory.id)
    await databases[1].close()
    return seen


async def read_page(
    app: Any, territory: Territory, language: str, address: str = "/notices"
) -> str:
    """A page of a guest, which passes the checks of every page."""
    async with visitors.browse(app, territory) as visitor:
        response = await visitor.get(address, headers={"Accept-Language": language})
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


async def delete_drafts(
    settings: Settings, site: Site, territory: Territory
) -> list[int]:
    """How many drafts there are before and after the worker's scheduled task."""
    from udi_notices.models import Notice  # noqa: PLC0415 - in this process alone

    async with site.database.session(territory.id) as session:
        session.add(Notice(title="Brouillon", published=False))
    worker = build_site(settings, pages=False)
    [schedule] = [
        schedule
        for schedule in list_schedules(worker)
        if schedule.name == "delete_notice_drafts"
    ]
    query = select(func.count()).select_from(Notice).where(~Notice.published)
    counts = []
    for act in (schedule.run, None):
        async with site.database.session(territory.id) as session:
            counts.append(await session.scalar(query) or 0)
        if act is not None:
            await act()
    await worker.services.close()
    await worker.outgoing.close()
    await worker.database.close()
    return counts


async def count(site: Site, territory: Territory) -> int:
    """How many notices a passer-by may read."""
    from udi_notices.models import Notice  # noqa: PLC0415 - in this process alone

    async with site.database.session(territory.id, role="public") as session:
        return await session.scalar(select(func.count()).select_from(Notice)) or 0


async def write_for_another(site: Site, territory: Territory, other: Territory) -> str:
    """What the database says to a row for another territory."""
    from udi_notices.models import Notice  # noqa: PLC0415 - in this process alone

    try:
        async with site.database.session(territory.id) as session:
            session.add(Notice(tenant_id=other.id, title="Ailleurs", published=True))
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


async def try_reader(folder: Path, *, broken: bool) -> dict[str, Any]:
    """The format of tables «separated text», read by the child behind walls that reads every file."""
    source = folder / ("broken.txt" if broken else "trees.txt")
    rows = ["name\x1fage", "Ash\x1f37", "Elm\x1f204", "Oak\x1f8"]
    source.write_text("\x1e".join(rows) + ("" if broken else "\x1e"))
    profile = await child.run(profile_path, source, memory_mb=2048, seconds=60)
    return {
        "kind": profile.label,
        "columns": [[column.name, column.type.value] for column in profile.columns],
        "rows": profile.rows or 0,
        "failure": profile.failure.code if profile.failure else "",
    }


async def try_source() -> dict[str, Any]:
    """The kind of source «spelled files», as the form and the worker of a node use it."""
    understood = understand_address("spelled://trees.csv/Ash%0AElm")
    outgoing = OutgoingClient()
    location = RemoteLocation(understood.name, understood.address, {"header": "tree"})
    opener = understood.kind.load_opener()
    async with opener(RemoteRequest(location, outgoing)) as file:
        assert file is not None
        content = b"".join([piece async for piece in file.pieces])
    async with opener(RemoteRequest(location, outgoing, file.marks)) as again:
        pass
    await outgoing.close()
    return {
        "kind": understood.name,
        "missing": [entry.name for entry in understood.kind.list_missing({})],
        "name": file.name,
        "content": content.decode(),
        "again": again,
    }


async def try_measure(settings: Settings, site: Site, app: Litestar) -> dict[str, str]:
    """The page of a dataset, with the quality measure «bilingual summaries»."""
    databases = (site.database, Database(settings, "node"))
    town = await stage.add_territory(databases, settings, "town")
    catalogue = await open_catalogue(site.database, town)
    record = await catalogue.add(2)
    pages = {}
    async with visitors.browse(app, town) as visitor:
        for language in ("fr", "en"):
            response = await visitor.get(
                f"/data/{record.id}",
                headers={"Accept-Language": language},
                follow_redirects=True,
            )
            response.raise_for_status()
            pages[language] = response.text
    await stage.remove_territory(databases, town.id)
    await databases[1].close()
    return pages


def read_languages(site: Site) -> dict[str, Any]:
    """What the program says and writes in Catalan, whose folder is named in the environment; its fallback is Spanish."""
    catalan = site.pages._translations["ca"]
    theme = derived_files(list_languages())[Path("login/theme.properties")]
    return {
        "listed": Path(os.environ["UDI_LANGUAGES"])
        in [
            parent for folder in list_folders() for parent in (folder, *folder.parents)
        ],
        "languages": LANGUAGES,
        "said": catalan.gettext("Data"),
        "fallback": catalan.gettext("Home"),
        "unknown": catalan.gettext("A sentence of nobody."),
        "one": catalan.ngettext("%(num)s dataset", "%(num)s datasets", 1),
        "many": catalan.ngettext("%(num)s dataset", "%(num)s datasets", 3),
        "fallback of many": catalan.ngettext("%(num)s project", "%(num)s projects", 3),
        "text": localise({"fr": "Arbres", "es": "Árboles"}, "ca"),
        "date": display_date(date(2026, 5, 3), "ca"),
        "number": display_number(12840, "ca"),
        "direction": text_direction("ca"),
        "stems": "ca" in BY_LANGUAGE,
        "login": "locales=fr,en,es,br,ca" in theme,
    }


async def run(settings: Settings, folder: Path) -> dict[str, Any]:
    """What each package does, in a portal that starts before the tables of its guests are there."""
    site = build_site(settings)
    app = portal.create(site)
    imported_in_web = sorted(name for name in sys.modules if name.startswith("udi_"))
    visitors.freshen(site.registry)
    before = await read_readiness(app)
    for _ in range(2):
        await asyncio.to_thread(upgrade_domains, settings, "portal")
    seen = {
        "imported_in_web": imported_in_web,
        "ready": [before, await read_readiness(app)],
        "domain": await try_domain(settings, site, app),
        "format": await try_format(),
        "table": await try_reader(folder, broken=False),
        "broken": await try_reader(folder, broken=True),
        "source": await try_source(),
        "measure": await try_measure(settings, site, app),
        "languages": read_languages(site),
    }
    await visitors.shut_down(app)
    return seen


async def read_readiness(app: Any) -> dict[str, Any]:
    """What `/ready` answers."""
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://localhost"
    ) as client:
        answer = await client.get("/ready")
    body: dict[str, Any] = answer.json()
    return {"status": answer.status_code, "pending": body["pending"]}


if __name__ == "__main__":
    of_the_test = Settings.model_validate_json(Path(sys.argv[1]).read_text())
    compiled.share(Path(os.environ[RUN]))
    seen = asyncio.run(run(of_the_test, Path(sys.argv[1]).parent))
    sys.stdout.write(json.dumps(seen) + "\n")
