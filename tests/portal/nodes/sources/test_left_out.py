"""What is no dataset is named and not shown; datasets that an entry document lists are read one by one."""

import pytest
from sqlalchemy import select

from tests.portal.nodes.elsewhere import Catalogue
from tests.portal.nodes.sources.conftest import Open, Reading
from udi.portal.catalogue.services.models import CatalogueService
from udi.portal.nodes.sources.models import SourceAction, SourceRun
from udi.portal.nodes.sources.queries import list_left_out

TURTLE = {"Content-Type": "text/turtle"}
PREFIXES = "@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .\n"


def dataset(address: str, title: str) -> str:
    return f'<{address}> a dcat:Dataset ; dct:title "{title}"@fr .\n'


async def left_out(reading: Reading, run: SourceRun) -> list[tuple[str, str]]:
    async with reading.database.session(reading.territory.id) as session:
        rows = await list_left_out(session, run, limit=50)
        return [(action.title, fault.code) for action, fault in rows]


@pytest.mark.thorough
async def test_a_service_that_filters_leave_out_is_named_and_not_shown(
    catalogue: Catalogue, open_source: Open
) -> None:
    service = '<https://x.example/s> a dcat:DataService ; dct:title "Carte"@fr .\n'
    both = f"{PREFIXES}{dataset('https://x.example/d', 'Bancs')}{service}"
    catalogue.put("/all.ttl", both.encode(), **TURTLE)
    reading = await open_source(f"{catalogue.origin}/all.ttl")
    await reading.change(filters={"keywords": ["eau"]})

    run = await reading.read()

    assert (run.total, run.filtered, run.left_out) == (0, 1, 1)
    assert await left_out(reading, run) == [("Carte", "service_left_out")]
    assert await reading.list_published() == {}
    async with reading.database.session(reading.territory.id) as session:
        assert (await session.scalars(select(CatalogueService))).all() == []


async def test_organisations_of_a_ckan_are_named_and_no_datasets(
    catalogue: Catalogue, open_source: Open
) -> None:
    organisations = [
        {"id": name, "title": name, "is_organization": True, "package_count": 3}
        for name in ("Ville", "Port")
    ]
    answer = {"help": "", "success": True, "result": organisations}
    catalogue.put("/api/3/action/organization_list", answer)
    reading = await open_source(f"{catalogue.origin}/api/3/action/organization_list")

    run = await reading.read()

    assert (run.total, run.refused, run.left_out) == (0, 0, 2)
    assert await left_out(reading, run) == [
        ("Ville", "type_ignored"),
        ("Port", "type_ignored"),
    ]
    async with reading.database.session(reading.territory.id) as session:
        actions = select(SourceAction.action).where(SourceAction.run_id == run.id)
        assert set(await session.scalars(actions)) == {"left_out"}


@pytest.mark.thorough
async def test_an_entry_document_is_read_record_by_record(
    catalogue: Catalogue, open_source: Open
) -> None:
    addresses = [f"{catalogue.origin}/d/{number}" for number in (1, 2)]
    listed = ", ".join(f"<{address}>" for address in addresses)
    entry = f"{PREFIXES}<{catalogue.origin}/c> a dcat:Catalog ; dcat:dataset {listed} ."
    catalogue.put("/c", entry.encode(), **TURTLE)
    for number, address in enumerate(addresses, 1):
        one = f"{PREFIXES}{dataset(address, f'Jeu {number}')}"
        catalogue.put(f"/d/{number}", one.encode(), **TURTLE)
    reading = await open_source(f"{catalogue.origin}/c")

    whole = await reading.read()
    catalogue.put("/d/2", b"", status=503)
    broken = await reading.read()

    assert (whole.outcome, whole.created, whole.pages) == ("complete", 2, 3)
    assert (broken.outcome, broken.unchanged, broken.missing) == ("partial", 1, 0)
    assert set(await reading.list_published()) == {"Jeu 1", "Jeu 2"}


async def test_datasets_that_an_entry_document_lists_elsewhere_are_told(
    catalogue: Catalogue, open_source: Open
) -> None:
    entry = f"{PREFIXES}<{catalogue.origin}/c> a dcat:Catalog ; dcat:dataset <https://other.example/d> ."
    catalogue.put("/c", entry.encode(), **TURTLE)
    reading = await open_source(f"{catalogue.origin}/c")

    run = await reading.read()

    assert run.outcome == "partial"
    assert [fault.code for fault in await reading.faults()] == ["links_elsewhere"]
